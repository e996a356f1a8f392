"""The programs that serve an application: how they are started, the ports they listen on, what they do to a stream.

https://docs.gunicorn.org/en/stable/settings.html, https://www.uvicorn.org/settings/, https://nodejs.org/api/http.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from infralint.model import Known, Location
from infralint.platforms.ports import OTHER_PORTS
from infralint.project.starting import DEFAULT_PORT, ports_of_command
from infralint.sources.application.facts import ServerFact
from infralint.sources.application.manifests import RUNS_SERVER, StartCommand, commands
from infralint.sources.application.products import PROGRAM_WORDS, products_of_command
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.words import WordSearch

GUNICORN_TIMEOUT = 30.0
"""Seconds of silence after which gunicorn's master ends a worker; a sync worker is silent while it streams."""

_DEFAULTS = frozenset({("worker_class", "sync"), ("timeout", GUNICORN_TIMEOUT)})
KEEP_ALIVE: Mapping[str, float] = {"uvicorn": 5.0, "gunicorn": 2.0, "Node.js": 5.0}
"""Seconds after which a server closes a connection that carries nothing, unless it is told otherwise: uvicorn's
`--timeout-keep-alive`, gunicorn's `keepalive` (also of its uvicorn workers), Node's `server.keepAliveTimeout`."""
_LISTENING = frozenset({"Express", "Koa", "NestJS"})
"""Frameworks of Node.js that leave that to Node; Fastify sets 72 s."""

_TWO_DIGITS = lazy(rb"[0-9][0-9]")
_PORT_FLAGS = WordSearch((b"--port", b"--server.port", b"PORT=", b"port=", b"--bind", b"0.0.0.0:"))
_SHORT_FLAG = lazy(rb"""-p(?:[\s\\"',]|\#[^\n]*\n)++(?:\$\{\w+:?-)?[0-9]{2}|-b(?:[\s\\"',]|\#[^\n]*\n)++\S{0,200}:""")
"""What stands before each port that a command gives, be it in the middle of a list, or on the next line."""
_PROGRAMS = WordSearch((*(program.encode() for program in DEFAULT_PORT), *PROGRAM_WORDS))
_EXPOSE = lazy(r"^[ \t]*EXPOSE[ \t]+([\d /a-z]+)", re.MULTILINE | re.IGNORECASE)
_CODE_PORT = (
    ((b".listen(",), lazy(rb"\.listen\(\s*(?:[^(),\n]{0,60}(?:\|\||\?\?)\s*)?(\d{2,5})\b")),
    (
        (b"||", b"??"),
        lazy(
            rb"\b(?:PORT|port)\b(?![^\n;]{0,60}?\b(?!(?:APP|SERVER|HTTP|API|WEB|NODE|SERVICE|BACKEND|LISTEN|GATEWAY|PROXY)_PORT\b)[A-Z][A-Z0-9_]{0,40}_PORT\b)"
            rb"[^\n;]{0,60}(?:\|\||\?\?)\s*[\"']?(\d{2,5})\b"
        ),
    ),
    (
        (b".run",),
        lazy(
            rb"(?:uvicorn|web|app|socketio|mcp|server)\.run(?:_app)?\([^()]{0,300}\bport\s*=\s*(?:int\(\s*)?(?:os\.\w+(?:\.get)?\([^()]*?,\s*[\"']?)?(\d{2,5})\b"
        ),
    ),
    (
        (b"ListenAndServe", b".Run", b".Start", b".Listen", b"Addr:", b"WithHostPorts"),
        lazy(
            rb"(?:ListenAndServe(?:TLS)?|\.Run|\.Start|\.Listen|Addr:|WithHostPorts)\s*+(?:\(\s*+)?\"[\w.]*:(\d{2,5})\""
        ),
    ),
)
"""How code says its port, each with texts of which one has to be there."""
_LISTEN = lazy(r"^.*\.listen\(", re.MULTILINE)
_KEPT = (b"timeout_keep_alive", b"keepAliveTimeout")
_KEEP_ALIVE_WORDS: Mapping[str, Callable[[ServerFact], str]] = {
    "timeout_keep_alive": lambda fact: f"--timeout-keep-alive {fact.value:g}",
    "keepalive": lambda fact: (
        f"keepalive = {fact.value:g}" if fact.where.path.endswith(".py") else f"--keep-alive {fact.value:g}"
    ),
    "keepAliveTimeout": lambda fact: f"keepAliveTimeout = {float(fact.value) * 1000:g}",
}
"""How each is written down."""
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
_VARIABLE_FLAG = lazy(r"(?:^|\s)--?([\w-]+)[ =]+[\"']?(\$\{?\w+)")
"""An option whose value a variable gives: it is set, and not known."""
_UVICORN_FLAGS = {
    "timeout-keep-alive": "timeout_keep_alive",
    "ws-ping-interval": "ws_ping_interval",
    "workers": "workers",
}
_CONF = lazy(r"^(timeout|worker_class|workers|threads|keepalive)\s*=\s*[\"']?([\w.]+)[\"']?\s*(?:#|$)", re.MULTILINE)
_NODE = lazy(
    r"\b\w+\.(requestTimeout|keepAliveTimeout|headersTimeout|timeout)\s*=\s*([\d_]+(?:\s*\*\s*[\d_]+)*)[ \t]*+(?:;[ \t]*+)?"
    r"(?:\r?$|//)",
    re.MULTILINE,
)


