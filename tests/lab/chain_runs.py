"""Many chains at once in a few real nginx, each with a stream through it, and what was seen of it on the way."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from websockets.datastructures import Headers

from .applications import serving, socket_of
from .chains import Chain, configuration
from .client import Outcome, Probe, send
from .harness import PROBE_LIMIT, Binary, Nginx
from .relays import Notes, Relay
from .upstreams import Seen as RequestSeen
from .upstreams import Session, Upstreams, stop

MOST_HOPS = 12
"""Marked locations of one chain."""
LOG_FORMATS = "\n".join(
    f"log_format hop{number} escape=json '{number}\t$http_x_lab_probe\t$request_time\t$request\t$http_host\t$http_upgrade"
    "\t$http_connection\t$status';"
    for number in range(MOST_HOPS)
)
SETTLING = 0.3
"""Seconds after the last client's end in which every tier writes its log."""
EVENTS = (("Accept", "text/event-stream"), ("Accept-Encoding", "gzip"))


@dataclass(frozen=True)
class Logged:
    """A request as the access log of a location shows it. hop: the location's mark. upgrade: what has come of the
    headers of a handshake. seconds: how long it took, by nginx's own clock."""

    hop: int
    host: str
    path: str
    protocol: str
    upgrade: Literal["whole", "half", "lost"]
    status: int
    seconds: float


@dataclass(frozen=True)
class Seen:
    """What became of a chain's stream. requests: what the locations logged, in no order."""

    outcome: Outcome
    notes: Notes
    requests: tuple[Logged, ...]

    def flows(self, chain: Chain) -> bool:
        return self.outcome.verdict == "delivered" and (chain.kind == "sse" or self.outcome.handshake)


class Network:
    """Addresses of this machine alone, another one for every tier of every chain.

    The second number is the process's own, so that two runs side by side do not meet; the others are counted.
    """

    def __init__(self, chains: Sequence[Chain]) -> None:
        process = 1 + os.getpid() % 255
        numbers = itertools.count(process << 16)
        self.hosts = {
            (chain.number, tier): "127." + ".".join(map(str, (number >> 16 & 255, number >> 8 & 255, number & 255)))
            for chain in chains
            for tier in range(2, len(chain.tiers) + 2)
            for number in (next(numbers),)
        }

    def host(self, chain: Chain, tier: int) -> str:
        return self.hosts[chain.number, tier]


