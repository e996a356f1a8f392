"""Modules as Terraform would see them: variables, locals, calls and resources, worked out when asked for."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from infralint.cache.recording import watch
from infralint.model import Location, Related, Unknown, Unreadable
from infralint.project import CantRead
from infralint.sources.terraform.adapters import adapter
from infralint.sources.terraform.budget import EvaluationBudget, Exhausted
from infralint.sources.terraform.convert import BadType, convert, declared_type
from infralint.sources.terraform.evaluate import EvaluationScope, evaluate, evaluate_constant
from infralint.sources.terraform.folders import Folder, TerraformFolders, join
from infralint.sources.terraform.hcl import (
    Attribute,
    Block,
    Expression,
    HclError,
    HclFile,
    Literal,
    parse_expression,
    parse_template,
)
from infralint.sources.terraform.numeric import as_count
from infralint.sources.terraform.sensitive import is_sensitive, sensitive_in_keys, why_no_keys
from infralint.sources.terraform.types import ANY, Type
from infralint.sources.terraform.values import (
    EvaluationError,
    Hole,
    ObjectValue,
    SetValue,
    TupleValue,
    Value,
    first_hole,
    to_text,
    to_whole,
)

MOST_INSTANCES = 256
"""Of one `count` or `for_each`; what lies beyond is alike."""
DEEPEST = 16
"""Modules within modules."""

WITHOUT_VALUE = "give it in a .tfvars file or with --tf-var, or hand in a plan (terraform show -json)"
INIT = "run terraform init here first, or hand in a plan (terraform show -json)"


class VariableValue(msgspec.Struct, frozen=True):
    """A root variable's value and where it was given."""

    value: Expression | str
    where: Location
    sentence: str


class Slot(msgspec.Struct, frozen=True, gc=False):
    """One instance of a block: its key (None without count or for_each), what `each` and `count` are, and whether it surely exists."""

    key: Value = None
    each: tuple[Value, Value] | None = None
    count: Value = None
    doubt: Hole | None = None

    @property
    def suffix(self) -> str:
        if self.doubt is not None or self.key is None:
            return ""
        return f"[{self.key}]" if isinstance(self.key, int) else f'["{self.key}"]'


ALONE = Slot()
"""The one instance of a block without count and for_each."""


class World(msgspec.Struct):
    """What the evaluation of one root shares.

    library: the root is a module for others, and what depends on its inputs is nobody's. elsewhere:
    why its variables may have other values than the ones that are seen here.
    """

    tree: TerraformFolders
    root: str
    given: Mapping[str, VariableValue]
    workspace: str | None = "default"
    library: bool = False
    elsewhere: Hole | None = None
    budget: EvaluationBudget = msgspec.field(default_factory=EvaluationBudget)
    problems: list[Unreadable] = []
    unknown: list[Unknown] = []
    installed: Mapping[str, str] = {}
    remedy: str = WITHOUT_VALUE


ECHOED = frozenset({("aws_route53_zone", "name")})
"""Arguments of data sources that are what they are looked up by, and come back as they were given."""


class Resource:
    """One instance of a resource or data block."""

    def __init__(self, module: Module, block: Block, slot: Slot) -> None:
        self.module = module
        self.block = block
        self.slot = slot

    @property
    def type(self) -> str:
        return self.block.labels[0]

    @property
    def address(self) -> str:
        data = "data." if self.block.type == "data" else ""
        address = f"{data}{self.type}.{self.block.labels[1]}{self.slot.suffix}"
        return f"{self.module.address}.{address}" if self.module.address else address

    @property
    def environment(self) -> EvaluationScope:
        return EvaluationScope(self.module, each=self.slot.each, count=self.slot.count)

    def attribute(self, name: str) -> Value:
        found = self.block.attributes.get(name)
        if found is None or (self.block.type == "data" and (self.type, name) not in ECHOED):
            return self.hole(name)
        return evaluate(found.value, self.environment)

    def hole(self, name: str) -> Hole:
        verb = "is looked up when Terraform runs" if self.block.type == "data" else "is known after apply"
        return Hole(f"{self.address}.{name} {verb}", self.block.where, of=(self, name))


