"""Arguments, blocks and values that a provider's resource does not have, and that are nearly those that it has.

What else a provider takes, newer versions may know. https://registry.terraform.io/browse/providers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from infralint.sources.terraform.hcl import Block, Literal
from infralint.sources.terraform.items import ALIASES, SHAPES, BlockSchema
from infralint.sources.terraform.shapes import Complaint
from infralint.text.suggestions import CODE, hint, mistyped_for

_ANYWHERE = frozenset(
    "count for_each provider depends_on lifecycle provisioner connection timeouts dynamic id _ //".split()
)
"""What Terraform itself takes in a resource, and what most providers do."""


_ACTIONS = ("forward", "redirect", "fixed-response", "authenticate-oidc", "authenticate-cognito", "jwt-validation")
_VALUES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("aws_lb_listener", "default_action.type"): _ACTIONS,
    ("aws_lb_listener_rule", "action.type"): _ACTIONS,
    ("aws_lambda_function_url", "invoke_mode"): ("BUFFERED", "RESPONSE_STREAM"),
    ("aws_api_gateway_integration", "type"): ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"),
    ("aws_api_gateway_integration", "response_transfer_mode"): ("BUFFERED", "STREAM"),
    ("aws_cloudfront_distribution", "origin.custom_origin_config.origin_protocol_policy"): (
        "http-only",
        "https-only",
        "match-viewer",
    ),
}
"""Type of resource and argument -> the values that there are, as the API's own descriptions have them."""


def mistyped_arguments(block: Block) -> Iterator[Complaint]:
    """The mistyped names in a resource that is judged, in its blocks and in those that `dynamic` makes, too."""
    kind = block.labels[0] if block.type == "resource" and block.labels else ""
    if kind in SHAPES:
        yield from _find_mistyped(block, kind, SHAPES[kind], "", kind)


def _find_mistyped(block: Block, kind: str, shape: BlockSchema, place: str, name: str) -> Iterator[Complaint]:
    names = _names_at(kind, place)
    if not names:
        return
    for argument, attribute in block.attributes.items():
        if mistyped_for(argument, names):
            yield attribute.where, f"`{name}` takes no `{argument}`{hint(argument, names, CODE)}"
        values = _VALUES.get((ALIASES[kind], f"{place}.{argument}" if place else argument), ())
        written = attribute.value.value if isinstance(attribute.value, Literal) else None
        if isinstance(written, str) and (right := mistyped_for(written, values)):
            yield attribute.where, f"`{attribute.written}`: there is no such value; did you mean {right}?"
    for inner in block.blocks:
        is_dynamic = inner.type == "dynamic" and len(inner.labels) == 1
        written = inner.labels[0] if is_dynamic else inner.type
        if mistyped_for(written, names):
            yield inner.where, f"`{name}` takes no block `{written}`{hint(written, names, CODE)}"
        elif written in shape.blocks:
            for content in inner.of("content") if is_dynamic else [inner]:
                deeper = f"{place}.{written}" if place else written
                yield from _find_mistyped(content, kind, shape.blocks[written], deeper, written)


@lru_cache(maxsize=512)
def _names_at(kind: str, place: str) -> tuple[str, ...]:
    """The names that may stand at a place of a resource (`default_action.forward`); none where they are not known."""
    written = _argument_names().get(ALIASES[kind], {}).get(place, "")
    return tuple(sorted({*written.split(), *_asked_at(SHAPES[kind], place), *_ANYWHERE})) if written else ()


def _asked_at(shape: BlockSchema, place: str) -> Iterator[str]:
    """What is asked for at a place, under its older names, too."""
    for step in place.split(".") if place else ():
        shape = shape.blocks[step]
    yield from (*shape.attributes, *shape.links, *shape.blocks, *shape.documents, *shape.raw, *shape.texts)


@cache
def _argument_names() -> dict[str, dict[str, str]]:
    """Type of resource -> place -> the names there, as `tests/terraform/argument_names.py` takes them from the providers."""
    text = Path(__file__).with_name("argument_names.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])
