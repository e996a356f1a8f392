"""Functions on numbers and networks.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import Any

from infralint.sources.terraform.budget import NotWorkedOut
from infralint.sources.terraform.numeric import (
    Number,
    add,
    as_count,
    bits_of,
    magnitude,
    of_float,
    round_number,
    to_float,
    with_bits,
)
from infralint.sources.terraform.signature import Signature, takes
from infralint.sources.terraform.types import ANY, NUMBER, STRING
from infralint.sources.terraform.values import EvaluationError, ListValue, TupleValue, Value, to_number, to_whole

MOST_NUMBERS = 1024
"""range() gives no more."""


def _log(number: Number, base: Number) -> Number:
    if number < 0 or base < 0:
        raise EvaluationError("this logarithm is not a number")
    if number == 0 or base in (0, 1):
        raise NotWorkedOut("a logarithm that is not finite is not worked out")
    return of_float(_natural_log(to_float(number)) / _natural_log(to_float(base)))


def _natural_log(number: float) -> float:
    """The natural logarithm to the last bit as Terraform has it: https://go.dev/src/math/log.go"""
    fraction, exponent = math.frexp(number)
    if fraction < math.sqrt(2) / 2:
        fraction, exponent = fraction * 2, exponent - 1
    f = fraction - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    odd = s2 * (
        6.666666666666735130e-01
        + s4 * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01))
    )
    even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
    half = 0.5 * f * f
    low = s * (half + odd + even) + exponent * 1.90821492927058770002e-10
    return exponent * 6.93147180369123816490e-01 - ((half - low) - f)


def _pow(base: Number, power: Number) -> Number:
    """A power that 53 bits hold; the last bit of others depends on how they are worked out."""
    if base < 0 and isinstance(power, Fraction):
        raise EvaluationError("this power is not a number")
    if power == Fraction(1, 2):
        return of_float(math.sqrt(to_float(base)))
    if isinstance(power, int) and abs(power) <= 64 and (base or power >= 0):
        exact = round_number(Fraction(base) ** power)
        if Fraction(to_float(exact)) == exact:
            return of_float(to_float(exact))
    raise NotWorkedOut("this power is not worked out")


def _signum(number: Number) -> Number:
    whole = to_whole(number)
    return as_count((whole > 0) - (whole < 0))


_DIGITS = string.digits + string.ascii_lowercase + string.ascii_uppercase


def _parseint(text: Value, base: Number) -> Number:
    if not isinstance(text, str):
        raise EvaluationError("parseint() takes a text")
    radix = to_whole(base)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if radix <= 36:
        digits = digits.lower()
    if not 2 <= radix <= 62 or not digits or not set(digits) <= set(_DIGITS[:radix]):
        raise EvaluationError("the text is not a whole number in this base")
    if len(digits) > 200:
        raise NotWorkedOut("a number of that many digits is not worked out")
    number = 0
    for digit in digits:
        number = number * radix + _DIGITS.index(digit)
    return as_count(-number if text.startswith("-") else number)


def _sum(numbers: Value) -> Number:
    if not isinstance(numbers, TupleValue) or not numbers:
        raise EvaluationError("sum() takes a list with numbers in it")
    first, *others = map(to_number, numbers)
    return reduce(add, others, first)


def _range(*bounds: Number) -> ListValue:
    if not 1 <= len(bounds) <= 3:
        raise EvaluationError("range() takes one to three numbers")
    start, end = (as_count(0), bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    step = bounds[2] if len(bounds) == 3 else as_count(-1 if end < start else 1)
    if step == 0 or (end < start and step > 0) or (start < end and step < 0):
        raise EvaluationError("the step of range() leads away from its end")
    if math.ceil(Fraction(end - start) / Fraction(step)) > MOST_NUMBERS:
        raise EvaluationError(f"range() gives at most {MOST_NUMBERS} numbers")
    found = []
    while start < end if step > 0 else start > end:
        found.append(start)
        start = add(start, step)
    return ListValue(found, NUMBER)


# Networks


def _network(prefix: str) -> Any:
    from ipaddress import ip_interface

    address, slash, bits = prefix.partition("/")
    if not slash or not (bits.isascii() and bits.isdecimal()):
        raise EvaluationError("this is not a range of addresses")
    if any(len(part) > 1 and part.startswith("0") for part in address.split(".")):
        raise NotWorkedOut("an address with leading zeros is not worked out")
    try:
        return ip_interface(prefix).network
    except ValueError as error:
        raise EvaluationError("this is not a range of addresses") from error


def _subnet(prefix: str, newbits: Number, number: Number) -> str:
    network, bits, index = _network(prefix), to_whole(newbits), to_whole(number)
    length = network.prefixlen + bits
    if bits < 0 or index < 0:
        raise NotWorkedOut("cidrsubnet() with a negative number is not worked out")
    if length > network.max_prefixlen or index >= 2**bits:
        raise EvaluationError("the range has no such subnet")
    first = int(network.network_address) + (index << (network.max_prefixlen - length))
    return f"{type(network.network_address)(first)}/{length}"


def _subnets(prefix: str, *newbits: Number) -> ListValue:
    network = _network(prefix)
    at, end, found = int(network.network_address), int(network.broadcast_address), []
    for bits in map(to_whole, newbits):
        length = network.prefixlen + bits
        if bits < 1 or length > network.max_prefixlen:
            raise EvaluationError("the range has no such subnet")
        size = 1 << (network.max_prefixlen - length)
        at = -(-at // size) * size
        if at + size - 1 > end:
            raise EvaluationError("the range has no room for these subnets")
        found.append(f"{type(network.network_address)(at)}/{length}")
        at += size
    return ListValue(found, STRING)


def _host(prefix: str, number: Number) -> str:
    network, index = _network(prefix), to_whole(number)
    if not -network.num_addresses <= index < network.num_addresses:
        raise EvaluationError("the range has no such address")
    return str(network.network_address + (index if index >= 0 else network.num_addresses + index))


def _netmask(prefix: str) -> str:
    network = _network(prefix)
    if network.version != 4:
        raise EvaluationError("IPv6 knows no netmask")
    return str(network.netmask)


NUMBER_FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "abs": takes(magnitude, NUMBER),
        "ceil": takes(lambda number: with_bits(math.ceil(number), bits_of(number)), NUMBER),
        "floor": takes(lambda number: with_bits(math.floor(number), bits_of(number)), NUMBER),
        "max": takes(lambda *numbers: max(numbers), rest=NUMBER, least=1),
        "min": takes(lambda *numbers: min(numbers), rest=NUMBER, least=1),
        "pow": takes(_pow, NUMBER, NUMBER),
        "log": takes(_log, NUMBER, NUMBER),
        "signum": takes(_signum, NUMBER),
        "parseint": takes(_parseint, ANY, NUMBER),
        "sum": takes(_sum, ANY),
        "range": takes(_range, rest=NUMBER),
        "cidrsubnet": takes(_subnet, STRING, NUMBER, NUMBER),
        "cidrsubnets": takes(_subnets, STRING, rest=NUMBER),
        "cidrhost": takes(_host, STRING, NUMBER),
        "cidrnetmask": takes(_netmask, STRING),
    }
)
