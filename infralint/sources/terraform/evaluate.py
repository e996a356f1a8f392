"""Expressions to values. What can't be known becomes a hole that says why; nothing is guessed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from infralint.sources.terraform import functions
from infralint.sources.terraform.budget import EvaluationBudget, NotWorkedOut
from infralint.sources.terraform.convert import convert, is_open
from infralint.sources.terraform.hcl import (
    Attr,
    Binary,
    Conditional,
    Each,
    Expression,
    For,
    FunctionCall,
    Index,
    ListOf,
    Literal,
    NameExpression,
    ObjectOf,
    Splat,
    Template,
    TemplateIf,
    Unary,
)
from infralint.sources.terraform.numeric import Number, add, as_count, divide, multiply, negate, remainder, subtract
from infralint.sources.terraform.types import ANY, BOOL, LIST, MAP, NUMBER, SET, STRING, Type, may_be_alike, unify
from infralint.sources.terraform.values import (
    EvaluationError,
    Hole,
    ListValue,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    bound,
    first_hole,
    is_lazy,
    kind_of,
    normal,
    same,
    to_bool,
    to_number,
    to_text,
    type_of,
)


class References(Protocol):
    """What the names in an expression stand for: a module."""

    @property
    def budget(self) -> EvaluationBudget: ...

    def reference(self, root: str, name: str, environment: EvaluationScope) -> Value: ...

    def read(self, function: str, arguments: list[Value]) -> Value: ...


class EvaluationScope(msgspec.Struct, frozen=True, gc=False):
    """Where an expression is evaluated: its module, what loops bind, and `each` and `count` of its block.

    lenient: what Terraform would refuse is a hole, and the rest is worked out; for its type alone.
    """

    module: References
    bound: Mapping[str, Value] = MappingProxyType({})
    each: tuple[Value, Value] | None = None
    count: Value = None
    splat: Value = None
    lenient: bool = False

    def binding(self, names: Mapping[str, Value]) -> EvaluationScope:
        return replace(self, bound={**self.bound, **names})

    def at_each(self, value: Value) -> EvaluationScope:
        return replace(self, splat=value)


class _Nothing:
    """A module without names, for constants."""

    def __init__(self) -> None:
        self.budget = EvaluationBudget()

    def reference(self, root: str, name: str, environment: EvaluationScope) -> Value:
        raise EvaluationError(f"{root}.{name} can't stand here")

    def read(self, function: str, arguments: list[Value]) -> Value:
        raise EvaluationError(f"{function}() can't stand here")


def evaluate_constant(expression: Expression) -> Value:
    """The value of an expression that may not refer to anything. Raises EvaluationError, Exhausted."""
    return evaluate(expression, EvaluationScope(_Nothing()))


_WHOLE = (FunctionCall, For, Splat)
"""What has no type any more where part of it fails."""


def evaluate(expression: Expression, environment: EvaluationScope) -> Value:
    """The value of an expression. Raises EvaluationError where Terraform would refuse, Exhausted."""
    environment.module.budget.spend()
    lenient = environment.lenient
    if lenient and isinstance(expression, _WHOLE):
        environment = replace(environment, lenient=False)
    try:
        return _HOW[type(expression)](expression, environment)
    except NotWorkedOut as error:
        environment.module.budget.not_worked_out += 1
        return Hole(str(error))
    except EvaluationError as error:
        if not lenient:
            raise
        return Hole(str(error), type=_type_of_failed(expression))


def _type_of_failed(expression: Expression) -> Type:
    """The type that an expression has though it fails."""
    if isinstance(expression, Binary):
        return NUMBER if expression.operator in "+-*/%" else BOOL
    if isinstance(expression, Unary):
        return BOOL if expression.operator == "!" else NUMBER
    return STRING if isinstance(expression, Template) and not expression.alone else ANY


def _type_of_null(expression: Expression) -> Type:
    """The type of a null by the expression that gave it; ANY where that does not tell."""
    if isinstance(expression, FunctionCall):
        return _CONVERSIONS.get(expression.name, ANY)
    if not isinstance(expression, Conditional):
        return ANY
    types = {_type_of_branch(branch) for branch in (expression.then, expression.otherwise)} - {ANY}
    return (len(types) == 1 and types.pop()) or ANY


def _type_of_branch(expression: Expression) -> Type:
    if isinstance(expression, Literal):
        return type_of(expression.value)
    return (
        _type_of_null(expression) if isinstance(expression, FunctionCall | Conditional) else _type_of_failed(expression)
    )


def _literal(expression: Literal, _: EvaluationScope) -> Value:
    value = expression.value
    return normal(value) if isinstance(value, str) else value


def _name(expression: NameExpression, environment: EvaluationScope) -> Value:
    if expression.name in environment.bound:
        return environment.bound[expression.name]
    raise EvaluationError(f"{expression.name} is not a name that can stand alone")


def _attr(expression: Attr, environment: EvaluationScope) -> Value:
    target = expression.target
    if isinstance(target, NameExpression) and target.name not in environment.bound:
        return environment.module.reference(target.name, expression.name, environment)
    if isinstance(target, Attr) and isinstance(target.target, NameExpression) and target.target.name == "data":
        return environment.module.reference(f"data.{target.name}", expression.name, environment)
    return member(evaluate(target, environment), expression.name)


def member(value: Value, name: str) -> Value:
    """`value.name`."""
    if isinstance(value, Hole):
        return further(value, name)
    if is_lazy(value):
        return value.attribute(name)
    if isinstance(value, ObjectValue):
        if name not in value:
            raise EvaluationError(f"there is no attribute {name}")
        return value[name]
    raise EvaluationError(f"{kind_of(value)} has no attribute {name}")


def further(hole: Hole, key: str) -> Hole:
    """A member of what is not known: the path to it grows, so that references can still be followed."""
    return hole if hole.of is None else replace(hole, of=(hole.of[0], f"{hole.of[1]}.{key}".strip(".")))


def _index(expression: Index, environment: EvaluationScope) -> Value:
    target = expression.target
    key = evaluate(expression.key, environment)
    if isinstance(target, NameExpression) and target.name not in environment.bound and isinstance(key, str):
        return environment.module.reference(target.name, key, environment)  # var["x"]
    return index(evaluate(target, environment), key)


def index(value: Value, key: Value) -> Value:
    """`value[key]`."""
    if isinstance(value, Hole) or isinstance(key, Hole):
        if isinstance(value, Hole) and not isinstance(key, Hole):
            return further(value, str(key))
        return key if isinstance(key, Hole) else value
    if hasattr(value, "instance"):
        return value.instance(key)
    if is_lazy(value):
        return value.attribute(to_text(key))
    if isinstance(value, ObjectValue):
        if to_text(key) not in value:
            raise EvaluationError("the map has no such key")
        return value[to_text(key)]
    if isinstance(value, TupleValue) and not isinstance(value, SetValue):
        return _at(value, to_number(key))
    raise EvaluationError(f"{kind_of(value)} can't be indexed")


def _at(items: TupleValue, number: Number) -> Value:
    if not isinstance(number, int) or not 0 <= number < len(items):
        raise EvaluationError("the list has no such index")
    return items[number]


def _splat(expression: Splat, environment: EvaluationScope) -> Value:
    target = evaluate(expression.target, environment)
    if isinstance(target, Hole):
        return target
    if target is None:
        return TupleValue()
    is_sequence = isinstance(target, TupleValue)
    items = [
        evaluate(expression.each, environment.at_each(item))
        for item in (target if is_sequence else TupleValue([target]))
    ]
    if isinstance(target, ListValue):
        plain = not items and isinstance(expression.each, Each)
        element = target.element if plain else unify([type_of(item) for item in items])
        return ListValue(items, element) if element is not None else TupleValue(items)
    return TupleValue(items)


def _each(_: Each, environment: EvaluationScope) -> Value:
    return environment.splat


def _list(expression: ListOf, environment: EvaluationScope) -> Value:
    return TupleValue([evaluate(item, environment) for item in expression.items])


def _object(expression: ObjectOf, environment: EvaluationScope) -> Value:
    found: dict[str, Value] = {}
    for key_expression, value in expression.items:
        key = evaluate(key_expression, environment)
        if isinstance(key, Hole):
            return key
        found[to_text(key)] = evaluate(value, environment)
    return ObjectValue(found)


def _template(expression: Template, environment: EvaluationScope) -> Value:
    values = [evaluate(part, environment) for part in expression.parts]
    if expression.alone:
        return values[0]
    if hole := next((hole for hole in map(first_hole, values) if hole), None):
        return replace(hole, type=STRING)
    if any(value is None for value in values):
        raise EvaluationError("null can't stand in a text")
    return normal(bound("".join(map(to_text, values))))


def _template_if(expression: TemplateIf, environment: EvaluationScope) -> Value:
    condition = evaluate(expression.condition, environment)
    if isinstance(condition, Hole):
        return condition
    return evaluate(expression.then if _truth(condition) else expression.otherwise, environment)


def _truth(condition: Value) -> bool:
    if condition is None:
        raise EvaluationError("the condition is null")
    return to_bool(condition)


def _unary(expression: Unary, environment: EvaluationScope) -> Value:
    value = evaluate(expression.operand, environment)
    if hole := first_hole(value):
        return hole
    return not to_bool(value) if expression.operator == "!" else _keep_sign(negate(to_number(value)), -1)


def _keep_sign(number: Number, sign: int) -> Number:
    """A number, unless it is Terraform's `-0`, which is shown as such."""
    if number == 0 and sign < 0:
        raise NotWorkedOut("a zero with a sign is not worked out")
    return number


