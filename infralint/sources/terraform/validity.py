"""What Terraform refuses before it asks any provider: names that nothing declares, types and functions that do not exist.

https://developer.hashicorp.com/terraform/cli/commands/validate
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from infralint.model import Location, Unreadable
from infralint.sources.terraform import functions
from infralint.sources.terraform.budget import Exhausted
from infralint.sources.terraform.convert import BadType, convert, declared_type
from infralint.sources.terraform.evaluate import evaluate_constant
from infralint.sources.terraform.folders import Folder
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Expression,
    For,
    FunctionCall,
    Index,
    Literal,
    NameExpression,
    children,
)
from infralint.sources.terraform.types import ANY
from infralint.sources.terraform.values import EvaluationError
from infralint.text.lazy import lazy
from infralint.text.suggestions import closest
from infralint.text.wording import listing

_REQUIRED = {"module": "source", "output": "value"}
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
    }
)
"""Arguments, by their block's type, in which names are no references."""
_BUILT_IN = frozenset({"count", "each", "path", "self", "terraform"})
_META = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "locals", "//"})
_ARGUMENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "variable": frozenset("type default description sensitive nullable ephemeral deprecated validation //".split()),
        "output": frozenset("value description sensitive ephemeral deprecated depends_on precondition //".split()),
    }
)
"""What a variable or output may say."""


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
    """`root.name` in an expression, and the names behind it."""

    root: str
    names: tuple[str, ...]
    start: int
    end: int


class _Check(msgspec.Struct):
    folder: Folder
    called: Called

    def problems(self) -> Iterator[Unreadable]:
        folder = self.folder
        for block in (*folder.variables.values(), *folder.outputs.values()):
            yield from self._arguments(block)
        for block in folder.variables.values():
            yield from self._variable(block)
        for attribute in folder.locals.values():
            yield from self._expression(attribute, attribute.value, frozenset())
        yield from self._cycles()
        for home in (folder.resources, folder.data, folder.ephemeral):
            for block in home.values():
                yield from self._body(block, frozenset())
        for block in (*folder.calls.values(), *folder.outputs.values(), *folder.providers, *folder.checks):
            yield from self._body(block, frozenset())
        for block in folder.calls.values():
            yield from self._call(block)
        yield from self._meta_arguments()

    # Cycles

    def _cycles(self) -> Iterator[Unreadable]:
        """Local values that are made of themselves."""
        known = self.folder.locals
        uses = {name: _locals_in(attribute.value) & known.keys() for name, attribute in known.items()}
        done: set[str] = set()
        for first in sorted(known):
            path: dict[str, int] = {}
            pending = [(first, 0)]
            while pending:
                name, depth = pending.pop()
                while len(path) > depth:
                    path.popitem()
                if name in path:
                    circle = list(path)[path[name] :]
                    through = f" through {listing([f'local.{other}' for other in circle[1:]])}" if circle[1:] else ""
                    yield _refuse(known[name].where, f"local.{name} is made of itself{through}")
                elif name not in done:
                    done.add(name)
                    path[name] = depth
                    pending += [(other, depth + 1) for other in sorted(uses[name], reverse=True)]

    # Blocks

    def _arguments(self, block: Block) -> Iterator[Unreadable]:
        known = _ARGUMENTS[block.type]
        for where, name in [
            *((attribute.where, name) for name, attribute in block.attributes.items()),
            *((inner.where, inner.type) for inner in block.blocks),
        ]:
            if name not in known:
                yield _refuse(where, f"a block `{block.type}` takes no `{name}`{_hint(name, known)}")

    def _meta_arguments(self) -> Iterator[Unreadable]:
        """https://developer.hashicorp.com/terraform/language/meta-arguments"""
        folder = self.folder
        for block in (*folder.calls.values(), *folder.outputs.values()):
            required = _REQUIRED[block.type]
            if required not in block.attributes:
                yield _refuse(block.where, f"{block.type} {block.labels[0]} has no `{required}`")
        for home in (folder.resources, folder.data, folder.ephemeral, folder.calls):
            for block in home.values():
                if "count" in block.attributes and "for_each" in block.attributes:
                    yield _refuse(block.attributes["for_each"].where, "`for_each` can't stand beside `count`")
                if not _IDENTIFIER.fullmatch(block.labels[-1]):
                    why = f"`{block.labels[-1]}` is no name: it takes letters, digits, _ and -, a letter or _ first"
                    yield _refuse(block.where, why)

    def _variable(self, block: Block) -> Iterator[Unreadable]:
        for attribute in (block.attributes.get("type"), block.attributes.get("default")):
            if attribute is not None and (why := _why_no_variable(block, attribute)):
                yield _refuse(attribute.where, f"`{attribute.written}`: {why}")
        for inner in block.of("validation"):
            yield from self._body(inner, frozenset())

    def _body(self, block: Block, bound: frozenset[str]) -> Iterator[Unreadable]:
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
                yield from self._body(content, bound | {name})

    def _call(self, block: Block) -> Iterator[Unreadable]:
        """The arguments of a call against the variables of what it calls."""
        called = self.called(block)
        if called is None:
            return
        for name, attribute in block.attributes.items():
            if name not in called.variables and name not in _META:
                hint = _hint(name, called.variables)
                yield _refuse(attribute.where, f"module {block.labels[0]} has no variable `{name}`{hint}")
        for name, variable in called.variables.items():
            if name not in block.attributes and "default" not in variable.attributes:
                yield _refuse(block.where, f"module {block.labels[0]} is called without `{name}`, which has no default")

    # Expressions

    def _expression(self, attribute: Attribute, expression: Expression, bound: frozenset[str]) -> Iterator[Unreadable]:
        for part in _parts(expression, bound):
            if why := self._why_not(part) if isinstance(part, _Reference) else _no_function(part):
                yield _refuse(_place(attribute, part.start, part.end), why)

    def _why_not(self, reference: _Reference) -> str:
        """Why a reference leads nowhere, or nothing."""
        folder, names = self.folder, reference.names
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
            case root if root in _BUILT_IN:
                return ""
            case root:
                return self._resource("", (root, *names), folder.resources)

    def _resource(self, prefix: str, names: tuple[str, ...], home: Mapping[tuple[str, str], Block]) -> str:
        if len(names) < 2 or (names[0], names[1]) in home:
            return ""
        near = closest(names[1], [name for kind, name in home if kind == names[0]])
        hint = f"; did you mean {prefix}{names[0]}.{near}?" if near else ""
        return f"{prefix}{names[0]}.{names[1]} is not declared in this module{hint}"

    def _data_of_checks(self) -> dict[tuple[str, str], Block]:
        """Data that is looked up inside of `check` blocks."""
        blocks = [inner for block in self.folder.checks for inner in block.blocks if inner.type == "data"]
        return {(block.labels[0], block.labels[1]): block for block in blocks if len(block.labels) == 2}

    def _output(self, names: tuple[str, ...]) -> str:
        if len(names) < 2:
            return ""
        called = self.called(self.folder.calls[names[0]])
        if called is None or names[1] in called.outputs:
            return ""
        return f"module.{names[0]} has no output {names[1]}{_hint(names[1], called.outputs)}"


