"""What Terraform refuses in lifecycles and provisioners, and in references to providers and instances, by block.

https://developer.hashicorp.com/terraform/language/meta-arguments,
https://developer.hashicorp.com/terraform/language/provisioners
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import msgspec

from infralint.model import Location
from infralint.sources.terraform.constants import is_constant, why_no_setting
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Expression,
    For,
    Index,
    ListOf,
    Literal,
    NameExpression,
    ObjectOf,
    walk,
)
from infralint.sources.terraform.shapes import Complaint
from infralint.sources.terraform.types import BOOL
from infralint.text.suggestions import CODE, hint
from infralint.text.wording import listing


class _Provisioner(msgspec.Struct, frozen=True):
    """What a provisioner that Terraform brings along takes. required: of which one has to stand."""

    arguments: tuple[str, ...]
    required: tuple[str, ...]


_PROVISIONERS: Mapping[str, _Provisioner] = MappingProxyType(
    {
        "file": _Provisioner(("content", "destination", "source"), ("destination",)),
        "local-exec": _Provisioner(("command", "environment", "interpreter", "quiet", "working_dir"), ("command",)),
        "remote-exec": _Provisioner(("inline", "script", "scripts"), ("inline", "script", "scripts")),
    }
)
_REMOVED = frozenset({"chef", "habitat", "puppet", "salt-masterless"})
"""Provisioners that Terraform had until version 0.15."""
_KEYWORDS = {"when": ("create", "destroy"), "on_failure": ("continue", "fail")}
_AT_THE_END = frozenset({"count", "each", "path", "self", "terraform", "tofu"})
"""With what references may begin once a resource is gone."""
_INSTANCE_NAMES = {"count": ("index",), "each": ("key", "value")}
_NO_RESOURCES = frozenset({"count", "each", "local", "module", "path", "self", "terraform", "var"})


def wrong_meta_arguments(block: Block) -> Iterator[Complaint]:
    """What can't stand so in a resource, data or a call. In JSON, where all is text, little can be told of that."""
    if block.source.path.endswith(".json"):
        return
    for lifecycle in block.of("lifecycle"):
        yield from _wrong_lifecycle(lifecycle)
    for provisioner in block.of("provisioner"):
        yield from _wrong_provisioner(provisioner)
    alias = block.attributes.get("alias") if block.type == "provider" else None
    if alias is not None and not is_constant(alias.value):
        yield alias.where, f"`{alias.written}`: it must be a constant, and can't refer to anything"
    providers = block.attributes.get("providers") if block.type == "module" else None
    if providers is not None and isinstance(providers.value, Literal | ListOf):
        yield providers.where, f"`{providers.written}`: it takes what each provider is there, as {{ aws = aws.west }}"
    provider = block.attributes.get("provider")
    if provider is not None and _is_no_provider(provider.value):
        yield provider.where, f"`{provider.written}`: it takes a provider's name without quotes, as aws or aws.west"
    if block.type in ("resource", "data", "ephemeral", "module"):
        yield from _wrong_instances(block)


def _is_no_provider(expression: Expression) -> bool:
    """Whether this can't name a provider; quoted names, those of Terraform 0.11, still may."""
    is_text = isinstance(expression, Literal) and isinstance(expression.value, str)
    return isinstance(expression, Literal | ListOf | ObjectOf) and not is_text


def undeclared_providers(block: Block, declared: Collection[tuple[str, str]]) -> Iterator[Complaint]:
    """The aliases of providers that a block names, and that its folder neither has nor is given.

    declared: the names of providers with their aliases.
    """
    attribute = block.attributes.get("providers" if block.type == "module" else "provider")
    if attribute is None:
        return
    value = attribute.value
    for expression in [member for _, member in value.items] if isinstance(value, ObjectOf) else [value]:
        if isinstance(expression, Attr) and isinstance(expression.target, NameExpression):
            name, alias = expression.target.name, expression.name
            if (name, alias) not in declared:
                near = hint(alias, [known for provider, known in declared if provider == name], f"{name}.{{}}")
                yield attribute.where, f'no provider "{name}" of this module has the alias {alias}{near}'


