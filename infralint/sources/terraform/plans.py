"""Plans and states (`terraform show -json`): planned values, at the lines of the sources where these lie beside.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from infralint.model import Known, Location, Setting, Unknown
from infralint.project import CantRead
from infralint.sources.terraform.folders import LARGEST_PLAN, Folder, TerraformFolders, join
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.hcl import Block, Literal
from infralint.sources.terraform.items import ALIASES, SHAPES, BlockSchema, Item, ResourceReference
from infralint.sources.terraform.plan_shapes import WrongPlanShape, check_plan
from infralint.sources.terraform.values import plain

MOST_REFERENCES = 200
"""References that are followed for one argument."""
Json = Mapping[str, Any]
WITHHELD: Any = object()
"""Stands for a planned value that is sensitive."""


class Plan(msgspec.Struct, frozen=True):
    """A plan or state. root: the folder of the project whose sources it belongs to, if they lie there.

    is_whole: whether it holds all that its configuration comes to; gap: why it is not said to.
    """

    path: str
    graph: Graph
    root: str | None
    is_whole: bool = True
    gap: Unknown | None = None


def plans(tree: TerraformFolders, paths: Iterable[str]) -> Iterator[Plan]:
    """The plans and states among some JSON files, recognised by what is in them."""
    for path in paths:
        if (content := _plan(tree, path)) is not None:
            yield _PlanReader(tree, path, content).plan()


def _plan(tree: TerraformFolders, path: str) -> Json | None:
    """What a plan or state says; one that can't be read is unreadable, other JSON is none of our business."""
    line = column = 0
    try:
        content = json.loads(tree.project.bytes(path, LARGEST_PLAN), parse_constant=_no_number)
        if not isinstance(content, dict) or not content.keys() & {"planned_values", "values"}:
            return None
        check_plan(content)
        if content.get("errored"):
            why = "is the plan of a run that failed (`errored` is true): what it had come to is judged; plan again for the rest"
            tree.unreadable.append(tree.project.unreadable(path, why))
        return content
    except CantRead as problem:
        why = f"{problem}"
    except WrongPlanShape as problem:
        why = f"is not what `terraform show -json` writes: {problem}"
    except RecursionError:
        why = "is nested too deep for a plan"
    except ValueError as error:
        line, column = getattr(error, "lineno", 0), getattr(error, "colno", 0)
        why = f"is not the JSON that `terraform show -json` writes: {getattr(error, 'msg', error)}"
    tree.unreadable.append(tree.project.unreadable(path, why, line, column))
    return None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


