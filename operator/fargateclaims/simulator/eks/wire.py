"""AWS's wire formats, as far as the simulator writes them itself: JSON answers, and errors in each service's protocol."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from fargateclaims.simulator.eks.errors import EKSError


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and the error that it carries for the ledger, if it does."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    message: str | None = None


def json_answer(document: dict[str, Any], content_type: str = "application/json") -> Answer:
    """Return a success."""
    return Answer(200, json.dumps(document, separators=(",", ":")).encode(), _headers(content_type))


def error_answer(service: str, error: EKSError) -> Answer:
    """Return a refusal as a client of this service expects it."""
    if service == "eks":
        headers = {**_headers("application/json"), "x-amzn-ErrorType": error.code}
        body = json.dumps({"message": error.message})
    elif service == "servicequotas":
        headers = _headers("application/x-amz-json-1.1")
        body = json.dumps({"__type": error.code, "message": error.message})
    else:
        headers = _headers("text/xml")
        inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        request_id = headers["x-amzn-RequestId"]
        if service == "ec2":
            body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        else:
            fault = "Receiver" if error.http_status >= 500 else "Sender"
            body = f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    return Answer(error.http_status, body.encode(), headers, error.code, error.message)


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-RequestId": str(uuid4())}
