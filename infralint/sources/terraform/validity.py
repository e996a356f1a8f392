"""What Terraform refuses before it asks any provider: names that nothing declares, types and functions that do not exist.

https://developer.hashicorp.com/terraform/cli/commands/validate
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import starmap
from types import MappingProxyType

import msgspec

from infralint.model import Location, Unreadable
from infralint.sources.terraform import functions
from infralint.sources.terraform.addresses import wrong_addresses
from infralint.sources.terraform.budget import Exhausted
from infralint.sources.terraform.constants import (
    ATTEMPTS,
    Constants,
    failures,
    is_constant,
    parts_in_any_case,
    why_no_literal,
    why_no_repetition,
    why_no_setting,
    why_not,
)
from infralint.sources.terraform.convert import BadType, convert, declared_type
from infralint.sources.terraform.evaluate import evaluate_constant
from infralint.sources.terraform.folders import Folder, is_override
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Expression,
    For,
    FunctionCall,
    Index,
    ListOf,
    Literal,
    NameExpression,
    ObjectOf,
    children,
    walk,
)
from infralint.sources.terraform.meta_arguments import undeclared_providers, wrong_meta_arguments
from infralint.sources.terraform.mistyped_arguments import mistyped_arguments
from infralint.sources.terraform.sensitive import is_sensitive
from infralint.sources.terraform.shapes import complaints, repetitions
from infralint.sources.terraform.types import ANY, BOOL, STRING, Type
from infralint.sources.terraform.values import EvaluationError
from infralint.sources.terraform.versions import wrong_versions
from infralint.text.circles import find_circles, say_through
from infralint.text.lazy import lazy
from infralint.text.suggestions import CODE, closest, hint

_IDENTIFIER = lazy(r"[^\W\d][\w-]*")
MOST = 20
"""Problems of one folder that are named."""

Called = Callable[[Block], Folder | None]
"""The folder behind a call, where it is a local one that could be read as a whole."""

_WITHOUT_REFERENCES = frozenset(
    {
        ("resource", "provider"),
        ("data", "provider"),
        ("ephemeral", "provider"),
        ("module", "providers"),
        ("lifecycle", "ignore_changes"),
        ("provisioner", "when"),
        ("provisioner", "on_failure"),
        ("action_trigger", "events"),
        ("action_trigger", "actions"),
        ("moved", "from"),
        ("moved", "to"),
        ("removed", "from"),
        ("import", "to"),
        ("import", "provider"),
    }
)
"""Arguments, by their block's type, in which names are no references."""
_WITHOUT_ANY_REFERENCES = frozenset({"variable", "terraform"})
"""Blocks all of whose arguments are constants."""
_BUILT_IN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "path": ("cwd", "module", "root"),
        "terraform": ("applying", "workspace"),
        "tofu": ("applying", "workspace"),
    }
)
"""Names that are there everywhere, with what they have."""
_ACTING = frozenset({"action", "list"})
"""With what references to blocks of newer versions begin."""
_WHERE: Mapping[str, str] = MappingProxyType(
    {
        "count": "count.index stands for something only in a block that has `count`",
        "each": "each.key and each.value stand for something only in a block that has `for_each`",
        "self": "self stands for something only in a provisioner, a connection or a postcondition",
    }
)
"""What can be said of references to an instance where there is none."""
_INSTANCES = frozenset(_WHERE)
"""Not missed in the content of dynamic blocks: where these make no block, Terraform does not look."""
_OF_WHOLE_BLOCKS = frozenset({"depends_on", "replace_triggered_by"})
"""Arguments whose references mean all instances of a block."""
_CONDITIONS = frozenset({"assert", "postcondition", "precondition"})
_NO_OBJECTS = frozenset({"count", "each", "ephemeral", "module", "path", "resource", "self", "terraform"})
"""With what references begin of which it is not asked whether they name a whole object."""
_BOUND = {"count": "count", "for_each": "each"}
"""Arguments that repeat a block, and what stands for the instance in it."""
_HAVE_SELF = frozenset({"connection", "postcondition", "provisioner"})
_RESERVED = frozenset("source version providers count for_each lifecycle depends_on locals".split())
_SETTINGS: Mapping[str, Type] = MappingProxyType(
    {"sensitive": BOOL, "ephemeral": BOOL, "nullable": BOOL, "const": BOOL, "description": STRING}
)
"""Arguments of variables and outputs that are constants, with their types."""
_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "locals", "//"})


