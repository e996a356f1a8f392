"""How an application asks language models: calls for an answer, the clients that send them, plain requests."""

from __future__ import annotations

from typing import Literal

import msgspec

from infralint.model import Location

Role = Literal["generation", "client", "request"]
"""A call that has a model answer; what makes a client that sends such calls; a request to a model's address
without a library for it."""


class LanguageModelUse(msgspec.Struct, frozen=True):
    """One place where code speaks to a language model. written: the call without its arguments.

    has_token_limit: whether the answer's length is limited; None where
    that can't be told, or is not said here. has_timeout: the same for how long it waits. waits: seconds that it waits
    unless told otherwise, `math.inf` for ever. waiting: the places of calls that wait for a whole answer so.
    retries: whether it asks again after a 429; None where that can't be told. limit, timeout, retry: what to write.
    """

    role: Role
    library: str
    where: Location
    written: str
    has_token_limit: bool | None = None
    has_timeout: bool | None = None
    waits: float | None = None
    waiting: tuple[Location, ...] = ()
    retries: bool | None = None
    limit: str = ""
    timeout: str = ""
    retry: str = ""
