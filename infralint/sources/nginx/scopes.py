"""What rules a place in nginx configuration: directives by nginx's inheritance, nearest level first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from infralint.model import Known, Location, Origin, Setting, Unknown
from infralint.platforms.nginx import DEFAULTS, Line
from infralint.platforms.nginx_values import BadValue, flag, time, word
from infralint.sources.nginx.environment import EnvironmentVariables
from infralint.sources.nginx.templates import HOLE, Condition
from infralint.sources.nginx.tree import Directive

T = TypeVar("T")


RENDER = "render the template and check the result"
NOTHING_REFUSED: Mapping[str, Unknown] = MappingProxyType({})


def not_taken(directive: Directive) -> str:
    """What to say of a directive whose value nginx does not start with."""
    return f"`{directive.written}` is not a value that nginx takes"


class Level(msgspec.Struct, eq=False, gc=False):
    """One level of configuration (http, server, location …) with includes already put in.

    owner: the block's own directive, None for a file's top level. by_name: what can be seen; opaque: includes that are
    missing, and holes that may stand for any directives. given: template conditions
    that hold whenever this level matters, because its `proxy_pass` stands under them. refused: what
    nginx says of directives that stand here and in a file that is included here, by name.
    """

    owner: Directive | None
    directives: list[Directive]
    given: tuple[Condition, ...] = ()
    refused: Mapping[str, Unknown] = NOTHING_REFUSED
    by_name: dict[str, Sequence[Directive]] = {}
    opaque: Sequence[Directive] = ()

    def __post_init__(self) -> None:
        opaque: list[Directive] = []
        several: dict[str, list[Directive]] = {}
        for directive in self.directives:
            name = directive.name
            if directive.splice or directive.missing:
                opaque.append(directive)
            elif name in several:
                several[name].append(directive)
            elif name in self.by_name:
                self.by_name[name] = several[name] = [*self.by_name[name], directive]
            else:
                self.by_name[name] = (directive,)
        if opaque:
            self.opaque = opaque

    def under_condition(self, directive: Directive) -> tuple[Condition, ...]:
        """The template conditions that a directive stands under and its block does not."""
        if not directive.conditions:
            return ()
        around = self.owner.conditions if self.owner and self.owner.source is directive.source else ()
        return tuple(condition for condition in directive.conditions[len(around) :] if condition not in self.given)


class Scope(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Levels from the outermost to the nearest, and what fills holes.

    hiding: the number of the nearest level of which not all can be seen; -1: all of all levels can. names: those of all
    that stands on any level of this file: most of what is asked for is not among them, and rules nowhere.
    """

    environment: EnvironmentVariables
    levels: tuple[Level, ...] = ()
    hiding: int = -1
    names: set[str] = msgspec.field(default_factory=set)

    def inside(self, level: Level) -> Scope:
        self.names.update(level.by_name)
        hiding = len(self.levels) if level.opaque else self.hiding
        return Scope(self.environment, (*self.levels, level), hiding, self.names)

    @property
    def nearest(self) -> Level:
        return self.levels[-1]

    def ruler_of(self, name: str) -> int:
        """The number of the nearest level that has a directive of a name; -1 where none has."""
        if name not in self.names:
            return -1
        number = len(self.levels)
        for level in reversed(self.levels):
            number -= 1
            if name in level.by_name:
                return number
        return -1

    def find(self, name: str) -> tuple[Sequence[Directive], bool] | Unknown:
        """The directives of a name that rule here, and whether this very level holds them."""
        number = self.ruler_of(name)
        if number < self.hiding:
            return hidden(self.levels[self.hiding].opaque[0], name)
        if number < 0:
            return (), False
        return self.levels[number].by_name[name], number == len(self.levels) - 1

    def setting(self, name: str, default: T, where: Location, read: Callable[[str], T]) -> Setting[T]:
        """The value of a directive with one argument that rules here. where: the place of a default."""
        number = self.ruler_of(name)
        if self.hiding <= number < 0:
            return Known(default, where, name, "default")
        if number >= self.hiding:
            level = self.levels[number]
            found = level.by_name[name]
            if len(found) == 1 and not found[0].source.prepared.headings and not level.refused:
                return self._read(found[0], read, number == len(self.levels) - 1)
        return self._setting(name, default, where, read, len(self.levels))

    def _setting(self, name: str, default: T, where: Location, read: Callable[[str], T], depth: int) -> Setting[T]:
        for index in range(depth - 1, -1, -1):
            level = self.levels[index]
            found = level.by_name.get(name)
            if found and name in level.refused:
                return level.refused[name]
            if found:
                values = [self._read(directive, read, index == len(self.levels) - 1) for directive in found]
                if self._always(level, found):
                    return _agree(values, found, level)
                outer = self._setting(name, default, where, read, index)
                return _agree([*values, outer], found, level)
            if level.opaque:
                return hidden(level.opaque[0], name)
        return Known(default, where, name, "default")

    def _always(self, level: Level, found: Sequence[Directive]) -> bool:
        """Whether a value stands here whichever way template conditions go."""
        conditions = [level.under_condition(directive) for directive in found]
        if not all(conditions):
            return True
        prepared = found[0].source.prepared
        blocks = {outermost[0] for outermost, *_ in conditions}
        if len(blocks) != 1 or not blocks <= prepared.exhaustive or any(len(nested) != 1 for nested in conditions):
            return False
        return {outermost[1] for outermost, *_ in conditions} >= set(range(prepared.branches[blocks.pop()] + 1))

    def _read(self, directive: Directive, read: Callable[[str], T], here: bool) -> Setting[T]:
        text = " ".join(directive.args)
        because = ""
        if directive.source.prepared.holes:
            filled = self.environment.fill(text, directive)
            if isinstance(filled, Unknown):
                return filled
            text, because = filled.value, filled.because
        try:
            value = read(text)
        except BadValue:
            return self._unreadable(directive, text)
        origin = "explicit" if here else "inherited"
        return Known(value, directive.where, directive.name, origin, directive.written, because)  # type: ignore[arg-type]

    @staticmethod
    def _unreadable(directive: Directive, text: str) -> Unknown:
        if "$" not in text:
            rendered = bool(directive.source.prepared.headings or directive.source.prepared.holes)
            return Unknown(
                directive.where,
                directive.name,
                not_taken(directive),
                refused=not rendered,
            )
        if directive.source.is_template:
            return Unknown(
                directive.where, directive.name, f"`{directive.written}` is only known once the file is rendered"
            )
        refused = f"`{directive.written}` is not a value that nginx takes, for {directive.name} knows no variables"
        why = f"nginx would refuse this file: {refused}"
        return Unknown(directive.where, directive.name, why, refused=True)


