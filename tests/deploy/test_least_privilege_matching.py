"""What counts as the use of a grant: the verdict of `tests/audit` is no better than this."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from support.audit_log import AuditLog, keep, kept
from support.control_plane import ControlPlane
from support.least_privilege import Client, Grant, Request, Verdict, grants_of, judge, request_of, table

USER = "system:serviceaccount:ops:robot"
ROBOT = Client(USER, agents=("robot/", "kopf/"))
START = (datetime.fromisoformat("2026-01-01T12:00:00Z"), datetime.fromisoformat("2026-01-01T12:00:03.5Z"))
LATER = "2026-01-01T12:00:03.500001Z"
LEASES = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "update"], "resourceNames": ["leader"]}
CLAIMS = {"apiGroups": ["x.dev"], "resources": ["claims", "claims/status"], "verbs": ["update"]}
NAMESPACES = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}


def role(kind: str, *rules: dict[str, Any], namespace: str | None = None, name: str = "robot") -> list[dict[str, Any]]:
    """A role and its binding to the robot."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    subjects = [{"kind": "ServiceAccount", "namespace": "ops", "name": "robot"}]
    binding = {"kind": f"{kind}Binding", "metadata": metadata, "roleRef": {"kind": kind, "name": name}, "subjects": subjects}
    return [{"kind": kind, "metadata": metadata, "rules": list(rules)}, binding]


MANIFESTS = [
    *role("ClusterRole", CLAIMS, NAMESPACES),
    *role("Role", LEASES, namespace="ops"),
    {"kind": "Service", "metadata": {"name": "s"}},
]
GRANTS = grants_of(MANIFESTS, ("ops", "robot"))


def event(verb: str, resource: str = "", group: str = "", *, user: str = USER, **rest: Any) -> dict[str, Any]:
    """A request as the audit log has it."""
    plural, _, subresource = resource.partition("/")
    about = {
        "resource": plural,
        "subresource": subresource,
        "apiGroup": group,
        "name": rest.get("name"),
        "namespace": rest.get("namespace"),
    }
    by_role = 'of {} "{}"'.format(*rest.get("role", "ClusterRole robot").split())
    reason = f'RBAC: allowed by ClusterRoleBinding "b" {by_role} to ServiceAccount "robot/ops"'
    forbidden = rest.get("forbidden", False)
    annotations = {
        "authorization.k8s.io/decision": "forbid" if forbidden else "allow",
        "authorization.k8s.io/reason": "" if forbidden else reason,
    }
    return {
        "verb": verb,
        "user": {"username": user} if user else {},
        "userAgent": rest.get("agent", "robot/1.0"),
        "requestReceivedTimestamp": rest.get("at", LATER),
        "requestURI": rest.get("url", "/apis/somewhere?watch=1"),
        **({"objectRef": {key: value for key, value in about.items() if value}} if resource else {}),
        "annotations": annotations,
    }


def judged(events: list[dict[str, Any]], grants: list[Grant] = GRANTS) -> Verdict:
    return judge(grants, [AuditLog(events, [START])], ROBOT)


def test_each_rule_is_one_grant_for_each_verb_resource_and_name() -> None:
    expected = [
        Grant("ClusterRole robot", "claims.x.dev", "update"),
        Grant("ClusterRole robot", "claims.x.dev/status", "update"),
        Grant("ClusterRole robot", "namespaces", "list"),
        Grant("Role robot", "leases.coordination.k8s.io", "get", "leader", "ops"),
        Grant("Role robot", "leases.coordination.k8s.io", "update", "leader", "ops"),
    ]
    assert expected == GRANTS


def test_only_what_is_bound_to_the_account_is_granted_to_it() -> None:
    assert grants_of(MANIFESTS, ("ops", "another")) == []
    assert grants_of(MANIFESTS, ("other", "robot")) == []
    assert grants_of(MANIFESTS, "robot") == []


