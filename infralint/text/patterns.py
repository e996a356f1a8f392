"""Regular expressions that users wrote, searched under one budget of time a run: none of them can stop it.

nginx's locations, Vercel's routes and a declared `regex:` are PCRE (`search`); Terraform's RE2 brings its own
compiled expression and spends from the same budget (`spend`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from infralint.cache.recording import spoil
from infralint.text.lazy import lazy
from infralint.text.pcre import InvalidPcre, Unexpressed, parse

Result = TypeVar("Result")

SECONDS = 0.8
"""What all slow searches of a run may take together, of the processor: a busy machine is no slow expression."""
PATIENCE = 0.05
"""Seconds that one search may take."""
_LEFT = 0.001
"""Seconds that one search may take once the budget is spent: plain expressions need far less."""
_FREE = 0.0002
"""Seconds of a search that are not charged, so that a large project with plain expressions never spends its budget."""
_LARGE = 500
"""Bytes of an expression that is no longer compiled once the budget is spent."""

_LITERALS = lazy(r"[A-Za-z0-9/_~%-]*+(?![?*{])|[A-Za-z0-9/_~%-]*(?=[A-Za-z0-9/_~%-][?*{])")

_ITEMS = lazy(
    r"(?P<letter>[A-Za-z0-9/_~%&=:,@!<>-](?:[?*+]|\{\d*+,?\d*+\})?)"
    r"|(?P<escape>\\[./_~%-](?:[?*+]|\{\d*+,?\d*+\})?)"
    r"|(?P<wild>[.^$?*+]|\{\d*+,?\d*+\}|\\[dDwWsSbBhHvV]|\[\^?[^\[\]\\^]+\])"
    r"|(?P<branch>\|)|(?P<bracket>\((?:\?(?::|P?<[A-Za-z_]\w*>)|(?![?*]))|\))|(?P<other>.)",
    re.DOTALL,
)
"""An expression's letters, each with what says how often it stands there; what stands for any; and what is not looked into."""
_BRACKETS = lazy(r"\\.|[()|]", re.DOTALL)
_HIDING = lazy(r"\\[QE]|\[[^\]]*[()|\[\\]|\(\?[^:<P]|#")


class Unsearchable(ValueError):
    """An expression of which it can't be told whether it matches: the end of a sentence that begins with it."""


class Invalid(Unsearchable):
    """What is no expression at all: PCRE would refuse it."""


class TooSlow(Unsearchable):
    """An expression that takes too long, on this text or on others of this run."""

    def __init__(self) -> None:
        super().__init__("takes too long to match")
        spoil()  # on a faster machine it might not


class PatternBudget(msgspec.Struct):
    """What a run has spent on slow expressions, and which ones they are: none of them is tried twice."""

    seconds: float = SECONDS
    spent: float = 0.0
    slow: set[str] = set()

    @property
    def patience(self) -> float:
        """Seconds that the next search may take; raises TooSlow where nothing is left."""
        left = self.seconds - self.spent
        if left > 0:
            return min(PATIENCE, left + _LEFT)
        if left < -self.seconds / 2:
            raise TooSlow
        return _LEFT

    def charge(self, seconds: float) -> None:
        self.spent += max(0.0, seconds - _FREE)


_budget: ContextVar[PatternBudget] = ContextVar("_budget")


def budget() -> PatternBudget:
    """The budget of the run that this is part of."""
    found = _budget.get(None)
    if found is None:
        found = PatternBudget()
        _budget.set(found)
    return found


@contextmanager
def fresh_budget(seconds: float = SECONDS) -> Iterator[PatternBudget]:
    """A run of its own: what it searches is paid from a budget of its own."""
    token = _budget.set(PatternBudget(seconds))
    try:
        yield _budget.get()
    finally:
        _budget.reset(token)


def search(pattern: str, text: str, ignore_case: bool = False) -> Any:
    """Where a PCRE expression is found in a text, as a match of `regex`; None where it is not. Raises Unsearchable."""
    expression = compile_pattern(pattern, ignore_case)
    needed = required_letters(pattern)
    if needed and needed not in text and not (ignore_case and _holds_whatever_case(text, needed)):
        return None
    return spend(pattern, lambda seconds: expression.search(text, timeout=seconds))


def _holds_whatever_case(text: str, needed: str) -> bool:
    return not text.isascii() or needed.lower() in text.lower()


@lru_cache(maxsize=16384)
def required_letters(pattern: str) -> str:
    """The longest row of letters that stands in every text that an expression fits, as far as a look tells."""
    rows, depth = [""], 0
    for found in _ITEMS.finditer(pattern):
        kind, item = found.lastgroup, found[0]
        if kind == "other" or (kind == "branch" and not depth):
            return ""
        if kind == "bracket":
            depth += -1 if item == ")" else 1
        if depth or kind not in ("letter", "escape") or item.endswith(("?", "*", "}")):
            rows.append("")
        else:
            rows[-1] += item.strip("\\+")
            rows += [""] * item.endswith("+")
    return max(reversed(rows), key=len)


@lru_cache(maxsize=16384)
def literal_start(pattern: str) -> str:
    """The letters with which every text begins that an expression fits from its beginning, as far as a look tells."""
    found = _LITERALS.match(pattern)
    return found[0] if found is not None and ("|" not in pattern or _is_one_branch(pattern)) else ""


def _is_one_branch(pattern: str) -> bool:
    """Whether an expression is plainly none of several: each `|` stands in brackets, and nothing hides which these are."""
    if _HIDING.search(pattern):
        return False
    depth = 0
    for mark in _BRACKETS.findall(pattern):
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if mark == "|" and depth < 1:
            return False
    return True


def spend(pattern: str, work: Callable[[float], Result]) -> Result:
    """Let an expression work for as many seconds as the budget gives it. Raises TooSlow.

    work: gets the seconds, hands them to `regex` as `timeout=`, and lets its TimeoutError through.
    """
    account = budget()
    if pattern in account.slow:
        raise TooSlow
    seconds = account.patience
    start = time.process_time()
    try:
        return work(seconds)
    except (TimeoutError, MemoryError) as error:
        account.slow.add(pattern)
        raise TooSlow from error
    finally:
        account.charge(time.process_time() - start)


def compile_pattern(pattern: str, ignore_case: bool = False) -> Any:
    """A PCRE expression for `regex`. Raises Unsearchable."""
    found = _compile_or_error(pattern, ignore_case)
    if isinstance(found, Unsearchable):
        raise type(found)(*found.args)
    return found


@lru_cache(maxsize=16384)
def _compile_or_error(pattern: str, ignore_case: bool) -> Any:
    """The compiled expression, or the error that says why it can't be had."""
    import regex

    try:
        expression = parse(pattern)
    except InvalidPcre as error:
        return Invalid(f"is not a regular expression: {error}")
    except (Unexpressed, RecursionError) as error:
        return Unsearchable(f"has what infralint can't match with ({error})")
    flags = regex.VERSION1 | (regex.IGNORECASE if ignore_case else 0)
    flags |= 0 if "(*UTF" in pattern[:20] else regex.ASCII
    try:
        return _compile(pattern, expression.written, expression.size, flags)
    except (regex.error, RecursionError, OverflowError) as error:
        return Unsearchable(f"has what infralint can't match with ({error})")


def _compile(pattern: str, written: str, size: int, flags: int) -> Any:
    import regex

    account = budget()
    if size > _LARGE and account.spent > account.seconds:
        account.slow.add(pattern)
        raise TooSlow
    start = time.process_time()
    found = regex.compile(written, flags, cache_pattern=False)
    if size > _LARGE:
        account.charge(time.process_time() - start)
    return found
