"""What the checks of expressions find."""

import pytest

from support.promql import unknown


@pytest.mark.parametrize(
    "expression",
    [
        "sum by (cluster) (fargateclaims_queue_length) > 0",
        'rate(fargateclaims_aws_calls_total{outcome=~"Throttled|ok", operation="CreateFargateProfile", job="x"}[5m])',
        "histogram_quantile(0.5, sum by (le, operation) (rate(fargateclaims_queue_wait_seconds_bucket[5m])))",
        "process_resident_memory_bytes and on (namespace, job, instance) fargateclaims_build_info",
    ],
)
def test_what_the_operator_exposes_is_known(expression: str) -> None:
    assert unknown(expression) == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("fargateclaims_queue", "no metric fargateclaims_queue"),
        ("rate(fargateclaims_queue_wait_seconds[5m])", "no metric fargateclaims_queue_wait_seconds"),
        ("rate(fargateclaims_aws_calls[5m])", "no metric fargateclaims_aws_calls"),
        ('fargateclaims_leader{cluster="x"}', "fargateclaims_leader has no label cluster"),
        ("sum by (cluster) (fargateclaims_leader)", "fargateclaims_leader has no label cluster"),
        ("fargateclaims_queue_length / on (origin) fargateclaims_profiles", "fargateclaims_queue_length has no label origin"),
        ('fargateclaims_claims{reason=~"Queued|Waiting"}', "fargateclaims_claims has no reason Waiting"),
        ('fargateclaims_aws_calls_total{operation!="CreateProfile"}', "fargateclaims_aws_calls_total has no operation CreateProfile"),
    ],
)
def test_what_it_does_not_expose_is_found(expression: str, problem: str) -> None:
    assert unknown(expression) == [problem]


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        unknown("sum by (cluster (fargateclaims_queue_length)")
