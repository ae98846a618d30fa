"""What somebody may do and what they did: their roles' grants, one by one, beside the requests of an audit log.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and .../tasks/debug/debug-cluster/audit/ have the formats.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

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


@dataclass
class Verdict:
    """What was granted, used and forbidden.

    :param used: how many requests each grant was used for; one request may be counted with several.
    :param forbidden: requests that RBAC refused, and that no grant covers.
    :param early: of each grant, requests that RBAC refused all the same: by an API server that has just started and does not know
        its roles yet.
    :param elsewhere: allowed, but by none of the grants, nor to everybody.
    """

    used: dict[Grant, int] = field(default_factory=dict)
    early: Counter[Grant] = field(default_factory=Counter)
    forbidden: Counter[Request] = field(default_factory=Counter)
    built_in: Counter[Request] = field(default_factory=Counter)
    elsewhere: Counter[Request] = field(default_factory=Counter)

    @property
    def unused(self) -> list[Grant]:
        """What could be taken away."""
        return [grant for grant, times in self.used.items() if not times]


def grants_of(manifests: Sequence[Object], account: tuple[str, str]) -> list[Grant]:
    """What roles in the manifests grant to a ServiceAccount, given as (namespace, name). ValueError for a wildcard or a missing role."""
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
    return found


def _is_for(binding: Object, account: tuple[str, str]) -> bool:
    subjects = binding.get("subjects", ())
    return any((each["kind"], each.get("namespace"), each["name"]) == ("ServiceAccount", *account) for each in subjects)


def _grants(role: Object, where: str | None) -> Iterator[Grant]:
    title = f"{role['kind']} {role['metadata']['name']}"
    for rule in role["rules"]:
        if "nonResourceURLs" in rule:
            raise ValueError(f"{title} grants URLs: {rule}")
        for group, resource, verb, name in product(rule["apiGroups"], rule["resources"], rule["verbs"], rule.get("resourceNames", [None])):
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


def judge(grants: Sequence[Grant], events: Iterable[Object], user: str) -> Verdict:
    """Compare what was granted to a user with what the events of an audit log say that they asked for."""
    verdict = Verdict(dict.fromkeys(sorted(grants), 0))
    requests = Counter(filter(None, (request_of(event) for event in events if event["user"].get("username") == user)))
    for request, times in sorted(requests.items()):
        enough = [grant for grant in verdict.used if grant.allows(request)]
        if not request.allowed:
            verdict.early.update(dict.fromkeys(enough, times))
            verdict.forbidden.update({} if enough else {request: times})
        elif request.built_in:
            verdict.built_in[request] += times
        elif not enough:
            verdict.elsewhere[request] += times
        else:
            verdict.used.update((grant, verdict.used[grant] + times) for grant in enough)
    return verdict


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
    yield lambda request: f"{request.role}, which everybody has", sorted(verdict.built_in.items(), key=lambda item: (item[0].role, item[0]))
    yield lambda request: f"{request.role or 'nobody'}, which is not the operator's", verdict.elsewhere.items()
    yield lambda _: "Forbidden", verdict.forbidden.items()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    words, numbers = list(zip(cells, widths, strict=True))[:-_NUMBERS], list(zip(cells, widths, strict=True))[-_NUMBERS:]
    return "  ".join([*(text.ljust(width) for text, width in words), *(text.rjust(width) for text, width in numbers)])
