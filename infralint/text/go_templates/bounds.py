"""How much work templates may make: texts, values that stand for many others, and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infralint.text.go_templates.parsing import TemplateProblem

LONGEST = 1024 * 1024
"""Characters of a text that a function may make."""
MOST_VALUES = 100_000
"""Values that a function may go through at once, each as often as it is reached: a list of a list that stands in it
twice, and so on, is short to write and has no end to read."""
MOST_STEPS = 100_000
"""Actions of one rendered file, each of which takes some ten microseconds; charts take some thousand."""
_BASE = 80_000
"""Steps of all files that are rendered in a run, however small they are; each character of them adds one."""


class TemplateAllowance:
    """The steps that are left: for all templates of a run and for reading what they come to, or for one file."""

    def __init__(self, left: int = _BASE) -> None:
        self.left = left

    def grow(self, characters: int) -> None:
        """Allow for a file of a chart that was read."""
        self.left += characters

    def spend(self, steps: int) -> None:
        """Take steps. Raises TemplateProblem where so many are not left."""
        self.left -= steps
        if self.left < 0:
            raise TemplateProblem("takes more steps than a chart should", is_limit=True)


def check_length(text: str, length: int | None = None) -> str:
    """A text that is not too long. length: what its length will be, where it is not made yet. Raises TemplateProblem."""
    if (len(text) if length is None else length) > LONGEST:
        raise TemplateProblem("makes a text that is too long", is_limit=True)
    return text


def check_count(count: int) -> int:
    """A number of values that is not too large. Raises TemplateProblem."""
    if count > MOST_VALUES:
        raise TemplateProblem("makes more values than a chart should", is_limit=True)
    return count


def measure(values: Iterable[Any], per_step: int = 100) -> int:
    """The steps that it takes to go through values and all within them. Raises TemplateProblem where that is too much.

    per_step: how many of them are gone through in one.
    """
    waiting = list(values)
    count = length = 0
    while waiting:
        value = waiting.pop()
        count += 1
        if isinstance(value, str):
            length += len(value)
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        if count + len(waiting) > MOST_VALUES or length > 4 * LONGEST:
            raise TemplateProblem("goes through more values than a chart should", is_limit=True)
    return count // per_step + length // 1000


def extent(value: Any) -> int:
    """The steps that it takes to make a text or a collection of other values. Raises TemplateProblem for a huge one."""
    if isinstance(value, str):
        return len(check_length(value)) // 1000
    if isinstance(value, list | tuple | Mapping):
        return check_count(len(value)) // 50
    return 0
