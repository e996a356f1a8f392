"""Regular expressions as Terraform's functions take them, which is RE2, in the dialect that runs here.

What RE2 refuses is refused; what only differs in ways that are not translated is not worked out.
https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from infralint.sources.terraform.budget import LONGEST, NotWorkedOut
from infralint.sources.terraform.values import EvaluationError, bound
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.patterns import TooSlow, spend

MOST_REPETITIONS = 1000
"""RE2's own bound, for all nested repetitions together."""
LONGEST_PATTERN = 5000
MOST_MATCHES = 20_000


class InvalidRe2(EvaluationError):
    """A pattern that RE2 refuses."""


class Pattern(msgspec.Struct, frozen=True):
    """A compiled pattern. names: of its groups, by number; None for one without."""

    compiled: Any
    names: tuple[str | None, ...]

    def matches(self, text: str) -> Iterator[Any]:
        """All matches, the first first; an empty one right behind another does not count. Raises NotWorkedOut."""
        yield from self._spent(lambda seconds: self._find_matches(text, seconds))

    def first(self, text: str) -> Any:
        """The first match, or None. Raises NotWorkedOut."""
        return self._spent(lambda seconds: self.compiled.search(text, timeout=seconds))

    def _spent(self, work: Callable[[float], Any]) -> Any:
        try:
            return spend(self.compiled.pattern, work)
        except TooSlow as error:
            raise NotWorkedOut("a regular expression takes too long") from error

    def _find_matches(self, text: str, seconds: float) -> list[Any]:
        found: list[Any] = []
        for match in self.compiled.finditer(text, timeout=seconds):
            if match.start() == match.end() and found and found[-1].end() == match.start():
                continue
            found.append(match)
            if len(found) > MOST_MATCHES:
                raise NotWorkedOut("a regular expression matches too often")
        return found


def replace_all(pattern: Pattern, text: str, template: str) -> str:
    """A text with all matches replaced: `$1` and `${name}` stand for groups, `$$` for a dollar. Raises NotWorkedOut."""
    parts, at, length = [], 0, 0
    for match in pattern.matches(text):
        parts += [text[at : match.start()], _expand(pattern, match, template)]
        at = match.end()
        length += len(parts[-1])
        if length > LONGEST:
            raise NotWorkedOut("it is too large to work out")
    return bound("".join(parts) + text[at:])