def problems(folder: Folder, called: Called) -> list[Unreadable]:
    """What Terraform would refuse in a folder all of whose files could be read."""
    found: list[Unreadable] = []
    for problem in _Check(folder, called).problems():
        if len(found) == MOST:
            break
        if problem not in found:
            found.append(problem)
    return found


class _Reference(msgspec.Struct, frozen=True):
    """`root.name` in an expression, and the names behind it. keyed: after how many of them a key stands; written_keys: one
    that is written out."""

    root: str
    names: tuple[str, ...]
    start: int
    end: int
    keyed: frozenset[int] = frozenset()
    written_keys: frozenset[int] = frozenset()

    def is_of_all(self, at: int) -> bool:
        """Whether an attribute is asked for right behind so many names, of whatever stands under them."""
        return len(self.names) > at and at not in self.keyed


class _Check(msgspec.Struct, dict=True):
    folder: Folder
    called: Called

    def problems(self) -> Iterator[Unreadable]:
        folder = self.folder
        for block in folder.all_blocks():
            yield from starmap(_refuse, complaints(block))
            yield from starmap(_refuse, wrong_meta_arguments(block))
            yield from starmap(_refuse, mistyped_arguments(block))
            yield from starmap(_refuse, undeclared_providers(block, self.providers))
            yield from self._conditions(block)
            yield from self._names(block)
            if block.type not in _WITHOUT_ANY_REFERENCES:
                yield from self._body(block, frozenset())
        repeated = [block for block in (*folder.settings, *folder.providers) if not is_override(block.source.path)]
        yield from starmap(_refuse, repetitions(repeated))
        for block in folder.variables.values():
            yield from self._variable(block)
        for attribute in folder.locals.values():
            yield from self._expression(attribute, attribute.value, frozenset())
        yield from self._cycles()
        for block in folder.calls.values():
            yield from self._call(block)
        yield from self._meta_arguments()

    @cached_property
    def providers(self) -> frozenset[tuple[str, str]]:
        """The providers that have an alias here, or are given by the caller, by name and alias."""
        found = {(block.labels[0], _text_of(block.attributes.get("alias"))) for block in self.folder.providers}
        for block in self.folder.settings:
            for required in block.of("required_providers"):
                for attribute in required.attributes.values():
                    found.update(_given_aliases(attribute.value))
        return frozenset(found)

    @cached_property
    def constants(self) -> Constants:
        """The local values that depend on nothing."""
        return Constants(self.folder.locals)

    # Cycles

    def _cycles(self) -> Iterator[Unreadable]:
        """Local values that are made of themselves, and resources and data that have to be there before they are."""
        places = {f"local.{name}": attribute.where for name, attribute in self.folder.locals.items()}
        uses = {f"local.{name}": self._needs([attribute]) for name, attribute in self.folder.locals.items()}
        for prefix, home in (("", self.folder.resources), ("data.", self.folder.data)):
            for (kind, name), block in home.items():
                address = f"{prefix}{kind}.{name}"
                places[address] = block.where
                uses[address] = self._needs(_needed_first(block)) - {address}
        for circle in find_circles(uses):
            verb = "is made of itself" if all(name.startswith("local.") for name in circle) else "needs itself"
            yield _refuse(places[circle[0]], f"{circle[0]} {verb}{say_through(circle)}")

    def _needs(self, attributes: Iterable[Attribute]) -> set[str]:
        """The local values, resources and data of this folder that arguments name."""
        parts = (part for attribute in attributes for part in _parts(attribute.value, frozenset()))
        return {found for part in parts if isinstance(part, _Reference) and (found := self._address(part))}

    def _address(self, reference: _Reference) -> str:
        """What a reference names here; empty for anything else."""
        first, second = (*reference.names, "", "")[:2]
        match reference.root:
            case "local":
                return f"local.{first}" if first in self.folder.locals else ""
            case "data":
                return f"data.{first}.{second}" if (first, second) in self.folder.data else ""
            case root:
                return f"{root}.{first}" if (root, first) in self.folder.resources else ""

    # Blocks

    def _names(self, block: Block) -> Iterator[Unreadable]:
        for label in block.labels:
            if not _IDENTIFIER.fullmatch(label):
                why = f"`{label}` is no name: it takes letters, digits, _ and -, a letter or _ first"
                yield _refuse(block.where, why)
        if block.type == "variable" and block.labels[0] in _RESERVED:
            yield _refuse(block.where, f"no variable can be called `{block.labels[0]}`: modules have it for themselves")
        yield from starmap(_refuse, wrong_addresses(block))
        yield from starmap(_refuse, wrong_versions(block))
        depends = block.attributes.get("depends_on")
        if depends is not None and not _is_list_of_references(depends):
            yield _refuse(depends.where, "`depends_on` takes a list of references, such as [aws_lb.main]")
        for part in _parts(depends.value, frozenset()) if depends is not None else ():
            if depends is not None and isinstance(part, _Reference) and (whole := _whole_of(part)):
                why = f"`depends_on` takes a whole object, and no attribute of it: write {whole}"
                yield _refuse(_place(depends, part.start, part.end), why)
        for name, wanted in _SETTINGS.items() if block.type in ("variable", "output") else ():
            attribute = block.attributes.get(name)
            if attribute is not None and (why := why_no_setting(attribute, wanted)):
                yield _refuse(attribute.where, f"`{attribute.written}`: {why}")

    def _conditions(self, block: Block) -> Iterator[Unreadable]:
        """https://developer.hashicorp.com/terraform/language/expressions/custom-conditions"""
        for inner in block.blocks:
            condition = inner.attributes.get("condition") if inner.type in _CONDITIONS else None
            if condition is not None and not any(
                isinstance(part, _Reference) for part in _parts(condition.value, frozenset())
            ):
                yield _refuse(condition.where, "a condition must refer to something, and this is always the same")
            if inner.type == "lifecycle":
                yield from self._conditions(inner)

    def _meta_arguments(self) -> Iterator[Unreadable]:
        """https://developer.hashicorp.com/terraform/language/meta-arguments"""
        folder = self.folder
        for home in (folder.resources, folder.data, folder.ephemeral, folder.calls):
            for block in home.values():
                if "count" in block.attributes and "for_each" in block.attributes:
                    yield _refuse(block.attributes["for_each"].where, "`for_each` can't stand beside `count`")
                for name in ("count", "for_each"):
                    attribute = block.attributes.get(name)
                    if attribute is not None and (why := why_no_repetition(attribute, self.constants)):
                        yield _refuse(attribute.where, f"`{attribute.written}`: {why}")

    def _variable(self, block: Block) -> Iterator[Unreadable]:
        for attribute in (block.attributes.get("type"), block.attributes.get("default")):
            if attribute is not None and (why := _why_no_variable(block, attribute)):
                yield _refuse_value(attribute, why, block, block)
        for inner in block.of("validation"):
            yield from self._body(inner, frozenset())
            condition = inner.attributes.get("condition")
            if condition is not None and not _refers_to(condition.value, "var", block.labels[0]):
                yield _refuse(condition.where, f"a validation's condition must refer to var.{block.labels[0]}")

    def _body(self, block: Block, bound: frozenset[str]) -> Iterator[Unreadable]:
        bound = bound | _bound_in(block)
        for name, attribute in block.attributes.items():
            if (block.type, name) not in _WITHOUT_REFERENCES:
                yield from self._expression(attribute, attribute.value, bound)
        for inner in block.blocks:
            if inner.type != "dynamic" or len(inner.labels) != 1:
                yield from self._body(inner, bound)
                continue
            iterator = inner.attributes.get("iterator")
            name = getattr(iterator.value, "name", inner.labels[0]) if iterator else inner.labels[0]
            for attribute in inner.attributes.values():
                if attribute.name != "iterator":
                    yield from self._expression(attribute, attribute.value, bound)
            for content in inner.blocks:
                yield from self._body(content, bound | {name} | _INSTANCES)

    def _call(self, block: Block) -> Iterator[Unreadable]:
        """The arguments of a call against the variables of what it calls."""
        called = self.called(block)
        if called is None:
            return
        for name, attribute in block.attributes.items():
            if name not in called.variables and name not in _META:
                why = f"module {block.labels[0]} has no variable `{name}`{hint(name, called.variables, CODE)}"
                yield _refuse(attribute.where, why)
            elif name in called.variables and (why := _why_no_input(called.variables[name], attribute)):
                yield _refuse_value(attribute, why, called.variables[name], block)
        for name, variable in called.variables.items():
            if name not in block.attributes and "default" not in variable.attributes:
                yield _refuse(block.where, f"module {block.labels[0]} is called without `{name}`, which has no default")

    # Expressions

    def _expression(self, attribute: Attribute, expression: Expression, bound: frozenset[str]) -> Iterator[Unreadable]:
        for failure, why in failures(expression, self.constants):
            yield _refuse(_place(attribute, failure.start, failure.end), why)
        if attribute.name not in _OF_WHOLE_BLOCKS:
            yield from self._outputs_of_all(attribute, expression, bound)
        for part in _parts(expression, bound):
            if why := self._why_not(part, attribute) if isinstance(part, _Reference) else _no_function(part):
                yield _refuse(_place(attribute, part.start, part.end), why)

    def _outputs_of_all(
        self, attribute: Attribute, expression: Expression, bound: frozenset[str]
    ) -> Iterator[Unreadable]:
        """Outputs that are asked of all instances of a module with `count` at once, where that is worked out in any case."""
        pending = [expression]
        while pending:
            part = pending.pop()
            found = _chain(part) if isinstance(part, Attr) else None
            if found is None:
                pending += parts_in_any_case(part)
                continue
            call = self.folder.calls.get(found.names[0]) if found.root == "module" and "module" not in bound else None
            if call is not None and "count" in call.attributes and found.is_of_all(1):
                address = f"module.{found.names[0]}"
                why = f"{address} has `count`: write {address}[0] or {address}[*]"
                yield _refuse(_place(attribute, part.start, part.end), why)

    def _why_not(self, reference: _Reference, attribute: Attribute) -> str:
        """Why a reference leads nowhere, or nothing."""
        return self._why_nowhere(reference) or self._why_no_instance(reference, attribute)

    def _why_nowhere(self, reference: _Reference) -> str:
        folder, names = self.folder, reference.names
        if not names and reference.root not in _ACTING:
            return _why_not_alone(reference.root)
        match reference.root:
            case "var":
                return _missing("var.", names[0], folder.variables)
            case "local":
                return _missing("local.", names[0], folder.locals)
            case "module":
                return _missing("module.", names[0], folder.calls) or self._output(names)
            case "data":
                return self._resource("data.", names, {**folder.data, **self._data_of_checks()})
            case "ephemeral":
                return self._resource("ephemeral.", names, folder.ephemeral)
            case "resource":
                return self._resource("", names, folder.resources)
            case "count" | "each" | "self" as root:
                return _WHERE[root]
            case root if root in _BUILT_IN:
                return "" if names[0] in _BUILT_IN[root] else f"there is no {root}.{names[0]}"
            case root if root in _ACTING:
                return ""
            case root:
                return self._resource("", (root, *names), folder.resources)

    def _resource(self, prefix: str, names: tuple[str, ...], home: Mapping[tuple[str, str], Block]) -> str:
        if len(names) < 2 or (names[0], names[1]) in home:
            return ""
        declared = [name for kind, name in home if kind == names[0]]
        meant = hint(names[1], declared, f"{prefix}{names[0]}.{{}}")
        return f"{prefix}{names[0]}.{names[1]} is not declared in this module{meant}"

    def _why_no_instance(self, reference: _Reference, attribute: Attribute) -> str:
        """Why a reference to a resource with `count` or `for_each` must say which instance it means, and one to any other
        must not.

        Terraform does not look at modules this way: what they give is worked out as any object is.
        """
        block, at = self._block_behind(reference)
        if block is None:
            return ""
        repeated = next((name for name in _BOUND if name in block.attributes), "")
        address = ".".join((reference.root, *reference.names[:at]))
        if at in reference.written_keys and not repeated:
            return f"{address} has neither `count` nor `for_each`, so there is no instance of a key: write {address}"
        if attribute.name in _OF_WHOLE_BLOCKS or not reference.is_of_all(at):
            return ""
        key = "[0]" if repeated == "count" else '["KEY"]'
        return f"{address} has `{repeated}`: write {address}{key} or {address}[*]" if repeated else ""

    def _block_behind(self, reference: _Reference) -> tuple[Block | None, int]:
        """The resource that a reference means, and how many of its names are the block's address."""
        first, second = (*reference.names, "", "")[:2]
        match reference.root:
            case "data":
                return self.folder.data.get((first, second)), 2
            case root:
                return self.folder.resources.get((root, first)), 1

    def _data_of_checks(self) -> dict[tuple[str, str], Block]:
        """Data that is looked up inside of `check` blocks."""
        blocks = [inner for block in self.folder.checks.values() for inner in block.blocks if inner.type == "data"]
        return {(block.labels[0], block.labels[1]): block for block in blocks if len(block.labels) == 2}

    def _output(self, names: tuple[str, ...]) -> str:
        if len(names) < 2:
            return ""
        called = self.called(self.folder.calls[names[0]])
        if called is None or names[1] in called.outputs:
            return ""
        return f"module.{names[0]} has no output {names[1]}{hint(names[1], called.outputs, CODE)}"