def _binary(expression: Binary, environment: EvaluationScope) -> Value:
    if expression.operator in ("&&", "||"):
        return _logical(expression, environment)
    left, right = evaluate(expression.left, environment), evaluate(expression.right, environment)
    if expression.operator in ("==", "!="):
        found = _equal(left, right, expression.operator == "==")
        return replace(found, type=BOOL) if isinstance(found, Hole) else found
    if hole := first_hole(left) or first_hole(right):
        return replace(hole, type=_type_of_failed(expression))
    return _ARITHMETIC[expression.operator](to_number(left), to_number(right))


def _equal(left: Value, right: Value, wanted: bool) -> Value:
    for hole, other in ((left, right), (right, left)):
        if other is None and hole is not None and (not isinstance(hole, Hole) or hole.of is not None):
            return not wanted  # what Terraform fills in later is not null, nor is a collection
    return first_hole(left) or first_hole(right) or same(left, right) == wanted


def _logical(expression: Binary, environment: EvaluationScope) -> Value:
    """A side that decides by itself decides, unless the other can't be worked out at all.

    From 1.12 on Terraform does not ask the right side then; before, it refuses what fails there.
    """
    decisive = expression.operator == "||"
    left = evaluate(expression.left, environment)
    decided = not isinstance(left, Hole) and to_bool(left) is decisive
    try:
        right = evaluate(expression.right, environment)
        if not isinstance(right, Hole) and to_bool(right) is decisive:
            return decisive
    except EvaluationError:
        if not decided:
            raise
        raise NotWorkedOut("versions of Terraform differ in what they make of it") from None
    if decided:
        return decisive
    if isinstance(left, Hole) or isinstance(right, Hole):
        return left if isinstance(left, Hole) else right
    return not decisive


