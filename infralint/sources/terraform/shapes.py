"""What Terraform's own blocks may hold, whatever a provider adds: arguments, nested blocks, labels, what may stand once.

https://developer.hashicorp.com/terraform/language/syntax/configuration. What only newer versions or
OpenTofu take is no mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from infralint.model import Location
from infralint.sources.terraform.hcl import Block, Literal
from infralint.text.suggestions import CODE, hint
from infralint.text.wording import plural

Complaint = tuple[Location, str]
"""Where something can't stand, and why."""

_COMMENT = "//"
"""What JSON has for comments."""


class _Shape(msgspec.Struct, frozen=True):
    """What a block holds. is_open: a provider, or a module, decides about the rest.

    required: arguments, of those with `|` between them one. taken: blocks with their shapes. once:
    those that may not stand twice, and needed: those that must stand.
    """

    arguments: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    taken: Mapping[str, _Shape] = MappingProxyType({})
    once: frozenset[str] = frozenset()
    needed: tuple[str, ...] = ()
    labels: int = 0
    is_open: bool = False


def _shape(
    arguments: str = "",
    required: str = "",
    blocks: Mapping[str, _Shape] | None = None,
    once: str = "",
    needed: str = "",
    labels: int = 0,
    is_open: bool = False,
) -> _Shape:
    words = tuple(required.split())
    return _Shape(
        frozenset((*arguments.split(), *words)),
        words,
        MappingProxyType(dict(blocks or {})),
        frozenset(once.split()),
        tuple(needed.split()),
        labels,
        is_open,
    )


_ANYTHING = _shape(is_open=True)
_CONDITION = _shape(required="condition error_message")
_PROVISIONER = _shape(blocks={"connection": _ANYTHING}, once="connection", labels=1, is_open=True)
_LIFECYCLE = _shape(
    "create_before_destroy prevent_destroy ignore_changes replace_triggered_by enabled destroy",
    blocks={"precondition": _CONDITION, "postcondition": _CONDITION, "action_trigger": _ANYTHING},
)
_LIFECYCLE_OF_DATA = _shape("enabled", blocks={"precondition": _CONDITION, "postcondition": _CONDITION})
_DYNAMIC = _shape("iterator labels", "for_each", {"content": _ANYTHING}, "content", "content", 1)

SHAPES: Mapping[str, _Shape] = MappingProxyType(
    {
        "variable": _shape(
            "type default description sensitive nullable ephemeral deprecated const", blocks={"validation": _CONDITION}
        ),
        "output": _shape(
            "description sensitive ephemeral deprecated depends_on", "value", blocks={"precondition": _CONDITION}
        ),
        "moved": _shape(required="from to"),
        "removed": _shape(
            "",
            "from",
            {"lifecycle": _shape("destroy"), "connection": _ANYTHING, "provisioner": _PROVISIONER},
            "connection",
        ),
        "import": _shape("id identity for_each provider", "to id|identity"),
        "check": _shape("", "", {"assert": _CONDITION, "data": _shape(labels=2, is_open=True)}, "data", "assert"),
        "terraform": _shape(
            "required_version experiments language",
            blocks={
                "backend": _shape(labels=1, is_open=True),
                "cloud": _ANYTHING,
                "encryption": _ANYTHING,
                "provider_meta": _shape(labels=1, is_open=True),
                "required_providers": _shape(is_open=True),
                "state_store": _shape(labels=1, is_open=True),
            },
        ),
        "resource": _shape(
            blocks={"lifecycle": _LIFECYCLE, "connection": _ANYTHING, "provisioner": _PROVISIONER},
            once="lifecycle connection",
            is_open=True,
        ),
        "data": _shape(blocks={"lifecycle": _LIFECYCLE_OF_DATA}, once="lifecycle", is_open=True),
        "ephemeral": _shape(blocks={"lifecycle": _LIFECYCLE_OF_DATA}, once="lifecycle", is_open=True),
        "module": _shape(required="source", is_open=True),
    }
)
"""By the type of a block at the top of a file."""

_META = "count for_each provider depends_on"
BUILT_IN: Mapping[tuple[str, str], _Shape] = MappingProxyType(
    {
        ("resource", "terraform_data"): _shape(
            f"input triggers_replace {_META}", "", SHAPES["resource"].taken, "lifecycle connection"
        ),
        ("data", "terraform_remote_state"): _shape(
            f"config defaults workspace {_META}", "backend", SHAPES["data"].taken, "lifecycle"
        ),
    }
)
"""By the types of a block and of what it describes, of what Terraform brings along.

https://developer.hashicorp.com/terraform/language/resources/terraform-data,
https://developer.hashicorp.com/terraform/language/state/remote-state-data
"""