def _why_no_variable(block: Block, attribute: Attribute) -> str:
    """Why a variable can't have this type, or this default; empty where nothing speaks against it."""
    wanted = block.attributes.get("type")
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


def _refuse(where: Location, why: str) -> Unreadable:
    return Unreadable(f"Terraform refuses this: {why}", where)


def _missing(prefix: str, name: str, home: Mapping[str, object]) -> str:
    if name in home:
        return ""
    near = closest(name, home)
    return f"{prefix}{name} is not declared in this module" + (f"; did you mean {prefix}{near}?" if near else "")


def _hint(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    near = closest(name, known)
    return f"; did you mean `{near}`?" if near else ""


def _place(attribute: Attribute, start: int, end: int) -> Location:
    """The place of part of an expression; inside a string of JSON only the whole has one."""
    if attribute.source.path.endswith(".json"):
        return attribute.where
    return attribute.source.at(start, end)


def _no_function(call: FunctionCall) -> str:
    name = call.name.removeprefix("core::")
    return "" if functions.is_known(name) else f"there is no function {call.name}()"


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
    for part in children(expression):
        yield from _parts(part, bound)


def _locals_in(expression: Expression) -> set[str]:
    """The local values that an expression names."""
    parts = _parts(expression, frozenset())
    return {part.names[0] for part in parts if isinstance(part, _Reference) and part.root == "local"}


def _chain(expression: Expression) -> _Reference | None:
    """`a.b["c"].d` as root and names; indexes are left out, but behind the root."""
    names: list[str] = []
    start, end, at = expression.start, expression.end, expression
    while isinstance(at, Attr | Index):
        if isinstance(at, Attr):
            names.append(at.name)
        elif isinstance(at.target, NameExpression):
            if not isinstance(at.key, Literal) or not isinstance(at.key.value, str):
                return None
            names.append(at.key.value)
        at = at.target
    if not isinstance(at, NameExpression) or not names:
        return None
    return _Reference(at.name, tuple(reversed(names)), start, end)


def _in_keys(expression: Expression, bound: frozenset[str]) -> Iterator[_Reference | FunctionCall]:
    """What stands in the keys of a chain."""
    while isinstance(expression, Attr | Index):
        if isinstance(expression, Index):
            yield from _parts(expression.key, bound)
        expression = expression.target
