"""A stand-in for the AWS CLI, for the commands of the docs: `aws SERVICE OPERATION --parameter value`, `wait`, `--query`, `--output`.

The names come from botocore's models, as the CLI's own do. Values are words, JSON, `file://PATH`, or shorthand of one level
(`key=value,key=value`); a flag is true.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Final

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.exceptions import ParamValidationError
from botocore.model import ListShape, Shape, StructureShape
from botocore.validate import ParamValidator

_WAIT: Final = {"Delay": 0.2, "MaxAttempts": 300}
_SHORT_BOOLEANS: Final = {"true": True, "false": False}
_NUMBERS: Final[dict[str, Callable[[str], float]]] = {"integer": int, "long": int, "float": float, "double": float}


def main(arguments: Sequence[str]) -> None:
    """Perform one command and print its answer."""
    (service, operation, *rest), region = _without_region(arguments)
    with closing(_client(service, region or _region())) as client:
        if operation == "wait":
            waiter = client.get_waiter(rest[0].replace("-", "_"))
            called = waiter.config.operation
            waiter.wait(**_parameters(client, called, dict(_options(rest[1:]))), WaiterConfig=_WAIT)
            return
        options = dict(_options(rest))
        query, output = options.pop("--query", None), options.pop("--output", None)
        called, parameters = _request(client, operation, options)
        answer = getattr(client, xform_name(called))(**parameters)
    answer.pop("ResponseMetadata")
    found = jmespath.search(" ".join(query), answer) if query else answer
    print(found if output == ["text"] else json.dumps(found, default=str, indent=4))  # noqa: T201


def checked(arguments: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The operation that a command performs, and its parameters. Raises ParamValidationError or SystemExit where AWS knows no such one."""
    (service, operation, *rest), _ = _without_region(arguments)
    client = _never_called(service)
    options = {name: words for name, words in _options(rest) if name not in {"--query", "--output"}}
    called, parameters = _request(client, operation, options)
    report = ParamValidator().validate(parameters, client.meta.service_model.operation_model(called).input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    return called, parameters


@cache
def _never_called(service: str) -> Any:
    """A client for its model: to read that of EC2 takes a second."""
    return boto3.Session().client(  # type: ignore[call-overload]
        service, region_name="eu-west-1", aws_access_key_id="unused", aws_secret_access_key="unused"
    )


def _client(service: str, region: str) -> Any:
    # A session of its own: the default one would keep the credentials of its first command.
    return boto3.Session().client(service, region_name=region)  # type: ignore[call-overload]


def perform(client: Any, arguments: Sequence[str]) -> None:
    """Perform one command with a client of its service, whatever region it names."""
    (_, operation, *rest), _ = _without_region(arguments)
    called, parameters = _request(client, operation, dict(_options(rest)))
    getattr(client, xform_name(called))(**parameters)


def _request(client: Any, operation: str, options: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
    called = next(name for name in client.meta.service_model.operation_names if xform_name(name, "-") == operation)
    return called, _parameters(client, called, options)


def _without_region(arguments: Sequence[str]) -> tuple[list[str], str]:
    """The other words, and the region that is named; empty if none is."""
    words = list(arguments)
    if "--region" not in words:
        return words, ""
    at = words.index("--region")
    return [*words[:at], *words[at + 2 :]], words[at + 1]


def _region() -> str:
    """The region for both versions of the CLI: 1 reads AWS_DEFAULT_REGION only, 2 AWS_REGION first. Raises SystemExit if they differ."""
    regions = {os.environ.get(name) for name in ("AWS_DEFAULT_REGION", "AWS_REGION")}
    region, *others = regions
    if others or not region:
        raise SystemExit(f"aws: versions 1 and 2 would take different regions: {regions}")
    return region


def _options(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the words that follow it."""
    starts = [index for index, word in enumerate(words) if word.startswith("--")]
    for index, end in zip(starts, [*starts[1:], len(words)], strict=True):
        yield words[index], list(words[index + 1 : end])


def _parameters(client: Any, operation: str, options: dict[str, list[str]]) -> dict[str, Any]:
    shape = client.meta.service_model.operation_model(operation).input_shape
    members = {f"--{xform_name(name, '-')}": (name, member) for name, member in shape.members.items()}
    if operation == "AuthorizeSecurityGroupIngress" and "--protocol" in options:
        options = _as_permission(options)
    unknown = set(options) - set(members)
    if unknown:
        raise SystemExit(f"aws: Unknown options: {', '.join(sorted(unknown))}")
    return {members[option][0]: _value(members[option][1], words) for option, words in options.items()}


def _as_permission(options: dict[str, list[str]]) -> dict[str, list[str]]:
    """What the CLI makes of the options that EC2's model does not have."""
    port = int(options["--port"][0])
    permission = {"IpProtocol": options["--protocol"][0], "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": options["--cidr"][0]}]}
    return {"--group-id": options["--group-id"], "--ip-permissions": [json.dumps([permission])]}


def _value(shape: Shape, words: list[str]) -> Any:
    if shape.type_name == "boolean" and not words:
        return True
    first = words[0]
    if isinstance(shape, ListShape | StructureShape) and first.startswith(("[", "{")):
        return json.loads(first)
    if isinstance(shape, ListShape):
        return [_value(shape.member, [word]) for word in words]
    if isinstance(shape, StructureShape):
        pairs = (pair.partition("=") for pair in first.split(","))
        return {name: _SHORT_BOOLEANS.get(value, value) for name, _, value in pairs}
    (text,) = words
    if number := _NUMBERS.get(shape.type_name):
        return number(text)
    return Path(text.removeprefix("file://")).read_text(encoding="utf-8") if text.startswith("file://") else text


if __name__ == "__main__":
    main(sys.argv[1:])
