import pytest

from fargateclaims.simulator.kube.errors import ApiError
from fargateclaims.simulator.kube.selectors import parse

FIELDS = {"metadata.name": "metadata.name", "regarding.name": "involvedObject.name"}
LABELS = {"app": "web", "tier": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=1", True),
        ("app=web,tier=2", False),
        ("app!=web", False),
        ("other!=web", True),
        ("app in (api, web)", True),
        ("app in (api)", False),
        ("app notin (api),tier", True),
        ("other notin (a)", True),
        ("app", True),
        ("other", False),
        ("!other", True),
        ("! app", False),
        ("tier>0", True),
        ("tier>1", False),
        ("tier<2", True),
        ("app>1", False),
        ("example.com/x=", False),
    ],
)
def test_label_selectors(text: str, *, expected: bool) -> None:
    assert parse(text, "", FIELDS).matches({"metadata": {"labels": LABELS}}) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metadata.name=x", True),
        ("metadata.name==x", True),
        ("metadata.name!=x", False),
        ("metadata.name=x,regarding.name=y", True),
        ("regarding.name=", False),
    ],
)
def test_field_selectors(text: str, *, expected: bool) -> None:
    assert parse("", text, FIELDS).matches({"metadata": {"name": "x"}, "involvedObject": {"name": "y"}}) is expected


@pytest.mark.parametrize(
    ("labels", "fields", "message"),
    [
        ("a in b", "", "unable to parse requirement"),
        ("=x", "", "unable to parse requirement"),
        ("", "spec.x=1", "field label not supported: spec.x"),
        ("", "metadata.name", "invalid selector"),
    ],
)
def test_what_does_not_parse_is_a_bad_request(labels: str, fields: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as refused:
        parse(labels, fields, FIELDS)
    assert refused.value.code == 400