def says_how_to_serve(path: str, content: bytes) -> bool:
    """Whether a file that starts programs names a server or a product, or a port for one; of a Dockerfile, whether it may."""
    has_digits = _TWO_DIGITS.search(content) is not None
    if _makes_image(path):
        return has_digits or b"expose" in content.lower() or _PROGRAMS.finds_in(content)
    has_program = _PROGRAMS.finds_in(content)
    if not (has_program or (has_digits and (_PORT_FLAGS.finds_in(content) or _SHORT_FLAG.search(content)))):
        return False
    return any(
        ports_of_command(command) or (has_program and (RUNS_SERVER.search(command) or products_of_command(command)))
        for command, _ in commands(path, content)
    )


def _makes_image(path: str) -> bool:
    return "ockerfile" in path or "ontainerfile" in path


def ports_of(starters: list[str], sources: list[str], text: Callable[[str], bytes]) -> tuple[int, ...]:
    """The ports that scripts and code listen on, those of commands first; none of a database's, which code and scripts that
    wait for it name, too."""
    found: list[int] = []
    for path in starters:
        content = text(path)
        if _makes_image(path):
            shown = content.decode("utf-8", "replace")
            found += [whole_number(port) for ports in _EXPOSE.findall(shown) for port in re.findall(r"\d+", ports)]
        for command, _ in commands(path, content):
            found += ports_of_command(command)
    for path in sources:
        content = text(path)
        for literals, pattern in _CODE_PORT:
            if any(literal in content for literal in literals):
                found += map(int, pattern.findall(content))
    return tuple(port for port in dict.fromkeys(found) if 0 < port < 65536 and port not in OTHER_PORTS)


def server_facts(
    starters: list[str],
    sources: list[str],
    text: Callable[[str], bytes],
    shown: Callable[[str], str],
    started: StartCommand | None = None,
) -> Iterator[ServerFact]:
    """What the server programs are told. started: the command by which a deployment file starts them, which stands in place of
    that of their image."""
    for path in starters:
        commanding = text(path)
        given = (
            fact
            for command, line in commands(path, commanding)
            for fact in command_facts(command, Location(shown(path), line))
        )
        yield from _without_defaults(given) if b"GUNICORN_CMD_ARGS" in commanding else given
    for path in sources:
        name = posixpath.basename(path)
        if not name.endswith(("py", "js", "ts")):
            continue
        written, where = text(path), shown(path)
        if re.match(r"gunicorn.*\.py$", name):
            content = written.decode("utf-8", "replace")
            for found in _CONF.finditer(content):
                yield ServerFact("gunicorn", found[1], _value(found[2]), _at(where, content, found.start()))
        elif name.endswith(("js", "ts")) and b"imeout" in written:
            content = written.decode("utf-8", "replace")
            for found in _NODE.finditer(content):
                seconds = _product(found[2]) / 1000
                yield ServerFact("Node.js", found[1], seconds, _at(where, content, found.start()))
    if started is not None:
        yield from command_facts(started.text, Location(shown(started.path), started.line))


