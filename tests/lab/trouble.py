"""Random servers that make it hard to tell where a request ends: rewrites, conditions, variables, pages for errors, files
that are tried, expressions of PCRE's own. Each has one stream, and infralint and nginx are asked what becomes of it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infralint.engine.registry import built_in_folder, load_checks
from infralint.engine.run import lint
from infralint.project import Project
from infralint.project.config import NginxSettings, Settings, StreamSettings
from infralint.text.patterns import fresh_budget

from .client import Outcome, Probe
from .harness import Binary, observe
from .upstreams import Answer, Framing

Kind = Literal["sse", "websocket"]
Said = Literal["error", "warning", "unknown", "silent"]

EVENTS = (("Accept", "text/event-stream"), ("Accept-Encoding", "gzip"))
TYPES = ("text/event-stream", "text/event-stream; charset=utf-8", "text/html; charset=utf-8", "application/json")
PATHS = ("/chat", "/api/chat", "/old/chat", "/a.b/chat", "/ws", "/a b/chat", "/CHAT")
PREFIXES = ("/", "/app/", "/new/", "/api/", "/old/", "/sse/", "/ws", "/a b/", "/a.b/")
NAMES = ("@one", "@two")
EXPRESSIONS = (
    r"^/old/(?<rest>.*)$",
    r"^/(?'rest'chat)$",
    r"^/\Qa.b\E/",
    r"^/[[:alpha:]]+$",
    r"(?i)^/CHAT$",
    r"^/\w++$",
    r"^/api\K/chat",
    r"^/\x{63}hat$",
    r"^/a\hb/",
    r"^/(?:app|new)/(\w+)",
    r"^/a(?i)PI/",
    r"^/(?>chat|api)",
)
CONDITIONS = (
    "$http_upgrade",
    "$http_upgrade = websocket",
    '$http_upgrade = ""',
    "$http_upgrade ~* ^web",
    "$http_connection ~* upgrade",
    "$request_method = OPTIONS",
    "$request_method !~ ^(GET|POST)$",
    "$uri ~ ^/(?:old|api)/(?<tail>.+)$",
    "$uri ~* ^/CHAT",
    "$request_uri ~ /chat",
    "$host ~ ^s",
    "$scheme = http",
    "$arg_debug",
    "$cookie_x = 1",
    "-f $request_filename",
    "!-e $request_filename",
    "$flag",
    "$flag = yes",
    "$mapped = app",
)
FRAMINGS: tuple[Framing, ...] = ("negotiated", "close")
SILENCE = 2.5
"""Seconds that some streams are silent for: longer than the short timeouts here, shorter than the long ones."""
TIMES = ("proxy_read_timeout 1s;", "proxy_read_timeout 1500ms;", "proxy_read_timeout 1m;", "proxy_send_timeout 1s;")
REFUSED_TIMES = (
    "proxy_read_timeout 1.5m;",
    "proxy_read_timeout -1;",
    "proxy_read_timeout 1h1h;",
    "proxy_read_timeout 1m 30;",
)
"""Times that nginx does not start with."""
EITHER = ("$http_accept ~ event-stream", "$request_method = GET", "$request_method = POST")
"""Conditions that some requests for a stream meet and others do not: what they answer by themselves turns some away."""
OF_CLIENTS = ("$arg_debug", "$cookie_x = 1")
"""Conditions that some clients meet and the probe does not: what the others are answered breaks no stream of theirs."""
REWRITES = (
    ("^", "/app$uri"),
    ("^", "/sse$request_uri"),
    ("^/old/(.*)$", "/new/$1"),
    ("^/old/(?<rest>.*)$", "/new/$rest"),
    ("^/api/(.*)$", "/$1"),
    ("^/(chat|ws)$", "/app/$1"),
    ("^/nothing", "/new/x"),
    (r"^/\Qa.b\E/(.*)$", "/new/$1"),
    ("^/(?<word>[[:alpha:]]+)$", "/app/$word?from=$uri"),
    ("^", "/new/$mapped"),
    ("^", "/new/$arg_q"),
    ("^/chat$", "https://elsewhere.test/chat"),
    ("^/api/chat$", "$scheme://elsewhere.test/chat"),
)
DEFINITIONS = """\
map $uri $mapped { default app; ~^/(?<part>old|api)/ $part; /chat talk; }
map $http_upgrade $up { default upgrade; '' close; }
map $request_method $by_method { GET upgrade; default close; }
map $host $by_host { hostnames; default close; *.test upgrade; }
map $uri $by_path { ~^/(ws|chat|api) upgrade; default ''; }
geo $everybody { default upgrade; }
split_clients $remote_addr $some { 50% upgrade; * Upgrade; }
upstream good { server b:1; }
upstream bad { server a:1; }
"""
NOWHERE = """\
server { server_name none.test;
set $elsewhere upgrade; set $b good; set $conn ""; set $flag ""; set $rest ""; set $tail ""; set $word "";
}"""
"""A server that no stream comes to: what it sets is empty in the others."""
OPEN = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
CONNECTIONS = (
    "upgrade",
    "$up",
    "$by_method",
    "$by_host",
    "$by_path",
    "$everybody",
    "$some",
    "$http_connection",
    "$conn",
    '""',
    "$elsewhere",
)


@dataclass(frozen=True)
class Trouble:
    """One server, and the stream that is sent to it."""

    text: str
    kind: Kind
    path: str
    answer: Answer

    @property
    def turns_some_away(self) -> bool:
        """Whether nginx may answer some requests for the stream by itself, and hand on the others."""
        return any(condition in self.text for condition in (*EITHER, *OF_CLIENTS))

    def server(self, number: int) -> str:
        return f"server {{ server_name s{number}.test;\n{self.text}\n}}"

    def probe(self, number: int) -> Probe:
        headers = EVENTS if self.kind == "sse" else ()
        path = self.path.replace(" ", "%20")
        return Probe(path, f"s{number}.test", self.kind, self.answer, headers=headers)


class Writer:
    """Writes one random server; the same seed writes the same one."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)
        self.kind: Kind = self.random.choice(("sse", "sse", "websocket"))

    def trouble(self) -> Trouble:
        levels = [*self._some(self._server_lines, 0.35, 3), *self._locations()]
        return Trouble("\n".join(levels), self.kind, self.random.choice(PATHS), self._answer())

    def _answer(self) -> Answer:
        if self.kind == "websocket":
            return Answer()
        headers = (("X-Accel-Buffering", self.random.choice(("no", "NO", "yes", "off"))),) if self._is(0.15) else ()
        kind = self.random.choice(TYPES) if self._is(0.3) else TYPES[0]
        framing = self.random.choice(FRAMINGS) if self._is(0.4) else "negotiated"
        size = 9000 if self._is(0.15) else 20
        return Answer(framing, 3, size, kind, headers, pause=SILENCE if self._is(0.1) else 0)

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance

    def _some(self, make: object, chance: float, most: int) -> Iterator[str]:
        while most and self._is(chance):
            yield make()  # type: ignore[operator]
            most -= 1

    def _server_lines(self) -> str:
        kinds = (self._code, self._code, self._code, self._page, self._setting, self._server_file)
        return self.random.choice(kinds)()

    def _server_file(self) -> str:
        return f"try_files /none {self.random.choice(('@one', '/new/x', '=404'))};" if self._is(0.3) else ""

    def _setting(self) -> str:
        choices = (
            "gzip on; gzip_types text/event-stream;",
            "gzip on;",
            "gzip on; gzip_types application/json; gzip_disable .;",
            "recursive_error_pages on;",
            "proxy_ignore_headers X-Accel-Buffering;",
            "merge_slashes off;",
            "proxy_intercept_errors on;",
            "error_page 404 = @one; proxy_intercept_errors on; recursive_error_pages on;",
            'set $conn "upgrade";',
        )
        return self.random.choice(choices)

    def _page(self) -> str:
        code = self.random.choice(("404", "418", "419", "403", "404 405"))
        equals = self.random.choice(("=", "=", "=", "=200", ""))
        return f"error_page {code} {equals} {self.random.choice((*NAMES, '/new/page', '/app$uri'))};"

    def _code(self) -> str:
        """One line of the rewrite module."""
        kinds = (self._rewrite, self._rewrite, self._if, self._if, self._set, self._return)
        return self.random.choice(kinds)()

    def _rewrite(self) -> str:
        pattern, target = self.random.choice(REWRITES)
        mark = self.random.choice(("", "", "last", "last", "break", "break", "permanent"))
        return f'rewrite "{pattern}" {target} {mark};'

    def _set(self) -> str:
        name, text = self.random.choice(
            (
                ("$flag", "yes"),
                ("$flag", "0"),
                ("$flag", "$arg_debug"),
                ("$conn", "upgrade"),
                ("$conn", "close"),
                ("$b", "bad"),
            )
        )
        return f"set {name} {text};"

    def _return(self) -> str:
        codes = ("return 418;", "return 419;", "return 404;", "return 403;", "return 301 https://e.test$uri;", "break;")
        return self.random.choice(codes)

    def _if(self, inner: str = "") -> str:
        if not inner and self._is(0.15):
            leading = self.random.choice((self._set(), "rewrite ^ /new/x last;", "rewrite ^/(chat|ws)$ /app/$1 break;"))
            return f"if ({self.random.choice(EITHER)}) {{ {leading} }}"
        return f"if ({self.random.choice(CONDITIONS)}) {{ {inner or self._code_inside()} }}"

    def _code_inside(self) -> str:
        return " ".join(
            self.random.choice((self._rewrite, self._set, self._return))() for _ in range(1 + self._is(0.3))
        )

    def _locations(self) -> Iterator[str]:
        prefixes = {"/", *self.random.sample(PREFIXES, self.random.randint(1, 4))}
        for prefix in sorted(prefixes):
            written = self.random.choice((f'"{prefix}"', prefix.replace(" ", "\\ ")))
            yield f"location {self.random.choice(('', '', '^~'))} {written} {{ {self._body(prefix)} }}"
        if self._is(0.3):
            yield f"location = {self.random.choice(('/chat', '/app/chat', '/new/chat'))} {{ {self._body('')} }}"
        for expression in self.random.sample(EXPRESSIONS, self.random.choice((0, 0, 1, 2))):
            yield f'location ~ "{expression}" {{ {self._body("")} }}'
        yield from (f"location {name} {{ {self._body('@')} }}" for name in NAMES)

    def _body(self, prefix: str) -> str:
        """What stands in a location: lines of code, then what answers."""
        lines = list(self._some(self._code, 0.3, 2))
        if prefix == "/api/" and self._is(0.3):
            lines.append(f"location /api/chat {{ {self._body('')} }}")
        if self._is(0.1):
            lines.append("internal;")
        lines += self._some(self._page, 0.15, 1)
        lines.append(self._end(prefix))
        return " ".join(lines)

    def _end(self, prefix: str) -> str:
        ends = [self._pass] * 7 + [self._tries, self._return, self._by_if]
        end = self.random.choice(ends)
        return end(prefix) if end == self._pass else end()  # type: ignore[call-arg, operator]

    def _tries(self) -> str:
        target = self.random.choice(("@one", "@two", "/new/x", "/app$uri?$args", "/new/$rest$is_args$args", "=404"))
        return f"try_files /none {target};"

    def _by_if(self) -> str:
        return f"{self._other_family()} {self._if(self._pass(''))}" if self._is(0.6) else self._if(self._pass(""))

    def _other_family(self) -> str:
        name = self.random.choice(("fastcgi", "uwsgi", "scgi"))
        extra = self.random.choice(("", f"{name}_buffering off;", "fastcgi_keep_conn on;"))
        return f"include {name}_params; {name}_pass f:1; {extra}"

    def _pass(self, prefix: str = "") -> str:
        """What hands the request on; inside `if` only what may stand there."""
        if self.kind == "sse" and prefix and self._is(0.15):
            return self._other_family()
        inside = not prefix
        good = self._is(0.5)
        host = self.random.choice(("http://good", "http://b:1") if good else ("http://bad", "http://a:1"))
        if self._is(0.12):
            host = "http://$b"
        uri = self.random.choice(("", "", "/v2/")) if prefix.startswith("/") and "$" not in host else ""
        lines = [f"proxy_pass {host}{uri};"]
        if inside:
            return lines[0]
        lines += self._sse_lines(good) if self.kind == "sse" else self._websocket_lines(good)
        return " ".join(lines)

    def _sse_lines(self, good: bool) -> Iterator[str]:
        yield (
            "proxy_buffering off;"
            if good
            else self.random.choice(("proxy_http_version 1.0;", "proxy_http_version 1.1;"))
        )
        if self._is(0.1):
            yield self._if(self.random.choice(("gzip off;", "gzip on;")))
        if self._is(0.2):
            yield self.random.choice(TIMES)
        if self._is(0.02):
            yield self.random.choice(REFUSED_TIMES)

    def _websocket_lines(self, good: bool) -> Iterator[str]:
        if not good and self._is(0.3):
            return
        yield OPEN
        connection = self.random.choice(CONNECTIONS if not good else CONNECTIONS[:5])
        yield f"proxy_set_header Connection {connection};"
        odd = self.random.choice(
            (
                'proxy_set_header Sec-WebSocket-Key "";',
                "proxy_hide_header Upgrade;",
                "proxy_pass_request_headers off; proxy_set_header X-Lab-Probe $http_x_lab_probe;",
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header Sec-WebSocket-Version $http_sec_websocket_version;",
                "proxy_method POST;",
            )
        )
        if self._is(0.12):
            yield odd


