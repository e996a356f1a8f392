"""Where nginx takes a directive, and which values of it: what it says of others, in its own words.

https://nginx.org/en/docs/dirindex.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from infralint.platforms.nginx import CACHING_FAMILIES
from infralint.platforms.nginx_values import NUMBER, SMALL_SIZE, size
from infralint.sources.nginx.conditions import EXPRESSIONS
from infralint.sources.nginx.contexts import CONTEXTS
from infralint.sources.nginx.spellings import SPELLED, fixed_variable, has_wrong_port, is_long_time, is_network
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.value_kinds import wrong_value
from infralint.text.lazy import lazy

_LETTERS = {"http": "H", "server": "S", "location": "L", "upstream": "U", "limit_except": "x", "events": "E"}
_LETTERS_OF_STREAMS = {"stream": "T", "server": "P", "upstream": "Q"}
LISTS = frozenset("map types geo split_clients charset_map match".split())
"""Blocks whose lines begin with words of the user's own, or of a module's: none of them is a directive."""
_NO_HTTP = frozenset(["mail", "match", "types"])
_IGNORED = frozenset(
    "x-accel-redirect x-accel-expires x-accel-limit-rate x-accel-buffering x-accel-charset expires cache-control"
    " set-cookie vary".split()
)
_OPERATORS = EXPRESSIONS | {"=", "!="}
_OF_FILES = frozenset(f"{no}-{letter}" for no in ("", "!") for letter in "fdex")
_MODIFIERS = frozenset(["=", "^~", "~", "~*"])
_SERVER_PARAMETERS = frozenset(
    "weight max_conns max_fails fail_timeout backup down resolve service route slow_start drain id".split()
)
_BROWSERS = frozenset("msie gecko opera konqueror safari unlisted".split())
_LISTEN_PARAMETERS = frozenset(
    "default default_server ssl http2 spdy quic proxy_protocol setfib fastopen backlog rcvbuf sndbuf accept_filter deferred"
    " bind ipv6only reuseport so_keepalive multipath".split()
)
_METHODS = frozenset(
    "get head post put delete mkcol copy move options propfind proppatch lock unlock patch connect".split()
)
_LEVELS = frozenset("debug info notice warn error crit alert emerg".split())
_WITHOUT_BACKUP = frozenset(["hash", "ip_hash", "random"])
_SCHEMES = {"proxy": ("http://", "https://"), "grpc": ("grpc://", "grpcs://"), "uwsgi": ("uwsgi://", "suwsgi://")}
_OTHER_LANGUAGES = frozenset(["else", "elseif", "elsif", "elif"])
_MAP_WORDS = frozenset(["hostnames", "volatile", "include"])


class BlockKind(NamedTuple):
    """What of the blocks around a directive decides whether nginx takes it, but for BY_LINES_AROUND: letter and is_http of
    BlocksAround, and the name of the nearest block."""

    letter: str
    is_http: bool
    nearest: str


class BlocksAround(msgspec.Struct, frozen=True):
    """The blocks around a directive, outermost first. is_http: whether they are of HTTP for certain. letter: what stands
    for the nearest in CONTEXTS; empty where that can't be told."""

    blocks: tuple[Directive, ...] = ()
    is_http: bool = False
    letter: str = ""

    @property
    def kind(self) -> BlockKind:
        """What tells the nearest block from others of other kinds."""
        return BlockKind(self.letter, self.is_http, self.blocks[-1].name if self.blocks else "")

    def inside(self, block: Directive) -> BlocksAround:
        """What is around the lines of a block that stands here."""
        blocks = (*self.blocks, block)
        is_http = self.is_http or block.name in ("http", "location", "limit_except")
        is_http = is_http or (block.name == "server" and _has_locations(block))
        return BlocksAround(blocks, is_http, _letter_of(blocks, is_http))


def misplacement(directive: Directive, around: BlocksAround, is_whole: bool) -> str:
    """What nginx says of a directive in the block that it stands in; empty where it takes it, or where that can't be told.

    is_whole: whether the file is all of a configuration.
    """
    if directive.name in _OTHER_LANGUAGES and around.blocks:
        return f'unknown directive "{directive.name}"'
    contexts = CONTEXTS.get(directive.name)
    if contexts is None:
        return ""
    letter = around.letter if around.blocks else "M" if is_whole else ""
    return "" if not letter or letter in contexts else f'"{directive.name}" directive is not allowed here'


