"""Answers of EC2 for the canned server, written as botocore spells them, and what was asked for."""

from typing import Any

from support.canned_aws import Answer, Call


def spelt(value: Any) -> Any:
    """EC2 spells its elements in lower camel case, botocore in upper."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: spelt(each) for key, each in value.items()}
    return [spelt(each) for each in value] if isinstance(value, list) else value


def paged(key: str, *items: dict[str, Any]) -> Any:
    """One item a page."""

    def page(call: Call) -> Answer:
        number = int(call.parameters.get("NextToken", 0))
        more = {"nextToken": str(number + 1)} if number + 1 < len(items) else {}
        return Answer({key: [spelt(items[number])]} | more)

    return page


def filters(call: Call, parameter: str = "Filter") -> dict[str, list[str]]:
    """What a list was narrowed by."""
    found: dict[str, list[str]] = {}
    number = 1
    while name := call.parameters.get(f"{parameter}.{number}.Name"):
        prefix = f"{parameter}.{number}.Value."
        positions = sorted(int(key.removeprefix(prefix)) for key in call.parameters if key.startswith(prefix))
        found[name] = [call.parameters[f"{prefix}{position}"] for position in positions]
        number += 1
    return found
