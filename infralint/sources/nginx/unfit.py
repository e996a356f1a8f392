"""Settings with which a location hands a request on, and that yet keep the prompt from the backend or the answer from the client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from infralint.model import EVENT_STREAM, Unknown
from infralint.platforms.nginx_values import BadValue, size
from infralint.sources.nginx.scopes import Scope
from infralint.sources.nginx.tree import Directive
from infralint.text.wording import plural

SMALL_HEADERS = 256
"""Bytes: the headers of an answer take more."""
SMALL_LINE = 512
"""Bytes: a line of a request, its cookies among them, takes more."""
_FORMS = ("", "_block", "_file")
SLOW = 1024
"""Bytes a second: a model writes faster, as each of its words comes with some hundred bytes around it."""


class Misfit(NamedTuple):
    """What is answered instead ("": nothing that nginx means to), which line has it so, and what to say of that."""

    code: str
    line: Directive
    because: str


def find_misfits(scope: Scope, family: str, is_stream: bool, is_posted: bool) -> Iterator[Misfit]:
    """What a location's settings may do to a stream that it hands on. is_stream: it is no WebSocket; is_posted: it may be
    asked for by POST.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass_request_body
    """
    if family == "proxy" and is_stream and is_posted:
        for line in _lines(scope, "proxy_pass_request_body"):
            if line.args == ["off"]:
                yield Misfit("", line, f"`{line.written}` keeps the prompt of a POST from the backend")
    for line in _lines(scope, f"{family}_buffer_size"):
        if (number := _size(line)) is not None and number < SMALL_HEADERS:
            yield Misfit("502", line, f"`{line.written}` may have no room for the headers of the answer")
    yield from _unread_code(scope, is_stream)
    yield from _single_places(scope)
    yield from _small_heads(scope)
    yield from _wrong_headers(scope, family)
    if not is_stream:
        yield from find_slow(scope, "limit_rate")
        return
    if not any(line.args == ["off"] for line in _lines(scope, f"{family}_buffering")):
        yield from find_slow(scope, "limit_rate", f"{family}_limit_rate")
    yield from _substitutions(scope)


def find_slow(scope: Scope, *names: str) -> Iterator[Misfit]:
    """Rates that are lower than what a model sends; they hold for what nginx buffers, and in `stream {}`.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_rate
    """
    for line in (line for name in names for line in _lines(scope, name)):
        if (rate := _size(line)) is not None and 0 < rate < SLOW:
            because = (
                f"`{line.written}` lets no more than {plural(rate, 'byte')} through a second, and tokens come late"
            )
            yield Misfit("", line, because)


def _wrong_headers(scope: Scope, family: str) -> Iterator[Misfit]:
    """Headers that say of a body what it is not: how long a request's is, or how an answer's is framed or compressed."""
    for line in _lines(scope, f"{family}_set_header"):
        if line.args[0].lower() == "content-length" and line.args[-1].strip("0").isdecimal():
            yield Misfit("", line, f"`{line.written}` lets the backend wait for a body of just that length")
    for line in _lines(scope, "add_header"):
        name, text = line.args[0].lower(), line.args[1].lower() if len(line.args) > 1 else ""
        if name == "transfer-encoding" and text:
            yield Misfit("", line, f"`{line.written}` sends the header twice, and clients refuse the answer")
        if name == "content-encoding" and text in ("gzip", "br", "deflate", "zstd"):
            yield Misfit(
                "", line, f"`{line.written}` says that the answer is compressed, and clients fail to read it if not"
            )


_REWRITING = frozenset(f"{phase}_by_lua{form}" for phase in ("server_rewrite", "rewrite") for form in _FORMS)
_FILTERING = frozenset([*(f"body_filter_by_lua{form}" for form in _FORMS), "js_body_filter"])


def _unread_code(scope: Scope, is_stream: bool) -> Iterator[Misfit]:
    """Code that decides where a request goes, or what becomes of an answer, and that nobody reads here. What lets clients in
    (`access_by_lua_block`) is taken to let them in, as `auth_request` is.

    https://github.com/openresty/lua-nginx-module#body_filter_by_lua_block, https://nginx.org/en/docs/http/ngx_http_js_module.html
    """
    for name in {name for level in scope.levels for name in level.by_name.keys() & (_REWRITING | _FILTERING)}:
        effect = "may send requests elsewhere" if name in _REWRITING else "may hold the answer back"
        found = scope.find(name) if is_stream or name in _REWRITING else ((),)
        for line in () if isinstance(found, Unknown) else found[0]:
            yield Misfit("", line, f"`{line.written}` runs code that is not read, and it {effect}")


def _single_places(scope: Scope) -> Iterator[Misfit]:
    """Limits of connections that a stream uses up for as long as it lasts.

    https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html#limit_conn
    """
    is_tried = any(line.args == ["on"] for line in _lines(scope, "limit_conn_dry_run"))
    for line in () if is_tried else _lines(scope, "limit_conn"):
        if line.args[1:] == ["1"]:
            status = next((other.args[0] for other in _lines(scope, "limit_conn_status")), "503")
            because = f"`{line.written}` lets one request at a time through, and an open stream is one until it ends"
            yield Misfit(status, line, because)


_HANDLERS = ("content_by_lua", "js_content", "perl", "nchan_", "push_stream_", "echo", "memcached_pass", "redis2_pass")
"""With what the names of directives begin by which code, or a module of others, answers."""


def find_foreign_handler(scope: Scope) -> Directive | None:
    """What answers in a location and is not read, as code in Lua, or a module that sends events by itself."""
    return next((line for line in scope.nearest.directives if line.name.startswith(_HANDLERS)), None)


def _small_heads(scope: Scope) -> Iterator[Misfit]:
    """Buffers into which no usual line of a request fits.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#large_client_header_buffers
    """
    for line in _lines(scope, "large_client_header_buffers"):
        first = next((_size(other) for other in _lines(scope, "client_header_buffer_size")), None) or 1024
        room = _size(line)
        if room is not None and max(room, first) < SMALL_LINE:
            yield Misfit("400", line, f"`{line.written}` may have no room for the headers of a request")


def _substitutions(scope: Scope) -> Iterator[Misfit]:
    """A `sub_filter` whose text goes across the end of an event: nginx keeps what may be the beginning of such a text until
    more comes, and replaces the ends of events.

    https://nginx.org/en/docs/http/ngx_http_sub_module.html
    """
    types = {word.lower() for line in _lines(scope, "sub_filter_types") for word in line.args}
    if types.isdisjoint({"*", EVENT_STREAM}):
        return
    for line in _lines(scope, "sub_filter"):
        text, replacement = line.args if len(line.args) == 2 else ("", "")
        end = text[len(text.rstrip("\r\n")) :]
        if not {"\r", "\n"} & set(text) or "$" in text:
            continue
        if text not in ("\n", "\n\n") and (text[0] in "\r\n" or text.count("\n") > end.count("\n")):
            yield Misfit("", line, f"`{_in_a_line(line)}` holds the end of an event until the next one comes")
        elif not replacement.endswith(end):
            yield Misfit("", line, f"`{_in_a_line(line)}` takes the ends of events away")


def _in_a_line(line: Directive) -> str:
    return line.written.replace("\r", "\\r").replace("\n", "\\n")


def _lines(scope: Scope, name: str) -> list[Directive]:
    """The lines of a name that surely rule here."""
    found = scope.find(name)
    return [] if isinstance(found, Unknown) else [line for line in found[0] if line.args]


def _size(line: Directive) -> int | None:
    """The bytes that a line names last; None where that can't be told."""
    try:
        return size(line.args[-1])
    except BadValue:
        return None