def _why_no_variable(block: Block, attribute: Attribute) -> str:
    """Why a variable can't have this type, or this default; empty where nothing speaks against it."""
    wanted = block.attributes.get("type")
    if why := why_no_literal(attribute.value) if attribute.name == "default" else _why_no_optional(attribute.value):
        return why
    try:
        kind = ANY if wanted is None else declared_type(wanted.value, evaluate_constant)
        if attribute.name == "type":
            return ""
        value = convert(evaluate_constant(attribute.value), kind)
    except BadType as error:
        return f"it {error}" if attribute.name == "type" else ""
    except EvaluationError as error:
        return f"{error}"
    except Exhausted:
        return ""
    nullable = block.attributes.get("nullable")
    refuses_null = nullable is not None and isinstance(nullable.value, Literal) and nullable.value.value is False
    return "the variable is not nullable" if value is None and refuses_null else ""


def _why_no_optional(expression: Expression) -> str:
    """Why a type can't have the defaults that it gives its attributes."""
    optional = (part for part in walk(expression) if isinstance(part, FunctionCall) and part.name == "optional")
    return next((why for part in optional for given in part.arguments[1:] if (why := why_no_literal(given))), "")


def _why_no_input(variable: Block, attribute: Attribute) -> str:
    """Why a constant can't be a variable's value; empty where nothing speaks against it."""
    wanted = variable.attributes.get("type")
    if wanted is None or not is_constant(attribute.value):
        return ""
    try:
        return why_not(attribute.value, declared_type(wanted.value, evaluate_constant))
    except (BadType, EvaluationError, Exhausted):
        return ""