def test_what_is_bound_to_a_group_is_granted_to_its_members() -> None:
    made, binding = role("ClusterRole", NAMESPACES)
    binding = {**binding, "subjects": [{"kind": "Group", "name": "robots", "apiGroup": "rbac.authorization.k8s.io"}]}
    assert grants_of([made, binding], "robots") == [Grant("ClusterRole robot", "namespaces", "list")]
    assert grants_of([made, binding], ("ops", "robots")) == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({**CLAIMS, "verbs": ["*"]}, "more than anybody can count"),
        ({**CLAIMS, "apiGroups": ["*"]}, "more than anybody can count"),
        ({**CLAIMS, "resources": ["*"]}, "more than anybody can count"),
        ({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}, "grants URLs"),
    ],
)
def test_a_wildcard_is_refused(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        grants_of(role("ClusterRole", rule), ("ops", "robot"))


def test_no_names_are_all_names() -> None:
    assert [grant.name for grant in grants_of(role("Role", {**LEASES, "resourceNames": []}, namespace="ops"), ("ops", "robot"))] == [
        None
    ] * 2


@pytest.mark.parametrize(
    "rules",
    [
        [NAMESPACES, NAMESPACES],
        [{**LEASES, "verbs": ["get"], "resourceNames": ["leader", "leader"]}],
        [{**LEASES, "verbs": ["get"]}, {**LEASES, "verbs": ["get"], "resourceNames": []}],
    ],
)
def test_a_role_that_grants_the_same_twice_is_refused(rules: list[dict[str, Any]]) -> None:
    """Both would look used."""
    with pytest.raises(ValueError, match=r"^ClusterRole robot grants more than once: (list namespaces|get leases\S+ leader) everywhere$"):
        grants_of(role("ClusterRole", *rules), ("ops", "robot"))


def test_a_right_that_another_role_grants_already_is_not_used() -> None:
    """RBAC looks at ClusterRoleBindings first, and says in the log by which role it has allowed something."""
    both = [*role("ClusterRole", {**LEASES, "resourceNames": []}), *role("Role", LEASES, namespace="ops")]
    asked = [event("get", "leases", "coordination.k8s.io", name="leader", namespace="ops") for _ in range(3)]
    verdict = judged(asked, grants_of(both, ("ops", "robot")))
    assert {grant.role: times for grant, times in verdict.used.items() if grant.verb == "get"} == {"ClusterRole robot": 3, "Role robot": 0}


def test_a_role_that_is_not_there_is_noticed() -> None:
    with pytest.raises(ValueError, match="binds ClusterRole robot, which is not there"):
        grants_of(role("ClusterRole", CLAIMS)[1:], ("ops", "robot"))


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (event("update", "claims", "x.dev", name="a", namespace="team"), ["claims.x.dev"]),
        (event("update", "claims/status", "x.dev", name="a", namespace="team"), ["claims.x.dev/status"]),
        (event("list", "namespaces"), ["namespaces"]),
        (
            event("get", "leases", "coordination.k8s.io", name="leader", namespace="ops", role="Role robot"),
            ["leases.coordination.k8s.io"],
        ),
        # Near misses: another verb, group, name, namespace, role, user, and program.
        (event("patch", "claims", "x.dev"), []),
        (event("update", "claims", "y.dev"), []),
        (event("get", "leases", "coordination.k8s.io", name="other", namespace="ops", role="Role robot"), []),
        (event("get", "leases", "coordination.k8s.io", name="leader", namespace="team", role="Role robot"), []),
        (event("list", "namespaces", role="ClusterRole view"), []),
        (event("list", "namespaces", user="somebody"), []),
        (event("list", "namespaces", agent="curl/8"), []),
        (event("list", "namespaces", forbidden=True), []),
    ],
)
def test_what_uses_a_grant(asked: dict[str, Any], used: list[str]) -> None:
    verdict = judged([asked])
    assert [grant.resource for grant, times in verdict.used.items() if times] == used
    assert len(verdict.unused) == len(GRANTS) - len(used)


def test_forbidden_built_in_and_others_rights_are_told_apart() -> None:
    refused, elsewhere = (
        event("delete", "claims", "x.dev", name="a", namespace="team", forbidden=True),
        event("get", "pods", role="ClusterRole view"),
    )
    discovery = event("get", url="/apis?x=1", role="ClusterRole system:discovery")
    unknown = {**event("get", "pods"), "annotations": {}}
    verdict = judged([refused, refused, elsewhere, discovery, unknown])
    assert dict(verdict.forbidden) == {Request("claims.x.dev", "delete", "a", "team", allowed=False): 2}
    assert dict(verdict.built_in) == {Request("/apis", "get", role="ClusterRole system:discovery"): 1}
    assert dict(verdict.elsewhere) == {Request("pods", "get", role="ClusterRole view"): 1}
    assert request_of(unknown) is None


