"""Terraform's numbers: 512 bits, so that 0.1 + 0.2 is 0.3. Here an int, or a fraction where it is not whole.

https://github.com/zclconf/go-cty/blob/main/docs/types.md#ctynumber
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from infralint.sources.terraform.budget import NotWorkedOut

Number = int | Fraction

BITS = 512
"""Of a number's mantissa."""
WIDEST = 4096
"""Bits of a whole number, or of a fraction's divisor, that are worked out: past what any setting can be."""
DIGITS = 160
"""Significant digits that tell any two numbers of 512 bits apart."""
_SPELT = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([eEpP])([+-]?\d+))?")


class Float(Fraction):
    """What a function gives that works with 53 bits, until something is worked out with it."""

    __slots__ = ()


def parsed(text: str) -> Number | None:
    """The number that a text spells, or None. Raises NotWorkedOut."""
    found = _SPELT.fullmatch(text) if text.isascii() else None
    if not found:
        return None
    sign, mantissa, letter, exponent = found.groups()
    whole, _, decimals = mantissa.partition(".")
    if len(mantissa) > WIDEST // 4 or len(exponent or "") > 5:
        raise NotWorkedOut("a number of that many digits is not worked out")
    power = int(exponent or 0)
    if abs(power) > WIDEST // 4:
        raise NotWorkedOut("a number that large, or that small, is not worked out")
    digits = Fraction(int((whole + decimals) or 0), 10 ** len(decimals))
    if sign == "-" and not digits:
        raise NotWorkedOut("a zero with a sign is not worked out")
    scale = Fraction(2 if letter in ("p", "P") else 10) ** power
    return rounded(-digits * scale if sign == "-" else digits * scale)


def rounded(number: Number) -> Number:
    """To 512 bits, half to even; a whole number is an int. Raises NotWorkedOut."""
    top, bottom = number.numerator, number.denominator
    if top.bit_length() > 4 * WIDEST or bottom.bit_length() > 4 * WIDEST:
        raise NotWorkedOut("a number that large, or that small, is not worked out")
    if (bottom & (bottom - 1)) == 0 and top.bit_length() <= BITS:
        return top if bottom == 1 else Fraction(top, bottom)
    shift = BITS - (top.bit_length() - bottom.bit_length())
    scaled = Fraction(top * 2**shift, bottom) if shift >= 0 else Fraction(top, bottom * 2**-shift)
    while abs(scaled) >= 2**BITS:
        scaled, shift = scaled / 2, shift - 1
    found = Fraction(round(scaled)) / Fraction(2) ** shift
    if found.numerator.bit_length() > WIDEST or found.denominator.bit_length() > WIDEST:
        raise NotWorkedOut("a number that large, or that small, is not worked out")
    return found.numerator if found.denominator == 1 else found


def of_float(number: float) -> Number:
    """What a function that works with 53 bits gives. Raises NotWorkedOut."""
    if not math.isfinite(number):
        raise NotWorkedOut("a number that is not finite is not worked out")
    return int(number) if number.is_integer() and abs(number) < 2**53 else Float(number)


def negated(number: Number) -> Number:
    """A number with the other sign, as precise as it is."""
    return Float(-number) if isinstance(number, Float) else -number


def to_float(number: Number) -> float:
    """For what has no need of more digits; infinite where a float can't be as large."""
    try:
        return float(number)
    except OverflowError:
        return -math.inf if number < 0 else math.inf


def format_number(number: Number) -> str:
    """A number as a template shows it: the fewest digits that tell it from its neighbours. Raises NotWorkedOut."""
    if isinstance(number, int):
        if number.bit_length() > BITS:
            raise NotWorkedOut("a number that large is not turned into text")
        return str(number)
    if isinstance(number, Float):
        return _positional(repr(float(number)))
    for digits in range(1, DIGITS):
        shown, exponent = decimal_digits(number, digits)
        if rounded(Fraction(shown) * Fraction(10) ** exponent) == number:
            return _placed(shown, exponent)
    raise NotWorkedOut("a number with that many digits is not turned into text")


def _positional(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return mantissa
    whole, _, decimals = mantissa.partition(".")
    return _placed(int(whole + decimals), int(exponent) - len(decimals))


def decimal_digits(number: Number, digits: int) -> tuple[int, int]:
    """A number to so many significant digits: those digits as a whole number, and the power of ten behind them."""
    magnitude = math.floor((number.numerator.bit_length() - number.denominator.bit_length()) * math.log10(2))
    exponent = magnitude - digits
    shown = round(Fraction(number) / Fraction(10) ** exponent)
    while abs(shown) >= 10**digits:
        exponent += 1
        shown = round(Fraction(number) / Fraction(10) ** exponent)
    return shown, exponent


def _placed(digits: int, exponent: int) -> str:
    """digits × 10^exponent without an exponent."""
    sign, text = ("-", str(-digits)) if digits < 0 else ("", str(digits))
    if exponent >= 0:
        return sign + text + "0" * exponent
    text = text.rjust(1 - exponent, "0")
    decimals = text[exponent:].rstrip("0")
    return sign + text[:exponent] + (f".{decimals}" if decimals else "")
