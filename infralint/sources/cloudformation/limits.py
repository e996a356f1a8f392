"""Parameters of a template that CloudFormation refuses: without a type, or with a default that they do not allow.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.sources.cloudformation.anatomy import Complaint
from infralint.sources.cloudformation.template import function_of, is_secret
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, search
from infralint.text.suggestions import hint
from infralint.text.wording import plural
from infralint.text.yaml_places import YamlValue

_KEYS = (
    "AllowedPattern AllowedValues ConstraintDescription Default Description MaxLength MaxValue MinLength MinValue NoEcho Type"
).split()
_TYPES = ("String", "Number", "CommaDelimitedList")
_FAMILIES = ("AWS::", "List<")
_ESCAPED = r"\\[dDwWsStnrf!-/:-@\[-`{-~ ]"
_ALIKE = lazy(
    rf"(?:[^\\\[\]{{}}(]|{_ESCAPED}|\{{\d+(?:,\d*)?\}}|\((?![?*])|\(\?[:=!]"
    rf"|\[\^?+(?:[^\\\[\]&]|&(?!&)|{_ESCAPED})++\])*+"
)
"""Expressions that mean the same to Java and to PCRE; a class of Java may hold other classes, and what they share.

https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html
"""


def wrong_parameters(root: YamlValue) -> Iterator[Complaint]:
    """What is wrong with the parameters of a template."""
    for name, parameter in root.members_of("Parameters").items():
        if parameter.members is None:
            if not name.startswith("Fn::"):
                yield parameter, f"CloudFormation refuses the parameter {name}: a mapping with its Type was expected"
        else:
            yield from _wrong_keys(name, parameter)
            yield from _wrong_default(name, parameter)


def _wrong_keys(name: str, parameter: YamlValue) -> Iterator[Complaint]:
    for key in parameter.members or ():
        if key not in _KEYS and not key.startswith("Fn::"):
            at = YamlValue(parameter.keys.get(key, parameter.span))
            yield at, f"CloudFormation refuses the parameter {name}: it takes no `{key}`{hint(key, _KEYS)}"
    type_ = parameter.get("Type")
    if type_ is None:
        yield parameter, f"CloudFormation refuses the parameter {name}: it has no Type"
    elif type_.text is not None and type_.text not in _TYPES and not type_.text.startswith(_FAMILIES):
        meant = hint(type_.text, _TYPES)
        yield type_, f"CloudFormation refuses the parameter {name}: there is no type {type_.text}{meant}"


def _wrong_default(name: str, parameter: YamlValue) -> Iterator[Complaint]:
    default, type_ = parameter.get("Default"), parameter.text_of("Type")
    if default is None or default.is_null:
        return
    if default.text is None or function_of(default) is not None:
        yield default, f"CloudFormation refuses the parameter {name}: its Default has to be a text or a number"
    elif type_ in _TYPES or type_ == "List<Number>":
        is_list = type_ not in ("String", "Number")
        values = [default.text]
        if is_list and not (
            parameter.get("AllowedValues") and _is_allowed(parameter, default.text, not default.quoted)
        ):
            values = [part.strip() for part in default.text.split(",")]
        for value in values:
            if why := _why_not(parameter, type_, value, is_loose=not default.quoted):
                secret = parameter.get("NoEcho") if is_secret(parameter) else None
                shown = repr(value) if secret is None else "a value that is not shown"
                yield secret or default, f"CloudFormation refuses the Default of the parameter {name}: {shown} {why}"
                return


def _why_not(parameter: YamlValue, type_: str, value: str, is_loose: bool) -> str:
    """Why a parameter does not take a value; empty where it does, or where that can't be told."""
    if type_ in ("Number", "List<Number>"):
        if _number(value) is None:
            return "is no number"
        if why := _out_of_bounds(parameter, "Value", _number(value)):
            return why
    if type_ == "String" and (why := _out_of_bounds(parameter, "Length", len(value))):
        return f"has {plural(len(value), 'character')}, which {why}"
    if not _is_allowed(parameter, value, is_loose):
        return "is none of its AllowedValues"
    return _why_no_match(parameter.text_of("AllowedPattern"), value)


def _is_allowed(parameter: YamlValue, value: str, is_loose: bool) -> bool:
    allowed = parameter.get("AllowedValues")
    items = (allowed.items or []) if allowed is not None else []
    return not items or any(item.text is None or _is_same(value, item, is_loose) for item in items)


def _why_no_match(pattern: str, value: str) -> str:
    """The pattern has to match the whole; what only Java can read says nothing."""
    if not pattern or not _ALIKE.fullmatch(pattern):
        return ""
    try:
        return "" if search(rf"\A(?:{pattern})\Z", value) else f"does not match its AllowedPattern {pattern}"
    except Unsearchable:
        return ""


def _is_same(value: str, item: YamlValue, is_loose: bool) -> bool:
    """Whether two scalars mean the same; what is not quoted may be a boolean or a number, however it is spelt."""
    text = item.text or ""
    if value == text:
        return True
    if not is_loose and item.quoted:
        return False
    return value.lower() == text.lower() or (_number(value) is not None and _number(value) == _number(text))


def _out_of_bounds(parameter: YamlValue, what: str, value: float | None) -> str:
    least, most = (_number(parameter.text_of(f"{bound}{what}")) for bound in ("Min", "Max"))
    if value is not None and least is not None and value < least:
        return f"is less than Min{what}, {least:g}"
    if value is not None and most is not None and value > most:
        return f"is more than Max{what}, {most:g}"
    return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