class Remote:
    """A called module whose files are not here."""

    def __init__(self, module: Module, call: Block, slot: Slot, source: str) -> None:
        self.module = module
        self.call = call
        self.slot = slot
        self.source = source

    @property
    def address(self) -> str:
        return self.module.child_address(self.call, self.slot)

    def attribute(self, name: str) -> Value:
        why = f"module.{self.call.labels[0]} comes from {self.source}, which is not here"
        return Hole(why, self.call.where, INIT, of=(self, name))


class Module:
    """One instance of a module: the root, or one call with one key."""

    def __init__(
        self, world: World, folder: Folder, parent: Module | None = None, call: Block | None = None, slot: Slot = ALONE
    ) -> None:
        self.world = world
        self.folder = folder
        self.parent = parent
        self.call = call
        self.slot = slot
        self._known: dict[tuple[str, str], Value] = {}
        self._open: set[tuple[str, str]] = set()

    @property
    def address(self) -> str:
        return self.parent.child_address(self.call, self.slot) if self.parent and self.call else ""

    @property
    def adapted(self) -> bool:
        """Whether an adapter stands for this module, so that no place in it can be shown."""
        return self.folder.path.startswith("<")

    @property
    def key(self) -> str:
        """The address as modules.json writes it: names alone, joined by dots."""
        if self.parent is None or self.call is None:
            return ""
        return ".".join(filter(None, (self.parent.key, self.call.labels[0])))

    def child_address(self, call: Block, slot: Slot) -> str:
        address = f"module.{call.labels[0]}{slot.suffix}"
        return f"{self.address}.{address}" if self.address else address

    @property
    def uncertain(self) -> bool:
        """Whether it can't be known how many of it there are."""
        return self.slot.doubt is not None or (self.parent is not None and self.parent.uncertain)

    @property
    def calling(self) -> EvaluationScope | None:
        """Where the arguments of this module's call are worked out."""
        return EvaluationScope(self.parent, each=self.slot.each, count=self.slot.count) if self.parent else None

    def attribute(self, name: str) -> Value:
        """An output."""
        block = self.folder.outputs.get(name)
        if block is None or "value" not in block.attributes:
            return Hole(f"{self.address} has no output {name} that can be read", self.call.where if self.call else None)
        return self._once(("output", name), lambda: evaluate(block.attributes["value"].value, EvaluationScope(self)))

    def instance(self, key: Value) -> Value:
        """An unkeyed stand-in for instances whose number is not known."""
        if self.slot.doubt is None:
            raise EvaluationError(f"{self.address} has no instances")
        return self

    @property
    def budget(self) -> EvaluationBudget:
        return self.world.budget

    def reference(self, root: str, name: str, environment: EvaluationScope) -> Value:
        match root:
            case "var":
                return self.variable(name)
            case "local":
                return self.local(name)
            case "each" | "count":
                return _loop(root, name, environment)
            case "path":
                return self._path(name)
            case "terraform":
                return self._workspace(name)
            case "module":
                return self._once(("module", name), lambda: self._call_outputs(name))
            case "self":
                return Hole("self is known after apply")
        data = root.startswith("data.")
        return self._once((root, name), lambda: self._resources(root.removeprefix("data."), name, data))

    def _once(self, key: tuple[str, str], work: Any) -> Value:
        """Work something out, once; what refers to itself is refused."""
        if key not in self._known:
            if key in self._open:
                raise EvaluationError(f"{'.'.join(key)} refers to itself")
            self._open.add(key)
            try:
                self._known[key] = work()
            except (Exhausted, RecursionError):
                self._known[key] = Hole(f"{'.'.join(key)} takes too long to work out")
                raise
            finally:
                self._open.discard(key)
        return self._known[key]

    # Variables and locals

    def variable(self, name: str) -> Value:
        return self._once(("var", name), lambda: self._variable(name))

    def _variable(self, name: str) -> Value:
        block = self.folder.variables.get(name)
        if block is None:
            return self._undeclared_hole(f"var.{name}")
        try:
            wanted = _type_of(block)
        except BadType as error:
            return Hole(f"the type of var.{name} {error}", block.where)
        try:
            value = self._given_value(name, block)
            if value is None and not self._nullable(block):
                value = self._default(name, block)
            return convert(value, wanted)
        except EvaluationError as error:
            secret = is_sensitive(block)
            reason = "it is sensitive, and not shown" if secret else str(error)
            given = self.world.given.get(name)
            if given is not None and self.call is None:
                refusal = f"{given.sentence}, and Terraform would refuse that value: {reason}"
                self.world.problems.append(Unreadable(refusal, block.where if secret else given.where))
            return Hole(f"var.{name} has a value of another type: {reason}", block.where)

    def _given_value(self, name: str, block: Block) -> Value:
        if self.call is not None and self.calling is not None:
            argument = self.call.attributes.get(name)
            return evaluate(argument.value, self.calling) if argument else self._default(name, block)
        if self.world.library:
            return Hole(f"var.{name} is decided by whoever calls this module", block.where)
        given = self.world.given.get(name)
        if given is None:
            return self.world.elsewhere or self._default(name, block)
        if isinstance(given.value, str):
            return self._option(given.value, block)
        return evaluate(given.value, EvaluationScope(_Bare(self)))

    def _option(self, text: str, block: Block) -> Value:
        """What `--tf-var NAME=TEXT` means: the text for a simple type or none, else an expression."""
        wanted = block.attributes.get("type")
        if wanted is None or _type_of(block).name in ("string", "number", "bool"):
            return text
        try:
            return evaluate(parse_expression(HclFile("--tf-var", text)), EvaluationScope(_Bare(self)))
        except HclError as error:
            raise EvaluationError(f"--tf-var gives no valid value: {error}") from error

    def _default(self, name: str, block: Block) -> Value:
        default = block.attributes.get("default")
        if default is not None:
            return evaluate(default.value, EvaluationScope(_Bare(self)))
        return Hole(f"var.{name} has no default, and no value is given for it", block.where, self.world.remedy)

    def _nullable(self, block: Block) -> bool:
        nullable = block.attributes.get("nullable")
        return nullable is None or not isinstance(nullable.value, Literal) or nullable.value.value is not False

    def _undeclared_hole(self, what: str) -> Hole:
        if self.folder.broken:
            return Hole(f"{what} may be declared in {self.folder.broken[0]}, which can't be read")
        return Hole(f"{what} is not declared in this module")

    def local(self, name: str) -> Value:
        attribute = self.folder.locals.get(name)
        if attribute is None:
            return self._undeclared_hole(f"local.{name}")
        return self._once(("local", name), lambda: evaluate(attribute.value, EvaluationScope(self)))

    def _path(self, name: str) -> Value:
        if name == "module":
            return posixpath.relpath(f"/{self.folder.path}", f"/{self.world.root}")
        return "." if name == "root" else Hole(f"path.{name} depends on where Terraform runs")

    def _workspace(self, name: str) -> Value:
        if name == "workspace" and self.world.workspace is not None:
            return self.world.workspace
        return Hole(f"terraform.{name} depends on how Terraform runs")

    # Files

    def read(self, function: str, arguments: list[Value]) -> Value:
        """A function that reads a file: inside the project only. Raises EvaluationError."""
        if function in ("abspath", "pathexpand", "fileset", "filebase64"):
            return Hole(f"infralint does not work out {function}()")
        if len(arguments) != (2 if function == "templatefile" else 1):
            raise EvaluationError(f"{function}() does not take {len(arguments)} arguments")
        path = join(self.world.root, to_text(arguments[0]))
        if path is None:
            return Hole("it reads a file outside the project, which infralint does not open")
        exists = self._is_file(path)
        if function == "fileexists":
            return exists
        if not exists:
            return Hole(f"it reads {path}, which is not here")
        try:
            text = self.world.tree.text(path)
        except CantRead as error:
            return Hole(f"it reads {path}, which {error}")
        return text if function == "file" else self._fill_template(path, text, arguments[1])

    def _is_file(self, path: str) -> bool:
        watch(str(self.world.tree.project.root / path))
        return os.path.isfile(
            self.world.tree.project.root / path
        )  # Path.is_file() raises for names that no file can have

    def _fill_template(self, path: str, text: str, names: Value) -> Value:
        if not isinstance(names, ObjectValue):
            raise EvaluationError("templatefile() takes an object of names")
        try:
            return evaluate(parse_template(HclFile(path, text)), EvaluationScope(_Bare(self), bound=names))
        except HclError as error:
            raise EvaluationError(f"{path} is not a template") from error

    # Calls and resources

    def slots(self, block: Block) -> list[Slot]:
        """The instances of a block that has count, for_each or neither."""
        for name in ("count", "for_each"):
            attribute = block.attributes.get(name)
            if attribute is not None:
                try:
                    if name == "for_each" and (secret := sensitive_in_keys(attribute.value, self)):
                        self.world.problems.append(Unreadable(why_no_keys(secret), attribute.where))
                        hole = Hole(f"{name} can't be worked out", attribute.where)
                        return [Slot(each=(hole, hole), count=hole, doubt=hole)]
                    value = evaluate(attribute.value, EvaluationScope(self))
                    found = slots_of_count(value) if name == "count" else slots_of_each(value)
                    self.budget.spend(len(found))
                    return found
                except EvaluationError as error:
                    hole = Hole(f"{name} can't be worked out: {error}", attribute.where)
                    self._note(attribute, f"Terraform refuses it: {error}")
                    return [Slot(each=(hole, hole), count=hole, doubt=hole)]
        return [Slot()]

    def _note(self, attribute: Attribute, why: str) -> None:
        """An argument that can't be worked out, and decides how many of a block there are."""
        if not self.world.library:
            self.world.unknown.append(Unknown(attribute.where, attribute.written, why))

    def _resources(self, type_: str, name: str, data: bool) -> Value:
        block = (self.folder.data if data else self.folder.resources).get((type_, name))
        if block is None:
            return self._undeclared_hole(f"{type_}.{name}")
        return _gather(block, [Resource(self, block, slot) for slot in self.slots(block)])

    def resources(self, type_: str) -> Iterator[Resource]:
        """All instances of a type in this module."""
        for (kind, name), block in self.folder.resources.items():
            if kind == type_:
                yield from _spread(self.reference(kind, name, EvaluationScope(self)), block)

    def data_sources(self, type_: str) -> Iterator[Resource]:
        """All instances of a type of data source in this module."""
        for (kind, name), block in self.folder.data.items():
            if kind == type_:
                yield from _spread(self.reference(f"data.{kind}", name, EvaluationScope(self)), block)

    def _call_outputs(self, name: str) -> Value:
        call = self.folder.calls.get(name)
        if call is None:
            return self._undeclared_hole(f"module.{name}")
        return _gather(call, [self._child(call, slot) for slot in self.slots(call)])

    def _child(self, call: Block, slot: Slot) -> Module | Remote:
        self.budget.spend_on_instance()
        source = call.attributes.get("source")
        text = str(source.value.value) if source and isinstance(source.value, Literal) else ""
        if source and not isinstance(source.value, Literal):
            self._doubt(
                call, "its source is worked out, which Terraform refuses and OpenTofu takes from version 1.8 on"
            )
        folder = self._folder_of(call, text)
        if folder is not None:
            return Module(self.world, self.world.tree.folder(folder), self, call, slot)
        known = adapter(text, call)
        if known is not None:
            return Module(self.world, known.folder, self, call, slot)
        return Remote(self, call, slot, text or "a place that is worked out")

    def _folder_of(self, call: Block, source: str) -> str | None:
        key = ".".join(filter(None, (self.key, call.labels[0])))
        if not source.startswith(("./", "../")):
            return self.world.installed.get(key)
        folder = join(self.folder.path, source)
        if folder is None:
            self._doubt(call, f"{source} leads out of the project, which infralint does not leave")
            return None
        around = list(islice(self._around(), DEEPEST + 1))
        if folder in around:
            self._refuse(call, f"module {call.labels[0]} includes itself")
            return None
        if len(around) > DEEPEST:
            self._doubt(call, f"it is called through more than {DEEPEST} modules, which is as deep as infralint reads")
            return None
        if self.world.tree.leads_out(folder):
            self._doubt(
                call, f"{source} lies behind a link that leads out of the project, which infralint does not leave"
            )
            return None
        if not self.world.tree.has_files(folder):
            self._refuse(call, f"module {call.labels[0]} comes from {source}, where no Terraform files are")
            return None
        return folder

    def _refuse(self, call: Block, message: str) -> None:
        self.world.problems.append(Unreadable(message, call.attributes["source"].where))

    def _doubt(self, call: Block, why: str) -> None:
        self.world.unknown.append(Unknown(call.attributes["source"].where, f"module.{call.labels[0]}", why))

    def _around(self) -> Iterator[str]:
        """The folders of this module and of those that call it, the nearest first."""
        module: Module | None = self
        while module is not None:
            yield module.folder.path
            module = module.parent

    def children(self) -> Iterator[Module | Remote]:
        """The modules called here, one for each instance."""
        for name, call in self.folder.calls.items():
            yield from _spread(self.reference("module", name, EvaluationScope(self)), call)

    def module_of_call(self, name: str) -> Module | None:
        """An instance of a module called here, which stands for all; None for one that is not here."""
        call = self.folder.calls.get(name)
        if call is None:
            return None
        try:
            found = next(_spread(self.reference("module", name, EvaluationScope(self)), call), None)
        except EvaluationError:
            return None
        return found if isinstance(found, Module) else None

    # Why a value is what it is

    def trail(self) -> list[Related]:
        """The calls that lead to this module, the nearest first."""
        found: list[Related] = []
        module: Module | None = self
        while module is not None and module.call is not None:
            found.append(Related(f"{module.address} is called here", module.call.where))
            module = module.parent
        return found