def _refuse_value(attribute: Attribute, why: str, variable: Block, block: Block) -> Unreadable:
    """What can't be a variable's value: neither quoted nor its line shown where it is sensitive. block: where it stands."""
    is_null = isinstance(attribute.value, Literal) and attribute.value.value is None
    if attribute.name == "type" or is_null or not is_sensitive(variable):
        return _refuse(attribute.where, f"`{attribute.written}`: {why}")
    name = variable.labels[0]
    return _refuse(block.where, f"`{attribute.name}` has a value that var.{name}, which is sensitive, can't have")


def _refuse(where: Location, why: str) -> Unreadable:
    return Unreadable(f"Terraform refuses this: {why}", where)


def _missing(prefix: str, name: str, home: Mapping[str, object]) -> str:
    if name in home:
        return ""
    return f"{prefix}{name} is not declared in this module{hint(name, home, f'{prefix}{{}}')}"


def _place(attribute: Attribute, start: int, end: int) -> Location:
    """The place of part of an expression; inside a string of JSON only the whole has one."""
    if attribute.source.path.endswith(".json"):
        return attribute.where
    return attribute.source.at(start, end)


def _no_function(call: FunctionCall) -> str:
    name = call.name.removeprefix("core::")
    if not functions.is_known(name):
        return f"there is no function {call.name}()"
    return "" if call.spread else functions.why_not_so_many(name, len(call.arguments))


