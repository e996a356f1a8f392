"""Globs as Vercel matches them: `minimatch` 3.1.2 with its default options.

It works on positions, not on regular expressions: no pattern makes it take exponential time.
https://github.com/isaacs/minimatch/tree/v3.1.2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import msgspec

from infralint.text.lazy import lazy

MOST_ALTERNATIVES = 1000
"""Braces that expand to more patterns than this are cut: nobody wrote them by hand."""

LONGEST = 256
"""Characters of a pattern that Vercel accepts; a longer one matches nothing."""

_EXTENDED = "!?+*@"
_RANGE = lazy(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")


class _Literal(msgspec.Struct, frozen=True):
    text: str


class _Class(msgspec.Struct, frozen=True):
    """`[a-z]`: pairs of first and last character."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def holds(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


class _Wild(msgspec.Struct, frozen=True):
    """`?` (one) or `*` (any number)."""

    many: bool


class _Group(msgspec.Struct, frozen=True):
    """`@(a|b)` and its kin."""

    kind: str
    choices: tuple[tuple[_Part, ...], ...]


_Part = _Literal | _Class | _Wild | _Group


def glob_matches(path: str, pattern: str) -> bool:
    """Whether `minimatch(path, pattern)` is true; a path that equals the pattern is the caller's to test."""
    pattern = pattern.strip()
    if not pattern or pattern.startswith("#") or len(pattern) > LONGEST:
        return not pattern and not path
    body = pattern.lstrip("!")
    negated = (len(pattern) - len(body)) % 2 == 1 and not pattern.startswith("!(")
    if pattern.startswith("!("):
        body = pattern
    segments = _segments(path)
    return any(_path_matches(segments, alternative) for alternative in _alternatives(body)) != negated


@lru_cache(maxsize=1000)
def _segments(path: str) -> list[str]:
    return re.split(r"/+", path)


@lru_cache(maxsize=1000)
def _alternatives(pattern: str) -> list[list[str]]:
    return [re.split(r"/+", brace) for brace in expand_braces(pattern)]


def _path_matches(segments: list[str], patterns: list[str]) -> bool:
    """Whether segments match; of patterns with one `**` in the middle at most, end by end."""
    stars = patterns.count("**")
    if segments[-1] == "" or stars > 1 or patterns[-1] == "**":
        return _path_matches_anyhow(segments, patterns)
    if not stars:
        return len(segments) == len(patterns) and all(map(segment_matches, segments, patterns))
    at = patterns.index("**")
    tail = len(patterns) - at - 1
    end = len(segments) - tail
    return (
        at <= end
        and all(map(segment_matches, segments[:at], patterns[:at]))
        and all(map(segment_matches, segments[end:], patterns[at + 1 :]))
        and not any(segment.startswith(".") for segment in segments[at:end])
    )


def _path_matches_anyhow(segments: list[str], patterns: list[str]) -> bool:
    known: dict[tuple[int, int], bool] = {}

    def matches(at: int, index: int) -> bool:
        key = (at, index)
        if key not in known:
            known[key] = decide(at, index)
        return known[key]

    def decide(at: int, index: int) -> bool:
        if index == len(patterns):
            return at == len(segments) or (at == len(segments) - 1 and segments[at] == "" and at > 0)
        if at == len(segments):
            return False
        if patterns[index] == "**":
            if index == len(patterns) - 1:
                return not any(segment.startswith(".") for segment in segments[at:])
            return matches(at, index + 1) or (not segments[at].startswith(".") and matches(at + 1, index))
        return segment_matches(segments[at], patterns[index]) and matches(at + 1, index + 1)

    return matches(0, 0)


@lru_cache(maxsize=100_000)
def segment_matches(text: str, pattern: str) -> bool:
    """Whether one name between slashes matches one part of a pattern."""
    if pattern == "*":
        return text[:1] not in ("", ".")
    parts = _parse(pattern)
    if all(isinstance(part, _Literal) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, _Literal)) == text
    if not text or (text.startswith(".") and not isinstance(parts[0], _Literal)):
        return False
    return len(text) in _Matcher(text).ends(parts, 0, 0)


