"""Random servers and locations, random requests to them, and which location real nginx chose for each."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from .harness import Binary, Nginx

PREFIXES = (
    "/",
    "/a",
    "/a/",
    "/api",
    "/api/",
    "/api/chat",
    "/api/v1/",
    "/API/",
    "/ws",
    "/ws/",
    "/static/",
    "/x y/",
    "/é/",
)
REGEXES = (
    r"^/api/",
    r"/chat",
    r"\.php$",
    r"\.(js|css)$",
    r"^/(api|ws)/",
    r"^/[a-z]+$",
    r"/v[0-9]+/",
    r'"^/v\d{1,2}/"',
    r"/$",
    r"^/A",
    r"stream",
)
ENDINGS = ("", "/", "chat", "chat/", "stream", "v1/", "v12/x", "index.php", "app.JS", "a.css", "CHAT", "1")
REWRITES = (
    "rewrite ^/api/(.*)$ /$1 last;",
    "rewrite ^/v[0-9]+/(.*) /api/$1 break;",
    "rewrite /chat /ws/;",
    "rewrite ^/ws/(.+)$ /api/$1;",
    "rewrite ^/static/(.*) /api/chat?file=$1;",
    "rewrite ^/old(.*) /api$1 permanent;",
    "rewrite ^/a$ https://elsewhere.test/a;",
    "rewrite ^(/[a-z]+)/$ $1;",
)
NAMES = (
    "example.com",
    "www.example.com",
    "*.example.com",
    "*.api.example.com",
    ".example.org",
    "www.example.*",
    "www.*",
    r"~^www\d*\.example\.com$",
    r"~^(?<who>.+)\.example\.net$",
    "~example",
    "_",
)
HOSTS = (
    "example.com",
    "EXAMPLE.com",
    "example.com:8080",
    "example.com.",
    "www.example.com",
    "www1.example.com",
    "eu.api.example.com",
    "example.org",
    "a.b.example.org",
    "www.example.net",
    "www.elsewhere.test",
    "elsewhere.test",
    "192.0.2.1",
)


@dataclass(frozen=True)
class Request:
    """What a client asks for: the Host header, and the request line's target as sent."""

    host: str
    path: str


@dataclass(frozen=True)
class Choice:
    """nginx's choice: `answer` is the id that the chosen location (or server) returns, empty if there was none, or a redirect."""

    configuration: str
    request: Request
    answer: str