class ScopeSettings(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What the directives of a scope set, for `infralint.platforms.nginx`. where: the place of a default."""

    scope: Scope
    where: Location

    def setting(self, name: str) -> Setting[Any] | None:
        """The value of a directive, read as that of its default; None where nothing sets it."""
        if name not in self.scope.names and self.scope.hiding < 0:
            return None
        default = DEFAULTS.get(name)
        found: Setting[Any] = self.scope.setting(
            name, None, self.where, _READERS[type(default.value if default else "")]
        )
        return None if isinstance(found, Known) and found.origin == "default" else found

    def lines(self, name: str) -> list[Line] | Unknown:
        """The directives of a name that stand on the level that rules here."""
        found = self.scope.find(name)
        if isinstance(found, Unknown):
            return found
        directives, here = found
        return [line_of(directive, here) for directive in directives]


_READERS: dict[type, Callable[[str], Any]] = {bool: flag, float: time, str: word}


def line_of(directive: Directive, here: bool) -> Line:
    """A directive's arguments, as they are written."""
    origin: Origin = "explicit" if here else "inherited"
    return Known(tuple(directive.args), directive.where, directive.name, origin, directive.written)


def unseen_by(level: Level) -> str:
    """Why blocks may stand at a level that are not to be seen; empty where all of it is."""
    for line in (*level.opaque, *level.by_name.get("include", ())):
        return hidden(line, "").why if line.opaque else f"`{line.written}` takes no file of the project"
    return ""


def hidden(by: Directive, name: str) -> Unknown:
    """What an include that is not here, or a hole, may set."""
    if by.missing:
        return Unknown(by.where, name, by.missing, by.remedy)
    return Unknown(by.where, name, f"`{by.written}` may stand for any directives once the template is rendered", RENDER)


def _agree(values: Sequence[Setting[Any]], found: Sequence[Directive], level: Level) -> Setting[Any]:
    """One value where all ways through a template lead to the same, else unknown."""
    for value in values:
        if isinstance(value, Unknown):
            return value
    if len({value.value for value in values if isinstance(value, Known)}) == 1:
        return values[0]
    for directive in found:
        if conditions := level.under_condition(directive):
            heading = directive.source.prepared.headings[conditions[0][0]]
            why = f"`{directive.written}` stands only under `{heading}`"
            return Unknown(directive.where, directive.name, why, RENDER)
    return contradiction(found[0], found[1])


def contradiction(first: Directive, other: Directive) -> Unknown:
    """Several values for what nginx takes once: it refuses one file with both, and two files may be meant one instead of the other."""
    if first.source is other.source:
        why = f'nginx would refuse this file: "{first.name}" directive is duplicate'
        return Unknown(other.where, other.name, why, refused=True)
    why = f"`{first.written}` at {first.where} and `{other.written}` at {other.where} both apply here, and nginx takes one"
    return Unknown(other.where, other.name, why, "delete one of them, or check the output of `nginx -T`")


def has_hole(text: str) -> bool:
    """Whether part of a text is only known once a template is rendered."""
    return not text.isascii() and bool(HOLE.search(text))
