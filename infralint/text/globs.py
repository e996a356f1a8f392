"""Globs: file names as glob(3) finds them, and paths as .gitignore names them. Matching never takes exponential time.

https://man7.org/linux/man-pages/man7/glob.7.html, https://git-scm.com/docs/gitignore#_pattern_format
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import lru_cache
from typing import Any

import msgspec

from infralint.text.lazy import lazy

_SPECIAL = lazy(r"[*?\[\\]")
_CLASSES = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "lower": str.islower,
    "space": str.isspace,
    "upper": str.isupper,
}


class _Set(msgspec.Struct, frozen=True):
    """`[a-z]`: pairs of first and last character, and names of classes."""

    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    is_negated: bool

    def matches(self, character: str) -> bool:
        found = any(low <= character <= high for low, high in self.ranges)
        return (found or any(_CLASSES[name](character) for name in self.classes)) != self.is_negated


_Part = str | _Set
"""A character, a set or `?` (the empty string); `*` is None."""


def is_glob(text: str) -> bool:
    """Whether a text is a pattern: nginx takes an `include` for one by these characters."""
    return any(character in text for character in "*?[")


def matches_path(path: str, pattern: str) -> bool:
    """Whether glob(3) finds a path by a pattern: nothing but a slash stands for a slash, and no wildcard for a leading dot."""
    names, wanted = path.split("/"), pattern.split("/")
    return len(names) == len(wanted) and all(map(matches_name, names, wanted))


def matches_name(name: str, pattern: str, dots: bool = False) -> bool:
    """Whether a name without slashes matches a pattern. dots: wildcards stand for a leading dot, too."""
    if not dots and name.startswith(".") and not pattern.startswith((".", "\\.")):
        return False
    if not _SPECIAL.search(pattern):
        return name == pattern
    return matches_text(name, pattern)


def matches_text(text: str, pattern: str) -> bool:
    """Whether a text matches as a name does in a shell, with wildcards that stand for slashes and leading dots, too."""
    literals = _literals(pattern)
    return _matches(text, _parts(pattern), _is_taken) if literals is None else _holds_in_order(text, literals)


def find_matching(texts: Iterable[str], pattern: str) -> list[str]:
    """Those of many texts that match as `matches_text` has it."""
    longest = max(_literals(pattern) or ("",), key=len)
    return [text for text in texts if longest in text and matches_text(text, pattern)]


@lru_cache(maxsize=4096)
def _literals(pattern: str) -> tuple[str, ...] | None:
    """What stands between the stars of a pattern; None where it has other wildcards."""
    parts = _parts(pattern)
    if "\0" in pattern or any(isinstance(part, _Set) or part == "" for part in parts):
        return None
    return tuple("".join("\0" if part is None else str(part) for part in parts).split("\0"))


def _holds_in_order(text: str, literals: Sequence[str]) -> bool:
    """Whether a text is some literals with anything between them."""
    first, *between = literals
    if not between:
        return text == first
    last = between.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for literal in between:
        at = text.find(literal, at, end)
        if at < 0:
            return False
        at += len(literal)
    return True


@lru_cache(maxsize=256)
def name_matcher(*patterns: str) -> Callable[[str], object]:
    """A quick test of many names against patterns of our own: what it gives is true for a name that matches one."""
    literals = patterns[0].split("*")
    if len(patterns) == 1 and len(literals) > 1 and not is_glob("".join(literals)):  # as most are: nothing to compile
        if len(literals) == 2:
            begin, end = literals
            return lambda name: name.startswith(begin) and name.endswith(end) and len(name) >= len(begin) + len(end)
        longest = max(literals, key=len)
        return lambda name: longest in name and _holds_in_order(name, literals)
    return re.compile("|".join(map(translate, patterns))).match


def is_like(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern of which only `*` and `?` are special, both of which stand for a slash, too."""
    return _matches(text, _wildcards(pattern), _is_taken)


@lru_cache(maxsize=4096)
def _wildcards(pattern: str) -> tuple[_Part | None, ...]:
    return tuple({"*": None, "?": ""}.get(character, character) for character in pattern)


def matches_segments(path: str, pattern: str) -> bool:
    """Whether a request's path fits a pattern in which `*` is one segment and `**` any number of them, none included."""
    return _matches(path.strip("/").split("/"), _segments(pattern.strip("/").split("/")), _is_named)


def _segments(parts: Iterable[str]) -> tuple[str | None, ...]:
    return tuple(None if part == "**" else part for part in parts)


def _is_named(segment: str, part: str) -> bool:
    return part == "*" or matches_name(segment, part, dots=True)


