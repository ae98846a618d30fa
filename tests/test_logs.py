import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from fargateclaims.logs import configure, log_fields

SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
log = logging.getLogger("fargateclaims.test")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], level = before
    root.setLevel(level)
    for name in ("kopf", "botocore", "urllib3", "aiohttp", "aiohttp.access", "asyncio", "boto3", "kubernetes", "s3transfer"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_without_a_terminal_each_line_is_json() -> None:
    configure(stream=(stream := io.StringIO()))
    log.warning("profile %s is\nstuck", "shop-a")
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "fargateclaims.test", "message": "profile shop-a is\nstuck"}


def test_on_a_terminal_a_line_is_for_people() -> None:
    configure(stream=(stream := Terminal()))
    with log_fields(cluster="prod"):
        log.info("creating")
    log.info("idle")
    first, second = stream.getvalue().splitlines()
    assert first[8:] == " INFO    creating  (cluster prod)"
    assert second[8:] == " INFO    idle"


@pytest.mark.parametrize(("stream", "log_format", "is_json"), [(Terminal(), "json", True), (io.StringIO(), "text", False)])
def test_the_format_can_be_chosen(stream: io.StringIO, log_format: str, is_json: bool) -> None:  # noqa: FBT001
    configure(log_format, stream=stream)  # type: ignore[arg-type]
    log.info("hello")
    assert stream.getvalue().startswith("{") is is_json


def test_fields_of_the_surroundings_are_in_each_line() -> None:
    configure("json", stream=(stream := io.StringIO()))
    with log_fields(cluster="prod"):
        with log_fields(claim="shop/checkout"):
            log.info("inner", extra={"fields": {"attempt": 2}})
        log.info("outer")
    log.info("outside")
    inner, outer, outside = lines(stream)
    assert (inner["cluster"], inner["claim"], inner["attempt"]) == ("prod", "shop/checkout", "2")
    assert (outer["cluster"], "claim" in outer, "cluster" in outside) == ("prod", False, False)


async def test_two_tasks_do_not_mix_their_fields() -> None:
    configure("json", stream=(stream := io.StringIO()))
    gate = asyncio.Barrier(2)

    async def work(cluster: str) -> None:
        with log_fields(cluster=cluster):
            await gate.wait()
            log.info("from %s", cluster)

    await asyncio.gather(work("a"), work("b"))
    assert sorted((line["message"], line["cluster"]) for line in lines(stream)) == [("from a", "a"), ("from b", "b")]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_secret_never_reaches_a_log(log_format: str) -> None:
    configure(log_format, stream=(stream := io.StringIO()))  # type: ignore[arg-type]
    with log_fields(claim=f"password={SECRET}"):
        log.error("with aws_secret_access_key=%s", SECRET)
    error = ValueError(f"SecretAccessKey: {SECRET}")
    log.error("it failed", exc_info=error)
    assert "it failed" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_libraries_are_heard_from_warnings_on() -> None:
    configure("json", stream=(stream := io.StringIO()))
    for name in ("kopf.objects", "botocore.credentials", "urllib3.connectionpool", "aiohttp.access"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("heed")
    assert [line["message"] for line in lines(stream)] == ["heed"] * 4


def test_the_level_is_ours() -> None:
    configure("json", "error", stream=(stream := io.StringIO()))
    log.warning("small")
    logging.getLogger("kopf").warning("small")
    log.error("big")
    assert [line["message"] for line in lines(stream)] == ["big"]


def test_python_warnings_are_logged() -> None:
    configure("json", stream=(stream := io.StringIO()))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("deprecated", UserWarning, stacklevel=1)
    logging.captureWarnings(capture=False)
    (line,) = lines(stream)
    assert line["logger"] == "py.warnings"


def test_to_configure_again_does_not_double_the_lines() -> None:
    stream = io.StringIO()
    configure("json", stream=stream)
    configure("json", stream=stream)
    log.info("once")
    assert len(lines(stream)) == 1
