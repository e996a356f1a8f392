"""Expressions that name nothing and fail all the same: Terraform works them out before it asks anybody."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.sources.terraform.budget import Exhausted
from infralint.sources.terraform.convert import convert
from infralint.sources.terraform.evaluate import READERS, evaluate_constant
from infralint.sources.terraform.hcl import (
    Attribute,
    Conditional,
    Each,
    Expression,
    For,
    FunctionCall,
    Literal,
    NameExpression,
    Splat,
    TemplateIf,
    children,
)
from infralint.sources.terraform.modules import slots_of_count, slots_of_each
from infralint.sources.terraform.types import Type
from infralint.sources.terraform.values import EvaluationError

_ATTEMPTS = frozenset({"can", "try"})


def is_constant(expression: Expression) -> bool:
    """Whether an expression names nothing, and reads nothing."""
    if isinstance(expression, NameExpression | Each | For | Splat):
        return False
    if isinstance(expression, FunctionCall) and expression.name.removeprefix("core::") in READERS:
        return False
    return all(map(is_constant, children(expression)))


def failures(expression: Expression) -> Iterator[tuple[Expression, str]]:
    """The parts of an expression that are worked out in any case, and fail; why."""
    if isinstance(expression, Literal | NameExpression):
        return
    if is_constant(expression):
        if why := why_not(expression):
            yield expression, why
        return
    for part in _parts_in_any_case(expression):
        yield from failures(part)


def _parts_in_any_case(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Conditional | TemplateIf):
        yield expression.condition
    elif isinstance(expression, For):
        yield expression.collection
    elif isinstance(expression, Splat):
        yield expression.target
    elif not (isinstance(expression, FunctionCall) and expression.name in _ATTEMPTS):
        yield from children(expression)


def why_not(expression: Expression, wanted: Type | None = None, *, nullable: bool = True) -> str:
    """Why Terraform refuses a constant, or as a value of a type; empty where it does not, or where none can tell."""
    try:
        value = evaluate_constant(expression)
        if value is None and not nullable:
            return "it can't be null"
        if wanted is not None:
            convert(value, wanted)
    except EvaluationError as error:
        return str(error)
    except Exhausted:
        return ""
    return ""


def why_no_setting(attribute: Attribute, wanted: Type) -> str:
    """Why an argument that must be a constant is none of a type."""
    if is_constant(attribute.value):
        return why_not(attribute.value, wanted, nullable=False)
    return "it must be a constant, and can't refer to anything"


def why_no_repetition(attribute: Attribute) -> str:
    """Why Terraform refuses a `count` or `for_each` that is a constant; empty where it does not.

    https://developer.hashicorp.com/terraform/language/meta-arguments/for_each
    """
    if not is_constant(attribute.value):
        return ""
    slots = slots_of_count if attribute.name == "count" else slots_of_each
    try:
        slots(evaluate_constant(attribute.value))
    except EvaluationError as error:
        return str(error)
    except Exhausted:
        return ""
    return ""