def _why_not_alone(name: str) -> str:
    near = closest(name.lower(), ("true", "false", "null"))
    meant = f"; did you mean {near}?" if near else f', such as var.{name}; a text stands in quotes: "{name}"'
    return f"`{name}` alone refers to nothing{meant}"


def _bound_in(block: Block) -> frozenset[str]:
    """The names that stand for an instance in a block, and in those that stand in it."""
    names = {name for argument, name in _BOUND.items() if argument in block.attributes}
    has_self = block.type in _HAVE_SELF or block.source.path.endswith(".json")
    return frozenset({*names, "self"} if has_self else names)


def _parts(expression: Expression, bound: frozenset[str]) -> Iterator[_Reference | FunctionCall]:
    """The calls in an expression, and its references but for those to what its own loops bind."""
    if isinstance(expression, Attr | Index):
        found = _chain(expression)
        if found is not None:
            if found.root not in bound:
                yield found
            yield from _in_keys(expression, bound)
            return
    if isinstance(expression, For):
        yield from _parts(expression.collection, bound)
        bound = bound | set(expression.names)
        parts = (expression.key, expression.value, expression.condition)
        for part in parts:
            if part is not None:
                yield from _parts(part, bound)
        return
    if isinstance(expression, FunctionCall):
        yield expression
        if expression.name in ATTEMPTS:
            inside = (found for part in expression.arguments for found in _parts(part, bound))
            yield from (found for found in inside if isinstance(found, _Reference) and found.root != "module")
            return
    if isinstance(expression, NameExpression) and expression.name not in bound:
        yield _Reference(expression.name, (), expression.start, expression.end)
    for part in children(expression):
        yield from _parts(part, bound)


