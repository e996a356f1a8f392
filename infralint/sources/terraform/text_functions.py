"""Functions on text.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from infralint.sources.terraform import re2
from infralint.sources.terraform.budget import LONGEST, NotWorkedOut
from infralint.sources.terraform.encoding import parse_json, to_json, to_yaml
from infralint.sources.terraform.formats import format_text
from infralint.sources.terraform.numeric import Number
from infralint.sources.terraform.signature import Signature, takes
from infralint.sources.terraform.types import ANY, NUMBER, STRING, Type, list_of, object_of, tuple_of
from infralint.sources.terraform.values import (
    EvaluationError,
    Hole,
    ListValue,
    ObjectValue,
    TupleValue,
    Value,
    bound,
    first_hole,
    to_whole,
)
from infralint.sources.terraform.yaml12 import parse_yaml

_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go takes for space."""


def characters(text: str) -> list[str]:
    """What a reader takes for one character each."""
    if text.isascii():
        return list(text)
    import regex

    return list(regex.findall(r"\X", text))


def _substr(text: str, offset: Number, length: Number) -> str:
    found, start, count = characters(text), to_whole(offset), to_whole(length)
    start = start if start >= 0 else max(0, len(found) + start)
    return "".join(found[start:] if count < 0 else found[start : start + count])


def _join(separator: Value, *lists: Value) -> Value:
    if len(lists) == 1 and isinstance(lists[0], TupleValue) and len(lists[0]) == 1 and isinstance(lists[0][0], Hole):
        return lists[0][0]  # join("", aws_lb.this.*.arn): the one reference stays one
    items = [item for operand in lists for item in operand]
    if hole := next((hole for hole in map(first_hole, [separator, *items]) if hole), None):
        return hole
    if None in items:
        raise EvaluationError("join() does not take null")
    return _join_items(separator, items)


def _join_items(separator: str, items: list[str]) -> str:
    if sum(map(len, items)) + len(separator) * len(items) > LONGEST:
        raise NotWorkedOut("it is too large to work out")
    return separator.join(items)


def _split(separator: str, text: str) -> ListValue:
    return ListValue(text.split(separator) if separator else list(text), STRING)


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return re2.replace_all(re2.compile_pattern(old[1:-1]), text, new)
    if (text.count(old) + 1) * len(new) > LONGEST:
        raise NotWorkedOut("it is too large to work out")
    return bound(text.replace(old, new))


def _regex(pattern: str, text: str) -> Value:
    compiled = _capturing(pattern)
    found = compiled.first(text)
    if found is None:
        raise EvaluationError("the pattern matches nothing")
    return _captures(compiled, found)


def _regexall(pattern: str, text: str) -> ListValue:
    compiled = _capturing(pattern)
    found = [_captures(compiled, match) for match in compiled.matches(text)]
    return ListValue(found, _captured_type(compiled))


def _captured_type(pattern: re2.Pattern) -> Type:
    if not pattern.names:
        return STRING
    if pattern.names[0]:
        return object_of({str(name): STRING for name in pattern.names})
    return tuple_of([STRING] * len(pattern.names))


def _capturing(pattern: str) -> re2.Pattern:
    compiled = re2.compile_pattern(pattern)
    if any(compiled.names) and not all(compiled.names):
        raise EvaluationError("a regular expression can't have groups with names and without")
    return compiled


def _captures(pattern: re2.Pattern, found: Any) -> Value:
    if not pattern.names:
        return found[0]
    if pattern.names[0]:
        return ObjectValue(zip(map(str, pattern.names), found.groups(), strict=True))
    return TupleValue(found.groups())


def _format(pattern: str, *values: Value) -> str:
    return format_text(pattern, values)


def _formatlist(pattern: str, *values: Value) -> ListValue:
    lengths = {len(value) for value in values if isinstance(value, TupleValue)}
    if len(lengths) > 1:
        raise EvaluationError("the lists of formatlist() are not of one length")
    length = lengths.pop() if lengths else 1
    columns = [value if isinstance(value, TupleValue) else [value] * length for value in values]
    rows: Iterable[tuple[Value, ...]] = zip(*columns, strict=True) if columns else [()]
    return ListValue([format_text(pattern, row) for row in rows], STRING)