class _Matcher:
    """Where parts of a pattern can end in one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: dict[tuple[int, int, int], frozenset[int]] = {}

    def ends(self, parts: tuple[_Part, ...], index: int, start: int) -> frozenset[int]:
        """All positions at which `parts[index:]`, begun at start, can end."""
        key = (id(parts), index, start)
        if key not in self._known:
            reached = {start}
            for at in range(index, len(parts)):
                reached = {end for position in reached for end in self._after(parts, at, position)}
            self._known[key] = frozenset(reached)
        return self._known[key]

    def _after(self, parts: tuple[_Part, ...], index: int, start: int) -> Iterator[int]:
        part = parts[index]
        match part:
            case _Literal(text):
                if self.text.startswith(text, start):
                    yield start + len(text)
            case _Class():
                if start < len(self.text) and part.holds(self.text[start]):
                    yield start + 1
            case _Wild(many):
                yield from (
                    range(start, len(self.text) + 1) if many else range(start + 1, min(start + 2, len(self.text) + 1))
                )
            case _Group("!"):
                if not any(len(self.text) in self.ends(parts, index + 1, end) for end in self._chosen(part, start)):
                    yield from range(start, len(self.text) + 1)
            case _Group():
                yield from self._repeat_group(part, start)

    def _chosen(self, group: _Group, start: int) -> set[int]:
        return {end for choice in group.choices for end in self.ends(choice, 0, start)}

    def _repeat_group(self, group: _Group, start: int) -> set[int]:
        reached = self._chosen(group, start)
        if group.kind in "+*":
            pending = set(reached)
            while pending:
                further = self._chosen(group, pending.pop()) - reached
                reached |= further
                pending |= further
        return reached | ({start} if group.kind in "?*" else set())


@cache
def _parse(pattern: str) -> tuple[_Part, ...]:
    return tuple(_merge_parts(_parts(pattern)))


def _merge_parts(parts: Iterator[_Part]) -> Iterator[_Part]:
    """Neighbouring literals as one, and stars that repeat as one."""
    text, star = "", False
    for part in parts:
        if isinstance(part, _Literal):
            text, star = text + part.text, False
            continue
        if text:
            yield _Literal(text)
            text = ""
        if not (star and part == _Wild(True)):
            yield part
        star = part == _Wild(True)
    if text:
        yield _Literal(text)


def _parts(pattern: str) -> Iterator[_Part]:
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character in _EXTENDED and pattern[at + 1 : at + 2] == "(" and (end := _closing(pattern, at + 1)):
            choices = _split(pattern[at + 2 : end], "|")
            yield _Group(character, tuple(tuple(_merge_parts(_parts(choice))) for choice in choices))
            at = end + 1
        elif character == "[" and (found := _class(pattern, at)):
            yield found[0]
            at = found[1]
        elif character in "*?":
            yield _Wild(character == "*")
            at += 1
        else:
            escaped = character == "\\" and at + 1 < len(pattern)
            yield _Literal(pattern[at + 1] if escaped else character)
            at += 2 if escaped else 1


def _closing(pattern: str, opening: int) -> int:
    """Where the parenthesis at `opening` closes; 0 where it never does."""
    depth = 0
    for at in range(opening, len(pattern)):
        if pattern[at - 1] == "\\":
            continue
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        if depth == 0:
            return at
    return 0


def _class(pattern: str, start: int) -> tuple[_Class, int] | None:
    """A bracket expression and where it ends, or None where the bracket is only a bracket."""
    at = start + 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    characters: list[str] = []
    dashes: set[int] = set()
    while at < len(pattern):
        if pattern[at] == "]" and characters:
            ranges = _ranges(characters, dashes)
            return (_Class(ranges, negated), at + 1) if ranges else None
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
        elif pattern[at] == "-":
            dashes.add(len(characters))
        characters.append(pattern[at])
        at += 1
    return None


def _ranges(characters: list[str], dashes: set[int]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(characters):
        if at + 1 in dashes and at + 2 < len(characters):
            if characters[at] > characters[at + 2]:
                return ()
            found.append((characters[at], characters[at + 2]))
            at += 3
        else:
            found.append((characters[at], characters[at]))
            at += 1
    return tuple(found)


def expand_braces(pattern: str) -> list[str]:
    """`{a,b}/{1..3}` spelt out, at most `MOST_ALTERNATIVES` patterns."""
    found = _outer_braces(pattern)
    if found is None:
        return [pattern]
    before, inner, after = found
    rest = expand_braces(after)
    choices = _split(inner, ",")
    if len(choices) == 1:
        spread = _spread(inner)
        if not spread:
            return [f"{before}{{{brace}}}{tail}" for brace in expand_braces(inner) for tail in rest][:MOST_ALTERNATIVES]
        choices = spread
    expanded = [brace for choice in choices for brace in expand_braces(choice)]
    return [before + alternative + tail for alternative in expanded[:MOST_ALTERNATIVES] for tail in rest][
        :MOST_ALTERNATIVES
    ]


def _outer_braces(pattern: str) -> tuple[str, str, str] | None:
    """What stands before, in and after the first pair of braces."""
    depth, opening = 0, -1
    for at, character in enumerate(pattern):
        if at and pattern[at - 1] == "\\":
            continue
        if character == "{" and not (at and pattern[at - 1] == "$"):
            opening = at if depth == 0 else opening
            depth += 1
        elif character == "}" and depth:
            depth -= 1
            if depth == 0:
                return pattern[:opening], pattern[opening + 1 : at], pattern[at + 1 :]
    return None


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that stands in no braces or parentheses of its own."""
    parts, depth, last = [], 0, 0
    for at, character in enumerate(text):
        if at and text[at - 1] == "\\":
            continue
        if character in "{(":
            depth += 1
        elif character in "})":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[last:at])
            last = at + 1
    return [*parts, text[last:]]


def _spread(inner: str) -> list[str]:
    """`1..3` or `a..e` spelt out; empty where it is neither."""
    found = _RANGE.fullmatch(inner)
    if not found or found[1].isalpha() != found[2].isalpha():
        return []
    first, last = (ord(bound) if bound.isalpha() else int(bound) for bound in found.group(1, 2))
    step = abs(int(found[3] or 1)) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    if found[1].isalpha():
        return [chr(number) for number in numbers[:MOST_ALTERNATIVES]]
    width = max(len(bound.lstrip("-")) for bound in found.group(1, 2)) if re.search(r"^-?0\d", inner) else 0
    return [f"{number:0{width}d}" for number in numbers[:MOST_ALTERNATIVES]]