class _PlanReader(msgspec.Struct):
    """One plan while it is read. expressions: what the configuration says, by address without keys."""

    tree: TerraformFolders
    path: str
    content: Json
    expressions: dict[str, Json] = {}
    modules: dict[str, Json] = {}
    calls: dict[str, Json] = {}
    addresses: set[str] = set()

    def plan(self) -> Plan:
        configuration = self.content.get("configuration") or {}
        self._remember_configuration("", configuration.get("root_module") or {})
        values = self.content.get("planned_values") or self.content.get("values") or {}
        found = list(_resources(values.get("root_module") or {}))
        self.addresses = {str(resource.get("address")) for resource in found}
        changes = self.content.get("resource_changes") or []
        unknown = {
            change["address"]: (change.get("change") or {}).get("after_unknown") or {}
            for change in changes
            if not change.get("deposed")
        }
        root = self._root([str(resource["address"]) for resource in found])
        items = [self._item(resource, unknown.get(resource["address"], {}), root) for resource in found]
        scope = self.shown if root is None else self.tree.project.show(root)
        is_whole = self.content.get("complete") is not False and not self.content.get("errored")
        return Plan(self.path, Graph(items, scope), root, is_whole, self._gap())

    def _gap(self) -> Unknown | None:
        """What terraform says of plans with `-target`, with deferred changes, or that failed."""
        if self.content.get("complete") is not False or self.content.get("errored"):
            return None
        why = "the plan holds only a part of what its configuration comes to (`complete` is false)"
        return Unknown(Location(self.shown), "complete", why, "plan without -target, once nothing is deferred")

    @property
    def shown(self) -> str:
        return self.tree.project.show(self.path)

    def _remember_configuration(self, prefix: str, module: Json) -> None:
        """Remember the configuration of a module and of those below it, by address without keys."""
        self.modules[prefix] = module
        for resource in module.get("resources") or []:
            self.expressions[f"{prefix}{resource.get('address')}"] = resource.get("expressions") or {}
        for name, call in (module.get("module_calls") or {}).items():
            self.calls[f"{prefix}module.{name}."] = call
            self._remember_configuration(f"{prefix}module.{name}.", call.get("module") or {})

    # Sources

    def _root(self, addresses: list[str]) -> str | None:
        """The folder whose sources declare all of these resources: the plan's own, or one that it names."""
        folder = posixpath.dirname(self.path)
        for candidate in dict.fromkeys([folder, posixpath.dirname(folder), ""]):
            if (
                candidate in self.tree.files
                and addresses
                and all(self._block(address, candidate) for address in addresses)
            ):
                return candidate
        return None

    def _block(self, address: str, root: str) -> Block | None:
        """Where a resource is declared."""
        names = list(_names(address))
        folder: Folder | None = self.tree.folder(root)
        while folder is not None and names and names[0][0] == "module":
            folder = self._called_folder(folder, names.pop(0)[1])
        return folder.resources.get(names[0]) if folder is not None and names else None

    def _called_folder(self, folder: Folder, name: str) -> Folder | None:
        call = folder.calls.get(name)
        source = call.attributes.get("source") if call else None
        text = str(source.value.value) if source and isinstance(source.value, Literal) else ""
        path = join(folder.path, text) if text.startswith(("./", "../")) else None
        return self.tree.folder(path) if path is not None else None

    # Items

    def _item(self, resource: Json, unknown: Json, root: str | None) -> Item:
        address, kind = str(resource["address"]), str(resource["type"])
        block = self._block(address, root) if root is not None else None
        written = self.expressions.get(_without_keys(address))
        values, sensitive = resource.get("values") or {}, resource.get("sensitive_values")
        values = _withhold(values, dict.fromkeys(values, True) if sensitive is True else sensitive)
        item = self._shape_item(SHAPES[kind], values, unknown, written, block, address)
        item.type = ALIASES[kind]
        for name in ("arn", "id", "dns_name"):
            if isinstance(values.get(name), str):
                item.settings[name] = Known(values[name], item.where, name)
        return item

    def _shape_item(
        self, shape: BlockSchema, values: Json, unknown: Any, written: Json | None, block: Block | None, address: str
    ) -> Item:
        where = block.where if block else Location(self.shown)
        item = Item("", address, where)
        for name in (*shape.attributes, *shape.documents):
            found = self._setting(name, values, unknown, written, block, where)
            if found is not None:
                item.settings[name] = found
        for name in shape.links:
            item.links[name] = list(self._links(values.get(name), (written or {}).get(name), address))
        for kind, inner in shape.blocks.items():
            item.blocks[kind] = self._blocks(kind, inner, values, unknown, written, block, address)
        return item

    def _setting(
        self, name: str, values: Json, unknown: Any, written: Json | None, block: Block | None, where: Location
    ) -> Setting[Any] | None:
        attribute = block.attributes.get(name) if block else None
        is_written = name in written if written is not None else True
        place = attribute.where if attribute else where
        if _is_unknown(unknown, name):
            why = f"{name} is known after apply"
            return Unknown(place, name, why, "hand in the state after it was applied") if is_written else None
        if _is_withheld(values.get(name)):
            return Unknown(place, name, f"{name} is sensitive and not shown")
        value = plain(values.get(name))
        if value is None:
            return None
        shown = attribute.written if attribute else f"{name} = {json.dumps(value)}"
        return Known(value, place, name, "explicit", shown) if is_written else Known(value, where, name, "default")

    def _blocks(
        self,
        kind: str,
        shape: BlockSchema,
        values: Json,
        unknown: Any,
        written: Json | None,
        block: Block | None,
        address: str,
    ) -> list[Item] | Unknown:
        expression = (written or {}).get(kind)
        if unknown is True or (isinstance(unknown, dict) and unknown.get(kind) is True):
            where = block.where if block else Location(self.shown)
            return Unknown(where, kind, f"{kind} is known after apply") if expression else []
        found = values.get(kind)
        entries = found if isinstance(found, list) else [found]
        if WITHHELD in entries:
            return Unknown(block.where if block else Location(self.shown), kind, f"{kind} is sensitive and not shown")
        listed = [entry for entry in entries if isinstance(entry, dict)]
        unknowns = unknown.get(kind) if isinstance(unknown, dict) else None
        sources = block.of(kind) if block else []
        return [
            self._shape_item(
                shape, entry, _at(unknowns, index) or {}, _at(expression, index), _at(sources, index) or block, address
            )
            for index, entry in enumerate(listed)
        ]

    # References

    def _links(self, value: Any, expression: Any, address: str) -> Iterator[ResourceReference]:
        """The resources that an argument leads to: by the value it has, else by what the configuration refers to."""
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, str) and entry:
                yield ResourceReference(text=entry)
        targets = self._targets(_module_of(address), expression, _key_of(address))
        if targets is None:
            why = f"what an argument of {address} refers to leads through more than {MOST_REFERENCES} references"
            yield ResourceReference(hole=Unknown(Location(self.shown), address, why))
            return
        if not targets and _is_withheld(value):
            why = f"what an argument of {address} refers to is sensitive and not shown"
            yield ResourceReference(hole=Unknown(Location(self.shown), address, why))
        yield from (ResourceReference(address=target) for target in targets)

    def _targets(self, prefix: str, expression: Any, key: str) -> list[str] | None:
        """The resources that an expression in a module refers to, through inputs and outputs; None: too many ways."""
        waiting = [(prefix, reference) for reference in reversed(_references_in(expression))]
        seen: set[tuple[str, str]] = set()
        found: dict[str, None] = {}
        while waiting and len(seen) <= MOST_REFERENCES:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            prefix, names = place[0], place[1].split(".")
            if len(names) > 1 and names[0] in SHAPES and (target := self._instance(prefix, names, key)):
                found[target] = None
            inner, passed = self._passed_on(prefix, names)
            waiting += [(inner, reference) for reference in reversed(_references_in(passed))]
        return None if waiting else list(found)

    def _passed_on(self, prefix: str, names: list[str]) -> tuple[str, Any]:
        """The expression behind an input or an output, and the module that it stands in."""
        if names[0] == "var" and len(names) > 1 and prefix:
            call = self.calls.get(_without_keys(prefix)) or {}
            return _parent(prefix), (call.get("expressions") or {}).get(names[1])
        if names[0] == "module" and len(names) > 2:
            inner = f"{prefix}{names[0]}.{names[1]}."
            outputs = (self.modules.get(_without_keys(inner)) or {}).get("outputs") or {}
            return inner, (outputs.get(names[2]) or {}).get("expression")
        return prefix, None

    def _instance(self, prefix: str, names: list[str], key: str) -> str | None:
        address = f"{prefix}{names[0]}.{names[1]}"
        plain = re.sub(r"\[[^\[\]]*\]$", "", address)
        candidates = (address, plain + key, plain, f"{plain}[0]")
        return next((candidate for candidate in candidates if candidate in self.addresses), None)


