"""Chains of two or three servers that set, take away and ask for request headers, at random."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

NAMES = ("X-Tier", "X-Plan", "X-Forwarded-Proto", "Cookie", "User-Agent", "X_Under", "Connection", "Upgrade", "Via")
TEXTS = (
    'edge pro "a, b" "" https $scheme $host $request_uri $uri $arg_none $http_x_plan $http_x_tier t-$http_x_plan $set'
    ' $request_method "k=v; tier=gold" $http_x_none websocket close'
)
HOSTS = ("a.test", "A.Test.:99", "$host", "$http_host", "b.test:81")
"""Not the one that proxy_pass names, for the lab dials other addresses than are written."""
UNDERSCORES = "underscores_in_headers on;"


@dataclass(frozen=True)
class HeaderChain:
    """Servers, one behind the other. port: where the first one listens."""

    text: str
    port: int


class HeaderChainWriter:
    """Writes chains, the same ones for one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chain(self, number: int) -> HeaderChain:
        """A chain whose ports and variables are its own."""
        ports = [1000 + 3 * number + tier for tier in range(self.random.randint(2, 3))]
        mapped = f"map {self._variable()} $of_{number} {{ default none; edge gold; pro pro; '' edge; ~^t- gold; }}"
        servers = [self._passing(port, behind, number) for port, behind in pairwise(ports)]
        return HeaderChain("\n".join([mapped, *servers, self._answering(ports[-1], number)]), ports[0])

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def _variable(self) -> str:
        return f"$http_{self.random.choice(NAMES).lower().replace('-', '_')}"

    def _headers(self, most: int, number: int) -> str:
        texts = [*TEXTS.replace('"a, b"', "a,b").replace('"k=v; tier=gold"', "tier=gold").split(), f"$of_{number}"]
        lines = range(self.random.randint(0, most))
        return " ".join(f"proxy_set_header {self.random.choice(NAMES)} {self.random.choice(texts)};" for _ in lines)

    def _condition(self, number: int) -> str:
        asked = self.random.choice([self._variable(), self._variable(), "$cookie_tier", "$host", f"$of_{number}"])
        word = self.random.choice("edge pro gold https a.test close websocket t-pro".split())
        pattern = self.random.choice(["^e", "pro", "chat", "[.]test", "a"])
        return self.random.choice(
            [f"{asked} = {word}", f"{asked} != {word}", f"{asked} ~ {pattern}", f"{asked} ~* {pattern.upper()}", asked]
        )

    def _passing(self, port: int, behind: int, number: int) -> str:
        setting = f"if ({self._condition(number)}) {{ set $set gold; }}" if self._is(0.3) else ""
        around = self._headers(2, number) if self._is(0.4) else ""
        here = self._headers(3, number)
        here += " proxy_pass_request_headers off;" if self._is(0.15) else ""
        here += f" proxy_set_header Host {self.random.choice(HOSTS)};"
        version = self.random.choice(["1.0", "1.1"])
        passed = f"proxy_http_version {version}; {here} proxy_pass http://127.0.0.1:{behind};"
        return self._server(port, f"{setting} {around} location / {{ {passed} }}")

    def _answering(self, port: int, number: int) -> str:
        first, second = self._condition(number), self._condition(number)
        inside = f"if ({second}) {{ return 404; }} return 410;"
        return self._server(port, f"if ({first}) {{ return 403; }} location / {{ {inside} }}")

    def _server(self, port: int, body: str) -> str:
        underscores = UNDERSCORES if self._is(0.2) else ""
        word = self.random.choice(["edge", "pro", "x"])
        return f"server {{ listen {port}; {underscores} set $set {word}; {body} }}"
