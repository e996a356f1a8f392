"""Changes to nginx configuration: in the very location, with the file's own indentation and line ends."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from infralint.model import CantFix, Edit, Hint, Known, Location, Setting, Unknown, Upgrade
from infralint.platforms.nginx import Family, Line, generous
from infralint.sources.nginx.scopes import Level, Scope, has_hole
from infralint.sources.nginx.tree import Directive, NginxFile
from infralint.sources.nginx.variables import Definitions
from infralint.sources.nginx.websocket import headers_of, name_of
from infralint.text.lazy import lazy

MAP = "$connection_upgrade"
_CUSTOMARY = ["$http_upgrade", "default upgrade", " close"]
_MAP_LINES = ("map $http_upgrade $connection_upgrade {", "default upgrade;", "''      close;", "}")
_TO_LINE_END = lazy(r"[ \t]*(?:#(?!.*(?:\{[{%#]|[%#}]\})).*)?")
"""Nothing but a comment, in which no template mark stands."""
_TOGETHER = lazy(r"(?:^|/)(?:conf\.d|http\.d|nginx\.d|vhosts?(?:\.d)?|sites-(?:enabled|available))/[^/]*$")
_SWITCH = lazy(r"\w+_buffering|\w+_timeout")


class Edited(Protocol):
    """The location that is to be changed."""

    @property
    def family(self) -> Family: ...
    @property
    def location_rules(self) -> Scope: ...
    @property
    def pass_directive(self) -> Directive: ...
    @property
    def hints(self) -> tuple[Hint, ...]: ...
    @property
    def assumable(self) -> bool: ...
    @property
    def ssi(self) -> bool: ...
    @property
    def timeout_name(self) -> str: ...
    @property
    def forwards_upgrade(self) -> Setting[Upgrade]: ...
    @property
    def definitions(self) -> Definitions: ...

    def directive(self, name: str) -> Line | Unknown | None: ...
    def in_handshake(self, text: str, at: Directive) -> str: ...


def propose_edits(hop: Edited, setting: str, seconds: float) -> tuple[Edit, ...]:
    """What to change for a setting of a location. Raises CantFix."""
    change = _Change(hop)
    if setting == "idle_timeout":
        change.put(hop.timeout_name, generous(seconds))
    elif setting == "connect_timeout":
        change.put(f"{hop.family}_connect_timeout", "5s")
    elif setting == "buffers_responses":
        _unbuffer(change)
    elif setting == "forwards_upgrade":
        _forward(change)
    elif _SWITCH.fullmatch(setting):
        change.rename(setting, f"{hop.family}_{setting.partition('_')[2]}")
    else:
        raise CantFix("what keeps a client on its server, infralint can't know")
    return change.edits()


class _Change:
    """What is to be written into one location."""

    def __init__(self, hop: Edited) -> None:
        self.hop = hop
        self.level = hop.location_rules.nearest
        self.lines: list[str] = []
        self.others: list[Edit] = []
        block = self.level.owner
        if block is None:
            raise CantFix("it has no block of its own")
        _check_open(block)
        self.block = block

    def put(self, name: str, value: str) -> None:
        """Set a directive that may stand once."""
        found = self.level.by_name.get(name, [])
        if found:
            self.replace(found, value)
        elif self.level.opaque:
            raise CantFix(f"`{self.level.opaque[0].written}` may set {name}, too, and nginx refuses it twice")
        else:
            self.lines.append(f"{name} {value};")

    def replace(self, found: Sequence[Directive], arguments: str) -> None:
        """Write other arguments for the one directive found on this level."""
        if len(found) > 1:
            raise CantFix(f"`{found[0].written}` and `{found[1].written}` both stand here")
        directive = self._own(found[0])
        if not directive.args or directive.block is not None:
            raise CantFix(f"nginx would refuse `{directive.written}`")
        start, end = _offset(directive.source, directive.words[1].offset), _offset(directive.source, directive.ending)
        written = directive.source.prepared.unprepared[start:end].rstrip()
        if "\n" in written or "#" in written:
            raise CantFix(f"`{directive.written}` is written over several lines")
        self.others.append(Edit(_place(directive.source, start, start + len(written)), arguments))

    def rename(self, old: str, new: str) -> None:
        """Give a directive of this level the name that nginx reads here."""
        directive = self._own(self.level.by_name[old][0])
        if new in self.level.by_name:
            raise CantFix(f"`{self.level.by_name[new][0].written}` stands here already; delete `{directive.written}`")
        start = _offset(directive.source, directive.offset)
        self.others.append(Edit(_place(directive.source, start, start + len(old)), new))

    def _own(self, directive: Directive) -> Directive:
        """A directive that stands in this very block, whichever way a template is rendered."""
        if directive.source is not self.block.source or directive.ending < 0:
            raise CantFix(
                f"`{directive.written}` comes from a file that other locations may include, too: {directive.where}"
            )
        if directive.conditions != self.block.conditions or directive.has_hole:
            raise CantFix(f"`{directive.written}` depends on how the template is rendered")
        return directive

    def edits(self) -> tuple[Edit, ...]:
        """All changes; new lines stand after the directive that hands requests on."""
        if not self.lines:
            return tuple(self.others)
        passed, block = self.hop.pass_directive, self.block
        beside = any(directive is passed for directive in block.block or ()) and passed.conditions == block.conditions
        mark = passed.ending if beside else block.opening
        indent = _indent(passed) if beside else None
        return (
            *self.others,
            _insert_lines(block.source, mark, _inner_indent(block) if indent is None else indent, self.lines),
        )


def _check_open(block: Directive) -> None:
    """Raises CantFix where a block's file, or the way that it is rendered, leaves no safe place to write."""
    if block.source.sealed:
        raise CantFix(f"{block.source.sealed}, which infralint does not write into")
    if block.conditions:
        heading = block.source.prepared.headings[block.conditions[-1][0]]
        raise CantFix(f"it stands under `{heading}` in a template, which infralint does not write into")
    prepared = block.source.prepared
    if prepared.original_offset(len(prepared.text)) != len(prepared.unprepared):
        raise CantFix("a mark of its template spans lines")


