"""What a location's own configuration gives away about the stream it carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from re import Pattern

from infralint.model import (
    EVENT_STREAM,
    NOWHERE,
    STRENGTH,
    Evidence,
    EvidenceKind,
    Hint,
    Known,
    Location,
    Setting,
    StreamKind,
    Upgrade,
)
from infralint.platforms.libraries import with_library
from infralint.platforms.nginx import Family
from infralint.sources.nginx.scopes import Scope
from infralint.sources.nginx.tree import Directive, NginxFile, looks_like_code
from infralint.sources.nginx.websocket import headers_of
from infralint.text.lazy import lazy
from infralint.text.stream_names import STORES, has_false_friend, stream_name

_INLINE = lazy(r"\binfralint\s*:\s*stream\s*=\s*(sse|websocket|ws)\b", re.IGNORECASE)
_SSE_WORDS = lazy(
    r"\bSSE\b|\bserver[- ]sent|\bevent[- ]?stream\b|\bEventSource\b|\b(?:token|LLM|chat|response|AI)[- ]stream"
    r"|\bstream(?:ing|ed)? (?:response|answer|token|completion|chat|LLM|output)",
    re.IGNORECASE,
)
_WEBSOCKET_WORDS = lazy(r"\bweb[- ]?sockets?\b|\bsocket\.?io\b", re.IGNORECASE)
_NEGATED = lazy(
    r"n't\b|\b(?:no|not|non|without|disable[ds]?|except|never|instead|unlike|remove[ds]?|todo|fixme|den(?:y|ied)|block|off"
    r"|previously|formerly|but|only|handled|goes|see|below|above|elsewhere|its own|other)\b",
    re.IGNORECASE,
)
_ELSEWHERE = lazy(
    r"\b(?:health\w*|swagger|openapi|docs?|documentation|examples?|samples?|served (?:by|from|through))\b",
    re.IGNORECASE,
)
"""What is about a stream, or carried by somebody else, and is none."""
_DEVELOPMENT = lazy(
    r"\bHMR\b|\bhot[- ](?:module|reload)|\blive[- ]?reload|\bdev(?:elopment)?[- ]server\b", re.IGNORECASE
)
"""Sockets by which a development server tells a page to load again: nobody's users wait for them."""
_HANDSHAKE = lazy(r"^\s*proxy_(?:set_header\s+(?:upgrade|connection)|http_version)\b", re.IGNORECASE)
_DECORATION = lazy(r"[-=*#_~+]{2,}")
LABEL = 5
"""Words of a comment that says what a location is, at most."""
_SLOW_FOR_OTHER_REASONS = lazy(
    r"upload|download|import|export|backup|report|admin|git|registry|v2/|files?\b|storage|blob|media|artifact|webdav|dav\b|index\.php|\.php"
    r"|video|minio|s3|jenkins|pdf|sync|solr|search|auth",
    re.IGNORECASE,
)


def find_hints(
    block: Directive,
    scope: Scope,
    family: Family,
    catch_all: bool,
    upgrade: Callable[[], Setting[Upgrade]],
    stated: Sequence[Hint] = (),
) -> list[Hint]:
    """Hints of one location: told in comments of ours, in directives, in other comments. upgrade: what becomes of a
    handshake there.

    That a handshake may pass is no hint of what the location carries, so others stand beside it.
    """
    found: list[Hint] = []
    for hint in (
        *stated,
        *_unbuffered_hints(block, scope, family, catch_all),
        *_comments(block),
        *_websocket(block, scope, family, catch_all, upgrade),
    ):
        alike = [other for other in found if other.kind == hint.kind]
        is_said = any(hint.handshake_only or not other.handshake_only for other in alike)
        outweighed = hint.evidence.kind == "name" and any(not other.handshake_only for other in found)
        if not is_said and not outweighed:
            found.append(hint)
    return sorted(found, key=lambda hint: STRENGTH.index(hint.evidence.kind))


def find_declarations(block: Directive) -> Iterator[Hint]:
    """The streams that comments above or inside a location declare; blank lines may lie between."""
    if not block.source.comments:
        return
    nested = {line for directive in _nested_directives(block) for line, _ in _standing_above(directive)}
    inside = [comment for comment in _inside(block) if comment[0] not in nested]
    for line, text in (*_standing_above(block), *inside):
        if found := _INLINE.search(text):
            kind: StreamKind = "sse" if found[1].lower() == "sse" else "websocket"
            yield _hint(kind, "declared", f"the comment `# {text}` declares it", _at(block.source, line), block)