def _indent(width: Number, text: str) -> str:
    spaces = to_whole(width)
    if spaces < 0:
        raise EvaluationError("indent() can't take a negative number")
    if spaces * text.count("\n") > LONGEST:
        raise NotWorkedOut("it is too large to work out")
    return text.replace("\n", "\n" + " " * spaces) if "\n" in text else text


def _title(text: str) -> str:
    previous, found = " ", []
    for character in text:
        begins = not (previous.isalnum() or previous == "_" or (previous > "\x7f" and not previous.isspace()))
        found.append(_change_case(character, str.upper) if begins else character)
        previous = character
    return "".join(found)


def _change_case(text: str, change: Callable[[str], str]) -> str:
    """Upper or lower case, one character for one."""
    if text.isascii():
        return change(text)
    return "".join(changed if len(changed := change(character)) == 1 else character for character in text)


def _decoded64(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise EvaluationError("it is not text in base64") from error


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: _hash(name, text).hex()


def _digest64(name: str) -> Callable[[str], str]:
    return lambda text: base64.b64encode(_hash(name, text)).decode()


def _hash(name: str, text: str) -> bytes:
    import hashlib  # loads OpenSSL

    return hashlib.new(name, _bytes(text), usedforsecurity=False).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return bound(quote_plus(_bytes(text), safe="~"))


def _basename(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _dirname(path: str) -> str:
    folder = path.rpartition("/")[0] if "/" in path else ""
    if path.startswith("/") and not folder:
        return "/"
    return posixpath.normpath(folder) if folder else "."


def _text(function: Callable[[str], Value]) -> Signature:
    return takes(function, STRING)


def _two(function: Callable[[str, str], Value]) -> Signature:
    return takes(function, STRING, STRING)


_TEXTS: Type = list_of(STRING)

TEXT_FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "lower": _text(lambda text: _change_case(text, str.lower)),
        "upper": _text(lambda text: _change_case(text, str.upper)),
        "title": _text(_title),
        "trimspace": _text(lambda text: text.strip(_SPACE)),
        "chomp": _text(lambda text: text.rstrip("\r\n")),
        "strrev": _text(lambda text: "".join(reversed(characters(text)))),
        "trim": _two(lambda text, cut: text.strip(cut) if cut else text),
        "trimprefix": _two(str.removeprefix),
        "trimsuffix": _two(str.removesuffix),
        "startswith": _two(str.startswith),
        "endswith": _two(str.endswith),
        "strcontains": _two(lambda text, part: part in text),
        "split": _two(_split),
        "join": takes(_join, STRING, rest=_TEXTS, least=1, holes="inside"),
        "substr": takes(_substr, STRING, NUMBER, NUMBER),
        "replace": takes(_replace, STRING, STRING, STRING),
        "regex": takes(_regex, STRING, STRING),
        "regexall": takes(_regexall, STRING, STRING),
        "indent": takes(_indent, NUMBER, STRING),
        "format": takes(_format, STRING, rest=ANY, nulls=(-1,)),
        "formatlist": takes(_formatlist, STRING, rest=ANY, nulls=(-1,)),
        "jsondecode": _text(parse_json),
        "jsonencode": takes(to_json, ANY, nulls=(0,)),
        "yamldecode": _text(parse_yaml),
        "yamlencode": takes(to_yaml, ANY, nulls=(0,)),
        "base64encode": _text(lambda text: base64.b64encode(_bytes(text)).decode()),
        "base64decode": _text(_decoded64),
        "urlencode": _text(_urlencode),
        "md5": _text(_digest("md5")),
        "sha1": _text(_digest("sha1")),
        "sha256": _text(_digest("sha256")),
        "sha512": _text(_digest("sha512")),
        "base64sha256": _text(_digest64("sha256")),
        "base64sha512": _text(_digest64("sha512")),
        "basename": _text(_basename),
        "dirname": _text(_dirname),
    }
)