_CLOSED_TO_BLOCKS = frozenset({"module", "required_providers", "locals"})
"""What holds arguments alone, under any name."""


def complaints(block: Block) -> Iterator[Complaint]:
    """What a block at the top of a file can't hold, or lacks."""
    shape = BUILT_IN.get((block.type, block.labels[0] if block.labels else "")) or SHAPES.get(block.type)
    if shape is not None:
        yield from _complaints(block, shape, _name(block))


def _complaints(block: Block, shape: _Shape, name: str) -> Iterator[Complaint]:
    is_json = block.source.path.endswith(".json")
    if not shape.is_open:
        yield from _strangers(block, shape, is_json)
    for argument in shape.required:
        if not block.attributes.keys() & set(argument.split("|")):
            yield block.where, f"{name} has no `{argument.partition('|')[0]}`"
    for kind, inner_shape in shape.taken.items():
        inner = block.of(kind)
        if kind in shape.once and len(inner) > 1:
            yield inner[1].where, f"a second `{kind}` in {name}, first at {inner[0].where}"
        for nested in inner:
            if not is_json and len(nested.labels) != inner_shape.labels:
                yield nested.where, f"a block `{kind}` has {plural(inner_shape.labels, 'label')}"
            elif not (is_json and inner_shape.labels):
                yield from _complaints(nested, inner_shape, f"`{kind}`")
    for kind in shape.needed:
        if not block.of(kind):
            yield block.where, f"{name} has no block `{kind}`"
    if shape.is_open:
        yield from _in_open(block)


def _in_open(block: Block) -> Iterator[Complaint]:
    for inner in block.blocks:
        if block.type in _CLOSED_TO_BLOCKS and inner.type != "_":
            yield inner.where, f"a block `{block.type}` takes no blocks; write `{inner.type} = {{ … }}`"
        elif inner.type == "dynamic":
            yield from _dynamic(inner)
        elif (inner.type == "content" and block.type == "dynamic") or inner.type not in SHAPES["resource"].taken:
            yield from _in_open(inner)


def _dynamic(block: Block) -> Iterator[Complaint]:
    """https://developer.hashicorp.com/terraform/language/expressions/dynamic-blocks"""
    if len(block.labels) != 1:
        yield block.where, "a block `dynamic` has 1 label, the type of the blocks that it makes"
        return
    if not block.source.path.endswith(".json"):
        yield from _complaints(block, _DYNAMIC, f'dynamic "{block.labels[0]}"')


def _strangers(block: Block, shape: _Shape, is_json: bool) -> Iterator[Complaint]:
    """Arguments and blocks that can't stand in a block."""
    names = (*shape.arguments, *shape.taken)
    for name, attribute in block.attributes.items():
        if name in shape.arguments or (is_json and (name in shape.taken or name == _COMMENT)):
            continue
        as_what = "as a block, without `=`" if name in shape.taken else ""
        yield attribute.where, _takes_no(block, name, names, as_what)
    for inner in block.blocks:
        if inner.type not in shape.taken:
            as_what = f"as an argument: `{inner.type} = …`" if inner.type in shape.arguments else ""
            yield inner.where, _takes_no(block, inner.type, names, as_what)


def _takes_no(block: Block, name: str, names: Iterable[str], as_what: str) -> str:
    if as_what:
        return f"a block `{block.type}` takes `{name}` {as_what}"
    return f"a block `{block.type}` takes no `{name}`{hint(name, names, CODE)}"


def _name(block: Block) -> str:
    return " ".join((block.type, *block.labels)) if block.labels else f"`{block.type}`"


# What may stand once in a whole folder

_ONCE = (("backend", "cloud", "state_store"), ("required_providers",))
"""Settings of which a folder has one, under any of the names."""


def repetitions(blocks: Iterable[Block]) -> Iterator[Complaint]:
    """What stands twice in the `terraform` and `provider` blocks of a folder; override files replace them."""
    first: dict[str, Block] = {}
    for block in blocks:
        for key, name, part in _named_parts(block):
            if first.setdefault(key, part) is not part:
                yield part.where, f"a second {name} in this module, first at {first[key].where}"


def _named_parts(block: Block) -> Iterator[tuple[str, str, Block]]:
    """Parts of a block of which a folder has one of a name: the name, what it is called, the part."""
    if block.type == "provider":
        alias = block.attributes.get("alias")
        if alias is None:
            yield f"provider {block.labels[0]}", f'provider "{block.labels[0]}" without an alias', block
        elif isinstance(alias.value, Literal):
            yield f"provider {block.labels[0]} {alias.value.value}", f"provider of the alias {alias.value.value}", block
    for kinds in _ONCE:
        for kind in kinds:
            for inner in block.of(kind):
                yield kinds[0], f"`{kind}`", inner
