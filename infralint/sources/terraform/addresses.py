"""Addresses that `moved`, `removed` and `import` name: of modules and resources, whether they are there or were.

https://developer.hashicorp.com/terraform/cli/state/resource-addressing
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.sources.terraform.hcl import Attr, Block, Expression, Index, NameExpression
from infralint.sources.terraform.shapes import Complaint

_NO_RESOURCES = frozenset({"var", "local", "path", "each", "self", "count", "terraform"})
_ARGUMENTS = {"moved": ("from", "to"), "removed": ("from",), "import": ("to",)}
Steps = list[Expression]
"""`module.a["b"].x.y`, step by step."""


def wrong_addresses(block: Block) -> Iterator[Complaint]:
    """Why addresses in a block that moves, removes or imports are none."""
    if block.source.path.endswith(".json"):
        return
    kinds: set[str] = set()
    for name in _ARGUMENTS.get(block.type, ()):
        attribute = block.attributes.get(name)
        if attribute is None:
            continue
        kind, why = _kind(attribute.value)
        kinds.add(kind)
        if why := why or _why_not_here(block.type, kind, attribute.value):
            yield attribute.where, f"`{attribute.written}`: {why}"
    if kinds == {"module", "resource"}:
        yield block.where, "a module can't be moved to a resource, nor a resource to a module"


def _why_not_here(type_: str, kind: str, expression: Expression) -> str:
    if type_ == "removed" and isinstance(expression, Index):
        return "it takes a whole resource or module, without a key"
    if type_ != "moved" and kind == "data":
        return "data is only looked up; a resource was expected"
    if type_ == "import" and kind == "module":
        return "a resource was expected, and this is a module"
    return ""


def _kind(expression: Expression) -> tuple[str, str]:
    """Whether an address names a module, a resource or data, and why it is none."""
    steps = _steps(expression)
    if steps is None:
        return "", "an address was expected, such as aws_lb.main, without quotes"
    names = [step.name if isinstance(step, Attr | NameExpression) else "" for step in steps]
    at = 0
    while names[at : at + 1] == ["module"] and names[at + 1 : at + 2] not in ([], [""]):
        at += 3 if names[at + 2 : at + 3] == [""] else 2
    if at == len(names) and at:
        return "module", ""
    kind = "data" if names[at] == "data" else "resource"
    rest = names[at + (kind == "data") :]
    if rest[:1] and rest[0] not in _NO_RESOURCES and len(rest) >= 2 and all(rest[:2]) and rest[2:] in ([], [""]):
        return kind, ""
    return "", "a resource has the address TYPE.NAME, a module the address module.NAME"


def _steps(expression: Expression) -> Steps | None:
    """The steps of an address; None where it is something else."""
    steps: Steps = []
    while isinstance(expression, Attr | Index):
        steps.append(expression)
        expression = expression.target
    if not isinstance(expression, NameExpression):
        return None
    return [expression, *reversed(steps)]