def _refers_to(expression: Expression, root: str, name: str) -> bool:
    parts = _parts(expression, frozenset())
    return any(isinstance(part, _Reference) and (part.root, *part.names[:1]) == (root, name) for part in parts)


def _is_list_of_references(attribute: Attribute) -> bool:
    """Whether it is a list of names, which Terraform 0.11 had in quotes, and JSON still has."""
    value = attribute.value
    if attribute.source.path.endswith(".json"):
        return True
    return isinstance(value, ListOf) and all(map(_is_reference, value.items))


def _is_reference(expression: Expression) -> bool:
    return isinstance(expression, Attr | Index) or (
        isinstance(expression, Literal) and isinstance(expression.value, str)
    )


def _needed_first(block: Block) -> Iterator[Attribute]:
    """The arguments of a block, and of those in it, that have to be known before it is there."""
    for attribute in block.attributes.values():
        if (block.type, attribute.name) not in _WITHOUT_REFERENCES:
            yield attribute
    for inner in block.blocks:
        when = inner.attributes.get("when") if inner.type == "provisioner" else None
        if when is None:
            yield from _needed_first(inner)


def _whole_of(reference: _Reference) -> str:
    """What a reference to an attribute is an attribute of; empty for one to a whole object, and for outputs of modules."""
    at = {"var": 1, "local": 1, "data": 2}.get(reference.root, 1)
    if reference.root in _NO_OBJECTS or len(reference.names) <= at or at in reference.keyed:
        return ""
    return ".".join((reference.root, *reference.names[:at]))


def _text_of(attribute: Attribute | None) -> str:
    value = attribute.value if attribute is not None else None
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else ""


def _given_aliases(requirement: Expression) -> Iterator[tuple[str, str]]:
    """The providers that a module is given under another name: `configuration_aliases = [aws.east]`."""
    for key, value in requirement.items if isinstance(requirement, ObjectOf) else ():
        if isinstance(key, Literal) and key.value == "configuration_aliases" and isinstance(value, ListOf):
            for item in value.items:
                if isinstance(item, Attr) and isinstance(item.target, NameExpression):
                    yield item.target.name, item.name


def _chain(expression: Expression) -> _Reference | None:
    """`a.b["c"].d` as root and names; indexes are left out, but behind the root."""
    names: list[str] = []
    keyed: list[int] = []
    written: list[int] = []
    start, end, at = expression.start, expression.end, expression
    while isinstance(at, Attr | Index):
        if isinstance(at, Attr):
            names.append(at.name)
        elif isinstance(at.target, NameExpression):
            if not isinstance(at.key, Literal) or not isinstance(at.key.value, str):
                return None
            names.append(at.key.value)
        else:
            keyed.append(len(names))
            written += [len(names)] if isinstance(at.key, Literal) else []
        at = at.target
    if not isinstance(at, NameExpression) or not names:
        return None
    behind, out = (frozenset(len(names) - position for position in listed) for listed in (keyed, written))
    return _Reference(at.name, tuple(reversed(names)), start, end, behind, out)


def _in_keys(expression: Expression, bound: frozenset[str]) -> Iterator[_Reference | FunctionCall]:
    """What stands in the keys of a chain."""
    while isinstance(expression, Attr | Index):
        if isinstance(expression, Index):
            yield from _parts(expression.key, bound)
        expression = expression.target