@dataclass
class Writer:
    """Writes one random configuration; the same seed writes the same one."""

    random: random.Random
    prefixes: list[str] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=count)

    def configuration(self) -> str:
        """Several servers that all listen on port 80, at most one of them by default."""
        number = self.random.randint(1, 4)
        default = self.random.choice([None, *range(number)])
        return "\n".join(self._server(is_default=index == default) for index in range(number))

    def requests(self, number: int) -> list[Request]:
        """Requests that come near the locations written so far."""
        return [Request(self.random.choice(HOSTS), self._path()) for _ in range(number)]

    def _server(self, *, is_default: bool) -> str:
        listen = "listen 80 default_server;" if is_default else "listen 80;"
        names = " ".join(self.random.sample(NAMES, self.random.randint(0, 3)))
        lines = [listen, f"server_name {names};" if names else "", *self._locations("", 0)]
        if self.random.random() < 0.1:
            lines.append("merge_slashes off;")
        if self.random.random() < 0.3:
            lines += self.random.sample(REWRITES, self.random.randint(1, 3))
        if self.random.random() < 0.05:
            lines.append(self._return())
        return "server {\n" + "\n".join(filter(None, lines)) + "\n}"

    def _return(self) -> str:
        return f'return 200 "{next(self._ids)}";'

    def _locations(self, parent: str, depth: int) -> Iterator[str]:
        """Locations side by side, no plain or exact one twice, in random order."""
        written = set()
        for _ in range(self.random.randint(0, 6 - 2 * depth)):
            modifier = self.random.choice(["", "", "^~", "=", "~", "~*"])
            pattern = self._pattern(modifier, parent)
            key = (modifier == "=", pattern)
            if key not in written:
                written |= {key} if not modifier.startswith("~") else set()
                yield self._location(modifier, pattern, depth)

    def _pattern(self, modifier: str, parent: str) -> str:
        if modifier.startswith("~"):
            return self.random.choice(REGEXES)
        prefix = parent + self.random.choice(ENDINGS) if parent else self.random.choice(PREFIXES)
        self.prefixes.append(prefix)
        return prefix

    def _location(self, modifier: str, pattern: str, depth: int) -> str:
        inner = [self._return()]
        if modifier.startswith("~"):
            inner += self._regexes_inside(depth)
        elif modifier != "=" and depth < 2 and self.random.random() < 0.4:
            inner += self._locations(pattern, depth + 1)
        name = f'"{pattern}"' if " " in pattern else pattern
        return f"location {modifier} {name} {{\n" + "\n".join(inner) + "\n}"

    def _regexes_inside(self, depth: int) -> Iterator[str]:
        """nginx allows only regular expressions inside a regular expression."""
        if depth < 2 and self.random.random() < 0.2:
            yield self._location("~", self.random.choice(REGEXES), depth + 1)

    def _path(self) -> str:
        path = self.random.choice(self.prefixes or ["/"]) + self.random.choice(ENDINGS)
        disguises = (
            lambda plain: plain,
            lambda plain: plain,
            lambda plain: plain.upper(),
            lambda plain: plain.replace("/", "//"),
            lambda plain: "/gone/.." + plain,
            lambda plain: plain.rstrip("/") or "/",
        )
        path = quote(self.random.choice(disguises)(path))
        if self.random.random() < 0.1:
            path = path[0] + path[1:].replace("/", "%2F").replace("c", "%63")
        return path + self.random.choice(["", "", "", "?next=/api/chat"])


def random_cases(seed: int, configurations: int, requests: int) -> tuple[list[str], list[list[Request]]]:
    """So many configurations, and so many requests for each."""
    writers = [Writer(random.Random(f"{seed}-{index}")) for index in range(configurations)]
    texts = [writer.configuration() for writer in writers]
    return texts, [writer.requests(requests) for writer in writers]


def nginx_answers(
    binary: Binary, configurations: Sequence[str], requests: Sequence[Sequence[Request]]
) -> Iterator[Choice]:
    """What one nginx answers to each configuration's requests."""
    servers = [text.replace("listen 80", f"listen unix:{number}.sock") for number, text in enumerate(configurations)]
    http = "\n".join(["keepalive_requests 1000000;", *servers])
    with Nginx(binary, f"events {{ }}\nhttp {{\n{http}\n}}\n") as nginx:
        for number, (text, asked) in enumerate(zip(configurations, requests, strict=True)):
            answers = _ask(nginx.folder / f"{number}.sock", asked)
            yield from (Choice(text, request, answer) for request, answer in zip(asked, answers, strict=True))


def _ask(path: Path, requests: Sequence[Request]) -> Iterator[str]:
    """The answers that come back over one connection, a few dozen requests sent at a time."""
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as reader:
        connection.connect(str(path))
        for start in range(0, len(requests), 50):
            few = requests[start : start + 50]
            connection.sendall(b"".join(map(_as_sent, few)))
            yield from (_answer(reader) for _ in few)


def _as_sent(request: Request) -> bytes:
    return f"GET {request.path} HTTP/1.1\r\nHost: {request.host}\r\n\r\n".encode()


def _answer(reader: BinaryIO) -> str:
    status, size = reader.readline().split()[1], 0
    while (line := reader.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    body = reader.read(size).decode()
    if status not in (b"200", b"301", b"302", b"404"):
        raise ValueError(f"nginx answers {status.decode()}: the request was meant to be a valid one")
    return body if status == b"200" else ""