def _letter_of(blocks: Sequence[Directive], is_http: bool) -> str:
    place = blocks[-1]
    if place.name == "if":
        return "l" if any(block.name == "location" for block in blocks) else "s"
    if any(block.name in _NO_HTTP for block in blocks):
        return ""
    if blocks[0].name == "stream":
        return _LETTERS_OF_STREAMS.get(place.name, "")
    if place.name == "server" and not is_http:
        return ""
    return _LETTERS.get(place.name, "")


def _has_locations(server: Directive) -> bool:
    return any(directive.name == "location" for directive in server.block or ())


def invalid_value(directive: Directive, around: BlocksAround) -> str:
    """What nginx says of a directive's arguments; empty where it takes them, or where that can't be told."""
    name, args = directive.name, directive.args
    if message := wrong_value(name, args, around.is_http):
        return message
    if name == "server" and around.letter == "T":
        return _without_listen(directive)
    if not args:
        return ""
    if around.is_http and name in _DECLARING and (message := fixed_variable([args[_DECLARING[name]][1:]])):
        return message
    if (find := _FINDERS.get(name)) is not None:
        return find(directive)
    if name in _PLACED:
        return _PLACED[name](directive, around.kind)
    return BY_LINES_AROUND[name](directive, around) if name in BY_LINES_AROUND else ""


def _limit_except(directive: Directive) -> str:
    wrong = next((word for word in directive.args if word.lower() not in _METHODS), "")
    return f'invalid method "{wrong}"' if wrong else ""


def _error_log(directive: Directive) -> str:
    level = directive.args[1] if len(directive.args) > 1 else "error"
    return "" if level in _LEVELS or level.startswith("debug_") else f'invalid log level "{level}"'


def _limit_conn(directive: Directive) -> str:
    number = directive.args[1] if len(directive.args) == 2 else "1"
    if not NUMBER.fullmatch(number) or not int(number):
        return f'invalid number of connections "{number}"'
    return "" if int(number) < 65536 else "connection limit must be less 65536"


def _limit_req(directive: Directive) -> str:
    parameters = ("zone=", "burst=", "delay=", "nodelay")
    wrong = next((word for word in directive.args if not word.startswith(parameters)), "")
    if wrong:
        return f'invalid parameter "{wrong}"'
    if not any(word.startswith("zone=") for word in directive.args):
        return '"limit_req" must have "zone" parameter'
    for word in directive.args:
        name, _, text = word.partition("=")
        if name in ("burst", "delay") and not (NUMBER.fullmatch(text) and int(text)):
            return f'invalid {name} value "{word}"'
        if name == "nodelay" and word != name:
            return f'invalid parameter "{word}"'
    return ""


def _pass(directive: Directive, kind: BlockKind) -> str:
    target = directive.args[0]
    family = directive.name.partition("_")[0]
    if "$" in target:
        return ""
    if kind.letter == "P":
        return _wrong_server(target, is_network(target))
    if not kind.is_http:
        return ""
    scheme = next((scheme for scheme in _SCHEMES.get(family, ()) if target.lower().startswith(scheme)), "")
    if family == "proxy" and not scheme:
        return "invalid URL prefix"
    host = target[len(scheme) :]
    if host.startswith("unix:"):
        return ""
    host = host.partition("/")[0].partition("?")[0]
    if "://" in target and not scheme:
        return f'invalid host in upstream "{target}"'
    if not host:
        return f'no host in upstream "{target[len(scheme) :]}"'
    name, colon, port = host.rpartition(":")
    if colon and not name.endswith(":") and "]" not in port and not _is_port(port):
        return f'invalid port in upstream "{host}"'
    return ""


def _is_port(text: str) -> bool:
    return bool(NUMBER.fullmatch(text)) and 1 <= int(text) <= 65535