def _product(left: Number, right: Number) -> Number:
    return _keep_sign(multiply(left, right), -1 if (left < 0) != (right < 0) else 1)


def _divide_numbers(left: Number, right: Number) -> Number:
    if right == 0 and left == 0:
        raise EvaluationError("division by zero")
    if right == 0:
        raise NotWorkedOut("a number that is not finite is not worked out")
    return _keep_sign(divide(left, right), -1 if (left < 0) != (right < 0) else 1)


def _remainder(left: Number, right: Number) -> Number:
    if right == 0:
        return left
    return _keep_sign(remainder(left, right), -1 if left < 0 else 1)


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Value]] = MappingProxyType(
    {
        "+": add,
        "-": subtract,
        "*": _product,
        "/": _divide_numbers,
        "%": _remainder,
        "<": operator.lt,
        ">": operator.gt,
        "<=": operator.le,
        ">=": operator.ge,
    }
)


def _conditional(expression: Conditional, environment: EvaluationScope) -> Value:
    """The chosen branch as the type that both share: `c ? 1 : "x"` gives a text."""
    condition = evaluate(expression.condition, environment)
    if not isinstance(condition, Hole):
        chosen, other = expression.then, expression.otherwise
        try:
            is_true = _truth(condition)
        except EvaluationError as error:
            if not environment.lenient:
                raise
            return Hole(str(error), type=_type_of_either(expression, *_attempt_both(expression, environment)))
        if not is_true:
            chosen, other = other, chosen
        value, rest = evaluate(chosen, environment), _attempt(other, environment)
        return _as_common(value, _types_of_branches([(chosen, value), (other, rest)]), "the branches of the condition")
    then, otherwise = _attempt_both(expression, environment)
    if first_hole(then) is None and first_hole(otherwise) is None and _interchangeable(then, otherwise):
        return then
    followed = next((branch for branch in (then, otherwise) if isinstance(branch, Hole) and branch.of), None)
    found = _type_of_either(expression, then, otherwise)
    return Hole(condition.why, condition.where, condition.remedy, followed.of if followed else None, found)


