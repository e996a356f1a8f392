"""AWS Lambda: how long a function may run, and whether its URL streams what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    SSE,
    Buffering,
    Clock,
    Evidence,
    Forward,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Pool,
    Request,
    Setting,
    Unknown,
    Upgrade,
    not_applicable,
)
from infralint.platforms.assignment import TERRAFORM_STYLE, AssignmentStyle
from infralint.text.placeholders import has_mark

TIMEOUT = 3.0
"""Seconds that a function may run unless more is set.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
"""
MOST_TIMEOUT = 900.0
"""Seconds that a function may run at most.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
"""
BUFFERED = "BUFFERED"
STREAMING = "RESPONSE_STREAM"
"""https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html"""


def _as_taken(setting: Setting[Any], is_taken: Callable[[Any], bool], words: str) -> Setting[Any]:
    """A setting, if AWS takes what is written. words: what it takes."""
    if isinstance(setting, Unknown) or not setting.written or is_taken(setting.value):
        return setting
    why = f"AWS refuses `{setting.written}`: it takes {words}"
    is_open = setting.because or has_mark(str(setting.value))  # others may give more than a default
    return Unknown(setting.where, setting.name, why, refused=not is_open)


class FunctionUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A function's URL. mode: BUFFERED or RESPONSE_STREAM. pool: the function."""

    name: str
    where: Location
    mode: Setting[str]
    pool: Pool
    names: tuple[str, ...] = ()
    style: AssignmentStyle = TERRAFORM_STYLE


class FunctionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A function. timeout: seconds. names: its address, and how others call it."""

    name: str
    where: Location
    timeout: Setting[float]
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    style: AssignmentStyle = TERRAFORM_STYLE


class FunctionUrlHop(Hop, frozen=True, kw_only=True):
    """The way to a function through its URL."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "function URL"

    function_url: FunctionUrl

    @property
    def product(self) -> str:
        return "Lambda"

    @property
    def pool(self) -> Pool:
        return self.function_url.pool

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        return (Forward(replace(request, to=None, host=None, upgrade=self.upgrade_out(request)), self.pool),)

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "buffers_responses":
            line = self.function_url.style.text(self.function_url.mode.name, STREAMING)
            return f"{line}  # and a handler that streams"
        if setting == "forwards_upgrade":
            return "take a WebSocket API of API Gateway, or a load balancer before a container"
        return ""


class LambdaFunctionHop(Hop, frozen=True, kw_only=True):
    """A function, which produces the answer."""

    platform: ClassVar[str] = "aws"
    kind: ClassVar[str] = "Lambda function"
    origin: ClassVar[bool] = True

    function: FunctionFacts

    @property
    def product(self) -> str:
        return "Lambda"

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting != "max_duration":
            return ""
        line = self.function.style.number(self.function.timeout.name, min(max(seconds, 300), MOST_TIMEOUT))
        return line if seconds <= MOST_TIMEOUT else f"{line}  # the most there is: a container runs longer"


class FunctionNode(Node, kw_only=True, eq=False):
    """A function, or its URL: all requests take the one way there is."""

    platform: ClassVar[str] = "aws"

    def route(self, request: Request) -> list[Match]:
        return [Match(hop) for hop in self.hops]


def url_node(url: FunctionUrl, **fields: Any) -> FunctionNode:
    """A function's URL. fields: what its source knows of every hop."""
    modes = (BUFFERED, STREAMING)
    url = replace(url, mode=_as_taken(url.mode, modes.__contains__, f"{BUFFERED} or {STREAMING}"))
    hop = FunctionUrlHop(
        name=url.name,
        where=url.where,
        buffers_responses=_buffering(url),
        forwards_upgrade=_upgrade(url),
        keeps_affinity=not_applicable("single", url.where),
        runtime=not_applicable("", url.where),
        hints=_hints(url),
        function_url=url,
        **fields,
    )
    return _node(hop, url.names, is_published=True)


def function_node(function: FunctionFacts, **fields: Any) -> FunctionNode:
    """A function. fields: what its source knows of every hop."""
    limits = f"1 to {MOST_TIMEOUT:g} s"
    function = replace(function, timeout=_as_taken(function.timeout, lambda given: 1 <= given <= MOST_TIMEOUT, limits))
    hop = LambdaFunctionHop(
        name=function.name,
        where=function.where,
        clocks=(Clock("whole-response", function.timeout, SSE, "truncated"),),
        buffers_responses=not_applicable("never", function.where),
        forwards_upgrade=not_applicable("forwarded", function.where),
        keeps_affinity=not_applicable("single", function.where),
        runtime=not_applicable("", function.where),
        aliases=function.aliases,
        function=function,
        **fields,
    )
    return _node(hop, function.names)


def _node(hop: Hop, names: tuple[str, ...], is_published: bool = False) -> FunctionNode:
    """The node of the one way through it. names: by which others dial it."""
    return FunctionNode(
        name=hop.name,
        hops=(hop,),
        known_as=frozenset(names),
        environment=hop.environment,
        published=is_published,
        by_name_only=True,
    )


def _buffering(url: FunctionUrl) -> Setting[Buffering]:
    mode = url.mode
    if isinstance(mode, Unknown):
        return mode
    if mode.value == STREAMING:
        return not_applicable("never", url.where)
    words = f"`{mode.written}`" if mode.written else f"nothing sets {mode.name}"
    because = f"{words}, and so it sends an answer on only when the function has ended"
    return mode.with_value("always", because)


def _upgrade(url: FunctionUrl) -> Known[Upgrade]:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""
    because = "a function's URL takes requests that are answered once, and no WebSockets"
    return Known("dropped", url.where, "function URL", "default", because=because)


def _hints(url: FunctionUrl) -> tuple[Hint, ...]:
    mode = url.mode
    if isinstance(mode, Unknown) or mode.value != STREAMING:
        return ()
    return (Hint("sse", Evidence("config", f"`{mode.written}` streams its answers", mode.where)),)