@pytest.mark.parametrize(
    ("got", "excused"),
    [
        ("2026-01-01T11:59:59.999999Z", False),
        ("2026-01-01T12:00:00.000000Z", True),
        ("2026-01-01T12:00:03.499999Z", True),
        (LATER, False),
    ],
)
def test_what_is_granted_may_be_forbidden_only_before_the_api_server_is_ready(got: str, *, excused: bool) -> None:
    """Until then it may not know its roles. What nobody grants is missing at any time."""
    granted = event("list", "namespaces", forbidden=True, at=got)
    missing = event("delete", "claims", "x.dev", forbidden=True, at=got)
    verdict = judged([granted, granted, missing])
    (namespaces,) = (grant for grant in GRANTS if grant.resource == "namespaces")
    assert verdict.early == ({namespaces: 2} if excused else {})
    late = {} if excused else {Request("namespaces", "list", allowed=False): 2}
    assert verdict.forbidden == {Request("claims.x.dev", "delete", allowed=False): 1} | late
    assert verdict.used[namespaces] == 0


def test_the_start_of_one_api_server_excuses_no_other() -> None:
    forbidden = event("list", "namespaces", forbidden=True, at="2026-01-01T12:00:01Z")
    verdict = judge(GRANTS, [AuditLog([], [START]), AuditLog([forbidden])], ROBOT)
    assert (verdict.early.total(), verdict.forbidden.total()) == (0, 1)


def test_who_asks_as_another_is_told() -> None:
    """Another program under the user that is judged, let in or not, and a program of its own under another user."""
    tester = event("list", "namespaces", agent="")
    throttled = {**event("update", "claims", "x.dev", agent="curl/8"), "annotations": {}}
    as_admin, refused = event("get", "pods", user="admin", agent="kopf/1"), event("get", "pods", user="", agent="robot/1")
    anonymous, somebody = event("get", "pods", user="system:anonymous"), event("get", "pods", user="somebody", agent="curl/8")
    verdict = judged([tester, tester, throttled, as_admin, refused, anonymous, somebody])
    assert verdict.strangers == {(USER, ""): 2, (USER, "curl/8"): 1, ("admin", "kopf/1"): 1}
    assert not any(verdict.used.values())
    assert not verdict.forbidden
    assert not verdict.elsewhere


def test_audit_logs_are_kept_with_the_starts_of_their_api_servers(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path, tmp_path)
    plane.audit_log.write_text(json.dumps(event("list", "namespaces")) + "\n")
    plane.starts.append(START)
    keep(plane, tmp_path / "kept" / "here", "gw0")
    plane.starts.clear()
    keep(plane, tmp_path / "kept" / "here", "gw1")
    plane.stop()
    first, second = kept(tmp_path / "kept" / "here")
    assert (first.starts, second.starts) == ([START], [])
    assert first.events == second.events == [event("list", "namespaces")]


def test_the_table_is_aligned_and_has_all() -> None:
    asked = [event("list", "namespaces")] * 12 + [event("list", "namespaces", forbidden=True, at="2026-01-01T12:00:01Z")] * 3
    asked += [event("delete", "claims", "x.dev", name="a", namespace="team", forbidden=True)]
    text = table(judged([*asked, event("get", url="/api", role="ClusterRole system:discovery")]))
    assert text.splitlines() == [
        "VERB    RESOURCE                    NAME    WHERE       USED  FORBIDDEN",
        "",
        "ClusterRole robot",
        "update  claims.x.dev                        everywhere     0          0",
        "update  claims.x.dev/status                 everywhere     0          0",
        "list    namespaces                          everywhere    12          3",
        "",
        "Role robot",
        "get     leases.coordination.k8s.io  leader  in ops         0          0",
        "update  leases.coordination.k8s.io  leader  in ops         0          0",
        "",
        "ClusterRole system:discovery, which everybody has",
        "get     /api                                               1          0",
        "",
        "Forbidden",
        "delete  claims.x.dev                a       in team        0          1",
    ]
