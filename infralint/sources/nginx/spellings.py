"""Values that nginx takes in a spelling of their own: zones, caches, networks, resolvers, shares; what it says of others.

https://nginx.org/en/docs/dirindex.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from ipaddress import IPv6Address
from types import MappingProxyType

from infralint.platforms.nginx import CACHING_FAMILIES
from infralint.platforms.nginx_values import NUMBER, SMALL_SIZE, BadValue, long_time, size, time
from infralint.sources.nginx.tree import Directive
from infralint.text.lazy import lazy

_BYTE = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_IPV4 = lazy(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_MASKED = lazy(rf"{_BYTE}(?:\.{_BYTE}){{3}}(?:/0*(?:[0-9]|[12][0-9]|3[0-2]))?")
_LEVELS = lazy("(?:[12](?::[12]){0,2})?")
_RATE = lazy("0*[1-9][0-9]{0,9}(?:r/[sm])?")
_PERCENT = lazy(r"(?:[0-9]{1,9}(?:\.[0-9]{0,2})?|\.[0-9]{1,2})%")
_LEAST_ZONE = 32 * 1024
"""Bytes: eight of the smallest pages of memory."""
_LEAST_KEYS = 8 * 1024
_FIXED = frozenset(
    "binary_remote_addr body_bytes_sent bytes_sent connection connection_requests connection_time content_length"
    " content_type date_gmt date_local document_root document_uri gzip_ratio host hostname http_cookie http_host"
    " http_referer http_user_agent http_via http_x_forwarded_for https is_args limit_conn_status limit_req_status msec"
    " nginx_version pid pipe proxy_add_x_forwarded_for proxy_protocol_addr proxy_protocol_port"
    " proxy_protocol_server_addr proxy_protocol_server_port query_string realpath_root remote_addr remote_port"
    " remote_user request request_body request_body_file request_completion request_filename request_id"
    " request_length request_method request_time request_uri scheme sent_http_cache_control sent_http_connection"
    " sent_http_content_length sent_http_content_type sent_http_keep_alive sent_http_last_modified sent_http_link"
    " sent_http_location sent_http_transfer_encoding server_addr server_name server_port server_protocol status"
    " time_iso8601 time_local upstream_addr upstream_bytes_received upstream_bytes_sent upstream_cache_status"
    " upstream_connect_time upstream_header_time upstream_response_length upstream_response_time upstream_status"
    " uri".split()
)
"""Variables of HTTP that nothing can set, in every nginx: https://nginx.org/en/docs/varindex.html"""


def fixed_variable(names: Iterable[str]) -> str:
    """What nginx says of the first of some variables that it has by itself, and lets nobody set; empty where there is none."""
    name = next((name for name in names if name.lower() in _FIXED), None)
    return "" if name is None else f'the duplicate "{name}" variable'


def is_network(text: str) -> bool:
    """Whether a text is an address, or a network (`10.0.0.0/8`), as nginx reads them."""
    if _MASKED.fullmatch(text):
        return True
    address, slash, length = text.partition("/")
    if slash and not (NUMBER.fullmatch(length) and int(length) <= 128):
        return False
    try:
        return ":" in address and "%" not in address and IPv6Address(address) is not None
    except ValueError:
        return False


def has_wrong_port(host: str) -> bool:
    """Whether what stands behind the first colon of `host:port` is no port."""
    _, colon, port = (host.rpartition("]")[2] if host.startswith("[") else host).partition(":")
    return bool(colon) and not (_is_number(port) and 1 <= int(port) <= 65535)


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except BadValue:
        return False
    return True


