"""What came to nginx with a later version than the one that runs a configuration, which refuses to start with it.

https://nginx.org/en/CHANGES
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from infralint.model import Unreadable
from infralint.platforms.nginx import HTTP_1_1_SINCE, STICKY_SINCE, Version
from infralint.sources.nginx.contexts import CONTEXTS
from infralint.sources.nginx.grammar import LISTS
from infralint.sources.nginx.tree import Directive
from infralint.text.lazy import lazy

_STREAM_SERVERS_SINCE = (1, 25, 5)
"""Servers of `stream {}` have names, and need nothing that answers."""
_SINCE: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "http2": (1, 25, 1),
        "http3": (1, 25, 0),
        "add_header_inherit": (1, 29, 3),
        "add_trailer_inherit": (1, 29, 3),
        "sticky": STICKY_SINCE,
    }
)
_LATEST = HTTP_1_1_SINCE
_NO_CONNECTIONS = lazy(r"keepalive\s+0\b")
_HTTP_2 = lazy(r"proxy_http_version\s+2\b")
_STICKY_WAYS = (["cookie"], ["route"], ["learn"])
"""A third party's `sticky` has other arguments; before nginx had it, it was NGINX Plus's."""


def may_be_new(text: str) -> bool:
    """Whether a file has a word of what came later at all."""
    if any(word in text for word in _SINCE) or "stream" in text.replace("upstream", ""):
        return True
    return bool(_NO_CONNECTIONS.search(text) or _HTTP_2.search(text))


def find_novelties(tree: Sequence[Directive], version: Version) -> Iterator[Unreadable]:
    """What a version that is known does not take of a file that it runs."""
    if not version.known or version.number >= _LATEST:
        return
    pending = [(directive, "") for directive in tree]
    while pending:
        directive, owner = pending.pop()
        if message := _novelty(directive, owner, version):
            yield Unreadable(f"nginx would refuse this file: {message}", directive.where)
        if directive.block and directive.name not in LISTS:
            inside = "stream" if "stream" in (directive.name, owner) else directive.name
            pending += [(line, inside) for line in directive.block]


def _novelty(directive: Directive, owner: str, version: Version) -> str:
    name, args, number = directive.name, directive.args, version.number
    since = _SINCE.get(name)
    if since is not None and number < since and (name != "sticky" or args[:1] in _STICKY_WAYS):
        return f'unknown directive "{name}"; nginx {version.written} has none, {_dotted_number(since)} and later do'
    if name == "proxy_http_version" and args == ["2"] and number < (1, 29, 4):
        return f'invalid value "2"; nginx {version.written} speaks HTTP/1.1 at most, 1.29.4 and later HTTP/2'
    if name == "keepalive" and owner == "upstream" and args == ["0"] and number < HTTP_1_1_SINCE:
        return f'invalid value "0" in "keepalive" directive; 1.29.7 and later take it, nginx {version.written} does not'
    if owner == "stream" and number < _STREAM_SERVERS_SINCE:
        return _novelty_of_streams(directive, version)
    return ""


def _novelty_of_streams(directive: Directive, version: Version) -> str:
    until = f"nginx {version.written} needs one, 1.25.5 and later do not"
    if directive.name == "server_name":
        return (
            f'"server_name" directive is not allowed here; 1.25.5 and later take it, nginx {version.written} does not'
        )
    if directive.name == "server" and directive.block and not any(map(_may_handle, directive.block)):
        return f"no handler for server: write `proxy_pass` or `return`; {until}"
    return ""


def _may_handle(line: Directive) -> bool:
    """Whether a line says what becomes of connections, or may do: an include, or what a module of others brings."""
    return line.opaque or line.name in ("proxy_pass", "return", "include") or "P" not in CONTEXTS.get(line.name, "")


def _dotted_number(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