def _without_defaults(facts: Iterable[ServerFact]) -> Iterator[ServerFact]:
    """What a command says where gunicorn takes options from its environment, too: what it does not say is not known."""
    for fact in facts:
        is_default = fact.program == "gunicorn" and (fact.name, fact.value) in _DEFAULTS
        yield msgspec.structs.replace(fact, value="$GUNICORN_CMD_ARGS") if is_default else fact


def command_facts(command: str, where: Location) -> Iterator[ServerFact]:
    """What a command tells the server program that it starts."""
    program = RUNS_SERVER.search(command)
    if not program:
        return
    flags = {
        _GUNICORN_OPTIONS.get(name, _UVICORN_FLAGS.get(name, "")): value for name, value in _FLAG.findall(program[2])
    }
    flags.update(
        (_GUNICORN_OPTIONS.get(name, _UVICORN_FLAGS.get(name, "")), value)
        for name, value in _VARIABLE_FLAG.findall(program[2])
    )
    flags.pop("", None)
    if program[1] == "gunicorn" and not re.search(r"\s(?:-c|--config)[ =]", program[2]):
        flags.setdefault("worker_class", "gthread" if flags.get("threads", "1") != "1" else "sync")
        flags.setdefault("timeout", str(GUNICORN_TIMEOUT))
    yield ServerFact(program[1], "command", program[1], where)
    for name, value in flags.items():
        yield ServerFact(program[1], name, _value(value), where)


def keep_alive_of(
    facts: Iterable[ServerFact],
    frameworks: frozenset[str],
    sources: Sequence[str],
    text: Callable[[str], bytes],
    shown: Callable[[str], str],
) -> Known[float] | None:
    """Seconds after which an application's server closes a connection that carries nothing; None where that can't be told.

    frameworks: of its routes. sources: its code, the files that start it first.
    """
    known = {(fact.program, fact.name): fact for fact in facts}
    workers = known.get(("gunicorn", "worker_class"))
    # A sync worker closes every connection after its answer.
    if ("gunicorn", "command") in known and (workers is None or workers.value == "sync"):
        return None
    for fact in known.values():
        if fact.name in _KEEP_ALIVE_WORDS and not isinstance(fact.value, float):
            return None
        if fact.name in _KEEP_ALIVE_WORDS and isinstance(fact.value, float):
            return Known(fact.value, fact.where, fact.name, written=_KEEP_ALIVE_WORDS[fact.name](fact))
    if any(word in text(path) for path in sources for word in _KEPT):
        return None
    if workers is not None:
        return Known(KEEP_ALIVE["gunicorn"], workers.where, "--keep-alive", "default")
    if uvicorn := known.get(("uvicorn", "command")):
        return Known(KEEP_ALIVE["uvicorn"], uvicorn.where, "--timeout-keep-alive", "default")
    if frameworks and frameworks <= _LISTENING:
        for path in sources:
            content = text(path).decode("utf-8", "replace")
            if found := _LISTEN.search(content):
                where = _at(shown(path), content, found.start())
                return Known(KEEP_ALIVE["Node.js"], where, "server.keepAliveTimeout", "default")
    return None


def _value(text: str) -> float | str:
    return float(text) if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text) else text


def _product(text: str) -> float:
    product = 1.0
    for factor in text.split("*"):
        product *= float(factor.strip().replace("_", "") or 0)
    return product


def _at(where: str, content: str, start: int) -> Location:
    return Location(where, content.count("\n", 0, start) + 1)
