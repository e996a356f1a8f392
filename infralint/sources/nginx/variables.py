"""What nginx's variables are for a request: one text, one of several, or not known and why.

https://nginx.org/en/docs/varindex.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice, product
from typing import Any

import msgspec

from infralint.model import Known, Request, Response, Setting, Unknown
from infralint.sources.nginx.choose import VirtualServer, plain_host
from infralint.sources.nginx.environment import EnvironmentVariables
from infralint.sources.nginx.scopes import has_hole
from infralint.sources.nginx.tree import Directive
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.patterns import Unsearchable, search

MOST_TEXTS = 24
"""Texts that one variable may be; one that may be more is not known."""
LONGEST = 65_536
"""Characters of a text that is put together; nginx's own buffers hold no more of a request."""
DEEPEST = 20
"""Variables that are defined by others, one in another."""

VARIABLE = lazy(r"\$(?:\{(\w+)\}|([1-9])|([A-Za-z_]\w*))")


_QUERY = lazy(r"\?|\$is_args|\$args|\$query_string")
"""Where the query begins in a target."""


def without_query(target: str) -> str:
    """A target up to where its query begins, which decides about no path."""
    return _QUERY.split(target, maxsplit=1)[0]


class Values(msgspec.Struct, frozen=True):
    """Every text that something may be. None: not known. reason: why it is not one text alone."""

    texts: tuple[str, ...] = ()
    reason: str = ""

    @property
    def known(self) -> str | None:
        """The text, where it is one alone."""
        return self.texts[0] if len(self.texts) == 1 else None

    def map(self, change: Callable[[str], str]) -> Values:
        return Values(tuple(dict.fromkeys(map(change, self.texts))), self.reason)


EMPTY = Values(("",))


def unknown(reason: str) -> Values:
    return Values((), reason)


def either(values: Iterable[Values], reason: str = "") -> Values:
    """What may be one or another; not known where one of them is not, or they are too many."""
    texts: dict[str, None] = {}
    for value in values:
        if not value.texts:
            return value
        texts |= dict.fromkeys(value.texts)
        reason = reason or value.reason
    return Values(tuple(texts), reason) if len(texts) <= MOST_TEXTS else unknown(reason)


class Moment(msgspec.Struct, frozen=True):
    """What variables depend on, at one moment of a request's way through nginx.

    request: what came in; None: any. asked: the path as it was asked for; path: as it is now; None: not known.
    assigned: variables that were set on the way, captures: `$1` and so on (None: not known).
    """

    server: VirtualServer
    request: Request | None = None
    asked: str | None = None
    path: str | None = None
    assigned: Mapping[str, Values] = {}
    captures: tuple[str, ...] | None = ()


class Table(msgspec.Struct, frozen=True):
    """The lines of a `map`: strings in lower case, host names with a wildcard, expressions (and whether in any case)."""

    strings: Mapping[str, Directive]
    wildcards: Sequence[tuple[str, Directive]]
    expressions: Sequence[tuple[str, bool, Directive]]
    default: Directive | None
    reason: str = ""

    @property
    def lines(self) -> list[Directive]:
        lines = [
            *self.strings.values(),
            *(line for _, line in self.wildcards),
            *(line for *_, line in self.expressions),
        ]
        return [*lines, self.default] if self.default is not None else lines


MOST_STEPS = 2_000
"""Variables that are worked out on the way to one value."""


