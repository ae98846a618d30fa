"""What somebody may do and what they did: their roles' grants, one by one, beside the requests of an audit log.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and .../tasks/debug/debug-cluster/audit/ have the formats.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any, Final

from support.audit_log import AuditLog

Object = Mapping[str, Any]

_DECISION: Final = "authorization.k8s.io/decision"
_REASON: Final = "authorization.k8s.io/reason"
_ROLE: Final = re.compile(r' of ((?:Cluster)?Role) "([^"]+)"')
# Kubernetes grants these to everybody who is logged in.
_BUILT_IN: Final = "system:"
_TITLES: Final = ("VERB", "RESOURCE", "NAME", "WHERE", "USED", "FORBIDDEN")
_NUMBERS: Final = 2


@dataclass(frozen=True, order=True)
class Grant:
    """One verb on one resource, or on one object of it.

    :param role: who grants it, as `ClusterRole name`.
    :param resource: as `kubectl auth can-i` takes it, with its group and subresource: `leases.coordination.k8s.io`, `pods/log`.
    :param name: of the only object that it is for.
    :param namespace: the only one that it is for; without one, it is for all, and for what is in none.
    """

    role: str
    resource: str
    verb: str
    name: str | None = None
    namespace: str | None = None

    def allows(self, request: "Request") -> bool:
        """Whether this grant is enough for a request."""
        return (
            (self.resource, self.verb) == (request.resource, request.verb)
            and self.name in {None, request.name}
            and self.namespace in {None, request.namespace}
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """Its columns of the table."""
        return (self.verb, self.resource, self.name or "", f"in {self.namespace}" if self.namespace else "everywhere")


@dataclass(frozen=True, order=True)
class Request:
    """What was asked for, without what differs from time to time.

    :param resource: as of a `Grant`; for a URL that is no resource's, the URL.
    :param role: who allowed it, as `ClusterRole name`; empty if nobody.
    """

    resource: str
    verb: str
    name: str = ""
    namespace: str = ""
    allowed: bool = True
    role: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it needed no more than everybody's rights."""
        return self.allowed and self.role.partition(" ")[2].startswith(_BUILT_IN)


@dataclass(frozen=True)
class Client:
    """Who is judged.

    :param agents: how its programs' user agents begin.
    :param other_users: under which its programs may be met as well; empty for who was not even let in.
    """

    user: str
    agents: tuple[str, ...]
    other_users: frozenset[str] = frozenset({"", "system:anonymous"})


@dataclass
class Verdict:
    """What was granted, used and forbidden.

    :param used: how many requests each grant was used for.
    :param early: of each grant, requests that RBAC refused all the same, before the API server was ready: it did not know its roles yet.
    :param forbidden: all other requests that RBAC refused.
    :param built_in: allowed to everybody.
    :param elsewhere: allowed, but by none of the grants, nor to everybody.
    :param strangers: other requests, by user and user agent: of other programs under the user that is judged, and of its own programs
        under other users.
    """

    used: dict[Grant, int] = field(default_factory=dict)
    early: Counter[Grant] = field(default_factory=Counter)
    forbidden: Counter[Request] = field(default_factory=Counter)
    built_in: Counter[Request] = field(default_factory=Counter)
    elsewhere: Counter[Request] = field(default_factory=Counter)
    strangers: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def unused(self) -> list[Grant]:
        """What could be taken away."""
        return [grant for grant, times in self.used.items() if not times]


def grants_of(manifests: Sequence[Object], account: tuple[str, str] | str) -> list[Grant]:
    """What roles in the manifests grant to a ServiceAccount, given as (namespace, name), or to a group.

    Raises ValueError for a wildcard, for a missing role, and for what a role grants more than once: nobody could tell which was used.
    """
    roles = {(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]): obj for obj in manifests}
    found: list[Grant] = []
    for binding in manifests:
        if binding["kind"] not in {"ClusterRoleBinding", "RoleBinding"} or not _is_for(binding, account):
            continue
        where = binding["metadata"].get("namespace")
        kind, name = binding["roleRef"]["kind"], binding["roleRef"]["name"]
        role = roles.get((kind, where if kind == "Role" else None, name))
        if role is None:
            raise ValueError(f"{binding['metadata']['name']} binds {kind} {name}, which is not there")
        found.extend(_grants(role, where))
    for one, other in permutations(found, 2):
        if one.role == other.role and one.allows(Request(other.resource, other.verb, other.name or "", other.namespace or "")):
            raise ValueError(f"{one.role} grants more than once: {' '.join(filter(None, other.cells))}")
    return found


