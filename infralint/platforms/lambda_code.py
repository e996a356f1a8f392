"""What the code of Lambda functions says of the ways that lead to them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec.structs import replace

from infralint.model import Evidence, Hint, Hop, Location, Node
from infralint.platforms.api_gateway import ApiHop
from infralint.platforms.lambda_functions import FunctionUrlHop

N = TypeVar("N", bound=Node)


def with_code(
    nodes: Iterable[N], find_streaming: Callable[[str], Location | None], *, is_guess: bool = False
) -> list[N]:
    """APIs and URLs that lead to functions whose code streams, each with that as evidence, where nothing else is any.

    find_streaming: where the code of a function does, by what the function is known as. is_guess: only its name says that this
    code is the function's.
    """
    found, find = list(nodes), functools.cache(find_streaming)
    for node in found:
        node.hops = tuple(_with_hint(hop, find, is_guess) for hop in node.hops)
    return found


def _with_hint(hop: Hop, find_streaming: Callable[[str], Location | None], is_guess: bool) -> Hop:
    is_way = isinstance(hop, FunctionUrlHop) or (isinstance(hop, ApiHop) and not hop.api.is_of("WEBSOCKET"))
    if not is_way or hop.hints:
        return hop
    places = (find_streaming(reference) for reference in hop.pool.references)
    where = next((place for place in places if place is not None), None)
    if where is None:
        return hop
    because = f"{where.path}:{where.line} streams what it answers (streamifyResponse)"
    evidence = (
        Evidence("name", f"{because}, and no other file here is called as the function's handler is", where)
        if is_guess
        else Evidence("source", because, where)
    )
    return replace(hop, hints=(Hint("sse", evidence),))
