"""Terraform's numbers: 512 bits, so that 0.1 + 0.2 is 0.3. Here an int, or a fraction where it is not whole.

What functions give has fewer bits, and what is worked out of such numbers alone has so, too: three thirds of
`length([1])` are more than 1.

https://github.com/zclconf/go-cty/blob/main/docs/types.md#ctynumber, https://pkg.go.dev/math/big#Float
"""

from __future__ import annotations

import math
from fractions import Fraction

from infralint.sources.terraform.budget import NotWorkedOut
from infralint.text.lazy import lazy

Number = int | Fraction

BITS = 512
"""Of the mantissa of a number as it is written."""
COUNT_BITS = 64
"""Of a number that a function counts."""
FLOAT_BITS = 53
"""Of what a function works out with floats."""
WIDEST = 4096
"""Bits of a whole number, or of a fraction's divisor, that are worked out: past what any setting can be."""
DIGITS = 160
"""Significant digits that tell any two numbers of 512 bits apart."""
_SPELT = lazy(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:([eEpP])([+-]?[0-9]+))?")


class ShortInteger(int):
    """A whole number with a mantissa of fewer bits."""

    bits: int


class ShortFraction(Fraction):
    """A number that is not whole, with a mantissa of fewer bits."""

    __slots__ = ("bits",)
    bits: int


def bits_of(number: Number) -> int:
    """How long a number's mantissa is."""
    return number.bits if isinstance(number, ShortInteger | ShortFraction) else BITS


def with_bits(number: Number, bits: int) -> Number:
    """A number that so many bits hold."""
    if bits >= BITS:
        return number
    short = ShortInteger(number) if number.denominator == 1 else ShortFraction(number)
    short.bits = bits
    return short


def as_count(number: int) -> Number:
    """A number as functions count."""
    return with_bits(number, max(COUNT_BITS, number.bit_length()))


def parse_number(text: str) -> Number | None:
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
    return round_number(-digits * scale if sign == "-" else digits * scale)


def round_number(number: Number, bits: int = BITS) -> Number:
    """To so many bits, half to even; a whole number is an int. Raises NotWorkedOut."""
    top, bottom = number.numerator, number.denominator
    if top.bit_length() > 4 * WIDEST or bottom.bit_length() > 4 * WIDEST:
        raise NotWorkedOut("a number that large, or that small, is not worked out")
    if (bottom & (bottom - 1)) == 0 and top.bit_length() <= bits:
        return with_bits(top if bottom == 1 else Fraction(top, bottom), bits)
    shift = bits - (top.bit_length() - bottom.bit_length())
    scaled = Fraction(top * 2**shift, bottom) if shift >= 0 else Fraction(top, bottom * 2**-shift)
    while abs(scaled) >= 2**bits:
        scaled, shift = scaled / 2, shift - 1
    found = Fraction(round(scaled)) / Fraction(2) ** shift
    if found.numerator.bit_length() > WIDEST or found.denominator.bit_length() > WIDEST:
        raise NotWorkedOut("a number that large, or that small, is not worked out")
    return with_bits(found.numerator if found.denominator == 1 else found, bits)


def add(left: Number, right: Number) -> Number:
    """Terraform's `+`. Raises NotWorkedOut."""
    return round_number(left + right, max(bits_of(left), bits_of(right)))


def subtract(left: Number, right: Number) -> Number:
    """Terraform's `-`. Raises NotWorkedOut."""
    return round_number(left - right, max(bits_of(left), bits_of(right)))


def multiply(left: Number, right: Number) -> Number:
    """Terraform's `*`: the product of numbers with few bits gets as many as it needs. Raises NotWorkedOut.

    https://github.com/zclconf/go-cty/blob/main/cty/value_ops.go
    """
    product = round_number(left * right)
    return with_bits(product, max(bits_of(left), bits_of(right), _needed_bits(product)))


def _needed_bits(number: Number) -> int:
    top = abs(number.numerator)
    return top.bit_length() - (top & -top).bit_length() + 1 if top else 0


def divide(left: Number, right: Number) -> Number:
    """Terraform's `/` by anything but 0. Raises NotWorkedOut."""
    return round_number(Fraction(left) / Fraction(right), max(bits_of(left), bits_of(right)))


def remainder(left: Number, right: Number) -> Number:
    """Terraform's `%` by anything but 0, with the bits of the left side. Raises NotWorkedOut."""
    bits = bits_of(left)
    whole = round_number(int(divide(left, right)), bits)
    return round_number(left - round_number(whole * right, bits), bits)


def of_float(number: float) -> Number:
    """What a function that works with floats gives. Raises NotWorkedOut."""
    if not math.isfinite(number):
        raise NotWorkedOut("a number that is not finite is not worked out")
    return with_bits(int(number) if number.is_integer() else Fraction(number), FLOAT_BITS)


def negate(number: Number) -> Number:
    """A number with the other sign, as precise as it is."""
    return with_bits(-number, bits_of(number))


def magnitude(number: Number) -> Number:
    """A number without its sign, as precise as it is."""
    return number if number >= 0 else negate(number)


def to_float(number: Number) -> float:
    """For what has no need of more digits; infinite where a float can't be as large."""
    try:
        return float(number)
    except OverflowError:
        return -math.inf if number < 0 else math.inf


def format_number(number: Number) -> str:
    """A number as a template shows it: the fewest digits that tell it from its neighbours. Raises NotWorkedOut."""
    bits = bits_of(number)
    if isinstance(number, int) and number.bit_length() <= bits:
        return str(int(number))
    for digits in range(1, DIGITS):
        shown, exponent = decimal_digits(number, digits)
        if round_number(Fraction(shown) * Fraction(10) ** exponent, bits) == number:
            return _place_point(shown, exponent)
    raise NotWorkedOut("a number with that many digits is not turned into text")


def decimal_digits(number: Number, digits: int) -> tuple[int, int]:
    """A number to so many significant digits: those digits as a whole number, and the power of ten behind them."""
    magnitude = math.floor((number.numerator.bit_length() - number.denominator.bit_length()) * math.log10(2))
    exponent = magnitude - digits
    shown = round(Fraction(number) / Fraction(10) ** exponent)
    while abs(shown) >= 10**digits:
        exponent += 1
        shown = round(Fraction(number) / Fraction(10) ** exponent)
    return shown, exponent


def _place_point(digits: int, exponent: int) -> str:
    """digits × 10^exponent without an exponent."""
    sign, text = ("-", str(-digits)) if digits < 0 else ("", str(digits))
    if exponent >= 0:
        return sign + text + "0" * exponent
    text = text.rjust(1 - exponent, "0")
    decimals = text[exponent:].rstrip("0")
    return sign + text[:exponent] + (f".{decimals}" if decimals else "")