class _Bare:
    """A module's budget without its names: defaults, tfvars and templates may not refer to anything."""

    def __init__(self, module: Module) -> None:
        self._module = module

    @property
    def budget(self) -> EvaluationBudget:
        return self._module.budget

    def read(self, function: str, arguments: list[Value]) -> Value:
        return Hole(f"{function}() can't stand here")

    def reference(self, root: str, name: str, environment: EvaluationScope) -> Value:
        raise EvaluationError(f"{root}.{name} can't stand here")


def _loop(root: str, name: str, environment: EvaluationScope) -> Value:
    if root == "count" and environment.count is not None:
        return environment.count
    if root == "each" and environment.each is not None:
        return environment.each[0 if name == "key" else 1]
    raise EvaluationError(f"{root}.{name} stands outside a block with {'count' if root == 'count' else 'for_each'}")


def _type_of(block: Block) -> Type:
    """A variable's type. Raises BadType."""
    wanted = block.attributes.get("type")
    return ANY if wanted is None else declared_type(wanted.value, evaluate_constant)


def slots_of_count(value: Value) -> list[Slot]:
    """The instances that a `count` makes. Raises EvaluationError."""
    if isinstance(value, Hole):
        return [Slot(count=value, doubt=value)]
    count = to_whole(value)
    if count < 0:
        raise EvaluationError("it is negative")
    return [Slot(key=index, count=as_count(index)) for index in range(min(count, MOST_INSTANCES))]


