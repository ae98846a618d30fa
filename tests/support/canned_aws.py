"""AWS endpoints on loopback that answer as a test tells them to, in each service's own protocol, and remember every call.

Real botocore talks to them over real sockets, so what it makes of an answer is what it makes of AWS's.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCOUNT = "111122223333"


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    operation: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def access_key(self) -> str:
        return self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]


@dataclass(frozen=True)
class Answer:
    """What to send back; `body` as it stands, or data for the service's protocol."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(code: str, message: str = "", status: int = 400) -> Answer:
    return Answer({"__code": code, "__message": message}, status)


@dataclass
class Told:
    """What the metrics callback was told."""

    calls: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, operation: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((operation, outcome))


class Drop(Exception):  # noqa: N818 - an order
    """Close the connection without an answer."""


Script = Answer | Callable[[Call], Answer]


class CannedAWS:
    """Answers by operation. GetCallerIdentity and AssumeRole work without being told to."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.accounts: dict[str, str] = {}
        self.calls: list[Call] = []
        self.released = threading.Event()
        self._scripts: dict[str, Script] = {"GetCallerIdentity": self._identity, "AssumeRole": self._assume_role}

    def will(self, operation: str, script: Script) -> None:
        self._scripts[operation] = script

    def hang(self, operation: str) -> None:
        """Take the call and answer it only when the test is over."""

        def wait(call: Call) -> Answer:
            self.released.wait()
            raise Drop

        self.will(operation, wait)

    def count(self, operation: str) -> int:
        return Counter(call.operation for call in self.calls)[operation]

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        script = self._scripts.get(call.operation, refused("InvalidAction", f"no script for {call.operation}"))
        return script if isinstance(script, Answer) else script(call)

    def _identity(self, call: Call) -> Answer:
        account = self.accounts.get(call.access_key, ACCOUNT)
        return Answer({"Account": account, "Arn": f"arn:aws:iam::{account}:user/u", "UserId": "AIDA"})

    def _assume_role(self, call: Call) -> Answer:
        account = call.parameters["RoleArn"].split(":")[4]
        access_key = f"ASIAROLE{account}{self.count('AssumeRole')}"
        self.accounts[access_key] = account
        expiration = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        credentials = {"AccessKeyId": access_key, "SecretAccessKey": "s" * 40, "SessionToken": "t" * 300, "Expiration": expiration}
        return Answer({"Credentials": credentials, "AssumedRoleUser": {"Arn": "arn:aws:sts::1:assumed-role/r/s", "AssumedRoleId": "A:s"}})


# By method and what stands behind the cluster's name in the path; a name there is the parameter's.
_EKS = {
    ("GET", ()): "DescribeCluster",
    ("GET", ("fargate-profiles",)): "ListFargateProfiles",
    ("POST", ("fargate-profiles",)): "CreateFargateProfile",
    ("GET", ("fargate-profiles", "fargateProfileName")): "DescribeFargateProfile",
    ("DELETE", ("fargate-profiles", "fargateProfileName")): "DeleteFargateProfile",
    ("POST", ("access-entries",)): "CreateAccessEntry",
    ("GET", ("access-entries", "principalArn")): "DescribeAccessEntry",
    ("GET", ("node-groups",)): "ListNodegroups",
    ("GET", ("node-groups", "nodegroupName")): "DescribeNodegroup",
    ("GET", ("addons", "addonName")): "DescribeAddon",
    ("POST", ("addons", "addonName", "update")): "UpdateAddon",
}


def _eks(method: str, parts: list[str]) -> tuple[str, dict[str, str]]:
    """The operation, and the parameters of its path."""
    for (wanted, template), operation in _EKS.items():
        if (method, len(parts), parts[2:3]) == (wanted, len(template) + 2, list(template[:1])):
            return operation, {"clusterName": parts[1]} | dict(zip(template[1:2], parts[3:4], strict=True))
    raise KeyError(f"{method} {parts}")


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece: two would wait for each other by Nagle's algorithm

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        call, protocol = self._read(raw)
        try:
            answer = self.server.aws.answer(call)
            self._send(answer, protocol, call.operation)
        except (Drop, ConnectionError):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the base class's names

    def _read(self, raw: str) -> tuple[Call, str]:
        headers = dict(self.headers.items())
        if target := headers.get("X-Amz-Target"):
            return Call(target.rpartition(".")[2], json.loads(raw or "{}"), headers), "json"
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.split("/") if part]
        query = {key: values[0] if len(values) == 1 else values for key, values in parse_qs(url.query).items()}
        if parts and parts[0] == "clusters":
            operation, named = _eks(self.command, parts)
            return Call(operation, named | query | json.loads(raw or "{}"), headers), "rest-json"
        if parts == ["cluster-versions"]:
            return Call("DescribeClusterVersions", query, headers), "rest-json"
        if parts and parts[0] == "tags":
            operation = "TagResource" if self.command == "POST" else "UntagResource"
            return Call(operation, {"resourceArn": "/".join(parts[1:])} | query | json.loads(raw or "{}"), headers), "rest-json"
        form = {key: values[0] for key, values in parse_qs(raw).items()}
        return Call(form["Action"], form, headers), "ec2" if "/ec2/" in headers["Authorization"] else "query"

    def _send(self, answer: Answer, protocol: str, operation: str) -> None:
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": "0a1b2c3d-0000-1111-2222-333344445555"} | dict(answer.headers)
        body = answer.body
        if isinstance(body, dict) and "__code" in body:
            headers, body = _refusal(body["__code"], body["__message"], protocol, headers)
        elif not isinstance(body, str):
            body = json.dumps(body) if "json" in protocol else _xml(operation, body, protocol)
        encoded = body.encode()
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(encoded))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)


def _refusal(code: str, message: str, protocol: str, headers: dict[str, str]) -> tuple[dict[str, str], str]:
    if protocol == "rest-json":
        return headers | {"x-amzn-ErrorType": code}, json.dumps({"message": message})
    if protocol == "json":
        return headers, json.dumps({"__type": code, "message": message})
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if protocol == "ec2":
        return headers, f"<Response><Errors>{error}</Errors><RequestID>r-1</RequestID></Response>"
    return headers, f"<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>"


def _xml(operation: str, data: Mapping[str, Any], protocol: str) -> str:
    inner = "".join(_element(key, value, "item" if protocol == "ec2" else "member") for key, value in data.items())
    if protocol == "ec2":
        return f"<{operation}Response>{inner}</{operation}Response>"
    return f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"


def _element(key: str, value: Any, item: str) -> str:
    if isinstance(value, dict):
        inner = "".join(_element(name, each, item) for name, each in value.items())
    elif isinstance(value, list):
        inner = "".join(_element(item, each, item) for each in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(str(value))
    return f"<{key}>{inner}</{key}>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # the default of 5 costs callers that come at once a second each
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.aws = CannedAWS(self.server_address[1])


@contextmanager
def canned_aws() -> Iterator[CannedAWS]:
    """Run one on a free port."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.aws
    finally:
        server.aws.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
