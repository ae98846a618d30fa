"""What counts as the use of a grant: the verdict of `tests/audit` is no better than this."""

from typing import Any

import pytest

from support.least_privilege import Grant, Request, grants_of, judge, request_of, table

USER = "system:serviceaccount:ops:robot"
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
    role_name = rest.get("role", "robot")
    reason = f'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "{role_name}" to ServiceAccount "robot/ops"'
    forbidden = rest.get("forbidden", False)
    annotations = {
        "authorization.k8s.io/decision": "forbid" if forbidden else "allow",
        "authorization.k8s.io/reason": "" if forbidden else reason,
    }
    return {
        "verb": verb,
        "user": {"username": user},
        "requestURI": rest.get("url", "/apis/somewhere?watch=1"),
        **({"objectRef": {key: value for key, value in about.items() if value}} if resource else {}),
        "annotations": annotations,
    }


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


def test_a_role_that_is_not_there_is_noticed() -> None:
    with pytest.raises(ValueError, match="binds ClusterRole robot, which is not there"):
        grants_of(role("ClusterRole", CLAIMS)[1:], ("ops", "robot"))


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (event("update", "claims", "x.dev", name="a", namespace="team"), ["claims.x.dev"]),
        (event("update", "claims/status", "x.dev", name="a", namespace="team"), ["claims.x.dev/status"]),
        (event("list", "namespaces"), ["namespaces"]),
        (event("get", "leases", "coordination.k8s.io", name="leader", namespace="ops"), ["leases.coordination.k8s.io"]),
        # Near misses: another verb, group, name, namespace, and another user.
        (event("patch", "claims", "x.dev"), []),
        (event("update", "claims", "y.dev"), []),
        (event("get", "leases", "coordination.k8s.io", name="other", namespace="ops"), []),
        (event("get", "leases", "coordination.k8s.io", name="leader", namespace="team"), []),
        (event("list", "namespaces", user="somebody"), []),
        (event("list", "namespaces", forbidden=True), []),
    ],
)
def test_what_uses_a_grant(asked: dict[str, Any], used: list[str]) -> None:
    verdict = judge(GRANTS, [asked], USER)
    assert [grant.resource for grant, times in verdict.used.items() if times] == used
    assert len(verdict.unused) == len(GRANTS) - len(used)


def test_forbidden_built_in_and_others_rights_are_told_apart() -> None:
    refused, elsewhere = event("delete", "claims", "x.dev", name="a", namespace="team", forbidden=True), event("get", "pods", role="view")
    discovery = event("get", url="/apis?x=1", role="system:discovery")
    unknown = {**event("get", "pods"), "annotations": {}}
    verdict = judge(GRANTS, [refused, refused, elsewhere, discovery, unknown], USER)
    assert dict(verdict.forbidden) == {Request("claims.x.dev", "delete", "a", "team", allowed=False): 2}
    assert dict(verdict.built_in) == {Request("/apis", "get", role="ClusterRole system:discovery"): 1}
    assert dict(verdict.elsewhere) == {Request("pods", "get", role="ClusterRole view"): 1}
    assert request_of(unknown) is None


def test_a_right_that_was_granted_is_not_missing() -> None:
    """Whoever starts an API server again sees this: for a moment it knows no roles."""
    verdict = judge(GRANTS, [event("list", "namespaces", forbidden=True), event("list", "namespaces")], USER)
    (namespaces,) = (grant for grant in GRANTS if grant.resource == "namespaces")
    assert (verdict.used[namespaces], verdict.early[namespaces], sum(verdict.forbidden.values())) == (1, 1, 0)


def test_the_table_is_aligned_and_has_all() -> None:
    asked = [event("list", "namespaces")] * 12 + [event("list", "namespaces", forbidden=True)] * 3
    asked += [event("delete", "claims", "x.dev", name="a", namespace="team", forbidden=True)]
    text = table(judge(GRANTS, [*asked, event("get", url="/api", role="system:discovery")], USER))
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
