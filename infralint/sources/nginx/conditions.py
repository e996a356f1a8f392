"""Whether nginx's `if` holds for a request, as far as that is known beforehand.

https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.variables import (
    VARIABLE,
    Definitions,
    Moment,
    Values,
    decide,
    with_captures,
    without_captures,
)
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, search

EXPRESSIONS = frozenset({"~", "~*", "!~", "!~*"})


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds. None: can't be told, for this reason. moment: variables where it holds."""

    holds: bool | None
    moment: Moment
    reason: str = ""


def judge(condition: Directive, definitions: Definitions, moment: Moment) -> Verdict:
    """Whether the condition of an `if` holds."""
    words = _words(condition)
    found = VARIABLE.fullmatch(words[0]) if words else None
    if found is None:
        return _of_file(condition, words, moment)
    values = definitions.variable(found[1] or found[2] or found[3], moment)
    if len(words) > 1 and words[1] in EXPRESSIONS:
        return _search(condition, values, words[1], words[2] if len(words) > 2 else "", moment)
    if len(words) == 1:
        return _decide(condition, values, moment, decide(values, lambda text: text not in ("", "0")))
    other = definitions.evaluate(words[2] if len(words) > 2 else "", condition, moment)
    if other.known is None:
        return Verdict(None, moment, f"whether `{condition.written}` holds is not known: {other.reason}")
    same = decide(values, lambda text: text == other.known)
    return _decide(condition, values, moment, same if same is None or words[1] == "=" else not same)


_FILES = lazy(r"\$\{?(?:request_filename|uri|document_uri|request_uri|realpath_root|fastcgi_script_name)\b")


def _of_file(condition: Directive, words: Sequence[str], moment: Moment) -> Verdict:
    """Whether there is a file: none has the path of a stream; of others it can't be told."""
    test = words[0] if words else ""
    if test.lstrip("!") in ("-f", "-d", "-e", "-x") and _FILES.search(" ".join(words[1:])):
        return Verdict(test.startswith("!"), moment)
    return Verdict(None, moment, f"`{condition.written}` asks for a file that is not here")


def _words(condition: Directive) -> list[str]:
    """What stands between the parentheses: the variable, the operator and the rest; `-f` and its like come first."""
    words = list(condition.args)
    if words and words[0].startswith("("):
        words[0] = words[0][1:]
    if words and not condition.is_quoted(-1) and words[-1].endswith(")"):
        words[-1] = words[-1][:-1]
        if not words[-1]:
            words.pop()
    words = words[1:] if words and not words[0] else words
    return [*words[:2], " ".join(words[2:])] if len(words) > 2 else words


def _decide(condition: Directive, values: Values, moment: Moment, holds: bool | None) -> Verdict:
    reason = values.reason if holds is None else ""
    return Verdict(holds, moment, f"whether `{condition.written}` holds is not known: {reason}" if reason else "")


def _search(condition: Directive, values: Values, operator: str, pattern: str, moment: Moment) -> Verdict:
    """An expression that is, or is not, to be found; its groups are `$1` and so on from here."""
    wanted = not operator.startswith("!")
    matches: list[Any] = []
    try:
        matches = [search(pattern, text, operator.endswith("*")) for text in values.texts]
    except Unsearchable as error:
        return Verdict(None, without_captures(moment, pattern, str(error)), f"`{condition.written}` {error}")
    answers = {(match is not None) is wanted for match in matches}
    if len(answers) != 1:
        reason = f"whether `{condition.written}` holds is not known: {values.reason}"
        return Verdict(None, without_captures(moment, pattern, reason), reason)
    holds = answers.pop()
    if not any(matches):
        return Verdict(holds, moment)
    known = matches[0] if len(matches) == 1 else None
    return Verdict(holds, with_captures(moment, known) if known else without_captures(moment, pattern, values.reason))
