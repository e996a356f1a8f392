"""Sensitive variables and outputs: what comes from them is never printed, and names no instance.

https://developer.hashicorp.com/terraform/language/values/variables#sensitive,
https://developer.hashicorp.com/terraform/language/values/outputs#sensitive
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal as Literal_
from typing import Protocol

import msgspec

from infralint.sources.terraform.folders import Folder
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Conditional,
    Expression,
    For,
    FunctionCall,
    Index,
    ListOf,
    Literal,
    NameExpression,
    ObjectOf,
    Splat,
    children,
    walk,
)

_GATHERING = frozenset({"chunklist", "concat", "flatten", "reverse", "setproduct", "values"})
"""Functions that leave it to each element whether it is sensitive."""
_CHOOSING = frozenset({"coalesce", "coalescelist", "element", "keys", "length", "lookup", "merge", "slice"})
"""Functions whose answer may be without what is sensitive in the elements that they are given."""

_DEEPEST = 40
"""References in a row that are followed."""
_MOST_ROUNDS = 100
"""Elements of one collection that are gone through."""
_MOST_STEPS = 20_000
"""Expressions that are looked at for one for_each."""


class CalledModule(Protocol):
    """An instance of a module, and the one that calls it."""

    @property
    def folder(self) -> Folder: ...
    @property
    def call(self) -> Block | None: ...
    @property
    def parent(self) -> CalledModule | None: ...
    def module_of_call(self, name: str) -> CalledModule | None: ...


Mark = Literal_["sensitive", "ephemeral"]
"""How variables and outputs are marked whose values are not shown, or not stored."""


def is_sensitive(block: Block) -> bool:
    """Whether a variable or an output is marked so that its value is not shown."""
    return _is_marked(block, "sensitive")


def _is_marked(block: Block, mark: Mark) -> bool:
    attribute = block.attributes.get(mark)
    return attribute is not None and isinstance(attribute.value, Literal) and attribute.value.value is True


def references(expression: Expression) -> Iterator[tuple[str, str]]:
    """`var.x`, `local.y`, `module.z` … in an expression, as pairs."""
    for part in walk(expression):
        if isinstance(part, Attr) and isinstance(part.target, NameExpression):
            yield part.target.name, part.name


class _Marks(msgspec.Struct, frozen=True):
    """What of a value is sensitive for certain, each by the variable that makes it so; empty where nothing is known to be.

    whole: the value itself. some: an element, though not known which. members: by name, where they are known.
    """

    whole: str = ""
    some: str = ""
    members: Mapping[str, _Marks] = {}

    @property
    def inside(self) -> str:
        """A sensitive variable in one of its elements."""
        return self.some or next((found for element in self.members.values() if (found := element.anywhere)), "")

    @property
    def anywhere(self) -> str:
        """A sensitive variable in it, or in one of its elements."""
        return self.whole or self.inside

    def member(self, name: str | None) -> _Marks:
        """What is known of one member; name: None for one that is not known."""
        found = self.members.get(name or "", _PLAIN_VALUE)
        return msgspec.structs.replace(found, whole=self.whole or found.whole)


_PLAIN_VALUE = _Marks()


def sensitive_in_keys(expression: Expression, module: CalledModule) -> str:
    """A sensitive variable that for_each's keys come from, such as `var.key`: Terraform refuses it. Empty where none does
    for certain.

    Sensitive values below keys that are none are taken.
    https://developer.hashicorp.com/terraform/language/meta-arguments/for_each#limitations-on-values-used-in-for_each
    """
    return _Sensitivity(module).marks(expression, {}).whole if _may_be_sensitive(module) else ""


def why_no_keys(secret: str) -> str:
    """What to say of a for_each that has keys which come from something sensitive."""
    return f"Terraform refuses this: it comes from {secret}, which is sensitive, and keys are shown"


def sensitive_repetitions(module: CalledModule) -> Iterator[tuple[Attribute, str]]:
    """Each for_each of a module that has sensitive keys, with what these come from."""
    folder = module.folder
    for home in (folder.resources, folder.data, folder.ephemeral, folder.calls):
        for block in home.values():
            attribute = block.attributes.get("for_each")
            if attribute is not None and (secret := sensitive_in_keys(attribute.value, module)):
                yield attribute, secret


def ephemeral_outputs(module: CalledModule) -> Iterator[tuple[Attribute, str]]:
    """Outputs of a root module that Terraform would have to keep, and can't: marked as ephemeral, or made of what is so.

    https://developer.hashicorp.com/terraform/language/values/outputs#ephemeral-avoid-storing-values-in-state-or-plan-files
    """
    for block in module.folder.outputs.values():
        value = block.attributes.get("value")
        if _is_marked(block, "ephemeral"):
            yield block.attributes["ephemeral"], "an output of the root module can't be ephemeral"
        elif value is not None and (secret := _Sensitivity(module, "ephemeral").marks(value.value, {}).anywhere):
            yield value, f"{secret} is ephemeral, and an output of the root module is stored"


def exposed_outputs(module: CalledModule) -> Iterator[tuple[Attribute, str]]:
    """Outputs of a root module that show something sensitive without being marked so, each with what that is: Terraform
    refuses them. In other modules what is sensitive stays so.

    https://developer.hashicorp.com/terraform/language/values/outputs#sensitive
    """
    for block in module.folder.outputs.values():
        value = block.attributes.get("value")
        if value is None or "sensitive" in block.attributes or "ephemeral" in block.attributes:
            continue
        secret = _Sensitivity(module).marks(value.value, {}).anywhere
        if secret and not secret.startswith("module."):  # Terraform 1.11 takes what another module marks
            yield value, secret


def _may_be_sensitive(module: CalledModule | None) -> bool:
    """Whether a module, or one above it, has sensitive variables at all, or calls one that may."""
    while module is not None:
        if module.folder.calls or any(is_sensitive(block) for block in module.folder.variables.values()):
            return True
        module = module.parent
    return False


class _Sensitivity:
    """What of the values of a module is sensitive: each name is followed once. What lies too far away is taken for plain."""

    def __init__(self, module: CalledModule, mark: Mark = "sensitive") -> None:
        self.module = module
        self.mark = mark
        self._known: dict[tuple[int, str, str], _Marks] = {}
        self._depth = self._steps = 0

    def marks(self, expression: Expression, bound: Mapping[str, _Marks]) -> _Marks:
        """What of an expression's value is sensitive. bound: what is known of the names that a `for` around it binds."""
        self._steps += 1
        match expression:
            case _ if self._steps > _MOST_STEPS:
                return _PLAIN_VALUE
            case NameExpression(name=name):
                return bound.get(name, _PLAIN_VALUE)
            case Attr(target=NameExpression(name=root), name=name) if root not in bound:
                return self._reference(root, name)
            case Attr(target=target, name=name):
                return self.marks(target, bound).member(name)
            case Index(target=Attr(target=NameExpression(name="module"), name=name)):
                return self._reference("module", name)
            case Index(target=target, key=key):
                found = self.marks(target, bound).member(_word(key) if isinstance(key, Literal) else None)
                return msgspec.structs.replace(found, whole=found.whole or self.marks(key, bound).whole)
            case Splat(target=target):
                return _Marks(self.marks(target, bound).whole)
            case ListOf(items=items):
                return _Marks(members={str(number): self.marks(item, bound) for number, item in enumerate(items)})
            case ObjectOf(items=items):
                return self._object(items, bound)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return _Marks(self._first_whole((condition, then, otherwise), bound))
            case FunctionCall():
                return self._call(expression, bound)
            case For():
                return self._for(expression, bound)
            case _:
                return _Marks(self._first_whole(children(expression), bound))

    def _first_whole(self, expressions: Iterable[Expression], bound: Mapping[str, _Marks]) -> str:
        return next((found for part in expressions if (found := self.marks(part, bound).whole)), "")

    def _reference(self, root: str, name: str) -> _Marks:
        key = (id(self.module), root, name)
        if key not in self._known:
            self._known[key] = _PLAIN_VALUE  # until it is known: what refers to itself is refused elsewhere
            self._depth += 1
            if self._depth <= _DEEPEST:
                self._known[key] = self._follow(root, name)
            self._depth -= 1
        return self._known[key]

    def _follow(self, root: str, name: str) -> _Marks:
        """What is known of a variable or a local value. A declared type may leave members out."""
        folder = self.module.folder
        if root == "local" and name in folder.locals:
            return self.marks(folder.locals[name].value, {})
        if root == "module":
            return self._outputs(name)
        if root != "var" or name not in folder.variables:
            return _PLAIN_VALUE
        if _is_marked(folder.variables[name], self.mark):
            return _Marks(f"var.{name}")
        given = self._argument(name)
        return _Marks(given.whole) if "type" in folder.variables[name].attributes else given

    def _outputs(self, name: str) -> _Marks:
        """What is known of the outputs of a called module."""
        calling, called = self.module, self.module.module_of_call(name)
        if called is None:
            return _PLAIN_VALUE
        self.module = called
        members: dict[str, _Marks] = {}
        for output, block in called.folder.outputs.items():
            if _is_marked(block, self.mark):
                members[output] = _Marks(f"module.{name}.{output}")
            elif (value := block.attributes.get("value")) is not None:
                members[output] = self.marks(value.value, {})
        self.module = calling
        return _Marks(members=members)

    def _argument(self, name: str) -> _Marks:
        """What is known of what the call of a module gives to one of its variables."""
        module = self.module
        if module.call is None or module.parent is None or name not in module.call.attributes:
            return _PLAIN_VALUE
        self.module = module.parent
        given = self.marks(module.call.attributes[name].value, {})
        self.module = module
        return given

    def _object(self, items: Iterable[tuple[Expression, Expression]], bound: Mapping[str, _Marks]) -> _Marks:
        members: dict[str, _Marks] = {}
        whole = some = ""
        for key, value in items:
            word, found = _word(key), self.marks(value, bound)
            if word is None:
                whole = whole or self.marks(key, bound).whole
                some = some or found.anywhere
            else:
                members[word] = found
        return _Marks(whole, some, members)

    def _call(self, call: FunctionCall, bound: Mapping[str, _Marks]) -> _Marks:
        """What a function's answer keeps of what is sensitive in what it is given."""
        given = [self.marks(argument, bound) for argument in call.arguments]
        whole = next((marks.whole for marks in given if marks.whole), "")
        inside = next((found for marks in given if (found := marks.inside)), "")
        match call.name:
            case "can" | "issensitive":
                return _PLAIN_VALUE
            case "try" if given:
                return given[0] if _is_reference(call.arguments[0]) else _PLAIN_VALUE
            case "ephemeralasnull" if self.mark == "ephemeral":
                return _PLAIN_VALUE
            case "nonsensitive" if given and self.mark == "sensitive":
                return msgspec.structs.replace(given[0], whole="")
            case "sensitive" if given and self.mark == "sensitive":
                return _Marks("a call of sensitive()")
            case "tolist" | "tomap" if given:
                return given[0]
            case "zipmap" if len(given) == 2:
                return _Marks(whole or given[0].inside, given[1].inside)
            case name if name in _GATHERING:
                return _Marks(whole, inside)
            case name if name in _CHOOSING:
                return _Marks(whole)
        return _Marks(whole or inside)

    def _for(self, expression: For, bound: Mapping[str, _Marks]) -> _Marks:
        """What `for` gives. Whether it goes round at all is known where the members are that it goes through."""
        collection = self.marks(expression.collection, bound)
        rounds = [collection.members[name] for name in list(collection.members)[:_MOST_ROUNDS]]
        whole, values = collection.whole, list[_Marks]()
        for element in rounds:
            inner = {**bound, expression.names[0]: _PLAIN_VALUE, expression.names[-1]: element}
            values.append(self.marks(expression.value, inner))
            deciding = expression.key if expression.condition is None else expression.condition
            if deciding is not None:
                whole = whole or self.marks(deciding, inner).whole
        if expression.condition is not None or not rounds:
            return _Marks(whole)
        if expression.key is None:
            return _Marks(whole, members={str(number): value for number, value in enumerate(values)})
        return _Marks(whole, next((found for value in values if (found := value.anywhere)), ""))


def _is_reference(expression: Expression) -> bool:
    """Whether an expression is a name such as `var.x`, which can't fail."""
    return isinstance(expression, Attr) and isinstance(expression.target, NameExpression)


def _word(key: Expression) -> str | None:
    """A key as it is written; None where it has to be worked out."""
    if isinstance(key, NameExpression):
        return key.name
    return key.value if isinstance(key, Literal) and isinstance(key.value, str) else None
