"""What nginx would refuse in a file that parses: a name that it does not know, or what may stand only once and stands twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType

from infralint.model import Location, Unknown, Unreadable
from infralint.platforms.nginx import CACHING_FAMILIES
from infralint.platforms.nginx_values import BadValue, time
from infralint.sources.nginx.arities import ANY, ARITIES
from infralint.sources.nginx.contexts import HEEDED
from infralint.sources.nginx.grammar import (
    BY_LINES_AROUND,
    LISTS,
    OF_BUFFERS,
    BlockKind,
    BlocksAround,
    invalid_value,
    listens_twice,
    misplacement,
    unbalanced_buffers,
)
from infralint.sources.nginx.hops import PASSES
from infralint.sources.nginx.scopes import Level, contradiction, has_hole, not_taken
from infralint.sources.nginx.spellings import fixed_variable
from infralint.sources.nginx.templates import HOLE
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.value_kinds import is_time
from infralint.sources.nginx.variables import NAMED_GROUP
from infralint.text.lazy import lazy
from infralint.text.patterns import Invalid, TooSlow, Unsearchable, budget, compile_pattern
from infralint.text.suggestions import closest

_FAMILIES = (*CACHING_FAMILIES, "grpc")
_ONCE = frozenset(
    "proxy_http_version proxy_cache proxy_buffer_size proxy_send_timeout gzip chunked_transfer_encoding limit_rate"
    " worker_shutdown_timeout".split()
    + [f"{family}_{name}" for family in _FAMILIES for name in ("buffering", "read_timeout", "pass")]
) - {"grpc_buffering"}
"""Directives that infralint goes by, and that nginx takes once a block: https://nginx.org/en/docs/dirindex.html"""
_UNREPEATED = (
    _ONCE
    | frozenset(
        "absolute_redirect alias auth_basic auth_basic_user_file auth_delay auth_request autoindex charset"
        " client_body_buffer_size client_body_in_single_buffer client_body_timeout client_header_buffer_size"
        " client_header_timeout client_max_body_size connection_pool_size default_type disable_symlinks etag"
        " expires fastcgi_buffer_size fastcgi_buffers fastcgi_cache fastcgi_ignore_client_abort fastcgi_index"
        " fastcgi_intercept_errors fastcgi_keep_conn fastcgi_request_buffering grpc_buffer_size"
        " grpc_intercept_errors grpc_socket_keepalive gzip_buffers gzip_comp_level gzip_http_version"
        " gzip_min_length gzip_vary if_modified_since ignore_invalid_headers internal keepalive_requests"
        " keepalive_time keepalive_timeout large_client_header_buffers limit_conn_status limit_rate_after"
        " limit_req_log_level limit_req_status lingering_close lingering_time lingering_timeout log_not_found"
        " log_subrequest max_ranges merge_slashes mirror_request_body msie_padding msie_refresh"
        " open_file_cache output_buffers override_charset port_in_redirect postpone_output proxy_bind"
        " proxy_buffers proxy_busy_buffers_size proxy_cache_background_update proxy_cache_convert_head"
        " proxy_cache_key proxy_cache_lock proxy_cache_min_uses proxy_cache_revalidate proxy_force_ranges"
        " proxy_headers_hash_max_size proxy_ignore_client_abort proxy_intercept_errors proxy_limit_rate"
        " proxy_max_temp_file_size proxy_method proxy_next_upstream_timeout proxy_next_upstream_tries"
        " proxy_pass_request_body proxy_pass_request_headers proxy_request_buffering proxy_set_body"
        " proxy_socket_keepalive proxy_ssl_name proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_verify"
        " proxy_store proxy_temp_file_write_size read_ahead real_ip_header real_ip_recursive"
        " recursive_error_pages request_pool_size reset_timedout_connection resolver resolver_timeout root"
        " satisfy secure_link secure_link_md5 send_lowat send_timeout sendfile sendfile_max_chunk"
        " server_name_in_redirect server_tokens source_charset ssi ssl_ciphers ssl_prefer_server_ciphers"
        " ssl_session_tickets ssl_session_timeout subrequest_output_buffer_size tcp_nodelay tcp_nopush"
        " proxy_timeout ssl_preread"
        " try_files types_hash_max_size worker_connections worker_processes underscores_in_headers userid uwsgi_intercept_errors"
        " uwsgi_request_buffering".split()
    )
    | {f"{family}_{name}_timeout" for family in _FAMILIES for name in ("connect", "send")}
)
"""Those, and others that nginx takes once a block, as 1.22 and 1.31 do."""
_KEYED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "log_format": ("", 'duplicate "log_format" name "{}"'),
        **{f"{family}_cache_path": ("keys_zone=", 'duplicate zone "{}"') for family in CACHING_FAMILIES},
        "limit_req_zone": ("zone=", 'limit_req_zone "{}" is already bound to key'),
        "limit_conn_zone": ("zone=", 'limit_conn_zone "{}" is already bound to key'),
    }
)
"""Directives that may stand once under a name -> what the word with the name begins with, and what nginx says of two."""
_MAIN_BLOCKS = ("http", "events", "stream", "mail")
_SINGLE = _UNREPEATED | _KEYED.keys() | {"location", "upstream", *_MAIN_BLOCKS}
"""Those, and blocks that may stand once, or once under a name."""
_HEEDED = _ONCE | HEEDED
_MATCHING = frozenset(["location", "server_name", "rewrite", "if", "map"])
"""Directives that may hold regular expressions."""
_REFUSED = "nginx would refuse this file"
_BLOCKS = frozenset("http events location upstream map geo split_clients types if limit_except".split())
"""Directives that open a block, in whichever block they stand."""
ARGUMENTS = {
    **ARITIES,
    "http": (0, 0),
    "events": (0, 0),
    "location": (1, 2),
    "upstream": (1, 1),
    "map": (2, 2),
    "geo": (1, 2),
    "split_clients": (2, 2),
    "if": (1, ANY),
    "limit_except": (1, ANY),
    "include": (1, 1),
    "listen": (1, ANY),
    "rewrite": (2, 3),
    "set": (2, 2),
    "return": (1, 2),
    "try_files": (2, ANY),
    "error_page": (2, ANY),
    "add_header": (2, 4),
    "keepalive_timeout": (1, 2),
    "proxy_ignore_headers": (1, ANY),
    "fastcgi_ignore_headers": (1, ANY),
    "uwsgi_ignore_headers": (1, ANY),
    "scgi_ignore_headers": (1, ANY),
    "proxy_set_header": (2, 2),
    "grpc_set_header": (2, 2),
    "proxy_hide_header": (1, 1),
    "proxy_pass_header": (1, 1),
    "gzip_types": (1, ANY),
    "proxy_connect_timeout": (1, 1),
    "proxy_timeout": (1, 1),
    "merge_slashes": (1, 1),
    "server_name": (1, ANY),
    "proxy_method": (1, 1),
    "large_client_header_buffers": (2, 2),
    "connection_pool_size": (1, 1),
    "request_pool_size": (1, 1),
    "root": (1, 1),
    "alias": (1, 1),
    "internal": (0, 0),
    "ip_hash": (0, 0),
} | dict.fromkeys(_ONCE - {"limit_rate", "worker_shutdown_timeout"}, (1, 1))
"""How many arguments nginx takes, at least and at most: https://nginx.org/en/docs/dirindex.html"""
_HOST = lazy(r"\*|[0-9_-]*+[A-Za-z.][\w.-]*+", re.ASCII)
_PORT = lazy(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_URI = lazy(r"https?://(?:unix:[^:]*:.|(?!unix:)[^/?]*[/?])")
"""Where the path begins in what proxy_pass names."""
_LIKE = 0.9
"""How alike a mistyped name and the right one are, at least."""


_BY_NEIGHBOURS = PASSES.keys() | BY_LINES_AROUND.keys()
"""Directives that nginx takes or refuses by what stands beside or around them, too."""
_BLOCKS_ALIKE = frozenset({"server", "location"})
"""Blocks that nginx takes or refuses by their first line, unless they stand in a location or in `stream {}`."""


def refusals(trees: Iterable[Sequence[Directive]]) -> Iterator[Unreadable]:
    """All that nginx would refuse below the top levels of files."""
    accepted: dict[tuple[BlockKind, bool], set[tuple[str, ...]]] = {}
    for tree in trees:
        is_whole = any(directive.name in ("http", "events") and directive.block is not None for directive in tree)
        pending: list[tuple[Sequence[Directive], BlocksAround]] = [(tree, BlocksAround())]
        while pending:
            level, around = pending.pop()
            names = {directive.name for directive in level}
            if len(names) < len(level) and not names.isdisjoint(_SINGLE):
                yield from _twice(level)
            if "server" in names:
                yield from (_refuse(directive, message) for directive, message in listens_twice(level))
            if not names.isdisjoint(OF_BUFFERS):
                unbalanced = unbalanced_buffers(level, around.blocks, is_whole)
                yield from (_refuse(directive, message) for directive, message in unbalanced)
            yield from _refused_alone(level, around, is_whole, accepted)
            for directive in level:
                if directive.block and directive.name not in LISTS:
                    pending.append((directive.block, around.inside(directive)))


def _refused_alone(
    level: Sequence[Directive],
    around: BlocksAround,
    is_whole: bool,
    accepted: dict[tuple[BlockKind, bool], set[tuple[str, ...]]],
) -> Iterator[Unreadable]:
    """What nginx would refuse of the lines of a block, each by itself. accepted: the lines that it takes, by the kind of
    block that they stand in: most are written again and again."""
    is_inside_location = bool(around.blocks) and around.blocks[-1].name == "location"
    alike = accepted.setdefault((around.kind, is_whole and not around.blocks), set())
    for directive in level:
        prepared = directive.source.prepared
        if directive.block is None:
            is_plain = directive.name not in _BY_NEIGHBOURS and not directive.missing
        else:
            is_plain = directive.name in _BLOCKS_ALIKE and not is_inside_location and around.letter != "T"
        if is_plain and not (prepared.holes or prepared.headings):
            line = (directive.name, *directive.args, "" if directive.block is None else "{")
            if line in alike:
                continue
            found = list(_refused_line(directive, around, level, is_whole))
            if not found:
                alike.add(line)
            yield from found
        else:
            yield from _refused_line(directive, around, level, is_whole)


def _refused_line(
    directive: Directive, around: BlocksAround, level: Sequence[Directive], is_whole: bool
) -> Iterator[Unreadable]:
    if right := _meant(directive.name):
        yield _refuse(directive, f'unknown directive "{directive.name}"; did you mean {right}?')
    elif message := _problem(directive, around, level, is_whole):
        yield _refuse(directive, message)
    elif is_time(directive.name) and _is_no_time(directive):
        yield Unreadable(not_taken(directive), directive.where)
    if directive.name in _MATCHING:
        yield from _invalid_expressions(directive, around.is_http)


def _problem(directive: Directive, around: BlocksAround, level: Sequence[Directive], is_whole: bool) -> str:
    """What nginx says of a directive by its words and its place; empty where it takes it, or where a template decides."""
    prepared = directive.source.prepared
    is_settled = (prepared.text.isascii() or not directive.has_hole) and not (
        prepared.headings and directive.has_alternatives
    )
    if is_settled and not directive.missing and (message := _malformation(directive)):
        return message
    if message := misplacement(directive, around, is_whole and not _is_in_definition(directive)):
        return message
    if directive.name in PASSES and around.blocks and (message := _misplaced_pass(directive, around, level)):
        return message
    if is_settled and not directive.opaque and (message := invalid_value(directive, around)):
        return message
    return _listen_problem(directive) if directive.name == "listen" else ""


def _is_in_definition(directive: Directive) -> bool:
    """Whether a directive stands in a named template (`define`), which may be put anywhere."""
    headings = directive.source.prepared.headings
    return any(headings[number].partition(" ")[0] in ("define", "macro") for number, *_ in directive.conditions)


def _malformation(directive: Directive) -> str:
    """What nginx says of too few or too many arguments, or of a block that is missing or too much; empty where it takes them."""
    name, counts = directive.name, ARGUMENTS.get(directive.name)
    if counts is None:
        return ""
    is_open = name in ARITIES and any("$" in word for word in directive.args)  # what fills it may be several words
    if not counts[0] <= len(directive.args) <= counts[1] and not is_open:
        return f'invalid number of arguments in "{name}" directive'
    if name in _BLOCKS and directive.block is None:
        return f'directive "{name}" has no opening "{{"'
    if name not in _BLOCKS and directive.block is not None:
        return f'directive "{name}" is not terminated by ";"'
    return ""


def _is_no_time(directive: Directive) -> bool:
    """Whether nginx does not take a time; what a template or a variable puts there is judged where it matters."""
    prepared = directive.source.prepared
    if prepared.headings or prepared.holes or len(directive.args) != 1 or "$" in directive.args[0]:
        return False
    try:
        time(directive.args[0])
    except BadValue:
        return True
    return False


def _listen_problem(directive: Directive) -> str:
    """What nginx says of an address to listen on; empty where it takes it."""
    if not directive.args or directive.has_hole:
        return ""
    address = directive.args[0]
    if len(address) < 6 and address.isascii() and address.isdecimal() and 1 <= int(address) <= 65535:
        return ""
    host, colon, port = address.rpartition(":")
    if address.startswith(("unix:", "$")) or port.endswith("]") or (not colon and _HOST.fullmatch(port)):
        return ""
    found = _PORT.fullmatch(port)
    if found and bool(host) == bool(colon) and 1 <= int(found[1]) <= int(found[2] or found[1]) <= 65535:
        return ""
    return f'invalid port in "{address}" of the "listen" directive'


def expressions(directive: Directive) -> Iterator[tuple[str, bool]]:
    """The regular expressions that a directive holds, and whether their case is ignored."""
    args = directive.args
    if directive.name == "location" and len(args) == 2 and args[0] in ("~", "~*"):
        yield args[1], args[0] == "~*"
    elif directive.name == "location" and len(args) == 1 and args[0].startswith("~"):
        yield args[0].lstrip("~*"), args[0].startswith("~*")
    elif directive.name == "server_name":
        yield from ((name[1:], True) for name in args if name.startswith("~") and len(name) > 1)
    elif directive.name == "rewrite" and len(args) > 1:
        yield args[0], False
    elif directive.name == "if" and len(args) > 2 and args[1] in ("~", "~*", "!~", "!~*"):
        yield " ".join(args[2:]).removesuffix(")").rstrip(), "*" in args[1]
    elif directive.name == "map" and len(args) == 2:
        entries = [entry.name for entry in directive.block or ()]
        yield from ((entry.lstrip("~*"), entry.startswith("~*")) for entry in entries if entry.startswith("~"))


def _invalid_expressions(directive: Directive, is_http: bool) -> Iterator[Unreadable]:
    for pattern, ignore_case in expressions(directive):
        if is_http and "(?" in pattern and (message := fixed_variable(NAMED_GROUP.findall(pattern))):
            yield _refuse(directive, message)
        try:
            _compile(pattern, ignore_case)
        except Invalid as error:
            yield _refuse(directive, f"`{_shorten(pattern)}` {error}")
        except Unsearchable:
            continue


def unsearchable(tree: Sequence[Directive]) -> Iterator[Unknown]:
    """Expressions of which infralint can't tell what they match: to be asked once all else has been judged."""
    for source, tops in groupby(tree, attrgetter("source")):
        text = source.prepared.text
        for directive in (inner for top in tops for inner in top.walk()) if "~" in text or "rewrite" in text else ():
            for pattern, ignore_case in expressions(directive) if directive.name in _MATCHING else ():
                if reason := _hindrance(pattern, ignore_case):
                    effect = f"so which requests `{_shorten(directive.written)}` takes can't be told"
                    remedy = "write the expression in simpler terms, without repetitions inside repetitions"
                    yield Unknown(directive.where, "", f"`{_shorten(pattern)}` {reason}, {effect}", remedy)


def _hindrance(pattern: str, ignore_case: bool) -> str:
    if HOLE.search(pattern):
        return ""
    try:
        _compile(pattern, ignore_case)
    except Invalid:
        return ""
    except Unsearchable as error:
        return str(error)
    return str(TooSlow()) if pattern in budget().slow else ""


def _compile(pattern: str, ignore_case: bool) -> None:
    if not HOLE.search(pattern):
        compile_pattern(pattern, ignore_case)


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def _misplaced_pass(directive: Directive, around: BlocksAround, level: Sequence[Directive]) -> str:
    """What nginx says of a `*_pass` that it does not take in the block around it; empty where it does."""
    place = around.blocks[-1]
    if place.name == "server" and _is_http(directive, around.blocks, level):
        return f'"{directive.name}" directive is not allowed here'
    if directive.name == "proxy_pass" and directive.args and _without_uri(place) and _URI.match(directive.args[0]):
        if "$" not in directive.args[0] and not directive.has_hole and not place.has_hole:
            return (
                '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location,'
                ' or inside "if" statement, or inside "limit_except" block'
            )
    return ""


def _is_http(directive: Directive, around: Sequence[Directive], level: Sequence[Directive]) -> bool:
    """Whether a server that proxies by itself is none of `stream {}`: by the block around it, or what stands beside."""
    blocks = {block.name for block in around}
    if blocks & {"http", "stream"}:
        return "http" in blocks
    names = {beside.name for beside in level}
    return (
        directive.name != "proxy_pass" or "location" in names or ("server_name" in names and "://" in directive.args[0])
    )


def _without_uri(place: Directive) -> bool:
    """Whether a block's proxy_pass can't replace the path: nothing says which part of it."""
    if place.name in ("if", "limit_except"):
        return True
    first = place.args[0] if place.name == "location" and place.args else ""
    return first.startswith(("~", "@"))


def _twice(level: Sequence[Directive]) -> Iterator[Unreadable]:
    """What stands twice in one block, under the same template conditions."""
    single = [directive for directive in level if directive.name in _SINGLE]
    if len({directive.name for directive in single}) == len(single):
        return
    seen = set()
    for directive in single:
        key, message = _once(directive) if directive.block is None else _single_block(directive)
        mark = key, directive.conditions
        if key and mark in seen:
            yield _refuse(directive, message)
        seen.add(mark)


def clashes(level: Level, globbed: Collection[str]) -> Iterator[tuple[Location, Unknown]]:
    """What an include brings into a block beside its like: the place of the line that is included, and what nginx says.

    globbed: files that a glob brings, for those may be meant one instead of the other.
    """
    if level.owner is not None and level.directives is level.owner.block:
        return  # nothing is included
    in_block = _own(level)
    for first, second, message in _clashing(level, globbed):
        why = f"{_REFUSED}: {message}; the first stands at {first.where}"
        yield (first if id(second) in in_block else second).where, Unknown(second.where, second.name, why, refused=True)


def contradictions(level: Level, globbed: Collection[str]) -> Iterator[Unknown]:
    """What an include brings beside its like to the http level, where files of which one is used are usual."""
    in_block = _own(level)
    for first, second, _ in _clashing(level, globbed):
        if in_block & {id(first), id(second)}:
            yield contradiction(first, second)


def _own(level: Level) -> set[int]:
    """What stands in the block itself, by identity."""
    return {id(directive) for directive in level.owner.block or ()} if level.owner else set()


def _clashing(level: Level, globbed: Collection[str]) -> Iterator[tuple[Directive, Directive, str]]:
    """Two directives of different files that may stand once, and what nginx says of them."""
    seen: dict[str, Directive] = {}
    for directive in level.directives:
        key, message = _once(directive) if directive.name in _SINGLE else ("", "")
        if not key or level.under_condition(directive):
            continue
        if (first := seen.get(key)) is None:
            seen[key] = directive
        elif not {first.source.path, directive.source.path} & set(globbed) and _apart(first, directive):
            yield first, directive, message


def _apart(first: Directive, second: Directive) -> bool:
    """Whether two directives come from different files, or by including one file twice."""
    return first is second or first.source is not second.source


def _single_block(directive: Directive) -> tuple[str, str]:
    """What stands once in a file: blocks that other files may repeat, where one of these is used."""
    if directive.name == "upstream" and len(directive.args) == 1 and not directive.has_hole:
        return f"upstream {directive.args[0]}", f'duplicate upstream "{directive.args[0]}"'
    if directive.name in _MAIN_BLOCKS:
        return directive.name, f'"{directive.name}" directive is duplicate'
    return _once(directive)


def _once(directive: Directive) -> tuple[str, str]:
    """What may stand once in a block, and what nginx says where it stands twice; empty for all else."""
    if directive.name in _UNREPEATED and directive.block is None:
        return directive.name, f'"{directive.name}" directive is duplicate'
    if directive.name in _KEYED and not directive.has_hole:
        beginning, message = _KEYED[directive.name]
        word = next((word for word in directive.args if word.startswith(beginning)), beginning)
        name = word.removeprefix(beginning).partition(":")[0] if beginning else word
        return (f"{directive.name} {name}", message.format(name)) if name else ("", "")
    if directive.name == "location" and (place := _place(directive)):
        return f"location {place}", f'duplicate location "{place.lstrip("=")}"'
    return "", ""


def _place(directive: Directive) -> str:
    """What two locations may not share: the path, exact or as a prefix; empty where nginx takes both, or a hole hides it."""
    modifier, pattern = directive.args if len(directive.args) == 2 else ("", "".join(directive.args))
    if modifier in ("~", "~*") or pattern.startswith(("~", "@")) or has_hole(pattern):
        return ""
    return f"={pattern}" if modifier == "=" else pattern


@cache
def _meant(name: str) -> str:
    """The directive that a name is mistyped for; empty for one that nginx, or a module, may know."""
    near = (
        [heeded for heeded in _HEEDED if heeded[:2] == name[:2] and abs(len(heeded) - len(name)) < 3]
        if name not in _HEEDED
        else []
    )
    found = closest(name, near, _LIKE)
    return found if found and not _exists(name) else ""


def _exists(name: str) -> bool:
    from crossplane.analyzer import DIRECTIVES

    return name in DIRECTIVES


def _refuse(directive: Directive, message: str) -> Unreadable:
    return Unreadable(f"{_REFUSED}: {message}", directive.where)