def _attempt_both(expression: Conditional, environment: EvaluationScope) -> tuple[Value, Value]:
    return _attempt(expression.then, environment), _attempt(expression.otherwise, environment)


def _type_of_either(expression: Conditional, then: Value, otherwise: Value) -> Type:
    """The type of a condition's value, whichever branch is chosen; ANY where that is not known."""
    types = _types_of_branches([(expression.then, then), (expression.otherwise, otherwise)])
    try:
        return ANY if ANY in types else unify(types) or ANY
    except NotWorkedOut:
        return ANY


def _types_of_branches(branches: Iterable[tuple[Expression, Value]]) -> list[Type]:
    """The types of a condition's branches; a null that is not converted has none."""
    types = [(value, _type_as_written(expression, value)) for expression, value in branches]
    return [found for value, found in types if value is not None or found != ANY]


def _as_common(value: Value, types: Sequence[Type], what: str) -> Value:
    """A value as the type that several have in common. what: whose types these are. Raises EvaluationError, NotWorkedOut."""
    common = unify(types)
    try:
        if common is not None:
            return convert(value, common)
        raise EvaluationError(f"{what} have no type in common: {', '.join(kind.name for kind in types)}")
    except EvaluationError:
        if any(map(is_open, types)) and may_be_alike(types):
            raise NotWorkedOut(f"what {what} have in common is not worked out") from None
        raise


def _type_as_written(expression: Expression, value: Value) -> Type:
    """A value's type; a null that is converted where it stands has the type that it is converted to."""
    return _type_of_null(expression) if value is None else type_of(value)


_CONVERSIONS: Mapping[str, Type] = MappingProxyType(
    {"tostring": STRING, "tonumber": NUMBER, "tobool": BOOL, "tolist": LIST, "toset": SET, "tomap": MAP}
)


def _attempt(expression: Expression, environment: EvaluationScope) -> Value:
    return evaluate(expression, replace(environment, lenient=True))


def _interchangeable(left: Value, right: Value) -> bool:
    return type(left) is type(right) and same(left, right)


def _for(expression: For, environment: EvaluationScope) -> Value:
    collection = evaluate(expression.collection, environment)
    if isinstance(collection, Hole):
        return collection
    listed: list[Value] = []
    mapped: dict[str, Value] = {}
    items = list(pairs(collection))
    if not items and expression.condition is not None:
        _try_condition(expression, environment)
    for key, value in items:
        inner = environment.binding(_bound(expression.names, key, value))
        wanted = True if expression.condition is None else evaluate(expression.condition, inner)
        if isinstance(wanted, Hole):
            return wanted
        if not _truth(wanted):
            continue
        made = evaluate(expression.value, inner)
        if expression.key is None:
            listed.append(made)
            continue
        name = evaluate(expression.key, inner)
        if isinstance(name, Hole):
            return name
        _put(mapped, to_text(name), made, expression.grouped)
    if expression.key is None:
        return TupleValue(listed)
    return ObjectValue({name: TupleValue(value) if expression.grouped else value for name, value in mapped.items()})


