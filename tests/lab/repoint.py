"""Turns a configuration as people write it into one that the lab can run."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<mark>[;{}])
    |(?P<word>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?!["'])(?:\\.|\$\{|[^\s;{\\])+)""",
    re.VERBOSE | re.DOTALL,
)
PASSES = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"})
HTTP_ONLY = frozenset(
    ["server", "upstream", "map", "geo", "split_clients", "limit_req_zone", "limit_conn_zone", "log_format", "types"]
    + [f"{family}_cache_path" for family in ("proxy", "fastcgi", "uwsgi", "scgi")]
)
SERVER_ONLY = frozenset({"location", "server_name", "listen"})
LOOKUPS = frozenset({"map", "geo", "split_clients", "types"})
MAIN_ONLY = frozenset({"events", "http"})
DROPPED = re.compile(
    r"""listen|pid|user|daemon|master_process|worker_processes|worker_rlimit_\w+|working_directory|load_module
    |error_log|access_log|stream|mail|ssl|http2|http3|\w*_temp_path|(proxy_|fastcgi_|uwsgi_|grpc_)?ssl_\w+
    |http2_\w+|http3_\w+|quic_\w+|auth_basic|auth_request|mirror""",
    re.VERBOSE,
)
PROXIED = re.compile(
    r"""(?:[\w$]+://)?(unix:[^:]+|(?:(?!\$\{?(?:request_uri|uri|document_uri|is_args|args)\b)[^/])*):?(.*)"""
)
UPGRADE_MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
KNOWN_FILES: Mapping[str, str] = {
    "mime.types": "types { text/html html; text/css css; application/javascript js; application/json json; }",
    "proxy_params": "proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header"
    " X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;",
    "fastcgi_params": "fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;",
    "fastcgi.conf": "fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;",
    "uwsgi_params": "uwsgi_param REQUEST_METHOD $request_method; uwsgi_param REQUEST_URI $request_uri;",
    "scgi_params": "scgi_param REQUEST_METHOD $request_method; scgi_param REQUEST_URI $request_uri;",
}


@dataclass(frozen=True)
class Directive:
    """A directive's words as written, quotes and all, and its block if it has one."""

    words: tuple[str, ...]
    block: tuple[Directive, ...] | None = None

    @property
    def name(self) -> str:
        """The directive's name; empty for a lone `{`."""
        return self.words[0] if self.words else ""

    def __str__(self) -> str:
        words = " ".join(self.words)
        return f"{words};" if self.block is None else f"{words} {{\n{dump(self.block)}\n}}"


def parse(text: str) -> tuple[Directive, ...]:
    """The directives of a configuration; raises ValueError where nginx would stop reading."""
    words: list[str] = []
    levels: list[tuple[tuple[str, ...], list[Directive]]] = [((), [])]
    for mark, word in _tokens(text):
        if word:
            words.append(word)
        elif mark == ";":
            levels[-1][1].append(Directive(tuple(words)))
        elif mark == "{":
            levels.append((tuple(words), []))
        elif words or len(levels) == 1:
            raise ValueError("unexpected }")
        else:
            opening, block = levels.pop()
            levels[-1][1].append(Directive(opening, tuple(block)))
        if mark:
            words = []
    if words or len(levels) > 1:
        raise ValueError("unexpected end of configuration")
    return tuple(levels[0][1])


def _tokens(text: str) -> Iterator[tuple[str | None, str | None]]:
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"no directive begins here: {text[place : place + 20]!r}")
        place = match.end()
        if not match["space"]:
            yield match["mark"], match["word"]


def dump(directives: Iterable[Directive]) -> str:
    """Configuration text."""
    return "\n".join(map(str, directives))


def repoint(text: str, files: Mapping[str, str] | None = None) -> str:
    """The configuration, runnable in the lab.

    * each backend address becomes a socket of the lab (`app-0.sock`, `app-1.sock` …, equal addresses the same one);
      an address that the configuration itself listens on stays a second tier
    * `listen 443 ssl` becomes `listen unix:port-443.sock`, and all TLS and authentication is dropped
    * a server{}, a location{} or bare directives are wrapped into what they lack, bare ones with a `proxy_pass` too
    * includes are filled in from `files` (by path below the configuration's folder) and the files everybody has
    * `$connection_upgrade` gets its customary map if the text uses it and defines none
    """
    tree = tuple(_included(parse(text), {**KNOWN_FILES, **(files or {})}))
    whole = _wrap(tree)
    if "$connection_upgrade" in (wanted := dump(whole)) and not re.search(r"map\s+\S+\s+\$connection_upgrade", wanted):
        whole = _into(whole, "http", parse(UPGRADE_MAP))
    return dump(_Repointing(whole).convert(whole)) + "\n"


def listened_ports(repointed: str) -> list[int]:
    """The ports that a repointed configuration listens on."""
    return sorted({int(port) for port in re.findall(r"listen unix:port-(\d+)\.sock", repointed)})


def backend_sockets(repointed: str) -> list[str]:
    """The sockets at which a repointed configuration expects its backends."""
    return sorted(set(re.findall(r"app-\d+\.sock", repointed)))


def _included(tree: Iterable[Directive], files: Mapping[str, str]) -> Iterator[Directive]:
    for directive in tree:
        if directive.name != "include":
            block = directive.block
            yield directive if block is None else Directive(directive.words, tuple(_included(block, files)))
            continue
        pattern = unquote(directive.words[1]).removeprefix("/etc/nginx/").removeprefix("./")
        found = [name for name in sorted(files) if fnmatch.fnmatchcase(name, pattern)]
        for name in found:
            yield from _included(parse(files[name]), files)
        if not found and not re.search(r"[*?\[]|^/etc/letsencrypt/", pattern):
            yield directive


