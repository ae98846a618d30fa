"""Says who bears a token of `aws eks get-token`, as EKS's authenticator does for an API server, without asking STS.

An API server asks for each token that it does not know itself, by a TokenReview
(https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication).
"""

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from fargateclaims.aws.token import PREFIX
from fargateclaims.domain.no_access import CLUSTER_GROUP

AWS_USER: Final = "arn:aws:sts::111122223333:assumed-role/fargateclaims/operator"
"""Whoever signs one: all have the same access entry."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status: dict[str, object] = {"authenticated": False}
        if is_signed(asked["spec"].get("token", "")):
            status = {"authenticated": True, "user": {"username": AWS_USER, "groups": [CLUSTER_GROUP]}}
        body = json.dumps({"apiVersion": asked["apiVersion"], "kind": asked["kind"], "status": status}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def is_signed(token: str) -> bool:
    """Whether it is a presigned GetCallerIdentity; by whom does not matter here."""
    try:
        url = urlsafe_b64decode(token.removeprefix(PREFIX) + "=" * (-len(token.removeprefix(PREFIX)) % 4)).decode()
        asked = parse_qs(urlsplit(url).query)
    except ValueError:
        return False
    return token.startswith(PREFIX) and asked.get("Action") == ["GetCallerIdentity"] and "X-Amz-Signature" in asked


@contextmanager
def token_reviews() -> Iterator[str]:
    """Answer until the end of the with block; the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
