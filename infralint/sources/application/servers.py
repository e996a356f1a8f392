"""The programs that serve an application: how they are started, the ports they listen on, what they do to a stream.

https://docs.gunicorn.org/en/stable/settings.html, https://www.uvicorn.org/settings/, https://nodejs.org/api/http.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from infralint.model import Location
from infralint.sources.application.facts import ServerFact
from infralint.sources.application.manifests import commands
from infralint.text.lazy import lazy

GUNICORN_TIMEOUT = 30.0
"""Seconds of silence after which gunicorn's master ends a worker; a sync worker is silent while it streams."""

_PORT_FLAG = lazy(
    r"(?:--port[ =]|--bind[ =]\S*:|-b\s+\S*:|(?<=\s)-p\s+|\b(?:PORT|port)=|--server\.port[ =]|0\.0\.0\.0:)(\d{2,5})\b"
)
_DEFAULT_PORT = {"uvicorn": 8000, "gunicorn": 8000, "hypercorn": 8000, "daphne": 8000, "streamlit": 8501, "next": 3000}
_EXPOSE = lazy(r"^[ \t]*EXPOSE[ \t]+([\d /a-z]+)", re.MULTILINE | re.IGNORECASE)
_CODE_PORT = (
    lazy(rb"\.listen\(\s*(?:[^(),\n]{0,60}(?:\|\||\?\?)\s*)?(\d{2,5})\b"),
    lazy(rb"\b(?:PORT|port)\b[^\n;]{0,60}(?:\|\||\?\?)\s*[\"']?(\d{2,5})\b"),
    lazy(
        rb"(?:uvicorn|web|app|socketio|mcp|server)\.run(?:_app)?\([^()]{0,300}\bport\s*=\s*(?:int\(\s*)?(?:os\.\w+(?:\.get)?\([^()]*?,\s*[\"']?)?(\d{2,5})\b"
    ),
    lazy(rb"(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|Addr:)\s*\(?\s*\"[\w.]*:(\d{2,5})\""),
)
_GUNICORN_OPTIONS = {
    "timeout": "timeout",
    "t": "timeout",
    "workers": "workers",
    "w": "workers",
    "k": "worker_class",
    "worker-class": "worker_class",
    "threads": "threads",
    "keep-alive": "keepalive",
}
_FLAG = lazy(r"(?:^|\s)--?([\w-]+)[ =]+([\w.:/-]+)")
_UVICORN_FLAGS = {
    "timeout-keep-alive": "timeout_keep_alive",
    "ws-ping-interval": "ws_ping_interval",
    "workers": "workers",
}
_CONF = lazy(r"^(timeout|worker_class|workers|threads|keepalive)\s*=\s*[\"']?([\w.]+)[\"']?\s*(?:#|$)", re.MULTILINE)
_NODE = lazy(
    r"\b\w+\.(requestTimeout|keepAliveTimeout|headersTimeout|timeout)\s*=\s*([\d_]+(?:\s*\*\s*[\d_]+)*)\s*;?\s*(?://|$)",
    re.MULTILINE,
)
_COMPRESSION = lazy(
    r"\.use\(\s*(compression|compress|expressCompression)\s*\(|add_middleware\(\s*(GZipMiddleware|BrotliMiddleware)|\.register\(\s*(?:require\(|import\()?\s*[\"']?(@fastify/compress|fastifyCompress)"
    r"|\b(Compress)\(\s*app|gin\.\w*Use\(\s*(gzip\.Gzip)|\.Use\(\s*(?:middleware\.)?(Gzip|gzip\.Gzip|Compress)\b"
)


def ports_of(starters: list[str], sources: list[str], text: Callable[[str], bytes]) -> tuple[int, ...]:
    """The ports that scripts and code listen on, those of commands first."""
    found: list[int] = []
    for path in starters:
        content = text(path)
        if "ockerfile" in path or "ontainerfile" in path:
            shown = content.decode("utf-8", "replace")
            found += [int(port) for ports in _EXPOSE.findall(shown) for port in re.findall(r"\d+", ports)]
        for command, _ in commands(path, content):
            found += _command_ports(command)
    for path in sources:
        content = text(path)
        found += [int(port) for pattern in _CODE_PORT for port in pattern.findall(content)]
    return tuple(port for port in dict.fromkeys(found) if 0 < port < 65536)


def _command_ports(command: str) -> list[int]:
    ports = [int(port) for port in _PORT_FLAG.findall(command)]
    if ports:
        return ports
    program = re.search(r"\b(uvicorn|gunicorn|hypercorn|daphne|streamlit|next)\s+(?:run|start|[\w.]+:\w+)", command)
    return [_DEFAULT_PORT[program[1]]] if program else []


def server_facts(
    starters: list[str], sources: list[str], text: Callable[[str], bytes], shown: Callable[[str], str]
) -> Iterator[ServerFact]:
    """What the server programs are told."""
    for path in starters:
        for command, line in commands(path, text(path)):
            yield from _command_facts(command, Location(shown(path), line))
    for path in sources:
        name = posixpath.basename(path)
        content = text(path).decode("utf-8", "replace")
        where = shown(path)
        if re.match(r"gunicorn.*\.py$", name):
            for found in _CONF.finditer(content):
                yield ServerFact("gunicorn", found[1], _value(found[2]), _at(where, content, found.start()))
        elif name.endswith(("js", "ts")):
            for found in _NODE.finditer(content):
                seconds = _product(found[2]) / 1000
                yield ServerFact("Node.js", found[1], seconds, _at(where, content, found.start()))
        for found in _COMPRESSION.finditer(content):
            middleware = next(part for part in found.groups() if part)
            yield ServerFact("compression", "middleware", middleware, _at(where, content, found.start()))


def _command_facts(command: str, where: Location) -> Iterator[ServerFact]:
    program = re.search(r"(?:^|[\s/\"'])(gunicorn|uvicorn|hypercorn|daphne)\b(.*)", command)
    if not program:
        return
    flags = {
        _GUNICORN_OPTIONS.get(name, _UVICORN_FLAGS.get(name, "")): value for name, value in _FLAG.findall(program[2])
    }
    flags.pop("", None)
    if program[1] == "gunicorn" and not re.search(r"\s(?:-c|--config)[ =]", program[2]):
        flags.setdefault("worker_class", "gthread" if flags.get("threads", "1") != "1" else "sync")
        flags.setdefault("timeout", str(GUNICORN_TIMEOUT))
    yield ServerFact(program[1], "command", program[1], where)
    for name, value in flags.items():
        yield ServerFact(program[1], name, _value(value), where)


def _value(text: str) -> float | str:
    return float(text) if re.fullmatch(r"\d+(?:\.\d+)?", text) else text


def _product(text: str) -> float:
    product = 1.0
    for factor in text.split("*"):
        product *= float(factor.strip().replace("_", "") or 0)
    return product


def _at(where: str, content: str, start: int) -> Location:
    return Location(where, content.count("\n", 0, start) + 1)