def slots_of_each(value: Value) -> list[Slot]:
    """The instances that a `for_each` makes. Raises EvaluationError."""
    if isinstance(value, Hole):
        return [Slot(each=(value, value), doubt=value)]
    if isinstance(value, ObjectValue):
        pairs = value.sorted_items()
    elif isinstance(value, SetValue) and all(isinstance(item, str) for item in value):
        pairs = [(item, item) for item in value]
    elif isinstance(value, TupleValue) and (hole := first_hole(value)):
        return [Slot(each=(hole, hole), doubt=hole)]
    else:
        raise EvaluationError("for_each takes a map, or a set of texts")
    return [Slot(key=key, each=(key, item)) for key, item in pairs[:MOST_INSTANCES]]


def _gather(block: Block, instances: list[Any]) -> Value:
    """What a reference to a block gives: one, a list (count), a map (for_each), or a hole where the number is not known."""
    if len(instances) == 1 and instances[0].slot.doubt is not None:
        only, doubt = instances[0], instances[0].slot.doubt
        if isinstance(only, Resource):
            return Hole(doubt.why, doubt.where, doubt.remedy, of=(only, ""))
        return only
    if "count" in block.attributes:
        return TupleValue(instances)
    if "for_each" in block.attributes:
        return ObjectValue({instance.slot.key: instance for instance in instances})
    return instances[0]


def _spread(value: Value, block: Block) -> Iterator[Any]:
    """The instances behind a reference."""
    if isinstance(value, Hole):
        if value.of is not None and getattr(value.of[0], "block", None) is block:
            yield value.of[0]
    elif isinstance(value, ObjectValue):
        yield from value.values()
    elif isinstance(value, TupleValue):
        yield from value
    else:
        yield value
