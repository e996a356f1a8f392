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
    walk,
)
from infralint.sources.terraform.modules import slots_of_count, slots_of_each
from infralint.sources.terraform.types import Type
from infralint.sources.terraform.values import EvaluationError

ATTEMPTS = frozenset({"can", "try"})
"""Functions that catch what fails once it is worked out."""


def is_constant(expression: Expression) -> bool:
    """Whether an expression names nothing, and reads nothing."""
    return not any(map(_varies, walk(expression)))


def _varies(part: Expression) -> bool:
    """Whether a part of an expression names, or reads, something itself."""
    if isinstance(part, FunctionCall):
        return part.name.removeprefix("core::") in READERS
    return isinstance(part, NameExpression | Each | For | Splat)


def failures(expression: Expression) -> Iterator[tuple[Expression, str]]:
    """The parts of an expression that are worked out in any case, and fail; why."""
    varying: set[int] = set()
    for part in reversed([*walk(expression)]):
        if _varies(part) or any(id(inner) in varying for inner in children(part)):
            varying.add(id(part))
    pending = [expression]
    while pending:
        part = pending.pop()
        if id(part) in varying:
            pending += reversed([*parts_in_any_case(part)])
        elif not isinstance(part, Literal) and (why := why_not(part)):
            yield part, why


def parts_in_any_case(expression: Expression) -> Iterator[Expression]:
    """The parts of an expression that are worked out whatever comes of others."""
    if isinstance(expression, Conditional | TemplateIf):
        yield expression.condition
    elif isinstance(expression, For):
        yield expression.collection
    elif isinstance(expression, Splat):
        yield expression.target
    elif not (isinstance(expression, FunctionCall) and expression.name in ATTEMPTS):
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
    except (Exhausted, RecursionError):
        return ""
    return ""


def why_no_literal(expression: Expression) -> str:
    """Why an expression can't stand where Terraform calls no function; empty where it can."""
    call = next((part for part in walk(expression) if isinstance(part, FunctionCall)), None)
    return f"no function can be called here, as {call.name}() is" if call is not None else ""


def why_no_setting(attribute: Attribute, wanted: Type) -> str:
    """Why an argument that must be a constant is none of a type."""
    if why := why_no_literal(attribute.value):
        return why
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
    except (Exhausted, RecursionError):
        return ""
    return ""