class Definitions(msgspec.Struct, eq=False, dict=True):
    """What an nginx defines variables by. sets: its `map`, `geo` and `split_clients` blocks by variable; elsewhere:
    those of the rest of the project, for fragments that rely on another file's. trees: everything that it reads."""

    sets: dict[str, list[Directive]]
    elsewhere: Mapping[str, list[Directive]]
    environment: EnvironmentVariables
    trees: list[Sequence[Directive]] = []
    tables: dict[int, Table] = {}

    def blocks(self, name: str) -> Sequence[Directive]:
        return self.sets.get(name) or self.elsewhere.get(name) or ()

    @cached_property
    def assigned(self) -> frozenset[str]:
        """Variables that something in this nginx sets: they are empty where that is not run."""
        found = set()
        for tree in self.trees:
            for top in tree:
                for directive in top.walk():
                    if directive.name == "set" and directive.args:
                        found.add(directive.args[0].lstrip("$"))
                    elif "(?" in (text := " ".join(directive.args)):
                        found |= set(NAMED_GROUP.findall(text))
        return frozenset(found)

    @cached_property
    def coded(self) -> frozenset[str]:
        """Variables that code in Lua sets, or may set where it stands in a file of its own; `*`: all that something sets.

        https://github.com/openresty/lua-nginx-module#ngxvarvariable
        """
        sources = {id(top.source): top.source.prepared.text for tree in self.trees for top in tree}
        if not any(_LUA in text for text in sources.values()):
            return frozenset()
        found: set[str] = set()
        for directive in (line for tree in self.trees for top in tree for line in top.walk() if _LUA in line.name):
            if directive.name.startswith("set_by_lua"):
                found.update(text.lstrip("$") for text in directive.args[:1])
            elif directive.block is None:
                found.add("*")
            else:
                code = directive.source.prepared.text[directive.opening : directive.ending]
                found.update(name or "*" for name in _SET_BY_LUA.findall(code))
        return frozenset(found)

    @cached_property
    def captured(self) -> frozenset[str]:
        """Variables that the expressions of maps set, once one of them was looked up."""
        blocks = (block for blocks in self.sets.values() for block in blocks)
        lines = (line.name for block in blocks if block.name == "map" for line in block.block or ())
        return frozenset(name for line in lines if "(?" in line for name in NAMED_GROUP.findall(line))

    @cached_property
    def has_gaps(self) -> bool:
        """Whether something that this nginx includes is not here."""
        return any(directive.opaque for tree in self.trees for top in tree for directive in top.walk())

    def evaluate(self, text: str, at: Directive, moment: Moment, depth: int = 0) -> Values:
        """A text with its variables, and with what fills the holes of a template. at: the directive it stands in."""
        if has_hole(text):
            filled = self.environment.fill(text, at)
            if isinstance(filled, Unknown):
                return unknown(filled.why)
            text = filled.value
        if "$" not in text:
            return Values((text,))
        if not depth and (key := self._handshake_key(text, moment)) is not None:
            values = self._of_handshake.get(key)
            if values is None:
                values = self._of_handshake[key] = self._evaluate(text, moment, depth)
            return values
        return self._evaluate(text, moment, depth)

    def _handshake_key(self, text: str, moment: Moment) -> tuple[str, str, object] | None:
        """By what a text that only looks at the handshake's headers, as most that are sent to a backend do, is remembered;
        None where more decides about it."""
        request = moment.request
        if request is None or request.headers or moment.assigned or not self._is_of_handshake(text):
            return None
        came = request.upgrade
        return text, request.kind, came.value if isinstance(came, Known) else None

    def _is_of_handshake(self, text: str) -> bool:
        """Whether a text holds no other variables than the handshake's headers and maps of them."""
        if text not in self._handshake_texts:
            self._handshake_texts[text] = False  # as long as it is worked out: a map of itself is none
            names = [found[1] or found[2] or found[3] for found in VARIABLE.finditer(text)]
            self._handshake_texts[text] = bool(names) and all(map(self._is_handshake_variable, names))
        return self._handshake_texts[text]

    def _is_handshake_variable(self, name: str) -> bool:
        blocks = self.blocks(name)
        if not blocks:
            return name in _HANDSHAKE
        tables = [self._table(block) for block in blocks if block.name == "map" and block.args]
        texts = [block.args[0] for block in blocks] + [
            word for table in tables for line in table.lines for word in line.args[:1]
        ]
        is_plain = len(tables) == len(blocks) and not any(table.reason or table.expressions for table in tables)
        return (
            is_plain
            and not any(map(has_hole, texts))
            and all("$" not in text or self._is_of_handshake(text) for text in texts)
        )

    @cached_property
    def _handshake_texts(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _of_handshake(self) -> dict[tuple[str, str, object], Values]:
        """What such texts are, by their keys."""
        return {}

    def _evaluate(self, text: str, moment: Moment, depth: int) -> Values:
        whole = VARIABLE.fullmatch(text)
        if whole is not None:
            return _join([self.variable(whole[1] or whole[2] or whole[3], moment, depth)])
        parts: list[Values] = []
        end = 0
        for found in VARIABLE.finditer(text):
            parts.append(Values((text[end : found.start()],)))
            parts.append(self.variable(found[1] or found[2] or found[3], moment, depth))
            end = found.end()
        return _join([*parts, Values((text[end:],))])

    def variable(self, name: str, moment: Moment, depth: int = 0) -> Values:
        """What a variable is."""
        if name.isdecimal():
            return _captured_group(whole_number(name), moment)
        if name in moment.assigned and not ({name, "*"} & self.coded):
            return moment.assigned[name]
        if depth > DEEPEST:
            return unknown(f"${name} is worked out from itself, or from more than {DEEPEST} others, one from another")
        if blocks := self.blocks(name):
            return self._once(name, blocks, moment, depth)
        built_in = _built_in(name, moment)
        if built_in is not None:
            return built_in
        if name in self.captured:
            return unknown(f"what an expression of a map took as ${name} is only known request by request")
        if name in self.coded or (name in self.assigned and "*" in self.coded):
            return unknown(f"${name} is set by code in Lua, which is not read")
        if name in self.assigned and not self.has_gaps:
            return EMPTY
        return unknown(f"what sets ${name} is not in the project")

    def _once(self, name: str, blocks: Sequence[Directive], moment: Moment, depth: int) -> Values:
        """What the blocks of a variable make of it, worked out once for all that asks for it on the way to one value."""
        if not depth:
            self._worked_out.clear()
        key = (name, depth, id(moment))
        if key not in self._worked_out:
            if len(self._worked_out) >= MOST_STEPS:
                return unknown(f"what ${name} is takes too many steps to work out")
            values = either(self._defined_values(block, moment, depth + 1) for block in blocks)
            self._worked_out[key] = moment, values
        return self._worked_out[key][1]

    @cached_property
    def _worked_out(self) -> dict[tuple[str, int, int], tuple[Moment, Values]]:
        """Variables on the way to one value, each with the moment, which it keeps."""
        return {}

    def _defined_values(self, block: Directive, moment: Moment, depth: int) -> Values:
        match block.name:
            case "map":
                return self._map_values(block, moment, depth)
            case "geo":
                return self._any_of(_geo_lines(block), block)
            case _:
                return self._any_of(block.block or (), block)

    def _any_of(self, lines: Sequence[Directive], block: Directive) -> Values:
        """One of the values of a `geo` or `split_clients`: whose client it is, nobody knows beforehand."""
        hidden = next((line for line in block.block or () if line.name == "include" or line.opaque), None)
        if hidden is not None:
            return unknown(_why_hidden(hidden, block))
        values = [self._literal(line) for line in lines if line.args]
        always = any(line.name in ("default", "*", "0.0.0.0/0") for line in lines)
        return either(values if always else [*values, EMPTY], f"`{block.written}` differs from client to client")

    def _literal(self, line: Directive) -> Values:
        """What a line of a `geo` or `split_clients` gives: `$x` is a text there."""
        text = line.args[-1]
        if not has_hole(text):
            return Values((text,))
        filled = self.environment.fill(text, line)
        return unknown(filled.why) if isinstance(filled, Unknown) else Values((filled.value,))

    def _map_values(self, block: Directive, moment: Moment, depth: int) -> Values:
        """What a `map` gives: https://nginx.org/en/docs/http/ngx_http_map_module.html#map"""
        table = self._table(block)
        if table.reason:
            return unknown(table.reason)
        given = self.evaluate(block.args[0], block, moment, depth)
        if not given.texts:
            blind = without_captures(moment, "", given.reason)
            values = [
                self._line_value(
                    line, without_captures(blind, line.name, given.reason) if "(?" in line.name else blind, depth
                )
                for line in table.lines
            ]
            return either(values if table.default else [*values, EMPTY], given.reason)
        return either((self._looked_up(table, text, moment, depth) for text in given.texts), given.reason)

    def _looked_up(self, table: Table, text: str, moment: Moment, depth: int) -> Values:
        """Strings come first, then the longest host name with a wildcard in front, then one with a wildcard at its end, then
        expressions in their order."""
        line = table.strings.get(text.lower())
        if line is None:
            wild = [
                (not mask.endswith("*"), len(mask), line) for mask, line in table.wildcards if _fits(mask, text.lower())
            ]
            line = max(wild, key=lambda entry: entry[:2])[2] if wild else None
        if line is not None:
            return self._line_value(line, moment, depth)
        for pattern, ignore_case, entry in table.expressions:
            try:
                found = search(pattern, text, ignore_case)
            except Unsearchable as error:
                return unknown(f"`{entry.name}` {error}")
            if found is not None:
                return self._line_value(entry, with_captures(moment, found), depth)
        return EMPTY if table.default is None else self._line_value(table.default, moment, depth)

    def _line_value(self, line: Directive, moment: Moment, depth: int) -> Values:
        return self.evaluate(line.args[0], line, moment, depth) if line.args else EMPTY

    def _table(self, block: Directive) -> Table:
        found = self.tables.get(id(block))
        if found is None:
            found = self.tables[id(block)] = _read_table(block)
        return found


_LUA = "_by_lua"
_SET_BY_LUA = lazy(r"\bngx\.var(?:\.(\w+)\s*=(?!=)|\[)")
NAMED_GROUP = lazy(r"\(\?(?:P?<|')(\w+)[>']")


def with_captures(moment: Moment, found: Any) -> Moment:
    """The moment after an expression was found: its groups are `$1` and so on, and variables where they have names."""
    groups = tuple(group or "" for group in found.groups())
    named = {name: Values((text or "",)) for name, text in found.groupdict().items()}
    assigned = {**moment.assigned, **named} if named else moment.assigned
    return msgspec.structs.replace(moment, captures=groups, assigned=assigned)


def without_captures(moment: Moment, pattern: str, reason: str) -> Moment:
    """The moment after an expression that may have been found: what its groups took is not known."""
    named = dict.fromkeys(NAMED_GROUP.findall(pattern), unknown(reason))
    return msgspec.structs.replace(moment, captures=None, assigned={**moment.assigned, **named})


def moment_of_arrival(
    server: VirtualServer, request: Request | None, asked: str | None, path: str | None = None
) -> Moment:
    """The moment at which a request comes to a server: what the expression of its name took is `$1` and so on.

    https://nginx.org/en/docs/http/server_names.html#regex_names
    """
    moment = Moment(server, request, asked, path)
    if not server.expressions:
        return moment
    host = request.host if request is not None else None
    if host is None:
        for pattern in server.expressions:
            moment = without_captures(moment, pattern, "which host is asked for is not known")
        return moment
    name = server.name_for(plain_host(host))
    if name is None or not name.startswith("~"):
        return moment
    try:
        found = search(name[1:], plain_host(host), ignore_case=True)
    except Unsearchable as problem:
        return without_captures(moment, name[1:], str(problem))
    return with_captures(moment, found) if found is not None else moment


def response_variables(response: Response) -> dict[str, Values]:
    """What the variables are that stand for a response's headers, as it arrives from behind.

    https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_http_
    """
    values = {
        name: Values((header.value,)) if isinstance(header, Known) else unknown(header.why)
        for name, header in response.headers.items()
    }
    if response.content_type is not None:
        types = (response.content_type, f"{response.content_type}; charset=utf-8")
        values["content-type"] = Values(types, "which charset the application names is not known")
    found = {f"upstream_http_{name.replace('-', '_')}": value for name, value in values.items()}
    if "content-type" in values:
        found["sent_http_content_type"] = values["content-type"]
    return found


def _captured_group(number: int, moment: Moment) -> Values:
    if moment.captures is None:
        return unknown(f"what ${number} took is not known")
    return Values((moment.captures[number - 1],)) if number <= len(moment.captures) else EMPTY


def _join(parts: Sequence[Values]) -> Values:
    for part in parts:
        if not part.texts:
            return part
    if sum(max(map(len, part.texts)) for part in parts) > LONGEST:
        return unknown(f"its text may be longer than {LONGEST} characters")
    several = [part for part in parts if len(part.texts) > 1]
    if not several:
        return Values(("".join(part.texts[0] for part in parts),))
    texts = list(islice(("".join(texts) for texts in product(*(part.texts for part in parts))), MOST_TEXTS + 1))
    reason = several[0].reason
    return Values(tuple(dict.fromkeys(texts)), reason) if len(texts) <= MOST_TEXTS else unknown(reason)


_MAP_WORDS = frozenset({"default", "hostnames", "volatile", "include"})
_GEO_WORDS = frozenset({"include", "delete", "proxy", "proxy_recursive", "ranges", "volatile"})


def _geo_lines(block: Directive) -> list[Directive]:
    return [line for line in block.block or () if line.name not in _GEO_WORDS]


def _why_hidden(line: Directive, block: Directive) -> str:
    """Why it can't be told what a line of a `map` or `geo` brings."""
    why = line.missing or f"`{line.written}` takes no file of the project"
    return f"what `{block.written}` holds is not known, as {why}"


def _read_table(block: Directive) -> Table:
    """The lines of a `map`, each where nginx looks for it."""
    lines = [line for line in block.block or () if line.block is None]
    for line in lines:
        if line.opaque or line.name == "include":
            return Table({}, (), (), None, _why_hidden(line, block))
        if has_hole(line.name):
            return Table({}, (), (), None, f"`{line.written}` is only known once the template is rendered")
    has_hosts = any(line.name == "hostnames" for line in lines)
    entries = [(line.name, line) for line in lines if line.name not in _MAP_WORDS]
    plain = [(name.removeprefix("\\").lower(), line) for name, line in entries if not name.startswith("~")]
    wild = [(name, line) for name, line in plain if has_hosts and ("*" in name or name.startswith("."))]
    expressions = [
        (name[2:] if name.startswith("~*") else name[1:], name.startswith("~*"), line)
        for name, line in entries
        if name.startswith("~")
    ]
    default = next((line for line in lines if line.name == "default"), None)
    wildcards = tuple(entry for entry in wild)
    strings = {name: line for name, line in reversed(plain) if (name, line) not in wildcards}
    return Table(strings, wildcards, tuple(expressions), default)


def _fits(mask: str, host: str) -> bool:
    """Whether a host fits `*.example.com`, `.example.com` or `mail.*`."""
    if mask.endswith(".*"):
        return host.startswith(mask[:-1])
    return host.endswith(mask.lstrip("*")) or (mask.startswith(".") and host == mask[1:])


_HANDSHAKE = {"http_upgrade": "websocket", "http_connection": "Upgrade", "http_sec_websocket_version": "13"}
_FAMILIES = tuple(
    f"{family}_"
    for family in (
        "http arg cookie sent_http sent_trailer upstream_http upstream_cookie upstream_trailer ssl geoip geoip2 jwt oidc otel"
        " connections acme echo mqtt_preread session_log proxy_protocol_tlv brotli zstd"
    ).split()
)
_REQUEST_ONLY = frozenset(
    "ancient_browser args binary_remote_addr body_bytes_sent bytes_received bytes_sent connection connection_requests"
    " connection_time content_length content_type date_gmt date_local document_root document_uri fastcgi_path_info"
    " fastcgi_script_name grpc_internal_trailers gzip_ratio host hostname http2 http3 https invalid_referer is_args"
    " is_request_port limit_conn_status limit_rate limit_req_status memcached_key modern_browser msec msie"
    " nginx_version pid pipe protocol proxy_add_via proxy_add_x_forwarded_for proxy_host proxy_internal_body_length"
    " proxy_internal_chunked proxy_port proxy_protocol_addr proxy_protocol_port proxy_protocol_server_addr"
    " proxy_protocol_server_port query_string quic realip_remote_addr realip_remote_port realpath_root remote_addr"
    " remote_port remote_user request request_body request_body_file request_completion request_filename request_id"
    " request_length request_method request_port request_time request_uri scheme secure_link secure_link_expires"
    " server_addr server_name server_port server_protocol session_time slice_range status tcpinfo_rcv_space"
    " tcpinfo_rtt tcpinfo_rttvar tcpinfo_snd_cwnd time_iso8601 time_iso8601_ms time_local uid_got uid_reset uid_set"
    " upstream_addr upstream_bytes_received upstream_bytes_sent upstream_cache_etag upstream_cache_last_modified"
    " upstream_cache_status upstream_connect_time upstream_first_byte_time upstream_header_time upstream_last_addr"
    " upstream_last_server_name upstream_queue_time upstream_response_length upstream_response_time"
    " upstream_session_time upstream_status uri".split()
)
"""Variables that nginx and its usual modules have by themselves."""
_METHODS = ("GET", "POST")
"""How streams are asked for where nothing says it: an EventSource by GET, a chat completion by POST."""
_BODY_METHODS = frozenset({*_METHODS, "PUT", "PATCH", "DELETE"})


def methods_of(request: Request | None) -> tuple[str, ...]:
    """The methods by which the stream may be asked for that a request stands for."""
    if request is not None and request.kind == "websocket":
        return ("GET",)
    asked = request.methods if request is not None else ()
    return tuple(method for method in asked if method in _BODY_METHODS) or _METHODS


def _built_in(name: str, moment: Moment) -> Values | None:
    """A variable of nginx's own; None for one that it does not have."""
    known = _of_request(name, moment) if moment.request is not None else None
    if known is None and name in ("uri", "document_uri") and moment.path is not None:
        known = Values((moment.path,))
    if known is None and name == "server_name":
        known = Values((moment.server.names[0],))
    if known is None and name in ("scheme", "https", "server_port"):
        known = _of_listener(name, moment)
    if known is not None:
        return known
    return unknown(f"${name} is only known request by request") if is_built_in(name) else None


def is_built_in(name: str) -> bool:
    """Whether a variable is one of nginx's own modules."""
    return name in _REQUEST_ONLY or name.startswith(_FAMILIES)


def _of_request(name: str, moment: Moment) -> Values | None:
    request = moment.request
    assert request is not None
    if name.startswith(("http_", "cookie_")) and name != "http_host":
        sent = _header_sent(name, moment)
        if sent is not None:
            return Values((sent.value,)) if isinstance(sent, Known) else unknown(sent.why)
    match name:
        case "http_upgrade" | "http_connection" | "http_sec_websocket_version" if request.kind == "websocket":
            left = request.upgrade.value if isinstance(request.upgrade, Known) else "forwarded"
            if left == "dropped":
                return EMPTY if name == "http_upgrade" else None
            return Values(("close",)) if left == "half" and name == "http_connection" else Values((_HANDSHAKE[name],))
        case "http_upgrade" | "http_sec_websocket_key" | "http_sec_websocket_version":
            return EMPTY if request.kind == "sse" else None
        case "http_connection" if request.kind == "sse":
            return Values(("keep-alive", "close", ""), "what a browser says of its connection is not known")
        case "http_referer" if request.kind == "websocket":
            return EMPTY  # browsers send none with a handshake: https://websockets.spec.whatwg.org
        case "request_method":
            return Values(methods_of(request), "a stream may be asked for by GET or by POST")
        case "host" if request.host == "":
            return Values((moment.server.names[0],))
        case "host" | "http_host" if request.host is not None:
            return Values((plain_host(request.host) if name == "host" else request.host,))
        case "ssl_preread_server_name" if request.host is not None and request.secure is not False:
            return Values((plain_host(request.host),))
        case "ssl_preread_server_name" if request.secure is False:
            return EMPTY
        case "request_uri" if moment.asked is not None:
            return Values((moment.asked,))
        case "server_protocol" if request.kind == "websocket":
            return Values(("HTTP/1.1",))
        case _:
            return None


def headers_heard(request: Request, server: VirtualServer) -> dict[str, Setting[str]]:
    """What hops in front made of headers, as far as nginx heeds them: it ignores names with an underscore.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#underscores_in_headers
    """
    if not request.headers:
        return {}
    found = dict(request.headers)
    if not any("_" in name for name in found):
        return found
    lines = server.block.scope.find("underscores_in_headers")
    is_on = not isinstance(lines, Unknown) and any(line.args == ["on"] for line in lines[0])
    return found if is_on else {name: value for name, value in found.items() if "_" not in name}


def _header_sent(name: str, moment: Moment) -> Setting[str] | None:
    """What hops in front made of the header, or the cookie, that a variable stands for; None: nothing."""
    assert moment.request is not None
    family, _, word = name.partition("_")
    wanted = word if family == "http" else "cookie"
    heard = headers_heard(moment.request, moment.server)
    found = [value for header, value in heard.items() if header.replace("-", "_") == wanted] or (
        [heard["*"]] if "*" in heard else []
    )
    if not found or family == "http" or isinstance(found[0], Unknown):
        return found[0] if found else None
    pairs = (pair.strip().partition("=") for pair in found[0].value.split(";"))
    return found[0].with_value({key: text for key, _, text in pairs}.get(word, ""))


def _of_listener(name: str, moment: Moment) -> Values:
    """What the socket decides on which a request arrives."""
    to = moment.request.to if moment.request is not None else None
    listeners = [listener for listener in moment.server.listeners if to is None or listener.takes(to)]
    if name == "server_port":
        ports = dict.fromkeys(str(listener.address.port) for listener in listeners if listener.address.port)
        return (
            Values(tuple(ports), "the server listens on several ports") if ports else unknown("the port is not known")
        )
    secure = {listener.secure for listener in listeners} or {False}
    words = {True: "https", False: "http"} if name == "scheme" else {True: "on", False: ""}
    texts = tuple(words[value] for value in sorted(secure))
    return Values(texts, "the server takes http and https")


def decide(values: Values, test: Callable[[str], bool]) -> bool | None:
    """One answer for every text that something may be; None where they differ, or it is not known."""
    answers = {test(text) for text in values.texts}
    return answers.pop() if len(answers) == 1 else None
