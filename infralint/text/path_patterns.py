"""Paths as path-to-regexp writes them, which Next.js and Vercel match with: `/chat/:path*`, `/((?!api).*)`, `/:rest*{/}?`.

https://github.com/pillarjs/path-to-regexp/tree/v6.1.0
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, compile_pattern, spend

LONGEST = 2000
"""Characters of a pattern; nobody wrote a longer one by hand."""
_NAME = lazy(r":(\w+)")
_REFERENCE = lazy(r"\$(\w+)")


class InvalidPathPattern(Unsearchable):
    """What path-to-regexp refuses."""


class PathPart(msgspec.Struct, frozen=True):
    """A parameter, or text that may be left out: what stands before and after it, what it matches, how often."""

    name: str
    before: str = ""
    after: str = ""
    pattern: str = ""
    modifier: str = ""


def match_path(pattern: str, path: str) -> dict[str, str] | None:
    """The parameters of a path that a pattern takes, by name or number; None where it does not. Raises Unsearchable."""
    parts = parse_path(pattern)
    if parts and isinstance(parts[0], str) and not path.startswith(parts[0]):
        return None
    expression = "".join(_expression(part) for part in parts) + "/?"
    found = match_whole(expression, path)
    if found is None:
        return None
    names = [part.name for part in parts if isinstance(part, PathPart) and part.pattern]
    return {name: value or "" for name, value in zip(names, found.values(), strict=False)}


def match_whole(expression: str, path: str) -> dict[str, str] | None:
    """The groups of a regular expression that takes a whole path, by number and name. Raises Unsearchable."""
    if len(expression) > 2 * LONGEST:
        raise Unsearchable("is too long to match")
    search = compile_pattern(expression)
    found = spend(expression, lambda seconds: search.fullmatch(path, timeout=seconds))
    if found is None:
        return None
    numbered = {str(index + 1): value or "" for index, value in enumerate(found.groups())}
    return numbered | {name: value or "" for name, value in found.groupdict().items()}


def fill_path(pattern: str, values: Mapping[str, str]) -> str | None:
    """A pattern with its parameters filled in; None where one is missing. Raises Unsearchable."""
    texts = [_fill(part, values) for part in parse_path(pattern)]
    return None if None in texts else "".join(text for text in texts if text is not None)


def fill_references(text: str, values: Mapping[str, str]) -> str:
    """`/chat/$1` with its groups filled in."""
    return _REFERENCE.sub(lambda found: values.get(found[1], ""), text)


class PatternMap(msgspec.Struct, frozen=True):
    """A path that matches one pattern becomes another: `/api/:path*` to `/v1/:path*`."""

    source: str
    destination: str

    def forward(self, path: str) -> str | None:
        return _carry(self.source, self.destination, path)

    def inverse(self, path: str) -> str | None:
        found = _carry(self.destination, self.source, path)
        return found if found is not None and self.forward(found) == path else None


def _carry(pattern: str, other: str, path: str) -> str | None:
    try:
        values = match_path(pattern, path)
        return None if values is None else fill_path(other, values)
    except Unsearchable:
        return None


@lru_cache(maxsize=1000)
@lru_cache(maxsize=4096)
def parse_path(pattern: str) -> tuple[str | PathPart, ...]:
    """Texts and parameters. Raises BadPattern."""
    if len(pattern) > LONGEST:
        raise InvalidPathPattern("is too long to match")
    return tuple(_parts(pattern))


def _parts(pattern: str) -> Iterator[str | PathPart]:
    at, text, unnamed = 0, "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            text, at = text + pattern[at + 1], at + 2
            continue
        if character not in ":({" or (character == ":" and not _NAME.match(pattern, at)):
            text, at = text + character, at + 1
            continue
        if character == "{":
            part, at, unnamed = _group(pattern, at, unnamed)
        else:
            before = text[-1:] if text[-1:] in ("/", ".") else ""
            text = text.removesuffix(before)
            part, at, unnamed = _parameter(pattern, at, unnamed, before)
        if text:
            yield text
            text = ""
        yield part
    if text:
        yield text


def _parameter(pattern: str, at: int, unnamed: int, before: str) -> tuple[PathPart, int, int]:
    """`:name`, `:name(…)`, `(…)` with its modifier; where it ends, and the number of the next unnamed one."""
    named = _NAME.match(pattern, at)
    name = named[1] if named else str(unnamed)
    at = named.end() if named else at
    inner = ""
    if pattern[at : at + 1] == "(":
        end = _closing(pattern, at, "(", ")")
        inner, at = pattern[at + 1 : end], end + 1
    modifier = pattern[at] if pattern[at : at + 1] in tuple("*+?") else ""
    return PathPart(name, before, "", inner or "[^/]+?", modifier), at + len(modifier), unnamed + (not named)


def _group(pattern: str, at: int, unnamed: int) -> tuple[PathPart, int, int]:
    """`{before:name(…)after}` with its modifier; without a parameter, text that may be left out."""
    end = _closing(pattern, at, "{", "}")
    inner = pattern[at + 1 : end]
    start = min((found for found in (inner.find(":"), inner.find("(")) if found >= 0), default=len(inner))
    part, used = PathPart("", inner[:start]), len(inner)
    if start < len(inner):
        part, used, unnamed = _parameter(inner, start, unnamed, inner[:start])
    modifier = pattern[end + 1] if pattern[end + 1 : end + 2] in tuple("*+?") else ""
    whole = PathPart(part.name, part.before, inner[used:], part.pattern, modifier)
    return whole, end + 1 + len(modifier), unnamed


def _closing(pattern: str, opening: int, left: str, right: str) -> int:
    """Where a bracket closes. Raises BadPattern."""
    depth, at = 0, opening
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            continue
        depth += (pattern[at] == left) - (pattern[at] == right)
        if depth == 0:
            return at
        at += 1
    raise InvalidPathPattern(f"has a {left} that is not closed")


def _expression(part: str | PathPart) -> str:
    if isinstance(part, str):
        return re.escape(part)
    before, after = re.escape(part.before), re.escape(part.after)
    if not part.pattern:
        return f"(?:{before}{after}){part.modifier}"
    if part.modifier in ("*", "+"):
        many = f"{before}((?:{part.pattern})(?:{after}{before}(?:{part.pattern}))*){after}"
        return f"(?:{many}){'?' if part.modifier == '*' else ''}"
    return f"(?:{before}({part.pattern}){after}){part.modifier}"


def _fill(part: str | PathPart, values: Mapping[str, str]) -> str | None:
    if isinstance(part, str):
        return part
    if not part.pattern:
        return "" if part.modifier in ("*", "?") else part.before + part.after
    value = values.get(part.name, "")
    if value:
        return f"{part.before}{value.strip('/') if part.before == '/' else value}{part.after}"
    return "" if part.modifier in ("*", "?") else None