def _unbuffer(change: _Change) -> None:
    """The switch alone: read timeouts are another finding's."""
    hop = change.hop
    if hop.ssi:
        raise CantFix("server-side includes are on, and an unbuffered answer must not pass through them")
    declared = any(hint.kind == "sse" and hint.evidence.certain for hint in hop.hints)
    if hop.assumable and not declared:
        raise CantFix(
            "it serves more than the stream, and buffering helps the rest: give the stream a location of its own"
        )
    change.put(f"{hop.family}_buffering", "off")


def _forward(change: _Change) -> None:
    """The handshake's two headers, and HTTP/1.1, in which alone they mean something."""
    hop = change.hop
    if hop.family != "proxy":
        raise CantFix(f"nginx opens no WebSocket through {hop.pass_directive.name}")
    version = hop.directive("proxy_http_version")
    if not (isinstance(version, Known) and version.value == ("1.1",)):
        change.put("proxy_http_version", "1.1")
    if not (isinstance(hop.forwards_upgrade, Known) and hop.forwards_upgrade.value == "http/1.0"):
        _set_headers(change)


def _set_headers(change: _Change) -> None:
    headers, level = headers_of(change.hop.location_rules)
    here = headers if level is change.level else []
    if not here:
        change.lines += [
            f"{_repeat_header(directive, change)};"
            for directive in headers
            if name_of(directive) not in ("upgrade", "connection")
        ]
    _set_header(change, here, "Upgrade", "websocket")
    _set_header(change, here, "Connection", "upgrade")


def _set_header(change: _Change, here: Sequence[Directive], name: str, needed: str) -> None:
    """Have the header carry the needed word during a handshake; what does already is kept."""
    found = [directive for directive in here if name_of(directive) == name.lower()]
    if any(needed in _words(directive.args[-1], directive, change) for directive in found) and (
        len(found) == 1 or name == "Connection"
    ):
        return
    value = "$http_upgrade" if name == "Upgrade" else _connection(change)
    if found:
        change.replace(found, f"{found[0].args[0]} {value}")
    else:
        change.lines.append(f"proxy_set_header {name} {value};")


def _words(text: str, at: Directive, change: _Change) -> list[str]:
    """What a header's value says during a handshake."""
    return re.split(r"[\s,]+", change.hop.in_handshake(text, at).lower())


def _repeat_header(directive: Directive, change: _Change) -> str:
    """An inherited header as its author wrote it: a header of the location's own would cancel it."""
    if directive.conditions or (has_hole(directive.written) and directive.source is not change.block.source):
        raise CantFix(
            f"`{directive.written}` would have to be repeated here, and depends on how a template is rendered"
        )
    if directive.ending < 0:
        return directive.written
    text = directive.source.prepared.unprepared[
        _offset(directive.source, directive.offset) : _offset(directive.source, directive.ending)
    ]
    if (
        "\n" in text
        or directive.has_hole
        or len(directive.source.prepared.original(directive.source.prepared.text))
        != len(directive.source.prepared.unprepared)
    ):
        raise CantFix(f"`{directive.written}` would have to be repeated here")
    return text.rstrip()


def _connection(change: _Change) -> str:
    """The variable that says `upgrade` during a handshake: of a map that is there, else of one to be added."""
    definitions = change.hop.definitions
    loaded = {
        name: [block for block in blocks if block.name == "map" and _loaded_with(change, block.source)]
        for name, blocks in definitions.sets.items()
    }
    for name in sorted(filter(loaded.get, loaded), key=lambda name: (f"${name}" != MAP, name)):
        by_upgrade = all(block.args[0] == "$http_upgrade" and not block.conditions for block in loaded[name])
        if by_upgrade and "upgrade" in _words(f"${name}", loaded[name][0], change):
            return f"${name}"
    for block in (*definitions.sets.get(MAP[1:], ()), *definitions.elsewhere.get(MAP[1:], ())):
        # nginx takes the same map twice, but two that differ would rule each other's locations.
        if [block.args[0], *(" ".join([line.name, *line.args]) for line in block.block or ())] != _CUSTOMARY:
            raise CantFix(f"`{block.written}` stands at {block.where}, and another would be in its way")
    change.others.append(_map(change))
    return MAP


