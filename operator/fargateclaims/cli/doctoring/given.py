"""What is found about a class that does not exist yet, in the words of who asked: options in place of a class's fields."""

from dataclasses import replace
from typing import Final

from fargateclaims.domain.doctor.chart import Check, ClassChart, Examination

# The longest first: one may begin as another does.
_WORDS: Final = {
    "spec.subnets.ids or .tags": "--subnet-id or --subnet-tag",
    "spec.subnets.ids": "--subnet-id",
    "spec.subnets.tags": "--subnet-tag",
    "spec.podExecutionRoleARN": "--role-arn",
    "take it out of the class": "leave it out",
    "add subnets to the class": "name more subnets by --subnet-id or --subnet-tag",
    "the class has no usable subnets": "there are no usable subnets",
}


def in_options(found: Examination) -> Examination:
    """The same for one who has named a cluster and a role by options."""
    clusters = tuple(
        replace(
            cluster,
            checks=tuple(map(_check, cluster.checks)),
            classes=tuple(ClassChart(each.name, tuple(map(_check, each.checks))) for each in cluster.classes),
        )
        for cluster in found.clusters
    )
    return replace(found, clusters=clusters)


def _check(check: Check) -> Check:
    return replace(
        check,
        message=_said(check.message),
        fix=_said(check.fix),
        details=tuple(map(_said, check.details)),
        children=tuple(map(_check, check.children)),
    )


def _said(text: str) -> str:
    for field, option in _WORDS.items():
        text = text.replace(field, option)
    return text