def _matches(items: Sequence[str], parts: Sequence[Any], takes: Callable[[str, Any], bool]) -> bool:
    """Whether the items, in order, are what the parts stand for, None for any number of them.

    Each star is tried from where the last one left off: at most as many steps as items times parts.
    """
    at = index = 0
    star, resumed = -1, 0
    while at < len(items):
        part = parts[index] if index < len(parts) else None
        if part is not None and takes(items[at], part):
            at, index = at + 1, index + 1
        elif part is None and index < len(parts):
            star, resumed = index, at
            index += 1
        elif star >= 0:
            resumed += 1
            at, index = resumed, star + 1
        else:
            return False
    return all(part is None for part in parts[index:])


def _is_taken(character: str, part: _Part) -> bool:
    if isinstance(part, _Set):
        return part.matches(character)
    return part in ("", character)


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[_Part | None, ...]:
    parts: list[_Part | None] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            if not parts or parts[-1] is not None:
                parts.append(None)
        elif character == "?":
            parts.append("")
        elif character == "[" and (found := _set(pattern, at)):
            parts.append(found[0])
            at = found[1]
        elif character == "\\" and at < len(pattern):
            parts.append(pattern[at])
            at += 1
        else:
            parts.append(character)
    return tuple(parts)


def _set(pattern: str, at: int) -> tuple[_Set, int] | None:
    """A bracket expression and where it ends; None where the bracket is only a bracket."""
    is_negated = pattern[at : at + 1] in ("!", "^")
    at += is_negated
    start = at
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    while at < len(pattern):
        if pattern[at] == "]" and at > start:
            return _Set(tuple(ranges), tuple(classes), is_negated), at + 1
        name, closed, _ = pattern[at + 2 :].partition(":]") if pattern.startswith("[:", at) else ("", "", "")
        if closed and name in _CLASSES:
            classes.append(name)
            at += len(name) + 4
            continue
        at += pattern[at] == "\\" and at + 1 < len(pattern)
        low = pattern[at]
        at += 1
        high = low
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("]", ""):
            high = pattern[at + 1]
            at += 2
        ranges.append((low, high))
    return None


class _Rule(msgspec.Struct, frozen=True):
    """One line of a .gitignore. name: what it names wherever that lies; path: what it names from the root, if it does so."""

    written: str
    name: str
    path: tuple[str | None, ...]
    folders_only: bool
    is_negated: bool

    def names(self, parts: Sequence[str], is_folder: bool) -> bool:
        """Whether the rule names this very path."""
        if self.folders_only and not is_folder:
            return False
        if not self.path:
            return matches_name(parts[-1], self.name, dots=True)
        return _matches(parts, self.path, _is_named)


class Exclusions(msgspec.Struct):
    """Paths that patterns of .gitignore's kind leave out; the last one that names a path decides.

    A leading `./` is allowed, too. used: patterns that named something.
    """

    patterns: Iterable[str]
    used: set[str] = set()
    _folders: dict[str, bool] = {}
    _rules: list[_Rule] = []

    def __post_init__(self) -> None:
        self._rules = [rule for pattern in self.patterns if (rule := _rule(pattern)) is not None]

    @property
    def unused(self) -> list[str]:
        """Patterns that have named no path that was asked about."""
        return [rule.written for rule in self._rules if rule.written not in self.used]

    def covers(self, path: str) -> bool:
        """Whether a file is left out, by itself or with a folder that it lies in."""
        named = self._decides(path, is_folder=False)
        return self.covers_folder(path.rpartition("/")[0]) or named

    def covers_folder(self, folder: str) -> bool:
        """Whether all of a folder is left out: itself, or one above it."""
        if folder and folder not in self._folders:
            names = folder.split("/")
            for end in range(1, len(names) + 1):
                part, above = "/".join(names[:end]), "/".join(names[: end - 1])
                if part not in self._folders:
                    named = self._decides(part, is_folder=True)
                    self._folders[part] = self._folders.get(above, False) or named
        return self._folders.get(folder, False)

    def _decides(self, path: str, is_folder: bool) -> bool:
        """Whether the last rule that names a path leaves it out."""
        parts = path.split("/")
        decided = False
        for rule in self._rules:
            if rule.names(parts, is_folder):
                self.used.add(rule.written)
                decided = not rule.is_negated
        return decided


def _rule(written: str) -> _Rule | None:
    text = written.strip()
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    text = text.removeprefix("!")
    text = text[1:] if text.startswith("./") else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if not parts:
        return None
    if parts[-1] == "**":
        parts.insert(-1, "*")  # at the end it stands for one name at least
    return _Rule(written, parts[-1], _segments(parts) if "/" in text else (), folders_only, is_negated)