_REFERENCE = lazy(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def _expand(pattern: Pattern, match: Any, template: str) -> str:
    if "$" not in template:
        return template

    def group(found: Any) -> str:
        if found[1]:
            return "$"
        name = str(found[2] or found[3])
        number = int(name) if name.isascii() and name.isdecimal() and len(name) < 6 else None
        if number is None and name in pattern.names:
            number = pattern.names.index(name) + 1
        return str(match[number] or "") if number is not None and number <= len(pattern.names) else ""

    return _REFERENCE.sub(group, template)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern, ready to search. Raises BadPattern, NotWorkedOut."""
    import regex

    if len(pattern) > LONGEST_PATTERN:
        raise NotWorkedOut("a regular expression that long is not worked out")
    translator = _Translator(pattern)
    try:
        translated = translator.translate()
        made = spend(pattern, lambda _: regex.compile(translated, regex.V0, cache_pattern=False))
    except (regex.error, RecursionError, TooSlow) as error:
        raise NotWorkedOut("this regular expression is not worked out") from error
    return Pattern(made, tuple(translator.names))


class _Flags(msgspec.Struct, frozen=True):
    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


_DIGIT, _WORD, _SPACE = "0-9", "0-9A-Za-z_", r"\t\n\f\r\x20"
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t\x20",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": _DIGIT,
    "graph": r"\x21-\x7E",
    "lower": "a-z",
    "print": r"\x20-\x7E",
    "punct": r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
    "space": r"\t\n\x0B\f\r\x20",
    "upper": "A-Z",
    "word": _WORD,
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_BOUNDARY = f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))"
_NO_BOUNDARY = f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))"
_COUNT = lazy(r"\{(\d+)(?:(,)(\d*))?\}")
_GROUP = lazy(r"\(\?P?<(\w*)>")
_SWITCH = lazy(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_UNICODE = lazy(r"\\([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))")


class _Translator:
    """One pass over a pattern. names: of its groups, as they open."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.names: list[str | None] = []

    def translate(self) -> str:
        text = self._alternatives(_Flags())
        if self.at < len(self.pattern):
            raise InvalidRe2("a bracket in the regular expression is never opened")
        return text

    def _alternatives(self, flags: _Flags) -> str:
        """Up to a closing bracket or the end."""
        self.depth += 1
        if self.depth > 100:
            raise NotWorkedOut("this regular expression is nested too deeply")
        parts: list[str] = []
        last: tuple[str, int] | None = None
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                self.at += 1
                parts.append("|")
                last = None
                continue
            if switch := _SWITCH.match(self.pattern, self.at):
                flags_inside = _switch_flags(flags, switch)
                if switch[3] == ")":
                    self.at = switch.end()
                    flags = flags_inside
                    last = None
                    continue
            start = self.at
            if (count := self._repetition(flags)) is not None:
                least, most, lazy_mark = count
                if last is None or last[0] == "repeated":
                    raise InvalidRe2("a repetition in the regular expression repeats nothing")
                self._check_size(least, most, last[1], start)
                parts[-1] = f"(?:{parts[-1]}){{{least},{'' if most is None else most}}}{lazy_mark}"
                last = ("repeated", last[1])
                continue
            parts.append(self._atom(flags))
            last = ("atom", start)
        self.depth -= 1
        return "".join(parts)

    def _check_size(self, least: int, most: int | None, start: int, end: int) -> None:
        """RE2 refuses what repeats more than 1000 times in all: as counted here, inner counts multiply."""
        counts = [
            max(whole_number(repeat[1]), whole_number(repeat[3] or "0"))
            for repeat in _COUNT.finditer(self.pattern, start, end)
        ]
        total = max(least, most or 0, 1)
        for count in counts:
            total *= max(count, 1)
        if max(least, most or 0) > MOST_REPETITIONS or (most is not None and most < least):
            raise InvalidRe2("a repetition in the regular expression is too large")
        if total > MOST_REPETITIONS:
            raise NotWorkedOut("a regular expression that repeats so often is not worked out")

    def _repetition(self, flags: _Flags) -> tuple[int, int | None, str] | None:
        character = self.pattern[self.at]
        if character in "*+?":
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        elif found := _COUNT.match(self.pattern, self.at):
            if len(found[0]) > 16:
                raise InvalidRe2("a repetition in the regular expression is too large")
            self.at = found.end()
            least = int(found[1])
            most = least if not found[2] else int(found[3]) if found[3] else None
        else:
            return None
        reluctant = self.pattern.startswith("?", self.at)
        self.at += reluctant
        return least, most, "?" if reluctant != flags.U else ""

    def _atom(self, flags: _Flags) -> str:
        character = self.pattern[self.at]
        if character == "(":
            return self._group(flags)
        if character == "[":
            return self._with_case(self._class(), flags)
        if character == "\\":
            return self._escape(flags)
        self.at += 1
        if character == ".":
            return "(?s:.)" if flags.s else r"[^\n]"
        if character == "^":
            return r"(?:(?<=\n)|\A)" if flags.m else r"\A"
        if character == "$":
            return r"(?=\n|\Z)" if flags.m else r"\Z"
        return self._literal(ord(character), flags)

    def _group(self, flags: _Flags) -> str:
        if switch := _SWITCH.match(self.pattern, self.at):
            self.at = switch.end()
            return f"(?:{self._close_class(_switch_flags(flags, switch))})"
        if self.pattern.startswith("(?", self.at):
            found = _GROUP.match(self.pattern, self.at)
            if not found or not found[1] or found[1] in self.names:
                raise InvalidRe2("RE2 knows no such group")
            self.names.append(found[1])
            self.at = found.end()
        else:
            self.names.append(None)
            self.at += 1
        return f"({self._close_class(flags)})"

    def _close_class(self, flags: _Flags) -> str:
        inner = self._alternatives(flags)
        if self.at >= len(self.pattern):
            raise InvalidRe2("a bracket in the regular expression is never closed")
        self.at += 1
        return inner

    def _escape(self, flags: _Flags) -> str:
        following = self.pattern[self.at + 1 : self.at + 2]
        if following == "Q":
            return self._quote_text(flags)
        simple = {"A": r"\A", "z": r"\Z", "b": _BOUNDARY, "B": _NO_BOUNDARY}.get(following)
        if simple is not None:
            self.at += 2
            return simple
        if (members := self._class_escape()) is not None:
            return self._with_case(f"[{members}]", flags)
        return self._literal(self._escaped_character(), flags)

    def _quote_text(self, flags: _Flags) -> str:
        end = self.pattern.find(r"\E", self.at)
        text = self.pattern[self.at + 2 : end if end >= 0 else len(self.pattern)]
        self.at = len(self.pattern) if end < 0 else end + 2
        if not text or (self.at < len(self.pattern) and self.pattern[self.at] in "*+?{"):
            raise NotWorkedOut("this use of \\Q in a regular expression is not worked out")
        return "".join(self._literal(ord(character), flags) for character in text)

    def _class_escape(self) -> str | None:
        r"""`\d`, `\pL` and the like as the inside of a class, or None."""
        following = self.pattern[self.at + 1 : self.at + 2]
        if following.lower() in _CLASSES and following:
            self.at += 2
            inside = _CLASSES[following.lower()]
            return inside if following.islower() else _complement(inside)
        if found := _UNICODE.match(self.pattern, self.at):
            self.at = found.end()
            name = found[3] or found[4]
            negated = (found[1] == "P") != bool(found[2])
            if name == "Any":
                raise NotWorkedOut("this class of a regular expression is not worked out")
            return rf"\{'P' if negated else 'p'}{{{name}}}"
        return None

    def _escaped_character(self) -> int:
        """An escape that stands for one character."""
        self.at += 1
        character = self.pattern[self.at : self.at + 1]
        self.at += 1
        if character in _CONTROLS and character:
            return _CONTROLS[character]
        if character == "x":
            return self._hexadecimal()
        if character in "01234567" and character:
            return self._octal(character)
        if character and character.isascii() and not character.isalnum():
            return ord(character)
        raise InvalidRe2("RE2 knows no such escape")

    def _octal(self, first: str) -> int:
        following = self.pattern[self.at : self.at + 1]
        if first != "0" and (not following or following not in "01234567"):
            raise InvalidRe2("RE2 knows no references to groups")
        digits = first
        while len(digits) < 3 and self.at < len(self.pattern) and self.pattern[self.at] in "01234567":
            digits += self.pattern[self.at]
            self.at += 1
        return int(digits, 8)

    def _hexadecimal(self) -> int:
        found = lazy(r"\{([0-9A-Fa-f]{1,8})\}|([0-9A-Fa-f]{2})").match(self.pattern, self.at)
        if not found or int(found[1] or found[2], 16) > 0x10FFFF:
            raise InvalidRe2("RE2 knows no such escape")
        self.at = found.end()
        return int(found[1] or found[2], 16)

    def _class(self) -> str:
        """`[…]`."""
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        parts: list[str] = []
        first = True
        while first or not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise InvalidRe2("a class in the regular expression is never closed")
            dash = self.pattern.startswith("-", self.at) and not first
            if dash and not self.pattern.startswith("-]", self.at):
                raise InvalidRe2("a range in the regular expression has no end")
            first = False
            parts.append(self._class_part())
        self.at += 1
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def _class_part(self) -> str:
        posix = lazy(r"\[:(\^?)(\w+):\]").match(self.pattern, self.at)
        if posix:
            if posix[2] not in _POSIX:
                raise InvalidRe2("RE2 knows no such class")
            self.at = posix.end()
            return _complement(_POSIX[posix[2]]) if posix[1] else _POSIX[posix[2]]
        if self.pattern[self.at] == "\\" and (members := self._class_escape()) is not None:
            return members
        low = self._class_character()
        if not self.pattern.startswith("-", self.at) or self.pattern.startswith("-]", self.at):
            return _character_of_code(low)
        self.at += 1
        high = self._class_character()
        if high < low:
            raise InvalidRe2("a range in the regular expression is upside down")
        return f"{_character_of_code(low)}-{_character_of_code(high)}"

    def _class_character(self) -> int:
        if self.at >= len(self.pattern):
            raise InvalidRe2("a class in the regular expression is never closed")
        if self.pattern[self.at] == "\\":
            return self._escaped_character()
        self.at += 1
        return ord(self.pattern[self.at - 1])

    def _literal(self, code: int, flags: _Flags) -> str:
        return self._with_case(_character_of_code(code), flags)

    def _with_case(self, text: str, flags: _Flags) -> str:
        return f"(?i:{text})" if flags.i else text


def _character_of_code(code: int) -> str:
    return chr(code) if chr(code).isalnum() and code < 128 else rf"\U{code:08X}"


def _complement(inside: str) -> str:
    """A negated class inside a class, as ranges: the ones here are of ASCII characters."""
    from re import compile as plain

    listed = plain(f"[{inside}]")
    ranges, start = [], None
    for code in range(129):
        outside = code == 128 or not listed.match(chr(code))
        if outside and start is None:
            start = code
        elif not outside and start is not None:
            ranges.append((start, code - 1))
            start = None
    ranges.append((start if start is not None else 128, 0x10FFFF))
    return "".join(f"{_character_of_code(low)}-{_character_of_code(high)}" for low, high in ranges)


def _switch_flags(flags: _Flags, switch: Any) -> _Flags:
    if not switch[1] and switch[2] is None and switch[3] == ")":
        raise InvalidRe2("a bracket in the regular expression repeats nothing")
    on, off = str(switch[1]), str(switch[2] or "")
    found: dict[str, bool] = {**dict.fromkeys(on, True), **dict.fromkeys(off, False)}
    return replace(flags, **found)
