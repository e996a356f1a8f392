"""What CloudFormation's functions take: how many arguments, and of which shape.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infralint.sources.cloudformation.template import function_of
from infralint.text.suggestions import NEARLY, closest
from infralint.text.yaml_places import YamlValue

_NUMBERS: Mapping[str, tuple[int, int, str]] = MappingProxyType(
    {
        "Fn::And": (2, 10, "2 to 10 conditions"),
        "Fn::Cidr": (2, 3, "a block, a count and the bits"),
        "Fn::Equals": (2, 2, "two values"),
        "Fn::FindInMap": (3, 3, "a mapping, a key of it and a key of that"),
        "Fn::If": (3, 3, "a condition, a value where it holds and one where it does not"),
        "Fn::Join": (2, 2, "a separator and a list"),
        "Fn::Not": (1, 1, "one condition"),
        "Fn::Or": (2, 10, "2 to 10 conditions"),
        "Fn::Select": (2, 2, "an index and a list"),
        "Fn::Split": (2, 2, "a separator and a text"),
    }
)
"""Functions that take a list -> the least and the most members, and what these are."""
_OTHERS = (
    "Base64 Contains EachMemberEquals EachMemberIn ForEach GetAtt GetAZs ImportValue Length RefAll Sub ToJsonString"
    " Transform ValueOf ValueOfAll"
).split()
_KNOWN = frozenset((*_NUMBERS, "Ref", "Condition", *(f"Fn::{name}" for name in _OTHERS)))


_TAGS = tuple(f"!{name.removeprefix('Fn::')}" for name in sorted(_KNOWN))


def meant_tag(tag: str) -> str:
    """The short form that another one is mistyped for, in other capitals, too; empty for one that exists, or that may."""
    if tag in _TAGS:
        return ""
    same = [right for right in _TAGS if right.lower() == tag.lower()]
    return same[0] if same else closest(tag, _TAGS, NEARLY)


def why_not_called_so(name: str, argument: YamlValue) -> str:
    """Why CloudFormation refuses a call of a function; empty where nothing speaks against it."""
    if name not in _KNOWN:
        near = closest(name, _KNOWN, NEARLY)
        return f"there is no function {name}; did you mean {near}?" if near else ""
    if function_of(argument) is not None:
        return ""
    if name in _NUMBERS:
        least, most, members = _NUMBERS[name]
        return "" if least <= len(argument.items or ()) <= most else f"{name} takes a list: {members}"
    if name == "Ref" and not argument.text:
        return "Ref takes the name of a parameter or a resource"
    if name == "Fn::GetAtt" and not _is_attribute(argument):
        return "Fn::GetAtt takes the name of a resource and an attribute"
    if name == "Fn::Sub" and not _is_substitution(argument):
        return "Fn::Sub takes a text, or a list of a text and a mapping of names to values"
    return ""


def _is_attribute(argument: YamlValue) -> bool:
    if argument.text is not None:
        return "." in argument.text.strip(".")
    return len(argument.items or ()) >= 2


def _is_substitution(argument: YamlValue) -> bool:
    if argument.text is not None:
        return True
    items = argument.items or []
    return len(items) == 2 and items[0].text is not None and items[1].members is not None