def read_declarations(source: NginxFile) -> Iterator[tuple[Location, str]]:
    """Every comment of a file that declares a stream, and where it stands."""
    for line, text in source.comments:
        if _INLINE.search(text):
            yield _at(source, line), text


def _standing_above(block: Directive) -> Iterator[tuple[int, str]]:
    """Comments above a block with nothing but comments and blank lines between."""
    comments = block.source.comment_at
    line = block.line - 1
    while line > 0 and not block.source.line(line).partition("#")[0].strip():
        if line in comments:
            yield line, comments[line]
        line -= 1


def _websocket(
    block: Directive, scope: Scope, family: Family, catch_all: bool, upgrade: Callable[[], Setting[Upgrade]]
) -> Iterator[Hint]:
    """Upgrade headers, whole or half: set here, or inherited by a location that takes everything."""
    headers, level = headers_of(scope)
    here = level is scope.nearest
    telling = [directive for directive in headers if _speaks_of_upgrade(directive)] if family == "proxy" else []
    if telling and not any(_is_written(directive) for directive in telling):
        return
    whole = any(directive.args and directive.args[0].lower() == "upgrade" for directive in telling)
    if telling and (here or catch_all) and not whole and "$" in telling[0].args[-1]:
        yield _handshake("name", f"`{telling[0].written}` is set for it", telling[0].where)
    elif telling and (here or catch_all):
        yield _handshake("config", f"`{telling[0].written}` is set for it", telling[0].where)
    elif family == "proxy" and sum("proxy_set_header" in level.by_name for level in scope.levels) > 1:
        pattern = block.args[-1] if block.args else "/"
        named = stream_name(pattern)
        judged = upgrade() if pattern == "/" or (named and named.kind == "websocket") else None
        if isinstance(judged, Known) and judged.related:
            lost = judged.related[0].location
            yield _handshake("config" if named else "name", "an outer level sets the Upgrade headers", lost)


def _is_written(directive: Directive) -> bool:
    """Whether somebody wrote it there; what a file holds that is known by heart stands in every location alike."""
    return directive.name in directive.source.line(directive.line)


def _speaks_of_upgrade(directive: Directive) -> bool:
    name = directive.args[0].lower() if directive.args else ""
    value = directive.args[1].lower() if len(directive.args) > 1 else ""
    return (name == "upgrade" and value != "") or (name == "connection" and "upgrade" in value)


_SWITCHES = ("proxy_buffering", "fastcgi_buffering", "uwsgi_buffering", "scgi_buffering")
_ABOUT_HEADERS = frozenset(["add_header", "proxy_set_header", "proxy_hide_header", "proxy_ignore_headers"])
_ABOUT_TYPES = frozenset(
    ["default_type", "add_header", "proxy_set_header", "sub_filter_types", "gzip_types", "more_set_headers"]
)
_TELLING = _ABOUT_HEADERS.union(_SWITCHES, _ABOUT_TYPES)
"""Directives that may tell of a stream."""


def _unbuffered_hints(block: Directive, scope: Scope, family: Family, catch_all: bool) -> Iterator[Hint]:
    """Somebody has already turned a buffer off, or names the stream's type."""
    for directive in scope.nearest.directives:
        if directive.name not in _TELLING:
            continue
        words = [arg.lower() for arg in directive.args]
        if directive.name in _SWITCHES and words == ["off"] and not _moves_files(block, scope):
            yield _hint("sse", "config", f"`{directive.written}` is set for it", directive.where, block)
        elif directive.name in _ABOUT_HEADERS and "x-accel-buffering" in words:
            yield _hint("sse", "config", f"`{directive.written}` is about a stream", directive.where, block)
        elif EVENT_STREAM in words and directive.name in _ABOUT_TYPES:
            yield _hint("sse", "config", f"`{directive.written}` names {EVENT_STREAM}", directive.where, block)
    if not catch_all:
        return
    inherited = scope.setting(f"{family}_buffering", True, NOWHERE, lambda text: text.lower() != "off")
    if not isinstance(inherited, Known) or inherited.origin != "inherited" or inherited.value:
        return
    if not _moves_files(block, scope):
        yield _hint("sse", "config", f"`{inherited.written}` is set for it", inherited.where, block)


