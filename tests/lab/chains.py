"""Random chains of one to three nginx, and the stream that is sent through each.

What infralint reads (`Chain.files`) and what runs (`Chain.servers`) are one text: only the words that say where a tier
listens and under which name it is dialled are filled in differently.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from .applications import QUIET, ROUTES, SOCKET, files_of
from .harness import Binary
from .upstreams import Answer

Kind = Literal["sse", "websocket"]
Arrangement = Literal["services", "servers", "addresses"]
"""Each tier a service of a compose file; all servers of one nginx; each tier an nginx that listens on an address."""

SILENCE = 2.0
"""Seconds for which a stream whose subject is silence has nothing to say."""
SHORT = ("600ms", "1300ms")
LONG = ("20s", "1m", "10m")
SERVICES = ("edge-nginx", "gateway-nginx", "inner-nginx")
HOSTS = ("chat.example.com", "www.example.com", "app.example.org")
ORIGIN_PATHS = ("/chat", "/v2/chat", "/api/v1/talk", "/ws", "/rooms/7/talk")
PREFIXES = ("/api/", "/rt/", "/edge/v1/", "/chat/")
DEFINITIONS = """\
resolver 127.0.0.1;
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
map $http_upgrade $keep_or_upgrade { default upgrade; '' ''; }
"""
HANDSHAKE = "proxy_set_header Upgrade $http_upgrade;"
CONNECTIONS = ("$connection_upgrade", "$keep_or_upgrade", '"upgrade"', "$http_connection", "Upgrade")
NOISE = (
    "proxy_send_timeout 1s;",
    "send_timeout 1s;",
    "keepalive_timeout 1s;",
    "client_body_timeout 1s;",
    "proxy_request_buffering off;",
    "proxy_redirect off;",
    "add_header Cache-Control no-cache;",
    "proxy_hide_header X-Powered-By;",
    "tcp_nodelay off;",
)
DECOYS = (
    "location /static/ { root /srv; }",
    "location = /health { return 200 ok; }",
    r"location ~* \.(js|css|png)$ { expires 1h; root /srv; }",
    "location /admin/ { return 403; }",
    "location /metrics { deny all; }",
    "error_page 500 502 503 /50x.html;",
    "if ($request_method = OPTIONS) { return 204; }",
)


@dataclass(frozen=True)
class Chain:
    """Tiers of nginx and the stream that is sent through them.

    tiers: the servers of each, the browser's side first, with `LISTEN-n` and `DIAL-n` for where tier n listens and
    what it is called; the application is the last one. binaries: which nginx runs each. host, path: what the browser
    asks for. answer: what the application does. application: its language, where one of Python or Node stands behind
    the chain, and origin: its route; else the lab's own answers, and the stream is declared.
    """

    number: int
    kind: Kind
    arrangement: Arrangement
    tiers: tuple[str, ...]
    binaries: tuple[Binary, ...]
    host: str
    path: str
    answer: Answer
    application: str = ""
    origin: str = ""

    def __str__(self) -> str:
        asked = f"{self.kind} {self.host}{self.path}, {self.arrangement}, {self.application} {self.answer}"
        tiers = (f"tier {tier}, {self.binaries[tier - 1]}:\n{text}" for tier, text in enumerate(self.tiers, 1))
        return "\n".join([asked, *tiers])

    @property
    def silence(self) -> float:
        return self.answer.thinking or self.answer.pause

    def dialled(self, tier: int) -> tuple[str, int]:
        """The name and the port under which infralint reads that a tier (or, behind them all, the application) is dialled."""
        is_application = tier > len(self.tiers)
        if self.arrangement == "services":
            return ("chat-app", 3000) if is_application else (self._services[tier - 1], port_of(self.arrangement, tier))
        if self.arrangement == "servers":
            host = "localhost" if tier == 2 and not is_application else "127.0.0.1"
            return host, 3000 if is_application else port_of(self.arrangement, tier)
        return f"10.0.0.{tier}", 3000 if is_application else port_of(self.arrangement, tier)

    @property
    def _services(self) -> tuple[str, ...]:
        return {1: SERVICES[:1], 2: SERVICES[::2], 3: SERVICES}[len(self.tiers)]

    def files(self) -> dict[str, str]:
        """The project as people keep it."""
        texts = [self._as_written(tier) for tier in range(1, len(self.tiers) + 1)]
        found = {"infralint.yaml": self._settings()}
        if self.application:
            found |= {**files_of(self.application, self.origin), "infralint.yaml": f"generation: {QUIET:g}s\n"}
        if self.arrangement == "servers":
            return {**found, "nginx.conf": configuration(texts)}
        names = self._services
        found |= {f"{name}/nginx.conf": configuration([text]) for name, text in zip(names, texts, strict=True)}
        return found | ({"compose.yaml": self._compose()} if self.arrangement == "services" else {})

    def _as_written(self, tier: int) -> str:
        text = self.tiers[tier - 1].replace(f"LISTEN-{tier}", self._listen(tier))
        text = re.sub(r"DIAL-(\d)", lambda found: self.dialled(int(found[1]))[0], text)
        return f"# tier {tier}\n{text}"

    def with_files(self, files: Mapping[str, str]) -> Chain:
        """The same chain, its servers as they stand in files that were edited."""
        texts = {}
        for text in files.values():
            _, *parts = re.split(r"^# tier (\d)\n", text.rstrip().removesuffix("}"), flags=re.MULTILINE)
            texts |= dict(zip(map(int, parts[::2]), parts[1::2], strict=True))
        return replace(self, tiers=tuple(self._with_words(tier, texts[tier]) for tier in sorted(texts)))

    def _with_words(self, tier: int, text: str) -> str:
        """What `_as_written` filled in, taken out again."""
        text = re.sub(r"\blisten [^ ;]+", f"listen LISTEN-{tier}", text)
        names = {}
        for other in range(len(self.tiers) + 1, 1, -1):
            host, port = self.dialled(other)
            names[host] = f"DIAL-{other}"
            text = text.replace(f"{host}:{port}", f"DIAL-{other}:{port}")
        named = re.compile("|".join(map(re.escape, names)))
        return re.sub(r"(?m)^server_name .*;$", lambda line: named.sub(lambda host: names[host[0]], line[0]), text)

    def _listen(self, tier: int) -> str:
        if tier == 1:
            return "80"
        host, port = self.dialled(tier)
        if self.arrangement == "services":
            return str(port)
        return f"127.0.0.1:{port}" if self.arrangement == "servers" else f"{host}:{port}"

    def _settings(self) -> str:
        """infralint.yaml: the stream as its developers declare it."""
        lines = [f"- path: {self.path}", f"  kind: {self.kind}", f"  host: {self.host}"]
        lines += [f"  silence: {self.silence or 0.1}s", "  duration: 1s"]
        if self.kind == "sse":
            lines.append(f"  content_type: {self.answer.content_type}")
        if self.answer.headers:
            lines.append("  headers:")
            lines += [f'    {name}: "{value}"' for name, value in self.answer.headers]
        version = "" if self.arrangement == "services" else f"nginx:\n  version: {_version(self.binaries[0])}\n"
        return "\n".join(["streams:", *lines, version])

    def _compose(self) -> str:
        lines = ["services:"]
        for name, binary in zip(self._services, self.binaries, strict=True):
            lines += [f"  {name}:", f"    image: nginx:{_version(binary)}"]
            lines += ['    ports: ["80:80"]'] if name == SERVICES[0] else []
            lines += [f'    volumes: ["./{name}/nginx.conf:/etc/nginx/nginx.conf:ro"]']
        image = "build: ./app" if self.application else "image: example/chat"
        return "\n".join([*lines, "  chat-app:", f"    {image}", ""])


def port_of(arrangement: Arrangement, tier: int) -> int:
    """The port on which a tier is dialled: servers of one nginx need one each."""
    return 8080 if arrangement == "services" else 8080 + tier


def configuration(servers: Sequence[str], more: str = "") -> str:
    """One nginx with these servers."""
    return "\n".join(["events {}", "http {", DEFINITIONS, more, *servers, "}", ""])


def _version(binary: Binary) -> str:
    return ".".join(map(str, binary.version))


@dataclass
class Step:
    """How a tier takes a path and sends it on. path: as it comes in. locations: text with PASS where the request is
    handed on, to `http://TARGET` and what may follow."""

    path: str
    locations: str


def _folders(path: str) -> list[str]:
    """`/`, `/v2/` for `/v2/chat`."""
    return [path[: at + 1] for at, letter in enumerate(path) if letter == "/"]


@dataclass
class Writer:
    """Writes one random chain; the same seed writes the same one."""

    random: random.Random
    number: int
    binaries: Sequence[Binary]
    kind: Kind = "sse"
    is_silent: bool = False
    application: str = ""
    hops: int = 0
    clocks: list[str] = field(default_factory=list)

    def chain(self) -> Chain:
        self.kind = self.random.choice(("sse", "sse", "sse", "websocket" if self.application != "node" else "sse"))
        self.is_silent = self._is(0.3)
        arrangement = self.random.choice(("services", "services", "servers", "addresses"))
        if self.application:
            arrangement = "services"
        origin, answer = self._origin()
        tiers = self.random.choice((1, 2, 2, 2, 3, 3))
        self.clocks = [*self.random.sample(SHORT, 2), "0"] if self._is(0.8) else []
        steps = self._steps(tiers, origin)
        host = self.random.choice(HOSTS)
        texts, arriving = [], host
        for tier, step in enumerate(steps, 1):
            target = f"DIAL-{tier + 1}:{3000 if tier == tiers else port_of(arrangement, tier + 1)}"
            text, arriving = self._tier(tier, step, target, arriving)
            texts.append(text)
        used = [self.random.choice(self.binaries) for _ in texts]
        binaries = used if arrangement == "services" else [used[0]] * tiers
        return Chain(
            number=self.number,
            kind=self.kind,
            arrangement=arrangement,
            tiers=tuple(texts),
            binaries=tuple(binaries),
            host=host,
            path=steps[0].path,
            answer=answer,
            application=self.application,
            origin=origin,
        )

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def _origin(self) -> tuple[str, Answer]:
        """The path at the application, and what it does there."""
        if not self.application:
            return self.random.choice(ORIGIN_PATHS), self._answer()
        if self.kind == "websocket":
            return SOCKET.path, Answer(pause=QUIET if self.is_silent else 0)
        fitting = [route for route in ROUTES if self.is_silent == bool(route.answer.thinking or route.answer.pause)]
        route = self.random.choice(fitting)
        return route.path, route.answer

    def _answer(self) -> Answer:
        silent = {self.random.choice(("thinking", "pause")): SILENCE} if self.is_silent else {}
        if self.kind == "websocket":
            return Answer(accepts_http10=self._is(0.3), pause=SILENCE if self.is_silent else 0)
        headers = (
            (("X-Accel-Buffering", self.random.choice(("no", "no", "NO", "yes", "off"))),) if self._is(0.3) else ()
        )
        framing = self.random.choice(("negotiated", "negotiated", "close"))
        return Answer(framing=framing, headers=headers, **silent)  # type: ignore[arg-type]

    def _steps(self, tiers: int, path: str) -> list[Step]:
        """The rewriting of every tier, found from the application's path backwards."""
        steps: list[Step] = []
        for tier in range(tiers, 0, -1):
            steps.insert(0, self._step(path, is_first=tier == 1))
            path = steps[0].path
        return steps

    def _step(self, sent: str, is_first: bool) -> Step:
        styles: list[Callable[[str], Step]] = [self._plain] * 4 + [self._stripped] * 3
        styles += [self._exact, self._rewritten, self._rewritten, self._moved, self._by_server, self._by_expression]
        styles += [self._by_variable, self._tried, self._by_page, self._nested]
        styles += [self._by_label, self._by_label] if is_first and not self.application else []
        step = self.random.choice(styles)(sent)
        if not self.application and self._is(0.03):
            step.path = "/elsewhere" + step.path
        return step

    def _hop(self) -> str:
        self.hops += 1
        return f"# hop {self.hops - 1}"

    def _plain(self, sent: str) -> Step:
        pattern = self.random.choice((*_folders(sent), sent, f"^~ {sent}", f"= {sent}"))
        return Step(sent, f"location {pattern} {{ {self._hop()}\nPASS;\n}}")

    def _from_to(self, sent: str) -> tuple[str, str, str]:
        """The prefix as it comes in, as it goes out, and the path that comes in."""
        outside, inside = self.random.choice(PREFIXES), self.random.choice(_folders(sent))
        return outside, inside, outside + sent[len(inside) :]

    def _stripped(self, sent: str) -> Step:
        outside, inside, path = self._from_to(sent)
        return Step(path, f"location {outside} {{ {self._hop()}\nPASS{inside};\n}}")

    def _exact(self, sent: str) -> Step:
        return Step("/talk", f"location = /talk {{ {self._hop()}\nPASS{sent};\n}}")

    def _rewritten(self, sent: str) -> Step:
        outside, inside, path = self._from_to(sent)
        mark = self.random.choice(("break", "break", "last"))
        if mark == "break":
            return Step(
                path, f"location {outside} {{ {self._hop()}\nrewrite ^{outside}(.*)$ {inside}$1 break;\nPASS;\n}}"
            )
        moved = f"location {outside} {{ rewrite ^{outside}(?<tail>.*)$ /made{inside}$tail last; }}"
        return Step(path, f"{moved}\nlocation /made/ {{ {self._hop()}\nPASS/;\n}}")

    def _moved(self, sent: str) -> Step:
        outside, inside, path = self._from_to(sent)
        text = f"rewrite ^{outside}(.*)$ /made{inside}$1;\nlocation /made/ {{ {self._hop()}\nPASS/;\n}}"
        return Step(path, text)

    def _by_server(self, sent: str) -> Step:
        outside, inside, path = self._from_to(sent)
        return Step(path, f"rewrite ^{outside}(.*)$ {inside}$1 last;\nlocation {inside} {{ {self._hop()}\nPASS;\n}}")

    def _by_expression(self, sent: str) -> Step:
        outside, inside, path = self._from_to(sent)
        group, use = self.random.choice((("(.*)", "$1"), ("(?<rest>.+)", "$rest")))
        return Step(path, f"location ~ ^{outside}{group}$ {{ {self._hop()}\nPASS{inside}{use};\n}}")

    def _by_variable(self, sent: str) -> Step:
        step = self._plain(sent)
        step.locations = step.locations.replace("PASS", "set $backend TARGET;\nPASS").replace("PASS", "PASSVARIABLE")
        return step

    def _tried(self, sent: str) -> Step:
        pattern = self.random.choice((*_folders(sent), sent))
        return Step(sent, f"location {pattern} {{ try_files /none @app; }}\nlocation @app {{ {self._hop()}\nPASS;\n}}")

    def _by_page(self, sent: str) -> Step:
        pattern = self.random.choice((*_folders(sent), sent))
        page = f"location {pattern} {{ error_page 418 = @app; return 418; }}"
        return Step(sent, f"{page}\nlocation @app {{ {self._hop()}\nPASS;\n}}")

    def _nested(self, sent: str) -> Step:
        outer = self.random.choice(_folders(sent))
        inner = f"location {sent} {{ {self._hop()}\nPASS;\n}}"
        return Step(sent, f"location {outer} {{ {self._line()}\n{inner}\n}}")

    def _by_label(self, sent: str) -> Step:
        """By what the expression of the server's name took of the host: who comes from the code knows no host."""
        outside, inside, path = self._from_to(sent)
        use = self.random.choice(("$label", "$1"))
        if self._is(0.5):
            moved = f"location {outside} {{ rewrite ^{outside} /of-$label$uri last; }}"
            return Step(path, f"{moved}\nlocation /of-LABEL{outside} {{ {self._hop()}\nPASS{inside};\n}}")
        set_folder = f"set $folder /nowhere/; set $taken {use}; if ($taken = LABEL) {{ set $folder {inside}; }}"
        rewrite = f"rewrite ^{outside}(.*)$ $folder$1 break;"
        return Step(path, f"location {outside} {{ {self._hop()}\n{set_folder}\n{rewrite}\nPASS;\n}}")

    def _line(self) -> str:
        """One setting, where it stands for what is inside, too."""
        return self.random.choice(("proxy_buffering off;", "proxy_http_version 1.1;", *NOISE[:3]))

    def _tier(self, tier: int, step: Step, target: str, arriving: str) -> tuple[str, str]:
        """The servers of a tier, and the Host header that it sends on."""
        upstream = ""
        if self._is(0.3):
            name = f"backend-{self.number}-{tier}"
            upstream = f"upstream {name} {{ server {target}; }}\n"
            target = name
        outer, inner = self._headers(0.3), self._headers(0.75)
        sent = self._host_sent(inner or outer, arriving, target)
        body = "\n".join([*self._settings(), *self._clock(0.7), *inner])
        locations = re.sub(r"PASS(?!VARIABLE)", lambda _: f"{body}\nproxy_pass http://TARGET", step.locations)
        locations = locations.replace("PASSVARIABLE", f"{body}\nproxy_pass http://$backend").replace("TARGET", target)
        lines = [*self._server_lines(), *self._clock(0.25), *outer, locations, *self._some(DECOYS, 0.4)]
        host = arriving.partition(":")[0]
        body = "\n".join(lines)
        if "LABEL" in body:
            label = host.partition(".")[0] if self._is(0.85) else "nobody"
            body = body.replace("LABEL", label)
            servers = self._servers_by_expression(tier, body)
        else:
            servers = self._servers(tier, body, host)
        return upstream + "\n".join(servers), sent

    def _servers(self, tier: int, body: str, host: str) -> Iterator[str]:
        """The server that is meant, among others that may come first."""
        shape = self.random.choice(("named", "named", "alone", "default", "beside"))
        marks = {"default": " default_server"}
        names = {
            "named": f"server_name {host} www.{host};",
            "default": "server_name _;",
            "beside": f"server_name {host};",
        }
        main = f"server {{\nlisten LISTEN-{tier}{marks.get(shape, '')};\n{names.get(shape, '')}\n{body}\n}}"
        other = f"server {{\nlisten LISTEN-{tier};\nserver_name other.test;\nlocation / {{ return 404; }}\n}}"
        catching = f"server {{\nlisten LISTEN-{tier} default_server;\nserver_name _;\nlocation / {{ return 421; }}\n}}"
        yield main
        if shape in ("default", "named") and self._is(0.5):
            yield other
        if shape == "beside":
            yield catching

    def _servers_by_expression(self, tier: int, body: str) -> Iterator[str]:
        """The server that is meant, by an expression that takes the first label of its name."""
        yield f"server {{\nlisten LISTEN-{tier} default_server;\nserver_name _;\nreturn 421;\n}}"
        names = r"~^(?<label>[a-z]+)\.example\.(?:com|org)$"
        yield f'server {{\nlisten LISTEN-{tier};\nserver_name "{names}" plain.test;\n{body}\n}}'

    def _headers(self, chance: float) -> list[str]:
        """The headers of one level: what a handshake needs, mostly whole, and who is asked for."""
        if not self._is(chance):
            return []
        lines = []
        if self.kind == "websocket" or self._is(0.1):
            whole = self.is_silent or self._is(0.85)
            upgrade = [HANDSHAKE, f"proxy_set_header Connection {self.random.choice(CONNECTIONS)};"]
            lines += upgrade if whole else self.random.sample(upgrade, self.random.randint(0, 1))
        elif self._is(0.4):
            lines.append('proxy_set_header Connection "";')
        if self._is(0.6):
            host = self.random.choice(("$host", "$host", "$http_host", "$proxy_host", "backend.internal"))
            lines.append(f"proxy_set_header Host {host};")
        return [*lines, "proxy_set_header X-Real-IP $remote_addr;"] if self._is(0.4) else lines

    @staticmethod
    def _host_sent(headers: Sequence[str], arriving: str, target: str) -> str:
        found = next((line.split()[2].rstrip(";") for line in headers if line.startswith("proxy_set_header Host")), "")
        plain = arriving.partition(":")[0]
        return {"": target, "$proxy_host": target, "$host": plain, "$http_host": arriving}.get(found, found)

    def _clock(self, chance: float) -> list[str]:
        if not self._is(chance):
            return []
        if self.is_silent and self.clocks and self._is(0.6):
            short = self.clocks.pop(0)
            return [f"proxy_read_timeout {short};"]
        return [f"proxy_read_timeout {self.random.choice(LONG)};"]

    def _settings(self) -> Iterator[str]:
        """What decides in a location whether a stream is held."""
        if self.is_silent or self._is(0.5):
            yield "proxy_buffering off;"
        elif self._is(0.15):
            yield "proxy_buffering on;"
        versions = ("1.1",) if self.kind == "websocket" and (self.is_silent or self._is(0.7)) else ("1.1", "1.1", "1.0")
        if self._is(0.6 if self.kind == "sse" else 0.9):
            yield f"proxy_http_version {self.random.choice(versions)};"
        if self.kind == "sse" and not self.is_silent:
            yield from self._accel()
        yield from self._some(NOISE, 0.25)

    def _accel(self) -> Iterator[str]:
        """What becomes of the application's word on buffering, and of the type that is compressed."""
        for chance, line in (
            (0.12, "proxy_pass_header X-Accel-Buffering;"),
            (0.08, "proxy_ignore_headers X-Accel-Buffering;"),
            (0.05, "proxy_hide_header X-Accel-Buffering;"),
            (0.12, f"add_header X-Accel-Buffering {self.random.choice(('no', 'no', 'yes', 'off'))};"),
            (0.08, 'if ($http_upgrade = "") { add_header X-Tier a; }'),
            (0.05, 'if ($http_upgrade = "") { add_header X-Accel-Buffering no; }'),
            (0.07, "chunked_transfer_encoding off;"),
            (0.1, f"gzip on;{self.random.choice(('', ' gzip_types text/event-stream;', ' gzip_types *;'))}"),
        ):
            if self._is(chance):
                yield line

    def _server_lines(self) -> Iterator[str]:
        """What stands in the server for all of its locations."""
        if self.is_silent or self._is(0.15):
            yield "proxy_buffering off;"
        if self._is(0.25 if not (self.kind == "websocket" and self.is_silent) else 1):
            yield "proxy_http_version 1.1;"
        if self.kind == "sse" and not self.is_silent and self._is(0.1):
            yield self.random.choice(
                ("proxy_pass_header X-Accel-Buffering;", "add_header X-Accel-Buffering no always;")
            )
        yield from self._some(NOISE, 0.2)

    def _some(self, lines: Sequence[str], chance: float) -> list[str]:
        return self.random.sample(lines, 1) if self._is(chance) else []


def chains(seed: int, number: int, binaries: Sequence[Binary]) -> list[Chain]:
    """So many chains; the same seed gives the same ones."""
    return [Writer(random.Random(f"{seed}-{index}"), index, binaries).chain() for index in range(number)]


def chains_with_applications(seed: int, number: int, binaries: Sequence[Binary]) -> list[Chain]:
    """So many chains that lead to applications of Python and Node, of which infralint reads the code."""
    return [
        Writer(random.Random(f"{seed}-{index}"), index, binaries, application=("python", "node")[index % 2]).chain()
        for index in range(number)
    ]
