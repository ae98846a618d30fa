"""A stand-in for the AWS CLI, for the commands of the docs: `aws SERVICE OPERATION --parameter value`, `wait`, `--query`, `--output`.

The names come from botocore's models, as the CLI's own do. Values are words, JSON, or `file://PATH`; no shorthand.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.exceptions import ParamValidationError
from botocore.model import ListShape, Shape, StructureShape
from botocore.validate import ParamValidator

_WAIT: Final = {"Delay": 0.2, "MaxAttempts": 300}


def main(arguments: Sequence[str]) -> None:
    """Perform one command and print its answer."""
    service, operation, *rest = arguments
    client = boto3.client(service, region_name=_region())  # type: ignore[call-overload]
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
    service, operation, *rest = arguments
    client = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload]
    options = {name: words for name, words in _options(rest) if name not in {"--query", "--output"}}
    called, parameters = _request(client, operation, options)
    report = ParamValidator().validate(parameters, client.meta.service_model.operation_model(called).input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    return called, parameters


def _request(client: Any, operation: str, options: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
    called = next(name for name in client.meta.service_model.operation_names if xform_name(name, "-") == operation)
    return called, _parameters(client, called, options)


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
    unknown = set(options) - set(members)
    if unknown:
        raise SystemExit(f"aws: Unknown options: {', '.join(sorted(unknown))}")
    return {members[option][0]: _value(members[option][1], words) for option, words in options.items()}


def _value(shape: Shape, words: list[str]) -> Any:
    first = words[0]
    if isinstance(shape, ListShape | StructureShape) and first.startswith(("[", "{")):
        return json.loads(first)
    if isinstance(shape, ListShape):
        return words
    (text,) = words
    return Path(text.removeprefix("file://")).read_text(encoding="utf-8") if text.startswith("file://") else text


if __name__ == "__main__":
    main(sys.argv[1:])