def _references_in(expression: Any) -> list[str]:
    """What an expression of the configuration refers to; a block refers to nothing itself."""
    found = expression.get("references") if isinstance(expression, dict) else None
    return [reference for reference in found if isinstance(reference, str)] if isinstance(found, list) else []


def _resources(module: Json) -> Iterator[Json]:
    """The resources of a module and those below it; not the objects that wait for their deletion (deposed)."""
    for resource in module.get("resources") or []:
        if (
            resource["type"] in SHAPES
            and resource.get("mode", "managed") == "managed"
            and not resource.get("deposed_key")
        ):
            yield resource
    for child in module.get("child_modules") or []:
        yield from _resources(child)


def _is_unknown(unknown: Any, name: str) -> bool:
    return unknown is True or (isinstance(unknown, dict) and unknown.get(name) is True)


def _at(items: Any, index: int) -> Any:
    """The item at an index; an expression may stand for one block without a list."""
    if isinstance(items, list):
        return items[index] if index < len(items) else None
    return items if index == 0 else None


def _names(address: str) -> Iterator[tuple[str, str]]:
    """`module.a["x"].aws_lb.b[0]` -> (module, a), (aws_lb, b)."""
    yield from re.findall(r"(?<![\w-])([\w-]++)\.([\w-]++)", _without_keys(address))


def _without_keys(address: str) -> str:
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)


def _module_of(address: str) -> str:
    """`module.a["x"].` of `module.a["x"].aws_lb.b[0]`."""
    found = re.match(r'(?:module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.)*', address)
    return found[0] if found else ""


def _parent(prefix: str) -> str:
    return re.sub(r'module\.[\w-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.$', "", prefix)


def _key_of(address: str) -> str:
    found = re.search(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]$', address)
    return found[0] if found else ""


def _withhold(value: Any, sensitive: Any) -> Any:
    """Planned values without those that nobody may see.

    https://developer.hashicorp.com/terraform/internals/json-format#values-representation (sensitive_values)
    """
    if sensitive is True:
        return WITHHELD
    if isinstance(value, dict) and isinstance(sensitive, dict):
        return {name: _withhold(part, sensitive.get(name)) for name, part in value.items()}
    if isinstance(value, list) and isinstance(sensitive, list):
        return [_withhold(part, _at(sensitive, index)) for index, part in enumerate(value)]
    return value


def _is_withheld(value: Any) -> bool:
    """Whether a value, or any part of it, is not to be seen."""
    if isinstance(value, dict | list):
        return any(map(_is_withheld, value.values() if isinstance(value, dict) else value))
    return value is WITHHELD
