"""A server before moto's that answers single operations by itself, as AWS does when it denies or throttles them."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Refuse = Callable[[str], tuple[str, int] | None]
"""Operation -> the error's code and the HTTP status; None to let it pass."""
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_TARGET = re.compile(r"(?:^|\.)(\w+)$")
_CBOR_PATH = re.compile(r"/operation/(\w+)$")


class InterceptingServer(ThreadingHTTPServer):
    """refuse: what is not passed on. calls: how often each operation was asked for."""

    daemon_threads = True

    def __init__(self, behind: str, refuse: Refuse) -> None:
        super().__init__(("127.0.0.1", 0), InterceptingHandler)
        self.behind = behind
        self.refuse = refuse
        self.calls: Counter[str] = Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class InterceptingHandler(BaseHTTPRequestHandler):
    server: InterceptingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self._operation(body)
        self.server.calls[operation] += 1
        refusal = self.server.refuse(operation)
        if refusal is None:
            self._pass_on(body)
        else:
            self._answer(refusal[1], *self._error(refusal[0]))

    def _operation(self, body: bytes) -> str:
        if found := _TARGET.search(self.headers.get("X-Amz-Target", "")):
            return found[1]
        if found := _CBOR_PATH.search(self.path):
            return found[1]
        action = _ACTION.search(body)
        return action[1].decode() if action else self.path

    def _error(self, code: str) -> tuple[str, bytes]:
        if "json" in self.headers.get("Content-Type", ""):
            return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": "not you"}).encode()
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>not you</Message></Error></ErrorResponse>"
        return "text/xml", text.encode()

    def _pass_on(self, body: bytes) -> None:
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")
        }
        request = urllib.request.Request(self.server.behind + self.path, body, headers, method="POST")
        try:
            with urllib.request.urlopen(request) as answer:
                self._answer(answer.status, answer.headers.get("Content-Type", ""), answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.headers.get("Content-Type", ""), error.read(), error.headers)

    def _answer(self, status: int, kind: str, body: bytes, headers: Any = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items() if headers is not None else ():
            if name.lower().startswith(("x-amz", "smithy")):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests print what matters."""