def _wrong_lifecycle(block: Block) -> Iterator[Complaint]:
    for name in ("create_before_destroy", "prevent_destroy"):
        attribute = block.attributes.get(name)
        if attribute is None or (name == "prevent_destroy" and not is_constant(attribute.value)):
            continue  # OpenTofu works out prevent_destroy
        if why := why_no_setting(attribute, BOOL):
            yield attribute.where, f"`{attribute.written}`: {why}"
    ignored = block.attributes.get("ignore_changes")
    if ignored is not None and isinstance(ignored.value, Literal):
        yield ignored.where, f"`{ignored.written}`: it takes a list of arguments, or `all` without quotes"
    for where, item in _items_of(ignored):
        if isinstance(item, Literal) and item.value == "*":
            yield where, '"*" is no argument; write `ignore_changes = all`'
    for where, item in _items_of(block.attributes.get("replace_triggered_by")):
        if (root := _root(item)) in _NO_RESOURCES:
            yield where, f"`replace_triggered_by` takes references to resources, and {root} is none"


def _items_of(attribute: Attribute | None) -> Iterator[tuple[Location, Expression]]:
    """The items of a list that is written out, each with its place."""
    if attribute is not None and isinstance(attribute.value, ListOf):
        for item in attribute.value.items:
            yield attribute.source.at(item.start, item.end), item


def _wrong_provisioner(block: Block) -> Iterator[Complaint]:
    for name, words in _KEYWORDS.items():
        attribute = block.attributes.get(name)
        if attribute is not None and (word := _word(attribute)) is not None and word not in words:
            yield attribute.where, f"`{attribute.written}`: it takes {listing(list(words), word='or')}"
    kind = block.labels[0] if len(block.labels) == 1 else ""
    if kind in _REMOVED:
        yield block.where, f'Terraform has no provisioner "{kind}" any more'
    shape = _PROVISIONERS.get(kind)
    if shape is not None and not any(inner.type == "dynamic" for inner in block.blocks):
        allowed = (*shape.arguments, *_KEYWORDS)
        for attribute in block.attributes.values():
            if attribute.name not in allowed:
                yield (
                    attribute.where,
                    f"a provisioner {kind} takes no `{attribute.name}`{hint(attribute.name, allowed, CODE)}",
                )
        if not any(name in block.attributes for name in shape.required):
            missing = listing([f"`{name}`" for name in shape.required], word="or")
            yield block.where, f"a provisioner {kind} has no {missing}"
    when = block.attributes.get("when")
    if when is not None and _word(when) == "destroy":
        yield from _references_at_the_end(block)


def _references_at_the_end(block: Block) -> Iterator[Complaint]:
    """What a provisioner may not name that runs when its resource is gone."""
    for attribute in block.attributes.values():
        if attribute.name in _KEYWORDS:
            continue
        bound = {name for part in walk(attribute.value) if isinstance(part, For) for name in part.names}
        for part, root, name in _references(attribute.value):
            if root not in _AT_THE_END | bound:
                where = attribute.source.at(part.start, part.end)
                yield where, f"with `when = destroy`, it may name self, count and each alone, and not {root}.{name}"


def _wrong_instances(block: Block) -> Iterator[Complaint]:
    """Attributes that `count` and `each` do not have, in a block that has an instance at all."""
    for root, names in _INSTANCE_NAMES.items():
        argument = "count" if root == "count" else "for_each"
        if argument not in block.attributes or root in _bound_names(block):
            continue
        for attribute in _attributes(block):
            for part, named, name in _references(attribute.value):
                if named == root and name not in names:
                    where = attribute.source.at(part.start, part.end)
                    yield where, f"there is no {root}.{name}{hint(name, names, CODE)}"


def _bound_names(block: Block) -> set[str]:
    """The names that loops and dynamic blocks in a block give to what they go through."""
    loops = (part for attribute in _attributes(block) for part in walk(attribute.value) if isinstance(part, For))
    return {name for loop in loops for name in loop.names} | {*_iterators(block)}


def _iterators(block: Block) -> Iterator[str]:
    for inner in block.blocks:
        if inner.type == "dynamic":
            iterator = inner.attributes.get("iterator")
            yield from (inner.labels if iterator is None else filter(None, [_word(iterator)]))
        yield from _iterators(inner)


def _references(expression: Expression) -> Iterator[tuple[Expression, str, str]]:
    """Every `root.name` in an expression, with both."""
    for part in walk(expression):
        if isinstance(part, Attr) and isinstance(part.target, NameExpression):
            yield part, part.target.name, part.name


def _attributes(block: Block) -> Iterator[Attribute]:
    yield from block.attributes.values()
    for inner in block.blocks:
        yield from _attributes(inner)


def _root(expression: Expression) -> str:
    """The name that a reference begins with; "" for another expression."""
    while isinstance(expression, Attr | Index):
        expression = expression.target
    return expression.name if isinstance(expression, NameExpression) else ""


def _word(attribute: Attribute) -> str | None:
    """A keyword, which may stand in quotes; None for what is none."""
    value = attribute.value
    if isinstance(value, NameExpression):
        return value.name
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None
