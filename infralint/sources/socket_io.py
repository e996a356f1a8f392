"""Socket.IO servers in application code: where one is started, a WebSocket goes to its path, and polling before it.

https://socket.io/docs/v4/server-options/, https://python-socketio.readthedocs.io/en/stable/server.html

Only packages that depend on a server of it are looked into, so most projects cost no more than a
look at their package.json and requirements.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from infralint.model import Evidence, Location, Need, Reading, Stream
from infralint.project import CantRead, Project
from infralint.project.needs import needs
from infralint.text.lazy import lazy

PATH = "/socket.io/"
PING = 25.0
"""Seconds between a server's pings, unless it says otherwise."""

_MANIFESTS = ("package.json", "requirements*.txt", "pyproject.toml", "Pipfile")
_DEPENDS = lazy(
    r'"(?:socket\.io|@nestjs/platform-socket\.io)"\s*:|^\s*["\']?(?:python-socketio|flask-socketio)\b',
    re.MULTILINE | re.IGNORECASE,
)
_CODE = (".ts", ".js", ".mjs", ".cjs", ".mts", ".cts", ".py")
_NOT_DEPLOYED = lazy(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|e2e|examples?|fixtures|dist|build|benchmarks?)/|\.(?:spec|test|min|d)\.\w+$|(?:^|/)test_"
)
_COMMENT = lazy(r"/\*.*?\*/|(?<![:\"'])//[^\n]*|^\s*#[^\n]*", re.DOTALL | re.MULTILINE)
_MENTIONS = lazy(r"""["']socket\.io["']|@nestjs/websockets|\bsocketio\b""")
_STARTS = (
    lazy(
        r"\bnew\s+(?:\w+\.)?(?:Server|SocketIO\w*|SocketServer|IOServer)\s*(?:<[^()]*>)?\s*\(|\brequire\(\s*[\"']socket\.io[\"']\s*\)\s*\("
    ),
    lazy(r"@WebSocketGateway\s*\("),
    lazy(r"\b(?:socketio\.(?:Async)?Server|SocketIO)\s*\("),
)
_OWN_PATH = lazy(r"""\b(?:path|socketio_path|resource)\s*[:=]\s*(?:["']([^"'\n]*)["']|\S)""")
_NO_POLLING = lazy(r"""\btransports\s*[:=]\s*\[\s*["']websocket["']\s*,?\s*\]""")


def read(project: Project) -> Reading:
    """The Socket.IO servers of a project, as streams."""
    return Reading("application", streams=list(_streams(project)))


def _streams(project: Project) -> Iterator[Stream]:
    for folder in _packages(project):
        prefix = f"{folder}/" if folder else ""
        for path in project.files:
            if path.startswith(prefix) and path.endswith(_CODE) and not _NOT_DEPLOYED.search(path):
                yield from _of_file(project, path)


def _packages(project: Project) -> list[str]:
    """Folders of packages that depend on a Socket.IO server, the outermost alone."""
    found = [posixpath.dirname(path) for path in project.named(*_MANIFESTS) if _DEPENDS.search(_quietly(project, path))]
    return [one for one in dict.fromkeys(found) if not any(other != one and _holds(other, one) for other in found)]


def _holds(folder: str, other: str) -> bool:
    return not folder or other.startswith(f"{folder}/")


def _of_file(project: Project, path: str) -> Iterator[Stream]:
    text = _quietly(project, path)
    if not _MENTIONS.search(text):
        return
    plain = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    started = next((found for pattern in _STARTS if (found := pattern.search(plain))), None)
    if started is None or not _MENTIONS.search(plain):
        return
    options = _arguments(plain, started.end())
    own = _OWN_PATH.search(options)
    if (own and own[1] is None) or ".mount(" in plain or "@nestjs/platform-ws" in plain:
        return
    where = Location(project.shown(path), text.count("\n", 0, started.start()) + 1)
    served = f"/{own[1].strip('/')}/" if own and own[1] else PATH
    polling = "" if _NO_POLLING.search(options) else "Socket.IO"
    _, duration, _ = needs(project.settings)
    because = f"{where.path}:{where.line} starts a Socket.IO server"
    yield Stream(
        "websocket",
        served,
        Evidence("source", because, where),
        Need(2 * PING),
        duration,
        heartbeat=PING,
        session=polling,
    )


def _arguments(text: str, start: int) -> str:
    """What stands between an opening parenthesis and the one that closes it."""
    depth = 1
    for found in re.finditer(r"[()]", text[start : start + 4000]):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return text[start : start + found.start()]
    return text[start : start + 4000]


def _quietly(project: Project, path: str) -> str:
    try:
        return project.text(path)
    except CantRead:
        return ""
