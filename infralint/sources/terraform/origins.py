"""Why a value is what it is: the variables, locals and calls that it came through."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from infralint.model import Location, Related
from infralint.sources.terraform.hcl import Attr, Expression, walk
from infralint.sources.terraform.modules import Module
from infralint.sources.terraform.sensitive import is_sensitive, references

MOST = 4
"""Places named beside a finding."""


class Origin(msgspec.Struct, frozen=True, gc=False):
    """One place that a value came through. default: it is a variable's default; sensitive: it must not be shown."""

    message: str
    where: Location
    default: str = ""
    sensitive: str = ""


def origins(expression: Expression, module: Module) -> list[Origin]:
    """The places that decide a value, the nearest first."""
    return list(_origins(expression, module, set()))


def related_places(found: list[Origin]) -> tuple[Related, ...]:
    """Origins as places to show."""
    unique = {origin.where: Related(origin.message, origin.where) for origin in found if origin.message}
    return tuple(unique.values())[:MOST]


def find_secret(found: list[Origin]) -> str:
    """What a value comes from that must not be shown, such as `var.key`; empty for one that may be."""
    return next((origin.sensitive for origin in found if origin.sensitive), "")


def because(found: list[Origin]) -> str:
    """A sentence that says that a default decides, if one does."""
    return next((origin.default for origin in found if origin.default), "")


def _origins(expression: Expression, module: Module, seen: set[tuple[int, str, str]]) -> Iterator[Origin]:
    for root, name in references(expression):
        key = (id(module), root, name)
        if key in seen:
            continue
        seen.add(key)
        if root == "var":
            yield from _of_variable(name, module, seen)
        elif root == "local" and name in module.folder.locals:
            attribute = module.folder.locals[name]
            yield Origin(f"local.{name} is worked out here", attribute.where)
            yield from _origins(attribute.value, module, seen)
        elif root == "module":
            yield from _of_outputs(name, expression, module, seen)
        elif (root, name) == ("terraform", "workspace"):
            yield Origin("", Location(""), default=f"in the workspace {module.world.workspace}")


def _of_variable(name: str, module: Module, seen: set[tuple[int, str, str]]) -> Iterator[Origin]:
    block = module.folder.variables.get(name)
    if block is None:
        return
    secret = f"var.{name}" if is_sensitive(block) else ""
    default = block.attributes.get("default")
    if module.call is not None and module.parent is not None:
        argument = module.call.attributes.get(name)
        if argument is not None:
            yield Origin(f"{module.address} is called with {argument.written}", argument.where, sensitive=secret)
            yield from _origins(argument.value, module.parent, seen)
            return
        yield Origin(f"{module.address} is called here, without {name}", module.call.where, sensitive=secret)
        words = f"the default of var.{name}, since {module.address} is called without it"
    else:
        given = module.world.given.get(name)
        if given is not None:
            yield Origin(given.sentence, given.where, sensitive=secret)
            return
        words = f"the default of var.{name}"
    if default is not None:
        yield Origin(f"var.{name} has this default", default.where, default=words, sensitive=secret)


def _of_outputs(name: str, expression: Expression, module: Module, seen: set[tuple[int, str, str]]) -> Iterator[Origin]:
    """The call of a module, and which of the outputs that are asked for must not be shown."""
    call = module.folder.calls.get(name)
    if call is None:
        return
    yield Origin(f"module.{name} gives it", call.where)
    called = module.module_of_call(name)
    if called is None or called.adapted:
        return
    asked = {part.name for part in walk(expression) if isinstance(part, Attr)} & called.folder.outputs.keys()
    for output in sorted(asked or called.folder.outputs):
        block = called.folder.outputs[output]
        if is_sensitive(block):
            yield Origin("", call.where, sensitive=f"module.{name}.{output}")
        elif (value := block.attributes.get("value")) is not None:
            yield from (
                Origin("", call.where, sensitive=origin.sensitive)
                for origin in _origins(value.value, called, seen)
                if origin.sensitive
            )
