"""What `terraform show -json` writes, as far as it is judged: a plan may have been edited by hand, or be something else.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec

from infralint.sources.terraform.items import LIST_LINKS, SHAPES, BlockSchema

Objects = dict[str, Any]


class WrongPlanShape(Exception):
    """A plan that terraform did not write: names the place in it and what stands there."""


class ResourceShape(msgspec.Struct, frozen=True):
    address: str
    type: str
    mode: Literal["managed", "data", "ephemeral", "list", "action"] = "managed"
    values: Objects | None = None
    deposed_key: str | None = None


class ModuleShape(msgspec.Struct, frozen=True):
    resources: list[ResourceShape] | None = None
    child_modules: list[ModuleShape] | None = None


class PlanValuesShape(msgspec.Struct, frozen=True):
    root_module: ModuleShape | None = None


class ChangeShape(msgspec.Struct, frozen=True):
    after_unknown: Objects | bool | None = None


class ResourceChangeShape(msgspec.Struct, frozen=True):
    address: str
    deposed: str | None = None
    change: ChangeShape | None = None


class ConfiguredResourceShape(msgspec.Struct, frozen=True):
    address: str
    expressions: Objects | None = None


class OutputShape(msgspec.Struct, frozen=True):
    expression: Objects | None = None


class CallShape(msgspec.Struct, frozen=True):
    expressions: Objects | None = None
    module: ConfiguredModuleShape | None = None


class ConfiguredModuleShape(msgspec.Struct, frozen=True):
    resources: list[ConfiguredResourceShape] | None = None
    module_calls: dict[str, CallShape] | None = None
    outputs: dict[str, OutputShape] | None = None


class ConfigurationShape(msgspec.Struct, frozen=True):
    root_module: ConfiguredModuleShape | None = None


class PlanShape(msgspec.Struct, frozen=True):
    format_version: str | None = None
    errored: bool | None = None
    complete: bool | None = None
    planned_values: PlanValuesShape | msgspec.UnsetType = msgspec.UNSET
    values: PlanValuesShape | msgspec.UnsetType = msgspec.UNSET
    resource_changes: list[ResourceChangeShape] | None = None
    configuration: ConfigurationShape | None = None


MAJOR_VERSIONS = frozenset({"0", "1"})
"""Of the format: what a new one means is not known, and terraform asks readers to refuse it."""


def check_plan(content: object) -> None:
    """Raises WrongPlanShape for what terraform does not write."""
    _check(content, PlanShape, "$")
    plan: Any = content
    version = plan.get("format_version")
    if version is not None and version.partition(".")[0] not in MAJOR_VERSIONS:
        raise WrongPlanShape(f"$.format_version: infralint reads versions 0 and 1 of the format, and this is {version}")
    for name in ("planned_values", "values"):
        _check_module((plan.get(name) or {}).get("root_module") or {}, f"$.{name}.root_module", {})
    configured = (plan.get("configuration") or {}).get("root_module") or {}
    _check_configured(configured, "$.configuration.root_module")


def _check(item: object, shape: Any, path: str) -> None:
    try:
        msgspec.convert(item, shape)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        raise WrongPlanShape(
            f"{path}{inner.rstrip('`')}: {message[0].lower()}{message[1:].replace('`', '')}"
        ) from error


def _check_module(module: Mapping[str, Any], path: str, places: dict[str, str]) -> None:
    """A module and those below it. places: where each address stood first; no two resources share one."""
    for index, resource in enumerate(module.get("resources") or ()):
        if resource["type"] not in SHAPES:
            continue
        place, address = f"{path}.resources[{index}]", resource["address"]
        _check(resource.get("values") or {}, _struct(resource["type"]), f"{place}.values")
        if not resource.get("deposed_key") and places.setdefault(address, place) != place:
            raise WrongPlanShape(f"{place}.address: {address} stands at {places[address]}, too")
    for index, child in enumerate(module.get("child_modules") or ()):
        _check_module(child, f"{path}.child_modules[{index}]", places)


SIMPLE = str | bool | int | float | None
_LISTS: Any = list[str | None] | None
_TEXTS = (
    "load_balancer_type name protocol protocol_version target_type invoke_mode response_transfer_mode function_name"
    " origin_protocol_policy domain_name origin_path path_pattern http_method uri route_key family network_mode"
).split()
_NUMBERS = (
    "idle_timeout tcp_idle_timeout_seconds timeout_milliseconds origin_read_timeout desired_count timeout_sec weight"
    " response_timeout_seconds max_size max_capacity worker_count request_timeout"
).split()
_TYPES: Mapping[str, Any] = {
    **dict.fromkeys(
        ("values", "regex_values", "aliases", "allowed_methods", "headers", "types", "items", *LIST_LINKS), _LISTS
    ),
    **dict.fromkeys(_TEXTS, str | None),
    **dict.fromkeys(_NUMBERS, int | float | None),
    "internal": bool | None,
}
"""Arguments that are of one type wherever they stand; others are any simple value."""


@cache
def _struct(kind: str) -> Any:
    return _struct_of(SHAPES[kind], kind)


def _struct_of(shape: BlockSchema, name: str) -> Any:
    """A struct with a field for each argument and block that is asked for."""
    fields: list[tuple[str, Any, Any]] = [
        (attribute, _TYPES.get(attribute, SIMPLE), None)
        for attribute in (*shape.attributes, *shape.documents)
        if attribute not in shape.links
    ]
    fields += [(link, _TYPES.get(link, str | None), None) for link in shape.links]
    for kind, inner in shape.blocks.items():
        block = _struct_of(inner, kind)
        fields.append((kind, list[block] | block | None, None))  # type: ignore[valid-type]
    return msgspec.defstruct(name, fields, frozen=True)


def _check_configured(module: Mapping[str, Any], path: str) -> None:
    for index, resource in enumerate(module.get("resources") or ()):
        _check_expressions(resource.get("expressions") or {}, f"{path}.resources[{index}].expressions")
    for name, call in (module.get("module_calls") or {}).items():
        _check_expressions(call.get("expressions") or {}, f"{path}.module_calls.{name}.expressions")
        _check_configured(call.get("module") or {}, f"{path}.module_calls.{name}.module")
    for name, output in (module.get("outputs") or {}).items():
        _check_expression(output.get("expression") or {}, f"{path}.outputs.{name}.expression")


def _check_expressions(block: Mapping[str, Any], path: str) -> None:
    """The arguments of a block: each an expression, a block, or a list of blocks."""
    for name, value in block.items():
        inner = value if isinstance(value, list) else [value]
        for index, entry in enumerate(inner):
            place = f"{path}.{name}[{index}]" if isinstance(value, list) else f"{path}.{name}"
            _check_expression(entry, place)


def _check_expression(value: Any, path: str) -> None:
    _check(value, Objects, path)
    if "constant_value" in value:
        return
    if "references" in value and not _is_blocks(value["references"]):
        _check(value["references"], list[str], f"{path}.references")
        return
    _check_expressions(value, path)


def _is_blocks(value: object) -> bool:
    """Whether it is a block called so, or a list of such: a block's arguments are no texts."""
    listed = value if isinstance(value, list) else [value]
    return bool(listed) and all(isinstance(entry, dict) for entry in listed)