def _moves_files(block: Directive, scope: Scope) -> bool:
    """Whether buffering is off for large bodies (registries, uploads) or a sign-in, not for a stream."""
    pattern = block.args[-1] if block.args else ""
    if has_false_friend(pattern) or stream_name(pattern):
        return has_false_friend(pattern)
    names = scope.nearest.by_name
    large = any(directive.args == ["0"] for directive in names.get("client_max_body_size", ()))
    return large or "proxy_request_buffering" in names or _SLOW_FOR_OTHER_REASONS.search(pattern) is not None


def _comments(block: Directive) -> Iterator[Hint]:
    """What comments say, those that speak of this very location before those that only mention a stream."""
    yield from sorted(_mentions(block), key=lambda hint: STRENGTH.index(hint.evidence.kind))


def _mentions(block: Directive) -> Iterator[Hint]:
    if not block.source.comments:
        return
    disused = block.source.disused
    named = bool(block.args) and stream_name(block.args[-1]) is not None
    for line, text in _comments_of(block):
        if looks_like_code(text) or _NEGATED.search(text) or text.startswith("#") or line in disused:
            continue
        if _INLINE.search(text) or _ELSEWHERE.search(text) or _is_heading(block, line, text):
            continue
        if _DEVELOPMENT.search(text) or _HANDSHAKE.search(block.source.line(line)):
            continue
        kinds: tuple[tuple[StreamKind, Pattern[str]], ...] = (("websocket", _WEBSOCKET_WORDS), ("sse", _SSE_WORDS))
        for kind, words in kinds:
            certain = line >= block.line - 1 and _is_label(text, words)
            if words.search(text) and (certain or not named):
                evidence: EvidenceKind = "config" if certain else "name"
                yield _hint(kind, evidence, f"a comment says so: `# {text[:80]}`", _at(block.source, line), block)


def _is_label(text: str, words: Pattern[str]) -> bool:
    """Whether a comment is about the stream itself: it begins with it, or says little else."""
    plain = _DECORATION.sub(" ", text).strip()
    return bool(words.match(plain)) or len([word for word in plain.split() if re.search(r"\w", word)]) <= LABEL


def speaks_of_store(block: Directive) -> bool:
    """Whether a comment of a block begins with the name of a product that streams no answers."""
    if not block.source.comments:
        return False
    firsts = (_DECORATION.sub(" ", text).split(maxsplit=1) for _, text in _comments_of(block))
    return any(words and words[0].lower().strip(":.,") in STORES for words in firsts)


def _is_heading(block: Directive, line: int, text: str) -> bool:
    """Whether a comment begins a part of the file (`# ---- WebSocket ----`), and another one speaks of the location."""
    return line < block.line - 1 and bool(_DECORATION.search(text))


def _comments_of(block: Directive) -> Iterator[tuple[int, str]]:
    """Comments directly above a block and inside it, nested blocks left out."""
    first = _first_comment(block)
    yield from ((line, block.source.comment_at[line]) for line in range(first, block.line))
    yield from _inside(block)


def _inside(block: Directive) -> Iterator[tuple[int, str]]:
    """Comments inside a block, nested blocks left out."""
    first = block.line
    for directive in _nested_directives(block):
        yield from block.source.comments_between(first, _first_comment(directive) - 1)
        first = max(first, directive.end_line + 1)
    yield from block.source.comments_between(first, block.end_line)


def _nested_directives(block: Directive) -> list[Directive]:
    return [
        directive for directive in block.block or () if directive.block is not None and directive.name == "location"
    ]


def _first_comment(block: Directive) -> int:
    """The first line of the comment directly above a block, or of the block itself."""
    line = block.line
    comments = block.source.comment_at
    while line - 1 in comments and block.source.line(line - 1).lstrip().startswith("#"):
        line -= 1
    return line


def _at(source: NginxFile, line: int) -> Location:
    return source.location(line)


def _handshake(evidence: EvidenceKind, because: str, where: Location) -> Hint:
    """That a WebSocket may be opened here, not that one is."""
    return Hint("websocket", Evidence(evidence, because, where), handshake_only=True)


def _hint(kind: StreamKind, evidence: str, because: str, where: Location, block: Directive) -> Hint:
    hint = Hint(kind, Evidence(evidence, because, where))  # type: ignore[arg-type]
    named = stream_name(block.args[-1]) if block.args else None
    return hint if named is None else with_library(hint, named)
