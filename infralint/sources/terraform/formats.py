"""format(): verbs as Go has them, on Terraform's values.

https://developer.hashicorp.com/terraform/language/functions/format
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.encoding import to_json
from infralint.sources.terraform.numeric import Number, decimal_digits, format_number, magnitude, to_float
from infralint.sources.terraform.values import (
    EvaluationError,
    Value,
    bound,
    to_bool,
    to_number,
    to_text,
    type_of,
)
from infralint.text.lazy import lazy

WIDEST = 1000
"""Characters that one verb is padded to, or decimals that it shows; people write less than a hundred."""

_VERB = lazy(r"%([-+ #0]*)(?:([1-9]\d*)|(\*))?(?:\.(\d*|\*))?(?:\[(\d+)\])?(.?)")


class _Verb(msgspec.Struct, frozen=True):
    flags: str
    width: int
    precision: int | None
    letter: str

    def has(self, flag: str) -> bool:
        return flag in self.flags


def format_text(pattern: str, values: Sequence[Value]) -> str:
    """The pattern with its verbs replaced. Raises EvaluationError, NotWorkedOut."""
    parts: list[str] = []
    at = used = highest = 0
    while (start := pattern.find("%", at)) >= 0:
        found = _VERB.match(pattern, start)
        if found is None or not found[6]:
            raise EvaluationError("the format ends in the middle of a verb")
        parts.append(pattern[at:start])
        at = found.end()
        if found[6] == "%":
            parts.append("%")
            continue
        verb = _verb(found)
        index = int(found[5][:6]) - 1 if found[5] else used
        if not 0 <= index < len(values):
            raise EvaluationError("the format has more verbs than there are values")
        parts.append(_show(verb, values[index]))
        used = index + 1
        highest = max(highest, used)
    if highest < len(values):
        raise EvaluationError("the format has fewer verbs than there are values")
    return bound("".join(parts) + pattern[at:])


def _verb(found: Any) -> _Verb:
    if found[3] or found[4] == "*":
        raise NotWorkedOut("a width that is given as a value is not worked out")
    width, precision = int((found[2] or "0")[:9]), found[4]
    if width > WIDEST or len(precision or "") > 3:
        raise NotWorkedOut("a width or precision that large is not worked out")
    return _Verb(found[1], width, None if precision is None else int(precision or 0), found[6])


def _show(verb: _Verb, value: Value) -> str:
    if value is None:
        raise NotWorkedOut("how format() shows null is not worked out")
    if verb.letter == "v":
        return _pad(verb, to_json(value) if verb.has("#") else _plain(value))
    if verb.letter == "t":
        return to_text(to_bool(value))
    if verb.letter in "sq":
        return _text(verb, to_text(value))
    if verb.letter not in "bdoxXeEfFgG" or not verb.letter:
        raise EvaluationError(f"format() knows no verb %{verb.letter}")
    number = to_number(value)
    return _whole(verb, number) if verb.letter in "bdoxX" else _decimal(verb, number)


def _plain(value: Value) -> str:
    """A value as %v shows it."""
    name = type_of(value).name
    if name == "number":
        sign = "-" if value < 0 else ""
        return sign + _shortest(magnitude(value), None)
    return to_text(value) if name in ("string", "bool") else to_json(value)


def _text(verb: _Verb, text: str) -> str:
    if not text.isascii() and (verb.width or verb.precision is not None):
        raise NotWorkedOut("the width of this text is not worked out")
    if verb.precision is not None:
        text = text[: verb.precision]
    return _pad(verb, to_json(text) if verb.letter == "q" else text)


def _pad(verb: _Verb, text: str) -> str:
    """A text to its width: with zeros in front if asked for."""
    if verb.has("-"):
        return text.ljust(verb.width)
    return text.rjust(verb.width, "0" if verb.has("0") else " ")


def _add_sign(verb: _Verb, number: Number, digits: str) -> str:
    """A number's digits with sign; zeros go between the two."""
    sign = "-" if number < 0 else "+" if verb.has("+") else " " if verb.has(" ") else ""
    if verb.has("-"):
        return (sign + digits).ljust(verb.width)
    if verb.has("0"):
        return sign + digits.rjust(verb.width - len(sign), "0")
    return (sign + digits).rjust(verb.width)


_PREFIXES = {"x": "0x", "X": "0X", "o": "0", "b": "0b", "d": ""}


def _whole(verb: _Verb, number: Number) -> str:
    if isinstance(number, Fraction):
        raise EvaluationError("a whole number was expected")
    if verb.precision is not None and verb.width:
        raise NotWorkedOut("a whole number with width and precision is not worked out")
    digits = f"{abs(number):{verb.letter}}".rjust(verb.precision or 0, "0")
    return _add_sign(verb, number, (_PREFIXES[verb.letter] if verb.has("#") else "") + digits)


def _decimal(verb: _Verb, number: Number) -> str:
    """%e, %f and %g, as Go's big.Float has them; without a precision, %g shows what is needed."""
    letter, size = verb.letter.lower(), magnitude(number)
    if verb.has("#"):
        raise NotWorkedOut("this verb of format() is not worked out")
    if letter == "f":
        shown = _fixed_point(size, 6 if verb.precision is None else verb.precision)
    elif letter == "e":
        shown = _scientific(size, (6 if verb.precision is None else verb.precision) + 1)
    else:
        shown = _shortest(size, verb.precision)
    return _add_sign(verb, number, shown.upper() if verb.letter.isupper() else shown)


def _fixed_point(number: Number, decimals: int) -> str:
    digits = str(round(Fraction(number) * 10**decimals)).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _scientific(number: Number, digits: int) -> str:
    if not number:
        return "0" + (f".{'0' * (digits - 1)}" if digits > 1 else "") + "e+00"
    shown, exponent = decimal_digits(number, digits)
    text = str(shown)
    power = exponent + len(text) - 1
    mantissa = f"{text[0]}.{text[1:]}" if digits > 1 else text
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02}"


def _shortest(number: Number, precision: int | None) -> str:
    """%g: with an exponent from the seventh digit before the point on, or where the number is small."""
    if precision is not None:
        return f"{to_float(number):.{precision or 1}g}"
    text = format_number(number)
    digits = text.replace(".", "").strip("0") or "0"
    whole, _, decimals = text.partition(".")
    power = len(whole) - 1 if whole != "0" else -(len(decimals) - len(decimals.lstrip("0")) + 1)
    if not number or -4 <= power < 6:
        return text
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02}"