def _map(change: _Change) -> Edit:
    """The customary map, after all else that stands at the http level."""
    source, children, opening = _http_level(change)
    last = next(
        (directive for directive in reversed(children) if directive.ending >= 0 and not directive.conditions), None
    )
    if last is None:
        indent, mark = _unit(source.prepared.unprepared), opening
    else:
        indent, mark = _indent(last) or "", last.ending
    inner = indent + _unit(source.prepared.unprepared)
    first, *entries, end = _MAP_LINES
    lines = ["", first, *(inner[len(indent) :] + directive for directive in entries), end]
    loaded = posixpath.dirname(source.path) if _TOGETHER.search(source.path) else source.path
    return _insert_lines(source, mark, indent, lines, f"{MAP} in {loaded}")


def _loaded_with(change: _Change, source: NginxFile) -> bool:
    """Whether a file is surely part of the same nginx as the location: by an http block, or a folder that is loaded whole."""
    source = change.block.source
    whole = any(
        directive.owner is not None and directive.owner.name == "http" for directive in change.hop.location_rules.levels
    )
    beside = posixpath.dirname(source.path) == posixpath.dirname(source.path) and bool(_TOGETHER.search(source.path))
    return whole or source is source or beside


def _http_level(change: _Change) -> tuple[NginxFile, Sequence[Directive], int]:
    """Where a map may stand: the http block, or the top of a file whose servers stand there."""
    levels = change.hop.location_rules.levels
    owners = {level.owner.name: level.owner for level in levels if level.owner is not None}
    if http := owners.get("http"):
        _check_open(http)
        return http.source, http.block or (), http.opening
    if "server" not in owners:
        raise CantFix(f"its http level is not in sight, where `map $http_upgrade {MAP}` has to stand")
    source = owners["server"].source
    return source, _beside(levels[0], source), 0


def _beside(top: Level, source: NginxFile) -> list[Directive]:
    return [directive for directive in top.directives if directive.source is source]


def _offset(source: NginxFile, at: int) -> int:
    """Where in the text as it was an offset of the prepared text lies."""
    return source.prepared.original_offset(at)


def _place(source: NginxFile, start: int, end: int) -> Location:
    """A span of the text as it was, as a place in its file."""
    line, column = _line_and_column(source, start)
    end_line, end_column = _line_and_column(source, end)
    return Location(source.shown, line, column, end_line, end_column)


def _line_and_column(source: NginxFile, offset: int) -> tuple[int, int]:
    ends = source.prepared.unprepared_line_ends
    before = bisect_left(ends, offset)
    return before + source.first_line, offset - (ends[before - 1] if before else -1) + source.indent


def _insert_lines(source: NginxFile, mark: int, indent: str, lines: Sequence[str], once: str = "") -> Edit:
    """Lines after a `;`, `{` or `}`: of their own, or on the same line where more than a comment follows."""
    text = source.prepared.unprepared
    start = _offset(source, mark) + 1
    if text[start - 1 : start] not in (";", "{", "}"):
        raise CantFix("infralint can't find the place to write to")
    end = text.find("\n", start)
    rest = text[start : end if end >= 0 else None]
    if not _TO_LINE_END.fullmatch(rest.removesuffix("\r")):
        words = " ".join(line.strip() for line in lines if line)
        return Edit(_place(source, start, start), f" {words}", once)
    at = start + len(rest.removesuffix("\r"))
    ends = "\r\n" if text.startswith("\r\n", at) or (at == len(text) and "\r\n" in text) else "\n"
    indent = " " * source.indent + indent
    return Edit(_place(source, at, at), "".join(f"{ends}{indent if line else ''}{line}" for line in lines), once)


def _indent(directive: Directive) -> str | None:
    """What stands before a directive on its line, if that is white space alone."""
    text = directive.source.prepared.unprepared
    start = _offset(directive.source, directive.offset)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return None if before.strip() else before


def _inner_indent(block: Directive) -> str:
    """How deep lines of a block stand."""
    for directive in block.block or ():
        if (found := _indent(directive)) is not None and directive.line > block.line:
            return found
    return (_indent(block) or "") + _unit(block.source.prepared.unprepared)


@lru_cache(maxsize=16)
def _unit(text: str) -> str:
    """One step of indentation, as a file takes it."""
    found = re.search(r"^(\t|  {0,7})(?=[^\s#])", text, re.MULTILINE)
    return found[1] if found else "    "