def _is_for(binding: Object, account: tuple[str, str] | str) -> bool:
    wanted = ("Group", None, account) if isinstance(account, str) else ("ServiceAccount", *account)
    return any((each["kind"], each.get("namespace"), each["name"]) == wanted for each in binding.get("subjects", ()))


def _grants(role: Object, where: str | None) -> Iterator[Grant]:
    title = f"{role['kind']} {role['metadata']['name']}"
    for rule in role["rules"]:
        if "nonResourceURLs" in rule:
            raise ValueError(f"{title} grants URLs: {rule}")
        for group, resource, verb, name in product(
            rule["apiGroups"], rule["resources"], rule["verbs"], rule.get("resourceNames") or [None]
        ):
            if "*" in {group, resource, verb}:
                raise ValueError(f"{title} grants more than anybody can count: {rule}")
            yield Grant(title, _qualified(resource, group), verb, name, where)


def _qualified(resource: str, group: str) -> str:
    plural, slash, subresource = resource.partition("/")
    return f"{plural}{f'.{group}' if group else ''}{slash}{subresource}"


def request_of(event: Object) -> Request | None:
    """What an event of the audit log was about; None for one that was not authorized yet, as with a token that is no good."""
    annotations = event.get("annotations", {})
    if _DECISION not in annotations:
        return None
    role = _ROLE.search(annotations.get(_REASON, ""))
    about = event.get("objectRef", {})
    resource = "/".join(filter(None, (about.get("resource", ""), about.get("subresource", ""))))
    return Request(
        resource=_qualified(resource, about.get("apiGroup", "")) if resource else event["requestURI"].partition("?")[0],
        verb=event["verb"],
        name=about.get("name", ""),
        namespace=about.get("namespace", ""),
        allowed=annotations[_DECISION] == "allow",
        role=" ".join(role.groups()) if role else "",
    )


def judge(grants: Sequence[Grant], logs: Iterable[AuditLog], client: Client) -> Verdict:
    """Compare what was granted to a client with what audit logs say that it asked for."""
    verdict = Verdict(dict.fromkeys(sorted(grants), 0))
    for log in logs:
        for event in log.events:
            user, agent = event["user"].get("username", ""), event.get("userAgent", "")
            own = agent.startswith(client.agents)
            if user == client.user and own:
                _count(verdict, request_of(event), early=log.before_ready(event))
            elif user == client.user or (own and user not in client.other_users):
                verdict.strangers[user, agent] += 1
    return verdict


def _count(verdict: Verdict, request: Request | None, *, early: bool) -> None:
    if request is None:
        return
    enough = [grant for grant in verdict.used if grant.allows(request)]
    by_role = [grant for grant in enough if grant.role == request.role]
    if not request.allowed:
        if early and enough:
            verdict.early.update(enough)
        else:
            verdict.forbidden[request] += 1
    elif request.built_in:
        verdict.built_in[request] += 1
    elif not by_role:
        verdict.elsewhere[request] += 1
    else:
        verdict.used.update((grant, verdict.used[grant] + 1) for grant in by_role)


def table(verdict: Verdict) -> str:
    """The verdict, for people: each grant, what everybody may do and was used, and what was forbidden."""
    rows: dict[str, list[tuple[str, ...]]] = {}
    for grant, times in verdict.used.items():
        rows.setdefault(grant.role, []).append((*grant.cells, str(times), str(verdict.early[grant])))
    for title, counted in _others(verdict):
        for request, times in counted:
            numbers = (str(times), "0") if request.allowed else ("0", str(times))
            where = f"in {request.namespace}" if request.namespace else ""
            rows.setdefault(title(request), []).append((request.verb, request.resource, request.name, where, *numbers))
    widths = [
        max(len(row[column]) for row in [_TITLES, *(row for each in rows.values() for row in each)]) for column in range(len(_TITLES))
    ]
    lines = [_line(_TITLES, widths)]
    for title, each in rows.items():
        lines += ["", title, *(_line(row, widths) for row in each)]
    return "\n".join(lines)


def _others(verdict: Verdict) -> Iterator[tuple[Any, Iterable[tuple[Request, int]]]]:
    yield lambda request: f"{request.role}, which everybody has", _by_role(verdict.built_in)
    yield lambda request: f"{request.role or 'nobody'}, beyond what is granted here", _by_role(verdict.elsewhere)
    yield lambda _: "Forbidden", _by_role(verdict.forbidden)


def _by_role(requests: Counter[Request]) -> list[tuple[Request, int]]:
    return sorted(requests.items(), key=lambda item: (item[0].role, item[0]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    words, numbers = list(zip(cells, widths, strict=True))[:-_NUMBERS], list(zip(cells, widths, strict=True))[-_NUMBERS:]
    return "  ".join([*(text.ljust(width) for text, width in words), *(text.rjust(width) for text, width in numbers)])