def _try_condition(expression: For, environment: EvaluationScope) -> None:
    """Work out the condition of a loop over nothing, as Terraform does for items that it does not know. Raises
    EvaluationError for one that can be no condition.

    https://github.com/hashicorp/hcl/blob/main/hclsyntax/expression.go (ForExpr)
    """
    assert expression.condition is not None
    item = Hole("the loop goes over nothing")
    found = evaluate(expression.condition, environment.binding(dict.fromkeys(expression.names, item)))
    if not isinstance(found, Hole):
        _truth(found)


def _put(mapped: dict[str, Value], name: str, value: Value, grouped: bool) -> None:
    if grouped:
        mapped.setdefault(name, []).append(value)
    elif name in mapped:
        raise EvaluationError("two items of a for expression have the same key")
    else:
        mapped[name] = value


def _bound(names: tuple[str, ...], key: Value, value: Value) -> dict[str, Value]:
    return {names[0]: value} if len(names) == 1 else {names[0]: key, names[1]: value}


def pairs(collection: Value) -> Iterable[tuple[Value, Value]]:
    """What a loop goes over, as keys and values. Raises EvaluationError."""
    if isinstance(collection, ObjectValue):
        return collection.sorted_items()
    if isinstance(collection, SetValue):
        return [(item, item) for item in collection]
    if isinstance(collection, TupleValue):
        return [(as_count(index), item) for index, item in enumerate(collection)]
    raise EvaluationError(f"{kind_of(collection)} can't be looped over")


def _call(expression: FunctionCall, environment: EvaluationScope) -> Value:
    name = expression.name.removeprefix("core::")
    if name == "try":
        return _try(expression, environment)
    if name == "can":
        return _can(expression, environment)
    arguments = [evaluate(argument, environment) for argument in expression.arguments]
    if expression.spread:
        last = arguments.pop()
        if isinstance(last, Hole):
            return last
        if not isinstance(last, TupleValue):
            raise EvaluationError(f"only a list can be spread with `...`, and this is {kind_of(last)}")
        arguments += last
    if name in READERS:
        return next((hole for hole in map(first_hole, arguments) if hole), None) or environment.module.read(
            name, arguments
        )
    found = functions.call(name, arguments, environment.module.budget)
    return _as_nulls_want(found, expression, arguments) if name == "coalesce" and None in arguments else found


def _as_nulls_want(found: Value, expression: FunctionCall, arguments: list[Value]) -> Value:
    """What coalesce() finds, as the nulls want it that were converted. Raises EvaluationError, NotWorkedOut."""
    types = {_type_as_written(written, value) for written, value in zip(expression.arguments, arguments, strict=False)}
    return _as_common(found, [type_of(found), *(types - {ANY})], "the arguments of coalesce()")


READERS = frozenset({"file", "fileexists", "templatefile", "fileset", "filebase64", "abspath", "pathexpand"})


def _try(expression: FunctionCall, environment: EvaluationScope) -> Value:
    for argument in expression.arguments:
        try:
            return _with_its_doubts(argument, environment)
        except EvaluationError:
            continue
    raise EvaluationError("try() finds nothing that works")


def _with_its_doubts(expression: Expression, environment: EvaluationScope) -> Value:
    """A value, or a hole where part of it was not worked out though nothing of that part is left in the value: it may fail."""
    budget = environment.module.budget
    before = budget.not_worked_out
    value = evaluate(expression, environment)
    if budget.not_worked_out == before or first_hole(value) is not None:
        return value
    return Hole("part of it is not worked out, and may fail")


def _can(expression: FunctionCall, environment: EvaluationScope) -> Value:
    if len(expression.arguments) != 1:
        raise EvaluationError("can() takes one argument")
    try:
        value = _with_its_doubts(expression.arguments[0], environment)
    except EvaluationError:
        return False
    hole = first_hole(value)
    return hole if hole is not None and hole.of is None else True


_HOW: Mapping[type, Callable[[Any, EvaluationScope], Value]] = MappingProxyType(
    {
        Literal: _literal,
        NameExpression: _name,
        Attr: _attr,
        Index: _index,
        Splat: _splat,
        Each: _each,
        ListOf: _list,
        ObjectOf: _object,
        Template: _template,
        TemplateIf: _template_if,
        Unary: _unary,
        Binary: _binary,
        Conditional: _conditional,
        For: _for,
        FunctionCall: _call,
    }
)
