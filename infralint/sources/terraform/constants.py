"""Expressions that name nothing and fail all the same: Terraform works them out before it asks anybody."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from infralint.sources.terraform.budget import EvaluationBudget, Exhausted
from infralint.sources.terraform.convert import convert
from infralint.sources.terraform.evaluate import READERS, EvaluationScope, evaluate, evaluate_constant
from infralint.sources.terraform.hcl import (
    Attr,
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
from infralint.sources.terraform.values import EvaluationError, Hole, Value

ATTEMPTS = frozenset({"can", "try"})
"""Functions that catch what fails once it is worked out."""


class Constants:
    """The local values of a folder that are made of constants alone: what the expressions of a module may name without being
    more than constants."""

    def __init__(self, local_values: Mapping[str, Attribute]) -> None:
        self.local_values = local_values
        self.budget = EvaluationBudget()
        self._are_constant: dict[str, bool] = {}
        self._values: dict[str, Value] = {}

    def holds(self, part: Expression) -> bool:
        """Whether an expression is `local.NAME`, and that a constant."""
        name = _local_name(part)
        if name and name not in self._are_constant:
            names = self._inner_first(name, self._are_constant)
            self._are_constant |= dict.fromkeys(names, False)  # what is made of itself is refused elsewhere
            for inner in names:
                value = self.local_values[inner].value
                self._are_constant[inner] = id(value) not in _find_varying(value, self)
        return self._are_constant.get(name, False)

    def _inner_first(self, name: str, known: Container[str]) -> list[str]:
        """A local value and those that it is made of, however long their chain, each behind its own; without the known."""
        found = dict[str, None]()
        entered = set[str]()
        pending = [name]
        while pending:
            name = pending.pop()
            if name in entered:
                found[name] = None
            elif name in self.local_values and name not in known:
                entered.add(name)
                parts = dict.fromkeys(map(_local_name, walk(self.local_values[name].value)))
                pending += [name, *(part for part in parts if part not in entered)]
        return list(found)

    def reference(self, root: str, name: str, environment: EvaluationScope) -> Value:
        """A local value; one that fails is refused where it stands, and can't be told here."""
        for inner in self._inner_first(name, self._values):
            try:
                self._values[inner] = evaluate(self.local_values[inner].value, EvaluationScope(self))
            except EvaluationError as error:
                self._values[inner] = Hole(str(error))
        return self._values[name]

    def read(self, function: str, arguments: list[Value]) -> Value:
        raise EvaluationError(f"{function}() can't stand here")


def _local_name(part: Expression) -> str:
    """The name in `local.NAME`; empty for another expression."""
    is_local = isinstance(part, Attr) and isinstance(part.target, NameExpression) and part.target.name == "local"
    return part.name if is_local and isinstance(part, Attr) else ""


def is_constant(expression: Expression, constants: Constants | None = None) -> bool:
    """Whether an expression names nothing, but for constants, and reads nothing."""
    return id(expression) not in _find_varying(expression, constants or _NO_CONSTANTS)


def _find_varying(expression: Expression, constants: Constants) -> set[int]:
    """The parts of an expression, by their ids, that name something, or read it, or have such parts."""
    ordered: list[Expression] = []
    varying: set[int] = set()
    pending: list[tuple[Expression, frozenset[str]]] = [(expression, frozenset())]
    while pending:
        part, bound = pending.pop()
        ordered.append(part)
        if "local" not in bound and constants.holds(part):
            continue
        if _varies(part, bound):
            varying.add(id(part))
        inner = bound.union(part.names) if isinstance(part, For) else bound
        collection = part.collection if isinstance(part, For) else None
        pending += [(child, bound if child is collection else inner) for child in children(part)]
    for part in reversed(ordered):
        if not constants.holds(part) and any(id(child) in varying for child in children(part)):
            varying.add(id(part))
    return varying


def _varies(part: Expression, bound: frozenset[str]) -> bool:
    """Whether a part of an expression names, or reads, something itself. bound: what loops around it give names to."""
    if isinstance(part, FunctionCall):
        return part.name.removeprefix("core::") in READERS
    if isinstance(part, NameExpression):
        return part.name not in bound
    return isinstance(part, Each | Splat)


def failures(expression: Expression, constants: Constants) -> Iterator[tuple[Expression, str]]:
    """The parts of an expression that are worked out in any case, and fail; why."""
    varying = _find_varying(expression, constants)
    pending = [expression]
    while pending:
        part = pending.pop()
        if id(part) in varying:
            pending += reversed([*parts_in_any_case(part)])
        elif not isinstance(part, Literal) and (why := _why_constant_fails(part, constants)):
            yield part, why


def _why_constant_fails(expression: Expression, constants: Constants) -> str:
    """Why Terraform refuses a constant; empty where it does not, or where it takes too long to tell."""
    constants.budget.allow()
    try:
        evaluate(expression, EvaluationScope(constants))
    except EvaluationError as error:
        return str(error)
    except (Exhausted, RecursionError):
        return ""
    return ""


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


def why_no_repetition(attribute: Attribute, constants: Constants) -> str:
    """Why Terraform refuses a `count` or `for_each` that is a constant; empty where it does not.

    https://developer.hashicorp.com/terraform/language/meta-arguments/for_each
    """
    if not is_constant(attribute.value, constants):
        return ""
    slots = slots_of_count if attribute.name == "count" else slots_of_each
    constants.budget.allow()
    try:
        slots(evaluate(attribute.value, EvaluationScope(constants)))
    except EvaluationError as error:
        return str(error)
    except (Exhausted, RecursionError):
        return ""
    return ""


_NO_CONSTANTS = Constants({})