def _condition(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if"""
    first, *rest = directive.args
    if not first.startswith("("):
        return f'invalid condition "{first}"'
    words = [first[1:], *rest] if len(first) > 1 else rest
    if not words or not words[-1].endswith(")"):
        return f'invalid condition "{words[-1] if words else first}"'
    words = words[:-1] if words[-1] == ")" else [*words[:-1], words[-1][:-1]]
    if not words:
        return f'invalid condition "{first}"'
    if len(words[0]) > 1 and words[0].startswith("$"):
        if len(words) not in (1, 3):
            return f'invalid condition "{words[0]}"'
        return f'unexpected "{words[1]}" in condition' if len(words) == 3 and words[1] not in _OPERATORS else ""
    return "" if len(words) == 2 and words[0] in _OF_FILES else f'invalid condition "{words[0]}"'


def split_location(directive: Directive) -> tuple[str, str]:
    """The modifier of a location ("" for none), and its name or pattern."""
    if len(directive.args) == 2:
        return directive.args[0], directive.args[1]
    return split_modifier(directive.args[0] if directive.args else "")


def split_modifier(text: str) -> tuple[str, str]:
    """The modifier that is written before a location's name without a blank ("" for none), and the name."""
    if text[:1] not in _MARKS:
        return "", text
    modifier = next((mark for mark in ("~*", "^~", "=", "~") if text.startswith(mark)), "")
    return modifier, text[len(modifier) :]


_MARKS = frozenset("~^=")


def _location(directive: Directive, around: BlocksAround) -> str:
    modifier, name = split_location(directive)
    if len(directive.args) == 2 and modifier not in _MODIFIERS:
        return f'invalid location modifier "{modifier}"'
    outer = around.blocks[-1] if around.blocks else None
    if outer is None or outer.name != "location" or outer.has_hole:
        return ""
    outer_modifier, outer_name = split_location(outer)
    if outer_modifier == "=":
        return f'location "{name}" cannot be inside the exact location "{outer_name}"'
    if outer_name.startswith("@") and not outer_modifier:
        return f'location "{name}" cannot be inside the named location "{outer_name}"'
    if name.startswith("@") and not modifier:
        return f'named location "{name}" can be on the server level only'
    if not modifier.startswith("~") and not name.startswith(outer_name):
        return f'location "{name}" is outside location "{outer_name}"'
    return ""


def _error_page(directive: Directive) -> str:
    *codes, _ = directive.args
    if codes and codes[-1].startswith("="):
        if len(codes[-1]) > 1 and not NUMBER.fullmatch(codes[-1][1:]):
            return f'invalid value "{codes[-1]}"'
        codes = codes[:-1]
    for code in codes:
        if not NUMBER.fullmatch(code) or code == "499":
            return f'invalid value "{code}"'
        if not 300 <= int(code) <= 599:
            return f'value "{code}" must be between 300 and 599'
    return ""


def _return(directive: Directive, kind: BlockKind) -> str:
    code = directive.args[0]
    if not kind.is_http:
        return ""
    if NUMBER.fullmatch(code):
        return "" if int(code) <= 999 else f'invalid return code "{code}"'
    is_address = code.lower().startswith(("http://", "https://", "$scheme"))
    return "" if is_address and len(directive.args) == 1 else f'invalid return code "{code}"'


def _access(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_access_module.html"""
    clients = directive.args[0]
    if clients in ("all", "unix:") or "$" in clients or directive.has_hole or is_network(clients):
        return ""
    return f'invalid parameter "{clients}"'


def _redirect(directive: Directive, around: BlocksAround) -> str:
    """https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_redirect"""
    if len(directive.args) == 1 and directive.args[0] not in ("off", "default"):
        return f'invalid parameter "{directive.args[0]}"'
    if directive.args != ["default"] or around.letter not in ("H", "S", "L"):
        return ""
    for line in around.blocks[-1].block or [] if around.letter == "L" else [directive]:
        if line is directive:
            return '"proxy_redirect default" should be placed after the "proxy_pass" directive'
        if line.opaque or line.name == "include":
            return ""
        if line.name == "proxy_pass":
            is_varying = bool(line.args) and "$" in line.args[0]
            return (
                '"proxy_redirect default" cannot be used with "proxy_pass" directive with variables'
                if is_varying
                else ""
            )
    return ""


def _third_word(*words: str) -> Callable[[Directive], str]:
    def find(directive: Directive) -> str:
        word = directive.args[2] if len(directive.args) == 3 else ""
        return f'invalid parameter "{word}"' if word and word not in words else ""

    return find


def _ignored_headers(directive: Directive) -> str:
    wrong = next((name for name in directive.args if name.lower() not in _IGNORED), "")
    return f'invalid value "{wrong}"' if wrong else ""


def _valid_referers(directive: Directive, around: BlocksAround) -> str:
    """`none` and `blocked` need a name beside them, on whichever line of the block; expressions are none."""
    beside = (around.blocks[-1].block or []) if around.blocks else []
    lines = [line for line in beside if line.name == directive.name]
    if lines[:1] != [directive] or any(line.opaque or line.has_hole or line.name == "include" for line in beside):
        return ""
    words = {word for line in lines for word in line.args if not word.startswith("~")}
    if not words or words - {"none", "blocked"}:
        return ""
    return 'the "none" or "blocked" referers are specified in the "valid_referers" directive without any valid referer'


def _modern_browser(directive: Directive) -> str:
    name = directive.args[0]
    return "" if name in _BROWSERS or directive.has_hole else f'unknown browser name "{name}"'


def _http_version(directive: Directive) -> str:
    return "" if directive.args[0] in ("1.0", "1.1", "2") else f'invalid value "{directive.args[0]}"'


def _buffers(directive: Directive) -> str:
    if len(directive.args) != 2:
        return ""
    number, room = directive.args
    if not NUMBER.fullmatch(number) or not SMALL_SIZE.fullmatch(room) or not int(number):
        return f'"{directive.name}" directive invalid value'
    return f'there must be at least 2 "{directive.name}"' if int(number) < 2 else ""


def _variable_name(directive: Directive, at: int = 0) -> str:
    name = directive.args[at] if len(directive.args) > at else "$"
    return "" if name.startswith("$") else f'invalid variable name "{name}"'


def _map(directive: Directive) -> str:
    if problem := _variable_name(directive, 1):
        return problem
    entries = [entry for entry in directive.block or () if not (entry.has_hole or entry.opaque or entry.conditions)]
    entries = [entry for entry in entries if not entry.has_alternatives]
    for entry in entries:
        if len(entry.args) != 1 and entry.name not in _MAP_WORDS:
            return "invalid number of the map parameters"
    if any(entry.name == "hostnames" for entry in entries):
        return ""
    names = Counter(entry.name.lower() for entry in entries if entry.args and not entry.name.startswith("~"))
    twice = next((name for name, count in names.items() if count > 1 and name not in ("include", "volatile")), None)
    if twice is None:
        return ""
    return "duplicate default map parameter" if twice == "default" else f'conflicting parameter "{twice}"'


_FILLING = frozenset({"include", "state"})
"""What may give an upstream its servers: NGINX Plus takes them from a file, or by its API into a zone.
https://nginx.org/en/docs/http/ngx_http_upstream_module.html#state"""


def _upstream(directive: Directive) -> str:
    inside = directive.block or []
    if any(entry.opaque or entry.has_hole or entry.conditions for entry in inside):
        return ""
    if any(entry.name in _FILLING or entry.name not in CONTEXTS for entry in inside):
        return ""  # modules of others have servers of their own: `drizzle_server`, `nchan_redis_server`
    servers = [entry for entry in inside if entry.name == "server"]
    if not servers and any(entry.name == "zone" for entry in inside):
        return ""
    if not servers:
        return "no servers are inside upstream"
    if all("backup" in entry.args[1:] for entry in servers):
        return f'no servers in upstream "{directive.args[0]}"'
    names = [entry.name for entry in inside]
    if "zone" not in names and any("resolve" in entry.args[1:] for entry in servers):
        return f'resolving names at run time requires upstream "{directive.args[0]}" to be in shared memory'
    if names.count("keepalive") > 1:
        return '"keepalive" directive is duplicate'
    method = next((at for at, name in enumerate(names) if name in _WITHOUT_BACKUP), len(names))
    if any(entry.name == "server" and "backup" in entry.args[1:] for entry in inside[method:]):
        return 'balancing method does not support parameter "backup"'
    return ""


_COUNTS = frozenset(["weight", "max_fails", "max_conns"])
_ALONE = frozenset(["backup", "down", "resolve", "drain"])


def _is_server_parameter(word: str) -> bool:
    name, equals, value = word.partition("=")
    if name in _COUNTS and equals:
        return bool(NUMBER.fullmatch(value)) and (name != "weight" or int(value) > 0)
    if name == "fail_timeout" and equals:
        return is_long_time(value)
    return name in _SERVER_PARAMETERS and bool(equals) != (name in _ALONE)


def _server(directive: Directive, kind: BlockKind) -> str:
    if kind.nearest != "upstream":
        return ""
    address, *parameters = directive.args
    has_service = any(word.startswith("service=") for word in parameters)
    if message := _wrong_server(address, kind.letter == "Q" and not has_service):
        return message
    wrong = next((word for word in parameters if not _is_server_parameter(word)), "")
    return f'invalid parameter "{wrong}"' if wrong and "$" not in wrong else ""


def _without_listen(server: Directive) -> str:
    """What nginx says of a server of `stream {}`, which listens nowhere by itself."""
    may_listen = any(line.name in ("listen", "include") or line.opaque for line in server.block or ())
    return "" if may_listen else 'no "listen" is defined for server'


def _wrong_server(address: str, needs_port: bool) -> str:
    """What nginx says of a server's address. needs_port: whether none is usual."""
    if address.startswith("unix:"):
        return ""
    if "$" in address:
        return f'host not found in upstream "{address}"'
    if "/" in address:
        return f'invalid host in upstream "{address}"'
    if needs_port and ":" not in address.rpartition("]")[2]:
        return f'no port in upstream "{address}"'
    return f'invalid port in upstream "{address}"' if has_wrong_port(address) else ""


def _log_format(directive: Directive, kind: BlockKind) -> str:
    is_twice = kind.is_http and directive.args[0] == "combined"
    return 'duplicate "log_format" name "combined"' if is_twice else ""


def _listen(directive: Directive, kind: BlockKind) -> str:
    address, *parameters = directive.args
    if not kind.is_http:
        return ""
    if "://" in address:
        return f'invalid host in "{address}" of the "listen" directive'
    host, colon, _ = address.rpartition(":")
    if colon and ":" in host and not host.startswith(("[", "unix")):
        return f'invalid port in "{address}" of the "listen" directive'
    for word in parameters:
        name, equals, text = word.partition("=")
        if name not in _LISTEN_PARAMETERS or (equals and name in ("ssl", "default_server", "http2", "quic")):
            return f'invalid parameter "{word}"'
        if name in _OF_LISTEN and not _OF_LISTEN[name].fullmatch(text):
            return f'invalid so_keepalive value: "{text}"' if name == "so_keepalive" else f'invalid {name} "{word}"'
    return ""


_KEEPALIVE = lazy("on|off|[0-9]{0,18}[a-z]{0,2}:[0-9]{0,18}[a-z]{0,2}:[0-9]{0,18}")
_OF_LISTEN = {
    "backlog": NUMBER,
    "fastopen": NUMBER,
    "rcvbuf": SMALL_SIZE,
    "sndbuf": SMALL_SIZE,
    "so_keepalive": _KEEPALIVE,
}
"""Parameters of `listen` -> how their values are written: https://nginx.org/en/docs/http/ngx_http_core_module.html#listen"""


_POOL = 512
"""Bytes of memory that nginx takes for a connection, where nothing sets it."""
_LEAST_POOL = 112
_HEADER_BUFFER = 8192
"""Bytes of a line of a request, where nothing sets them."""
_POOLS = ("connection_pool_size", "request_pool_size")


def _pool_size(directive: Directive, around: BlocksAround) -> str:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#connection_pool_size"""
    bytes_taken = _size_of(directive)
    if bytes_taken is None:
        return "" if directive.has_hole else f'"{directive.name}" directive invalid value'
    if bytes_taken < _LEAST_POOL:
        return f"the pool size must be no less than {_LEAST_POOL}"
    if bytes_taken % 16:
        return "the pool size must be a multiple of 16"
    if (
        directive.name == _POOLS[0]
        and bytes_taken > _HEADER_BUFFER
        and not _is_set_around("large_client_header_buffers", around)
    ):
        return _TOO_SMALL
    return ""


def _large_header_buffers(directive: Directive, around: BlocksAround) -> str:
    """A line of a request has to have as much room as the memory that a connection begins with."""
    room = _size_of(directive)
    if directive.has_hole or len(directive.args) != 2:
        return ""
    if not room or not NUMBER.fullmatch(directive.args[0]) or not int(directive.args[0]):
        return f'"{directive.name}" directive invalid value'
    return _TOO_SMALL if room < _POOL and not _is_set_around(_POOLS[0], around) else ""


_TOO_SMALL = 'the "large_client_header_buffers" size must be equal to or greater than "connection_pool_size"'


def _size_of(directive: Directive) -> int | None:
    text = directive.args[-1]
    return size(text) if SMALL_SIZE.fullmatch(text) else None


def _is_set_around(name: str, around: BlocksAround) -> bool:
    """Whether a block around may set something: it does, or not all of it is to be seen."""
    lines = (line for block in around.blocks for line in block.block or ())
    return any(line.opaque or line.name in ("include", name) for line in lines)


_DECLARING = {"set": 0, "auth_request_set": 0, "map": -1, "geo": -1, "split_clients": -1}
"""Directives that declare a variable -> which of their arguments it is."""
_FINDERS: Mapping[str, Callable[[Directive], str]] = MappingProxyType(
    {
        **SPELLED,
        **dict.fromkeys((f"{family}_ignore_headers" for family in CACHING_FAMILIES), _ignored_headers),
        **dict.fromkeys((f"{family}_buffers" for family in CACHING_FAMILIES), _buffers),
        "if": _condition,
        "error_page": _error_page,
        "rewrite": _third_word("last", "break", "redirect", "permanent"),
        "add_header": _third_word("always"),
        "add_trailer": _third_word("always"),
        "limit_except": _limit_except,
        "limit_conn": _limit_conn,
        "limit_req": _limit_req,
        "modern_browser": _modern_browser,
        "error_log": _error_log,
        "proxy_http_version": _http_version,
        "set": _variable_name,
        "allow": _access,
        "deny": _access,
        "auth_request_set": _variable_name,
        "map": _map,
        "upstream": _upstream,
    }
)
_PLACED: Mapping[str, Callable[[Directive, BlockKind], str]] = MappingProxyType(
    {
        **dict.fromkeys((f"{family}_pass" for family in (*CACHING_FAMILIES, "grpc")), _pass),
        "return": _return,
        "server": _server,
        "listen": _listen,
        "log_format": _log_format,
    }
)
"""What depends on the kind of block that it stands in, too."""
BY_LINES_AROUND: Mapping[str, Callable[[Directive, BlocksAround], str]] = MappingProxyType(
    {
        "location": _location,
        "valid_referers": _valid_referers,
        "proxy_redirect": _redirect,
        "large_client_header_buffers": _large_header_buffers,
        **dict.fromkeys(_POOLS, _pool_size),
    }
)
"""What depends on what the blocks around are called or hold, too: a line that is taken in one may be refused in another."""


_SETTING = frozenset(
    "setfib fastopen backlog rcvbuf sndbuf accept_filter deferred ipv6only reuseport so_keepalive bind".split()
)
"""Parameters of `listen` that nginx takes once an address, whichever server says them."""


def listens_twice(level: Sequence[Directive]) -> Iterator[tuple[Directive, str]]:
    """Addresses that one server listens on twice, default servers of one address that are two, and options of one address that
    two servers set."""
    defaults: set[tuple[str, str]] = set()
    options: set[tuple[str, str]] = set()
    for server in level:
        if server.name != "server" or server.conditions or not server.block:
            continue
        seen = set()
        for directive in server.block:
            if directive.name != "listen" or not directive.args or directive.has_hole or directive.conditions:
                continue
            key = _address_of(directive)
            words = {word.partition("=")[0] for word in directive.args[1:]}
            is_setting = not words.isdisjoint(_SETTING)
            if key in seen:
                yield directive, f"a duplicate listen {key[0]}"
            elif is_setting and key in options:
                yield directive, f"duplicate listen options for {key[0]}"
            elif {"default", "default_server"} & words:
                if key in defaults:
                    yield directive, f"a duplicate default server for {key[0]}"
                defaults.add(key)
            if is_setting:
                options.add(key)
            seen.add(key)


def _address_of(directive: Directive) -> tuple[str, str]:
    """What a `listen` listens on, and over which transport."""
    address = directive.args[0]
    transport = "udp" if {"quic", "udp"} & set(directive.args[1:]) else "tcp"
    host, colon, port = address.rpartition(":") if not address.endswith("]") else (address, "", "80")
    if not colon and not host:
        host, port = ("*", port) if port.isdecimal() else (port, "80")
    return f"{'0.0.0.0' if host == '*' else host}:{port}", transport


_PAGES = (4096, 8192)
"""Bytes of a page of memory, which is the size of a buffer where none is set: the least and the most."""


_BUFFERS = ("buffer_size", "buffers", "busy_buffers_size", "temp_file_write_size", "max_temp_file_size")


def _names_of_buffers(family: str) -> tuple[str, ...]:
    return tuple(f"{family}_{name}" for name in _BUFFERS)


OF_BUFFERS = frozenset(name for family in CACHING_FAMILIES for name in _names_of_buffers(family))
"""Directives whose sizes have to go together."""


def unbalanced_buffers(
    level: Sequence[Directive], around: Sequence[Directive], is_whole: bool
) -> Iterator[tuple[Directive, str]]:
    """Sizes of buffers that do not go together, where one of them is set in a block.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_busy_buffers_size
    """
    set_here = [directive for directive in level if directive.name in OF_BUFFERS]
    for family in CACHING_FAMILIES if set_here else ():
        names = _names_of_buffers(family)
        here = [directive for directive in set_here if directive.name in names]
        if not here:
            continue
        chain = [level, *(block.block or () for block in reversed(around))]
        if any(directive.opaque or directive.name == "include" for block in chain for directive in block):
            continue
        first, several, busy, *files = (_nearest(name, chain) for name in names)
        if is_whole or (first is not None and several is not None and (busy is not None or any(files))):
            yield from ((here[0], message) for message in _imbalance(family, first, several, busy, files))


def _nearest(name: str, chain: Sequence[Sequence[Directive]]) -> Directive | None:
    return next((directive for block in chain for directive in block if directive.name == name), None)


def _imbalance(
    family: str,
    first: Directive | None,
    several: Directive | None,
    busy: Directive | None,
    files: Sequence[Directive | None],
) -> Iterator[str]:
    written = [directive for directive in (first, several, busy, *files) if directive is not None]
    if any(
        directive.conditions or not directive.args or not SMALL_SIZE.fullmatch(directive.args[-1])
        for directive in written
    ):
        return
    if several is not None and not (len(several.args) == 2 and NUMBER.fullmatch(several.args[0])):
        return
    sizes = [size(directive.args[-1]) for directive in (first, several) if directive is not None]
    least = max(sizes + [_PAGES[0]] * (2 - len(sizes)))
    in_use = size(busy.args[0]) if busy is not None else 2 * least
    greatest = f'the maximum of the value of "{family}_buffer_size" and one of the "{family}_buffers"'
    if in_use < least:
        yield f'"{family}_busy_buffers_size" must be equal to or greater than {greatest}'
    for line in files:
        is_off = line is not None and line.name.endswith("max_temp_file_size") and not size(line.args[0])
        if line is not None and not is_off and size(line.args[0]) < least:
            or_off = (
                "" if line.name.endswith("write_size") else "equal to zero to disable temporary files usage or must be "
            )
            yield f'"{line.name}" must be {or_off}equal to or greater than {greatest}'
    count, room = (int(several.args[0]), size(several.args[1])) if several is not None else (8, _PAGES[1])
    if in_use > (count - 1) * room:
        yield f'"{family}_busy_buffers_size" must be less than the size of all "{family}_buffers" minus one buffer'