def unquote(word: str) -> str:
    """The word's value, without the quotes around it."""
    return word[1:-1] if word[:1] in "\"'" else word


def _wrap(tree: tuple[Directive, ...]) -> tuple[Directive, ...]:
    """Put a fragment where it belongs: into http{}, server{} or location{}."""
    names = {directive.name for directive in tree}
    if names & MAIN_ONLY:
        return tree if "events" in names else (*tree, Directive(("events",), ()))
    outer = tuple(directive for directive in tree if directive.name in HTTP_ONLY)
    inner = tuple(directive for directive in tree if directive.name not in HTTP_ONLY)
    if "server" not in names:
        outer = (*outer, _server(inner, is_body=bool(names & SERVER_ONLY)))
        inner = ()
    return Directive(("events",), ()), Directive(("http",), (*inner, *outer))


def _server(inner: tuple[Directive, ...], *, is_body: bool) -> Directive:
    if is_body:
        return Directive(("server",), inner)
    if not any(directive.name in PASSES for directive in inner):
        inner = (*inner, Directive(("proxy_pass", "http://app")))
    return Directive(("server",), (Directive(("location", "/"), inner),))


def _into(tree: tuple[Directive, ...], name: str, more: tuple[Directive, ...]) -> tuple[Directive, ...]:
    return tuple(Directive(item.words, (*more, *(item.block or ()))) if item.name == name else item for item in tree)


def _walk(tree: Iterable[Directive]) -> Iterator[Directive]:
    for directive in tree:
        yield directive
        yield from _walk(directive.block or ())


def _port(listen: Directive) -> int:
    """The port of a `listen`; nginx's default is 80."""
    match = re.search(r"(?:^|:)(\d+)$", unquote(listen.words[1]))
    return int(match[1]) if match else 80


def _listens(server: Directive) -> list[Directive]:
    found = [item for item in server.block or () if item.name == "listen"]
    return found or [Directive(("listen", "80"))]


@dataclass
class _Repointing:
    """One conversion: it remembers which address became which socket."""

    tree: tuple[Directive, ...]
    sockets: dict[str, str] = field(default_factory=dict)
    upstreams: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    chosen: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        everything = list(_walk(self.tree))
        self.upstreams = frozenset(item.words[1] for item in everything if item.name == "upstream")
        for item in everything:
            if item.name == "set" and len(item.words) == 3:
                name, text = item.words[1], unquote(item.words[2])
                self.chosen[name] = self.chosen.get(name, frozenset()) | {text}
        servers = [item for item in everything if item.name == "server" and item.block is not None]
        self.ports = frozenset(_port(listen) for server in servers for listen in _listens(server))

    def convert(self, tree: Iterable[Directive]) -> Iterator[Directive]:
        """The tree as the lab runs it."""
        rules: dict[str, Callable[[Directive], Directive]] = dict.fromkeys(PASSES, self._pass)
        rules |= {"proxy_pass": self._proxy_pass, "server": self._server, "upstream": self._upstream}
        for item in tree:
            if DROPPED.fullmatch(item.name):
                continue
            if item.name.endswith("_cache_path"):
                item = Directive((item.name, "cache" + unquote(item.words[1]).replace("/", "-"), *item.words[2:]))
            rule = rules.get(item.name, self._other)
            yield rule(item)

    def _other(self, item: Directive) -> Directive:
        is_leaf = item.block is None or item.name in LOOKUPS
        return item if is_leaf else Directive(item.words, tuple(self.convert(item.block or ())))

    def _server(self, server: Directive) -> Directive:
        defaults = {_port(item): False for item in _listens(server)}
        for item in _listens(server):
            defaults[_port(item)] |= bool({"default_server", "default"} & set(item.words))
        listens = tuple(
            Directive(("listen", f"unix:port-{port}.sock", *(["default_server"] if default else [])))
            for port, default in defaults.items()
        )
        return Directive(server.words, (*listens, *self.convert(server.block or ())))

    def _upstream(self, upstream: Directive) -> Directive:
        return Directive(upstream.words, tuple(map(self._member, upstream.block or ())))

    def _member(self, item: Directive) -> Directive:
        if item.name != "server":
            return item
        options = [word for word in item.words[2:] if not re.match(r"resolve$|service=", word)]
        return Directive(("server", f"unix:{self._socket(unquote(item.words[1]))}", *options))

    def _proxy_pass(self, item: Directive) -> Directive:
        match = PROXIED.fullmatch(unquote(item.words[1]))
        authority, uri = match.groups() if match else ("", "")
        if authority in self.upstreams or self.chosen.get(authority, frozenset()) & self.upstreams:
            return Directive(("proxy_pass", f'"http://{authority}{uri}"'))
        address = f"http://unix:{self._socket(authority)}"
        return Directive(("proxy_pass", f'"{address}:{uri}"' if uri else address))

    def _pass(self, item: Directive) -> Directive:
        address = unquote(item.words[1]).rpartition("://")[2]
        return item if address in self.upstreams else Directive((item.name, f"unix:{self._socket(address)}"))

    def _socket(self, address: str) -> str:
        host, _, port = address.rpartition(":")
        if host in ("127.0.0.1", "localhost", "[::1]") and port.isdigit() and int(port) in self.ports:
            return f"port-{port}.sock"
        return self.sockets.setdefault(address, f"app-{len(self.sockets)}.sock")