def is_long_time(text: str) -> bool:
    """Whether a text is a time of seconds, as caches and pauses have."""
    return _is(long_time, text)


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _cache_valid(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid"""
    *codes, kept = directive.args
    if not is_long_time(kept):
        return f'invalid time value "{kept}"'
    wrong = next((code for code in codes if code != "any" and not (_is_number(code) and 100 <= int(code) < 600)), None)
    return "" if wrong is None else f'invalid status "{wrong}"'


_OF_CACHE_PATHS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "inactive": lambda text: is_long_time(text),
        "max_size": lambda text: _is(size, text),
        "min_free": lambda text: _is(size, text),
        **dict.fromkeys(["loader_files", "manager_files"], _is_number),
        **dict.fromkeys(
            ["loader_sleep", "loader_threshold", "manager_sleep", "manager_threshold"],
            lambda text: _is(time, text),
        ),
    }
)


def _cache_path(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_path"""
    has_zone = False
    for word in directive.args[1:]:
        name, equals, text = word.partition("=")
        if name == "keys_zone" and equals:
            if message := _zone_problem(word, "keys zone", _LEAST_KEYS):
                return message
            has_zone = has_zone or not text.startswith(":")
        elif message := _of_cache_path(name, text if equals else None, word):
            return message
    return "" if has_zone else f'"{directive.name}" must have "keys_zone" parameter'


def _of_cache_path(name: str, text: str | None, word: str) -> str:
    if text is None:
        return f'invalid parameter "{word}"'
    if name == "levels":
        return "" if _LEVELS.fullmatch(text) else f'invalid "levels" "{word}"'
    if name == "use_temp_path":
        return "" if text in ("on", "off") else f'invalid use_temp_path value "{word}", it must be "on" or "off"'
    if name in _OF_CACHE_PATHS:
        return "" if _OF_CACHE_PATHS[name](text) else f'invalid {name} value "{word}"'
    return "" if name.startswith("purger") else f'invalid parameter "{word}"'  # NGINX Plus purges


def _zone_problem(word: str, what: str, least: int) -> str:
    """What nginx says of `zone=name:size`; empty where it takes it."""
    _, colon, room = word.partition("=")[2].partition(":")
    if not colon or not SMALL_SIZE.fullmatch(room):
        return f'invalid {what} size "{word}"'
    return "" if size(room) >= least else f'{what} "{word}" is too small'


def _limit_zone(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_zone"""
    has_zone = False
    for word in directive.args[1:]:
        if word.startswith("zone="):
            if message := _zone_problem(word, "zone", _LEAST_ZONE):
                return message
            has_zone = has_zone or not word.startswith("zone=:")
        elif word.startswith("rate=") and directive.name == "limit_req_zone":
            if not _RATE.fullmatch(word[5:]):
                return f'invalid rate "{word}"'
        elif word != "sync":  # NGINX Plus shares zones
            return f'invalid parameter "{word}"'
    return "" if has_zone else f'"{directive.name}" must have "zone" parameter'


def _upstream_zone(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_upstream_module.html#zone"""
    room = directive.args[1] if len(directive.args) == 2 else f"{_LEAST_ZONE}"
    if not SMALL_SIZE.fullmatch(room):
        return f'invalid zone size "{room}"'
    return "" if size(room) >= _LEAST_ZONE else f'zone "{directive.args[0]}" is too small'


def _expires(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires"""
    *before, text = directive.args
    if "$" in text:
        return ""
    invalid = '"expires" directive invalid value'
    is_modified = before == ["modified"]
    if before and not is_modified:
        return invalid
    if text in ("epoch", "max", "off"):
        return invalid if is_modified else ""
    if text.startswith("@"):
        if is_modified:
            return '"expires" directive daily time cannot be used with "modified" parameter'
        if not is_long_time(text[1:]):
            return invalid
        return "" if long_time(text[1:]) <= 86400 else '"expires" directive daily time value must be less than 24 hours'
    return "" if is_long_time(text[1:] if text[:1] in ("-", "+") else text) else invalid


def _resolver(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver"""
    has_server = False
    families = {}
    for word in directive.args:
        name, equals, text = word.partition("=")
        if not equals:
            has_server = True
            if message := _server_of_names(word):
                return message
        elif name == "valid":
            if not is_long_time(text):
                return f"invalid parameter: {word}"
        elif name in ("ipv4", "ipv6"):
            families[name] = text
            if text not in ("on", "off"):
                return f"invalid parameter: {word}"
        elif name != "status_zone":  # NGINX Plus counts
            return f'host not found in resolver "{word}"'
    if families == {"ipv4": "off", "ipv6": "off"}:
        return '"ipv4" and "ipv6" cannot both be "off"'
    return "" if has_server else "no name servers defined"


def _server_of_names(word: str) -> str:
    """What nginx says of a server that knows names; empty where it takes it, or where only names' servers can tell."""
    if "/" in word:
        return f'invalid host in resolver "{word}"'
    if "$" in word or "," in word:
        return f'host not found in resolver "{word}"'
    return f'invalid port in resolver "{word}"' if has_wrong_port(word) else ""


def _proxies_address(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_realip_module.html#set_real_ip_from"""
    text = directive.args[0]
    if text == "unix:" or is_network(text) or not set(text) & set("/,*$"):
        return ""
    return f'host not found in set_real_ip_from "{text}"'


def _session_cache(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_session_cache"""
    for word in directive.args:
        kind, _, rest = word.partition(":")
        if word in ("off", "none", "builtin") or (kind == "builtin" and _is_number(rest)):
            continue
        name, _, room = rest.partition(":")
        if kind != "shared" or not name or not SMALL_SIZE.fullmatch(room):
            return f'invalid session cache "{word}"'
        if size(room) < _LEAST_ZONE:
            return f'session cache "{word}" is too small'
    return ""


def _keepalive(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive; since 1.29.7, 0 switches it off."""
    number, *rest = directive.args
    if not _is_number(number):
        return f'invalid value "{number}" in "keepalive" directive'
    return f'invalid parameter "{rest[0]}"' if rest and rest[0] != "local" else ""


def _split_clients(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_split_clients_module.html"""
    if not directive.args[-1].startswith("$"):
        return f'invalid variable name "{directive.args[-1]}"'
    total = Decimal(0)
    for line in _lines_to_read(directive):
        if line.name == "*":
            total = Decimal(100)
        elif not _PERCENT.fullmatch(line.name) or not Decimal(line.name[:-1]):
            return f'invalid percent value "{line.name}"'
        else:
            total += Decimal(line.name[:-1])
        if total > 100:
            return "percent total is greater than 100%"
    return ""


def _lines_to_read(directive: Directive) -> Sequence[Directive]:
    """The lines of a block that surely stand there as they read."""
    return [
        line
        for line in directive.block or ()
        if not (line.has_hole or line.opaque or line.conditions or line.has_alternatives)
    ]


_OF_GEO = frozenset(["ranges", "proxy_recursive", "volatile"])


def _geo(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_geo_module.html"""
    wrong = next((word for word in directive.args if not word.startswith("$")), None)
    if wrong is not None:
        return f'invalid variable name "{wrong}"'
    lines = _lines_to_read(directive)
    if not lines or not directive.block or lines[0] is not directive.block[0]:
        return ""
    are_ranges = (lines[0].name, *lines[0].args) == ("ranges",)
    for number, line in enumerate(lines):
        if not line.args and line.name in _OF_GEO:
            if line.name == "ranges" and number:
                return 'the "ranges" directive must be the first directive inside "geo" block'
        elif len(line.args) != 1:
            return "invalid number of the geo parameters"
        elif line.name not in ("default", "include") and (message := _geo_line(line, are_ranges)):
            return message
    return ""


def _geo_line(line: Directive, are_ranges: bool) -> str:
    text = line.args[0] if line.name in ("delete", "proxy") else line.name
    if are_ranges and line.name != "proxy":
        first, dash, last = text.partition("-")
        is_range = dash and _IPV4.fullmatch(first) and _IPV4.fullmatch(last) and _number(first) <= _number(last)
        return "" if is_range else f'invalid range "{text}"'
    return "" if is_network(text) else f'invalid network "{text}"'


def _number(address: str) -> tuple[int, ...]:
    return tuple(map(int, address.split(".")))


def _file_cache(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_core_module.html#open_file_cache"""
    if directive.args == ["off"]:
        return ""
    for word in directive.args:
        name, _, text = word.partition("=")
        is_right = name == "inactive" and is_long_time(text)
        if not is_right and not (name == "max" and _is_number(text) and int(text)):
            return f'invalid "open_file_cache" parameter "{word}"'
    has_most = any(word.startswith("max=") for word in directive.args)
    return "" if has_most else '"open_file_cache" must have the "max" parameter'


def _access_log(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_log_module.html#access_log"""
    target, *rest = directive.args
    if target == "off":
        return f'invalid parameter "{rest[0]}"' if rest else ""
    for word in rest[1:]:
        name, equals, text = word.partition("=")
        if name == "buffer" and equals and not (SMALL_SIZE.fullmatch(text) and size(text)):
            return f'invalid buffer size "{text}"'
        if name == "flush" and equals and not _is(time, text):
            return f'invalid flush time "{text}"'
        if name == "gzip" and equals and not (len(text) == 1 and text in "123456789"):
            return f'invalid compression level "{text}"'
        if (not equals and word != "gzip") or name not in ("buffer", "flush", "gzip", "if"):
            return f'invalid parameter "{word}"'
    return ""


def _bind(directive: Directive) -> str:
    """https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_bind"""
    address, *rest = directive.args
    if rest and rest[0] != "transparent":
        return f'invalid parameter "{rest[0]}"'
    if "$" in address or (address == "off" and not rest):
        return ""
    host, port = address, "1"
    if address.count(":") == 1 or "]:" in address:
        host, _, port = address.rpartition(":")
    is_address = "/" not in host and is_network(host.strip("[]")) and _is_number(port) and 1 <= int(port) <= 65535
    return "" if is_address else f'invalid address "{address}"'


def _keepalive_timeout(directive: Directive) -> str:
    kept, *header = directive.args
    is_taken = not header or (_is(time, kept) and is_long_time(header[0]))
    return "" if is_taken else f'"{directive.name}" directive invalid value'


def _hash(directive: Directive) -> str:
    rest = directive.args[1:]
    return f'invalid parameter "{rest[0]}"' if rest and rest[0] != "consistent" else ""


def _random(directive: Directive) -> str:
    first, *rest = directive.args
    if first != "two":
        return f'invalid parameter "{first}"'
    return f'invalid parameter "{rest[0]}"' if rest and not rest[0].startswith(("least_conn", "least_time")) else ""


def _aio(directive: Directive) -> str:
    word = directive.args[0]
    is_way = word in ("on", "off", "sendfile") or word == "threads" or word.startswith("threads=")
    return "" if is_way else '"aio" directive invalid value'


def _off_alone(directive: Directive) -> str:
    word = directive.args[0]
    return f'invalid parameter "{word}"' if len(directive.args) == 1 and word != "off" else ""


def _processes(directive: Directive) -> str:
    text = directive.args[0]
    return "" if text == "auto" or _is_number(text) else f'"{directive.name}" directive invalid value'


def _connections(directive: Directive) -> str:
    return "" if _is_number(directive.args[0]) else f'invalid number "{directive.args[0]}"'


_EVENTS = frozenset("select poll epoll kqueue devpoll /dev/poll eventport".split())


def _use(directive: Directive) -> str:
    return "" if directive.args[0] in _EVENTS else f'invalid event type "{directive.args[0]}"'


SPELLED: Mapping[str, Callable[[Directive], str]] = MappingProxyType(
    {
        **{f"{family}_cache_valid": _cache_valid for family in CACHING_FAMILIES},
        **{f"{family}_cache_path": _cache_path for family in CACHING_FAMILIES},
        **{f"{family}_bind": _bind for family in (*CACHING_FAMILIES, "grpc", "memcached")},
        "limit_req_zone": _limit_zone,
        "limit_conn_zone": _limit_zone,
        "zone": _upstream_zone,
        "expires": _expires,
        "resolver": _resolver,
        "set_real_ip_from": _proxies_address,
        "ssl_session_cache": _session_cache,
        "keepalive": _keepalive,
        "split_clients": _split_clients,
        "geo": _geo,
        "open_file_cache": _file_cache,
        "access_log": _access_log,
        "keepalive_timeout": _keepalive_timeout,
        "hash": _hash,
        "random": _random,
        "aio": _aio,
        "proxy_cookie_path": _off_alone,
        "proxy_cookie_domain": _off_alone,
        "worker_processes": _processes,
        "worker_connections": _connections,
        "use": _use,
    }
)
"""Directives -> what nginx says of their arguments, of which there is one at least; empty where it takes them, or where that
can't be told."""
