"""`${VARIABLES}` of compose files, and the .env files that give them values.

https://docs.docker.com/reference/compose-file/interpolation/,
https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from infralint.text.lazy import lazy

DEEPEST = 8
"""Levels of holes within holes that are looked into; what lies deeper stays as it is written."""
LONGEST_VALUE = 8192
"""Characters of a value that is filled in; a hole for a longer one stays as it is written."""
LONGEST_TEXT = 128 * 1024
"""Characters that a text with its holes filled may have: Linux gives no program a longer variable. One that would be longer
stays as it is written."""

_NAME = lazy(r"[A-Za-z_]\w*")
_BRACED = lazy(r"([A-Za-z_]\w*)(?:(:?[-?+])(.*))?", 16)
_ASSIGNMENT = lazy(r"\s*(?:export\s+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*(.*)")
_COMMENT = lazy(r"(?:^|\s)#.*$")


class DotenvLine(NamedTuple):
    """A line of a .env file. is_literal: it stands in single quotes, so that nothing in it is filled in."""

    name: str
    value: str
    line: int
    is_literal: bool = False


def parse_env(text: str) -> Iterator[DotenvLine]:
    """The assignments of a .env file, their values without quotes and comments."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _ASSIGNMENT.match(line):
            value, is_literal = _unquote(found[2].rstrip())
            yield DotenvLine(found[1], value, number, is_literal)


def env_values(text: str) -> dict[str, str]:
    """The variables of a .env file, later lines filled in by earlier ones."""
    values: dict[str, str] = {}
    for name, value, _, is_literal in parse_env(text):
        values[name] = value if is_literal else fill(value, values)
    return values


def _unquote(text: str) -> tuple[str, bool]:
    quote = text[:1]
    end = text.find(quote, 1) if quote in ("'", '"') else -1
    while quote == '"' and end > 0 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    if end > 0:
        return text[1:end].replace('\\"', '"') if quote == '"' else text[1:end], quote == "'"
    return _COMMENT.sub("", text).rstrip(), False


def fill(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """A text with its holes filled by values and by their own defaults; what can't be known stays as it is written."""
    if "$" not in text or depth > DEEPEST:
        return text
    parts: list[str] = []
    at = length = 0
    while (start := text.find("$", at)) >= 0:
        parts.append(text[at:start])
        end = _end_of_hole(text, start)
        parts.append(_fill_hole(text[start:end], values, depth))
        length += len(parts[-1])
        if length > LONGEST_TEXT > len(text):
            return text
        at = end
    return "".join([*parts, text[at:]])


def _end_of_hole(text: str, start: int) -> int:
    """Where a hole ends that begins with the `$` at start: `$$`, `$NAME`, `${…}`, or the `$` alone."""
    if text.startswith("$$", start):
        return start + 2
    if not text.startswith("${", start):
        named = _NAME.match(text, start + 1)
        return named.end() if named else start + 1
    level, at = 1, start + 2
    while at < len(text) and level:
        level += (text[at] == "{") - (text[at] == "}")
        at += 1
    return at


def _fill_hole(hole: str, values: Mapping[str, str], depth: int) -> str:
    if hole in ("$", "$$"):
        return "$"
    found = _BRACED.fullmatch(hole[2:-1] if hole.startswith("${") else hole[1:])
    if found is None:
        return hole
    name, operator, operand = found[1], found[2] or "", found[3] or ""
    known = values.get(name)
    given = known if operator.startswith(":") else (None if known is None else "set")
    if operator.endswith("-") and not given:
        return fill(operand, values, depth + 1)
    if operator.endswith("+") and known is not None:
        return fill(operand, values, depth + 1) if given else ""
    return hole if known is None or len(known) > LONGEST_VALUE or operator.endswith("+") else known