def troubles(seed: int, number: int) -> list[Trouble]:
    """So many servers; the same seed gives the same ones."""
    return [Writer(f"{seed}-{index}").trouble() for index in range(number)]


def configuration(servers: Sequence[str]) -> str:
    """One nginx with these servers."""
    return "\n".join(["events {}", "http {", DEFINITIONS, NOWHERE, *servers, "}"])


def accepted(cases: Sequence[Trouble], binary: Binary) -> list[Trouble]:
    """The servers that nginx starts with, found by halving."""
    from .repoint import repoint

    text = configuration([case.server(number) for number, case in enumerate(cases)])
    if not cases or binary.accepts(repoint(text)).ok:
        return list(cases)
    if len(cases) == 1:
        return []
    middle = len(cases) // 2
    return [*accepted(cases[:middle], binary), *accepted(cases[middle:], binary)]


def outcomes(cases: Sequence[Trouble], binary: Binary) -> list[Outcome]:
    """What becomes of each stream in nginx."""
    text = configuration([case.server(number) for number, case in enumerate(cases)])
    return observe(binary, text, [case.probe(number) for number, case in enumerate(cases)])


def say(case: Trouble, binary: Binary, folder: Path) -> tuple[Said, list[str]]:
    """How loud infralint is about the stream, and what it says."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(configuration([case.server(0)]))
    headers = dict(case.answer.headers)
    stream = StreamSettings(
        path=case.path,
        kind=case.kind,
        host="s0.test",
        content_type=case.answer.content_type,
        headers=headers,
        silence=case.answer.pause or None,
    )
    version = ".".join(map(str, binary.version))
    settings = Settings(streams=[stream], nginx=NginxSettings(version=version), generation="1s")
    return say_of(folder, settings)


def say_of(folder: Path, settings: Settings) -> tuple[Said, list[str]]:
    """How loud infralint is about the streams that are declared for a folder, and what it says."""
    with fresh_budget():
        report = lint(Project(folder, settings, folder), load_checks(built_in_folder()))
    findings = [one for one in report.findings if one.stream is not None and one.stream.evidence.kind == "declared"]
    texts = [finding.message for finding in findings] + [unknown.why for unknown in report.unknown]
    texts += [unreadable.message for unreadable in report.unreadable]
    severities = {finding.severity for finding in findings}
    if report.unreadable or "error" in severities:
        return "error", texts
    if "warning" in severities:
        return "warning", texts
    return ("unknown" if report.unknown else "silent"), texts


@dataclass(frozen=True)
class Disagreement:
    """A stream of which infralint says what nginx does not do."""

    case: Trouble
    binary: Binary
    said: Said
    texts: Sequence[str]
    outcome: Outcome

    def __str__(self) -> str:
        return (
            f"{self.binary}: infralint {self.said}, nginx {self.outcome.verdict} {self.outcome.status}\n"
            f"{self.case.kind} {self.case.path} {self.case.answer}\n{self.case.text}\n" + "\n".join(self.texts)
        )


@dataclass(frozen=True)
class Agreement:
    """What was tried: how many streams flow, of how many of these infralint could not tell, and where it was wrong."""

    tried: int
    flowing: int
    unknown: int
    wrong: Sequence[Disagreement]


def _passed_over(refused: Sequence[Trouble], binary: Binary, folder: Path) -> Iterator[Disagreement]:
    """The servers that nginx does not start with, and of which infralint says nothing."""
    for number, case in enumerate(refused):
        said, texts = say(case, binary, folder / f"{binary}-refused-{number}")
        if said != "error":
            yield Disagreement(case, binary, said, texts, Outcome("refused"))


def compare(cases: Sequence[Trouble], binary: Binary, folder: Path) -> Agreement:
    """infralint against nginx: nothing broken is passed in silence, and no error is given where the stream flows."""
    usable = accepted(cases, binary)
    wrong = list(_passed_over([case for case in cases if case not in usable], binary, folder))
    flowing = unknown = 0
    for number, (case, outcome) in enumerate(zip(usable, outcomes(usable, binary), strict=True)):
        said, texts = say(case, binary, folder / f"{binary}-{number}")
        flows = outcome.handshake if case.kind == "websocket" else outcome.verdict == "delivered"
        flowing += flows
        unknown += flows and said == "unknown"
        if outcome.upstream is None and case.turns_some_away:
            continue
        if (said == "error" and flows) or (said == "silent" and not flows):
            wrong.append(Disagreement(case, binary, said, texts, outcome))
    return Agreement(len(usable), flowing, unknown, wrong)
