"""What a library's words mean where language models are asked: one file a library in `model_rules/`."""

from __future__ import annotations

from functools import cache

import msgspec

from infralint.sources.application.rulebook import documents, rule_files

LanguageTexts = dict[str, str]
"""What to write, by language (`python`, `javascript`)."""


class ClientRule(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A call that makes a client. call: its names.

    timeouts, limits: options that set one. opaque: options that bring a transport of the user's, which may have its
    own. retries: the option that says how often it asks again; by_itself: whether it does unless told otherwise.
    waits: seconds that it waits unless told otherwise; 0: for ever; None: not said. answers: what it is made for is to
    have a model answer, so that a limit belongs here. languages: where that holds, if not in all.
    """

    call: tuple[str, ...]
    timeouts: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    retries: tuple[str, ...] = ()
    by_itself: bool = True
    waits: float | None = None
    answers: bool = False
    languages: tuple[str, ...] = ("python", "javascript")


class AnswerRule(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A call that has a model answer. call: the last parts of what is called (`chat.completions.create`).

    bare: it is imported from the package and called as it is. limits: options that limit the answer's length; none:
    it must be given. timeouts: options that set one. retries: as for a client. streams: the option that makes it
    stream; streaming: it always does, or its timeout is not judged. waits: as for a client, where no client is made.
    """

    call: tuple[str, ...]
    bare: bool = False
    limits: tuple[str, ...] = ()
    timeouts: tuple[str, ...] = ()
    retries: tuple[str, ...] = ()
    streams: str = "stream"
    streaming: bool = False
    waits: float | None = None
    languages: tuple[str, ...] = ("python", "javascript")


class ModelRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A library's rules. packages: one of them is imported where it is used. limit, timeout, retry: what to write."""

    library: str
    page: str
    packages: tuple[str, ...]
    clients: tuple[ClientRule, ...] = ()
    answers: tuple[AnswerRule, ...] = ()
    limit: LanguageTexts = {}
    timeout: LanguageTexts = {}
    retry: LanguageTexts = {}


class RequestRules(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Requests without a library. addresses: parts of a URL at which a model answers. call: functions that send a
    request. endless: libraries of such that wait for ever unless told otherwise."""

    call: tuple[str, ...]
    addresses: tuple[str, ...]
    endless: tuple[str, ...] = ()


LIBRARIES = "infralint.sources.application.model_rules"
"""The package of the libraries' rules."""
REQUESTS = "requests.yaml"
"""The rules of plain requests."""


@cache
def model_rules() -> tuple[ModelRules, ...]:
    """The rules of all libraries."""
    names = [name for name in rule_files(LIBRARIES) if name != REQUESTS]
    return tuple(msgspec.convert(next(documents(name, LIBRARIES)), ModelRules) for name in names)


@cache
def request_rules() -> RequestRules:
    """The rules of requests without a library."""
    return msgspec.convert(next(documents(REQUESTS, LIBRARIES)), RequestRules)