class Fleet:
    """The nginx that run a batch of chains; each tier listens on a socket in `folder`."""

    def __init__(self, chains: Sequence[Chain], folder: Path) -> None:
        self.chains = chains
        self.folder = folder
        self.network = Network(chains)

    def socket(self, chain: Chain, tier: int) -> Path:
        """Where a tier listens; 0: where the browser's relay does."""
        return self.folder / f"{chain.number}-{tier}.sock"

    def run(self) -> list[Seen]:
        """Start them, send every stream, and stop them again."""
        with contextlib.ExitStack() as running:
            for language in {chain.application for chain in self.chains if chain.application}:
                running.enter_context(serving(language, self.folder))
            for binary, text in self._configurations():
                running.enter_context(Nginx(binary, text))
            results = asyncio.run(self._send_all())
        logged = self._logged()
        return [
            Seen(outcome, notes, tuple(logged.get(chain.number, ())))
            for chain, (outcome, notes) in zip(self.chains, results, strict=True)
        ]

    def _configurations(self) -> Iterator[tuple[Binary, str]]:
        """A tier is a process, shared with the same tier of other chains; servers of one nginx are all in one."""
        texts: dict[tuple[Binary, int], list[str]] = {}
        for chain in self.chains:
            for tier, (binary, text) in enumerate(zip(chain.binaries, chain.tiers, strict=True), 1):
                process = 0 if chain.arrangement == "servers" else tier
                texts.setdefault((binary, process), []).append(self._as_run(chain, tier, text))
        for (binary, _), servers in texts.items():
            text = configuration(servers, LOG_FORMATS)
            yield binary, text.replace("events {}", "events { worker_connections 8192; }\nworker_rlimit_nofile 16384;")

    def _as_run(self, chain: Chain, tier: int, text: str) -> str:
        """The servers of a tier, listening on their socket and dialling relays, with a log for every location."""
        text = text.replace(f"LISTEN-{tier}", f"unix:{self.socket(chain, tier)}")
        text = re.sub(r"DIAL-(\d)", lambda found: self.network.host(chain, int(found[1])), text)
        return re.sub(r"# hop (\d+)", rf"access_log {self.folder}/requests.log hop\1;", text)

    async def _send_all(self) -> list[tuple[Outcome, Notes]]:
        sessions: dict[str, Session] = {}
        async with Upstreams(self.folder, ["app.sock"], sessions), contextlib.AsyncExitStack() as relays:
            running = []
            connections: set[asyncio.Task[None]] = set()
            relays.push_async_callback(_stop_all, connections)
            for chain in self.chains:
                notes = Notes(len(chain.tiers))
                await self._relay(chain, notes, relays, connections)
                session = sessions[str(chain.number)] = Session(chain.kind, chain.answer)
                running.append((self._send(chain, session, notes), notes))
            outcomes = await asyncio.gather(*(sending for sending, _ in running))
            await asyncio.sleep(SETTLING)
        return [(outcome, notes) for outcome, (_, notes) in zip(outcomes, running, strict=True)]

    async def _relay(
        self, chain: Chain, notes: Notes, relays: contextlib.AsyncExitStack, connections: set[asyncio.Task[None]]
    ) -> None:
        """A relay in front of every tier, and one in front of the application."""
        first = Relay(notes, 0, self.socket(chain, 1), connections)
        relays.callback((await asyncio.start_unix_server(first.accept, str(self.socket(chain, 0)))).close)
        for tier in range(2, len(chain.tiers) + 2):
            is_application = tier > len(chain.tiers)
            target = self._application(chain) if is_application else self.socket(chain, tier)
            relay = Relay(notes, tier - 1, target, connections)
            _, port = chain.dialled(tier)
            server = await asyncio.start_server(relay.accept, self.network.host(chain, tier), port)
            relays.callback(server.close)

    def _application(self, chain: Chain) -> Path:
        return self.folder / (socket_of(chain.application) if chain.application else "app.sock")

    async def _send(self, chain: Chain, session: Session, notes: Notes) -> Outcome:
        if chain.application:
            session.seen = RequestSeen(chain.application, "HTTP/1.1", Headers())
        headers = EVENTS if chain.kind == "sse" else ()
        probe = Probe(chain.path, chain.host, chain.kind, chain.answer, headers=headers)
        sent = send(self.socket(chain, 0), str(chain.number), probe, session)
        outcome = await asyncio.wait_for(sent, PROBE_LIMIT)
        # An application does not wait for its client, as the lab's own does: the relays saw whether events were held.
        is_held = (
            chain.application and outcome.verdict == "delivered" and chain.kind == "sse" and not notes.is_timely(0)
        )
        return replace(outcome, verdict="held") if is_held else outcome

    def _logged(self) -> Mapping[int, list[Logged]]:
        """What every location wrote down, by chain, each name as infralint knows it."""
        found: dict[int, list[Logged]] = {}
        names = {
            self.network.host(chain, tier): chain.dialled(tier)[0]
            for chain in self.chains
            for tier in range(2, len(chain.tiers) + 2)
        }
        file = self.folder / "requests.log"
        for line in file.read_text().splitlines() if file.exists() else ():
            hop, number, seconds, request, host, upgrade, connection, status = line.split("\t")
            _, path, protocol = request.split(" ")
            address, colon, port = host.partition(":")
            agreed = "whole" if "upgrade" in connection.lower() else "half"
            entry = Logged(
                hop=int(hop),
                host=names.get(address, address) + colon + port,
                path=path.partition("?")[0],
                protocol=protocol.removeprefix("HTTP/"),
                upgrade=agreed if upgrade.lower() == "websocket" else "lost",  # type: ignore[arg-type]
                status=int(status),
                seconds=float(seconds),
            )
            found.setdefault(int(number), []).append(entry)
        return found


async def _stop_all(connections: set[asyncio.Task[None]]) -> None:
    for connection in connections:
        await stop(connection)


def see(chains: Sequence[Chain]) -> list[Seen]:
    """What becomes of each chain's stream when all are sent at once."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        return Fleet(chains, Path(name)).run()
