"""Finds where code asks language models, by the rules of each library: what is limited, what waits, what tries again."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec.structs import replace

from infralint.model import Location
from infralint.project.names import FileNames
from infralint.sources.application.imports import is_within
from infralint.sources.application.language_models import LanguageModelUse, Role
from infralint.sources.application.languages import BY_ENDING, language_of
from infralint.sources.application.manifests import DeployedFiles
from infralint.sources.application.model_rulebook import (
    AnswerRule,
    ClientRule,
    ModelRules,
    RequestRules,
    model_rules,
    request_rules,
)
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import ResolvedExpression, Resolver
from infralint.sources.application.responses import shorten
from infralint.sources.application.syntax import Call, SourceModule, SourceSpan, unwrap
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from ast_grep_py import SgNode

LANGUAGES = frozenset({"python", "javascript"})
_TRIES_AGAIN = lazy(r"(?<!max_)(?<!max)(?<!num_)retr(?:y|ies)|\bbackoff|tenacity|\b429\b|\battempts?\b", re.IGNORECASE)
_OPTION = lazy(r"\b(?:max|num)_?retries\b", re.IGNORECASE)
_NOTHING = frozenset({"None", "null", "undefined"})
_ASKS = lazy(r"/(?:chat|completions|responses|messages|generate)\b|:(?:streamG|g)enerateContent\b")
"""How paths end at which a model answers."""
_OTHER_ANSWERS = lazy(r"modalities", re.IGNORECASE)
"""What says that an image or speech is asked for, whose length no token limit rules."""
_LATER_TIMEOUT = lazy(r"with_?options\([^()]*timeout", re.IGNORECASE)


def language_model_uses(
    files: Sequence[str], text: Callable[[str], bytes], shown: Callable[[str], str] = str
) -> list[LanguageModelUse]:
    """Where the applications of a project ask language models, in the order of its files.

    files: paths relative to the project. text: a file's bytes; may raise CantRead. shown: a path as the user
    would type it.
    """
    names = FileNames(files)
    deployed = DeployedFiles(names, text)
    program = ProjectModules(deployed, text)
    program.sources = [
        path
        for path in deployed.among(names.find_ending(*BY_ENDING))
        if (language := language_of(path)) is not None and language.name in LANGUAGES
    ]
    return _Uses(program, shown).all()


class _Options(NamedTuple):
    """What a call is given by name. is_whole: nothing else is given that could not be read."""

    values: dict[str, SgNode]
    is_whole: bool


class _Client(NamedTuple):
    """A call that makes a client, with the library and rule that know it."""

    rules: ModelRules
    rule: ClientRule
    call: Call


class _Answer(NamedTuple):
    """A call that has a model answer; client: what makes the client it is asked of, where that was found."""

    rules: ModelRules
    rule: AnswerRule
    call: Call
    client: _Client | None


class _Uses(msgspec.Struct, dict=True):
    """Looks through a project's files."""

    program: ProjectModules
    shown: Callable[[str], str]
    libraries: Sequence[ModelRules] = msgspec.field(default_factory=model_rules)
    requests: RequestRules = msgspec.field(default_factory=request_rules)

    @cached_property
    def resolver(self) -> Resolver:
        return Resolver(self.program, dict.fromkeys(LANGUAGES, self._client_names))

    @cached_property
    def _client_names(self) -> frozenset[str]:
        return frozenset(
            name for rules in self.libraries for client in rules.clients for name in _last_names(client.call)
        )

    def all(self) -> list[LanguageModelUse]:
        modules = [
            module
            for path in self.program.sources
            if self._admits(self.program.content(path)) and (module := self.program.load(path)) is not None
        ]
        clients = {_place(client.call): client for module in modules for client in self._clients(module)}
        answers = [answer for module in modules for answer in self._answers(module, clients)]
        waiting = self._waiting(clients, answers)
        found = [self._use_of_client(client, waiting.get(place, ())) for place, client in clients.items()]
        found += [self._use_of_answer(answer) for answer in answers]
        found += [use for module in modules for use in self._plain_requests(module)]
        return sorted(found, key=lambda use: use.where)

    @cached_property
    def _admits(self) -> Callable[[bytes], object]:
        tails = {
            ".".join(call.split(".")[-2:]) for rules in self.libraries for rule in rules.answers for call in rule.call
        }
        hosts = {address.partition("/")[0] for address in self.requests.addresses}
        words = sorted(re.escape(word) for word in self._client_names | tails | hosts)
        return re.compile("|".join(words).encode()).search

    def _clients(self, module: SourceModule) -> Iterator[_Client]:
        for rules in self.libraries:
            for rule in rules.clients:
                if module.language.name not in rule.languages or not self.program.has_import_of(module, rules.packages):
                    continue
                for call in module.calls(frozenset(_last_names(rule.call))):
                    if _called_as(call, rule.call) and self._is_constructed(call):
                        yield _Client(rules, rule, call)

    @staticmethod
    def _is_constructed(call: Call) -> bool:
        return not _is_javascript(call.module) or call.node.kind() == "new_expression"

    def _answers(self, module: SourceModule, clients: dict[tuple[str, SourceSpan], _Client]) -> Iterator[_Answer]:
        for rules in self.libraries:
            for rule in rules.answers:
                if module.language.name not in rule.languages:
                    continue
                for call in module.calls(frozenset(_last_names(rule.call))):
                    name = _called_as(call, rule.call)
                    if not name:
                        continue
                    if rule.bare:
                        if self._is_imported(call, rules):
                            yield _Answer(rules, rule, call, None)
                        continue
                    client = self._client_of(call, name, clients)
                    if (
                        client.rules is rules
                        if client is not None
                        else self._may_be_of(module, rules, clients.values())
                    ):
                        yield _Answer(rules, rule, call, client)

    def _is_imported(self, call: Call, rules: ModelRules) -> bool:
        """Whether a function, or the module it is taken from, is imported from a library."""
        imported = self.program.imports(call.module)
        names = [
            _sender(call),
            *(local for local, name in call.module.aliases.items() if name == call.name),
        ]
        found = [imported[name] for name in names if name in imported]
        return any(is_within(entry.specifier, rules.packages) for entry in found)

    def _client_of(self, call: Call, name: str, clients: dict[tuple[str, SourceSpan], _Client]) -> _Client | None:
        """The client that a call goes through: what stands before `chat.completions.create`."""
        owner = call.receiver
        for _ in range(name.count(".")):
            member = call.module.member(owner) if owner is not None else None
            owner = member[0] if member is not None else None
        inner = call.module.call_of(owner) if owner is not None else None
        if inner is not None and inner.name in ("with_options", "withOptions"):
            owner = inner.receiver
        meaning = self.resolver.meaning(call.module, owner) if owner is not None else None
        return clients.get(_place(meaning)) if isinstance(meaning, Call) else None

    def _may_be_of(self, module: SourceModule, rules: ModelRules, clients: Iterable[_Client]) -> bool:
        """Whether a call whose client was not found goes through a library: its file imports it, and no other of
        those that are called so; or it is the only one that the files around have a client of."""
        named = [other for other in self.libraries if self.program.has_import_of(module, other.packages)]
        if named:
            return rules in named
        return bool(rules.clients) and {client.rules.library for client in clients} == {rules.library}

    def _waiting(
        self, clients: dict[tuple[str, SourceSpan], _Client], answers: Iterable[_Answer]
    ) -> dict[tuple[str, SourceSpan], tuple[Location, ...]]:
        """By client, the calls through it that wait for a whole answer, and say nothing of how long."""
        found: dict[tuple[str, SourceSpan], list[Location]] = {}
        for answer in answers:
            if self._streams(answer) is not False or self._has_timeout(answer) is not False:
                continue
            mine = [client for client in clients.values() if client.rules is answer.rules]
            client = answer.client or (mine[0] if len(mine) == 1 else None)
            if client is not None:
                found.setdefault(_place(client.call), []).append(self._where(answer.call))
        return {place: tuple(sorted(places)) for place, places in found.items()}

    def _streams(self, answer: _Answer) -> bool | None:
        """Whether a call streams its answer; None where that can't be told."""
        if answer.rule.streaming:
            return True
        options = self._options(answer.call)
        given = options.values.get(answer.rule.streams)
        if given is None:
            return False if options.is_whole else None
        return {"True": True, "true": True, "False": False, "false": False}.get(given.text())

    def _has_timeout(self, answer: _Answer) -> bool | None:
        if _LATER_TIMEOUT.search(answer.call.full_name):
            return True
        return self._sets(answer.call, answer.rule.timeouts)

    def _sets(self, call: Call, names: Sequence[str], holders: bool = False) -> bool | None:
        """Whether a call sets one of some options; None where it may. holders: also within what it is given."""
        options = self._options(call)
        given = [options.values[name] for name in names if name in options.values]
        if any(value.text() not in _NOTHING for value in given):
            return True
        whole = options.is_whole
        for value in options.values.values() if holders else ():
            text, is_read = self._read_value(call.module, value)
            if any(re.search(rf"\b{name}\b", text) for name in names):
                return True
            whole = whole and is_read
        return False if whole else None

    def _read_value(self, module: SourceModule, value: SgNode) -> tuple[str, bool]:
        """What an argument is, with the constant that it names; and whether that is all it can hold."""
        inner = unwrap(value) or value
        kind = inner.kind()
        if kind in _SETTINGS or _is_named_settings(module, value):
            return inner.text(), True
        if kind in module.language.identifiers or module.member(inner):
            meaning = self.resolver.meaning(module, inner)
            if isinstance(meaning, ResolvedExpression):
                return meaning.node.text(), True
        return inner.text(), not _may_hold_settings(value)

    def _options(self, call: Call) -> _Options:
        values = dict(call.named)
        whole = True
        for argument in call.positional:
            kind = argument.kind()
            if kind in ("dictionary_splat", "list_splat", "spread_element"):
                whole = False
            elif _is_javascript(call.module) and kind == "object":
                whole = whole and not _has_spread(argument)
            elif _is_javascript(call.module) and kind != "string":
                read = self.resolver.pairs(call.module, argument)
                values |= {name: node for name, (_, node) in read.items() if name not in values}
                whole = False
        return _Options(values, whole)

    def _where(self, call: Call) -> Location:
        return Location(self.shown(call.module.path), call.span.line)

    def _use_of_client(self, client: _Client, waiting: tuple[Location, ...]) -> LanguageModelUse:
        rules, rule, call = client
        opaque = any(name in call.named for name in rule.opaque)
        has_timeout = self._sets(call, rule.timeouts, holders=True) if rule.timeouts else None
        return replace(
            self._use("client", rules, call),
            has_token_limit=self._limits(call, rule.limits) if rule.answers else None,
            has_timeout=has_timeout or (None if opaque else has_timeout),
            waits=_waits(rule.waits),
            waiting=(self._where(call),) if rule.answers and _is_invoked(call.module) else waiting,
            retries=self._retries(call, rule.retries, rule.by_itself),
        )

    def _use_of_answer(self, answer: _Answer) -> LanguageModelUse:
        rules, rule, call, _ = answer
        has_timeout = None if self._streams(answer) is not False or rule.waits is None else self._has_timeout(answer)
        return replace(
            self._use("generation", rules, call),
            has_token_limit=self._limits(call, rule.limits),
            has_timeout=has_timeout,
            waits=_waits(rule.waits),
            waiting=(self._where(call),) if has_timeout is False else (),
            retries=self._retries(call, rule.retries, True) if rule.retries else None,
        )

    def _use(self, role: Role, rules: ModelRules, call: Call) -> LanguageModelUse:
        """A use of a library of which nothing is judged yet, with what to write in the language of the call."""
        language = call.module.language.name
        return LanguageModelUse(
            role,
            rules.library,
            self._where(call),
            shorten(call),
            limit=rules.limit.get(language, ""),
            timeout=rules.timeout.get(language, ""),
            retry=rules.retry.get(language, ""),
        )

    def _limits(self, call: Call, names: Sequence[str]) -> bool | None:
        """Whether a call limits the length of its answer; where it is given what is put together elsewhere, it may."""
        if not names or _OTHER_ANSWERS.search(call.node.text()):
            return None
        return self._sets(call, names, holders=True)

    def _retries(self, call: Call, names: Sequence[str], by_itself: bool) -> bool | None:
        """Whether a call is tried again: by the library, or by the code around it, which None stands for."""
        options = self._options(call)
        given = next((options.values[name] for name in names if name in options.values), None)
        off = given is not None and given.text() == "0"
        if given is not None and not by_itself:
            return True if "retry" in given.text() else None
        if not off and (by_itself or not options.is_whole):
            return True if options.is_whole else None
        return None if _tries_again(call.module) else False

    def _plain_requests(self, module: SourceModule) -> Iterator[LanguageModelUse]:
        rules = self.requests
        for call in module.calls(frozenset(rules.call)):
            given = call.argument(0) or call.argument("url")
            options = self._options(call)
            url = next(
                (url for node in (given, call.named.get("url")) if (url := self.resolver.text(module, node))), ""
            )
            address = next((address for address in rules.addresses if address in url), None)
            if address is None or not _ASKS.search(url):
                continue
            endless = _sender(call) in rules.endless
            streams = any(name in options.values for name in ("stream", "responseType"))
            is_set = bool({"timeout", "signal"} & options.values.keys())
            # axios.post(url, body): options come third.
            is_whole = options.is_whole or (call.name == "post" and len(call.positional) < 3 and _is_javascript(module))
            yield LanguageModelUse(
                "request",
                address.partition("/")[0],
                self._where(call),
                shorten(call),
                has_token_limit=self._body_limits(call, options),
                has_timeout=None if not endless or streams else is_set or (False if is_whole else None),
                waits=math.inf if endless else None,
                waiting=(self._where(call),),
                retries=None if _tries_again(module) else False,
                limit=_limit_of_body(url, module),
                timeout="timeout=30," if module.language.name == "python" else "timeout: 30_000,",
            )

    def _body_limits(self, call: Call, options: _Options) -> bool | None:
        """Whether the body of a request limits the length of the answer; None where it is put together elsewhere."""
        module = call.module
        body = next(
            (options.values[name] for name in ("json", "body", "data", "content") if name in options.values), None
        )
        if body is None and call.name == "post" and len(call.positional) > 1:
            body = call.positional[1]
        dumped = module.call_of(body)
        if dumped is not None and dumped.name in ("dumps", "stringify") and dumped.positional:
            body = dumped.positional[0]
        meaning = self.resolver.meaning(module, body) if body is not None else None
        written = unwrap(meaning.node if isinstance(meaning, ResolvedExpression) else body)
        if written is None or written.kind() not in ("dictionary", "object") or _has_spread(written):
            return None
        keys = self.resolver.pairs(module, written).keys()
        if keys & _LIMITS:
            return True
        inner = module.definition_at(call.span)
        around = inner.node.text() if inner is not None else module.text
        is_set_elsewhere = any(name in around or name in written.text() for name in _LIMITS)
        return None if is_set_elsewhere or not keys & _QUESTIONS else False


_SETTINGS = frozenset(
    "string template_string integer float number true false none null undefined list array concatenated_string".split()
)
"""Kinds of values that hold no options."""
_LIMITS = frozenset(
    "max_tokens max_completion_tokens max_output_tokens maxOutputTokens max_new_tokens maxTokens max_tokens_to_sample".split()
)
"""What APIs of models call the greatest length of an answer."""
_QUESTIONS = frozenset({"messages", "prompt", "input", "inputs", "contents"})
"""What they call the question: a body without one is none that a model is asked with."""
_HOLDERS = frozenset(
    "config generation_config generationConfig inferenceConfig inference_config model_kwargs modelKwargs extra_body"
    " http_options httpOptions".split()
)
"""Options that hold others."""


def _limit_of_body(url: str, module: SourceModule) -> str:
    """What to write into the body of a request."""
    quote = "" if _is_javascript(module) else '"'
    if "generativelanguage" in url:
        return f"{quote}generationConfig{quote}: {{{quote}maxOutputTokens{quote}: 1024}},"
    name = "max_output_tokens" if url.endswith("/responses") else "max_tokens"
    return f"{quote}{name}{quote}: 1024,"


def _is_named_settings(module: SourceModule, value: SgNode) -> bool:
    """Whether an argument is written out: an object, or a call whose arguments are named."""
    inner = unwrap(value) or value
    if inner.kind() in ("dictionary", "object"):
        return not _has_spread(inner)
    call = module.call_of(inner)
    return (
        call is not None
        and bool(call.named)
        and not any(given.kind() == "dictionary_splat" for given in call.positional)
    )


def _has_spread(written: SgNode) -> bool:
    """Whether an object or dictionary takes in others (`...options`, `**options`)."""
    return any(child.kind() in ("dictionary_splat", "spread_element") for child in written.named_children())


def _may_hold_settings(value: SgNode) -> bool:
    """Whether an argument that can't be read is one of those that hold further options."""
    parent = value.parent()
    name = parent.named_children()[0].text() if parent is not None and parent.named_children() else ""
    return name.strip("\"'") in _HOLDERS


def _is_javascript(module: SourceModule) -> bool:
    return module.language.name == "javascript"


def _is_invoked(module: SourceModule) -> bool:
    """Whether the file that makes a model waits for its answers, and streams none."""
    return re.search(r"\.a?invoke\(", module.text) is not None and "stream" not in module.text


def _called_as(call: Call, names: Iterable[str]) -> str:
    """The first of some names that what is called ends with; empty for none."""
    return next((name for name in names if f".{call.full_name}".endswith(f".{name}")), "")


def _sender(call: Call) -> str:
    """The name that what is called begins with."""
    first = re.match(r"[\w$]+", call.full_name)
    return first[0] if first else ""


def _last_names(calls: Iterable[str]) -> list[str]:
    return [call.rpartition(".")[2] for call in calls]


def _place(call: Call) -> tuple[str, SourceSpan]:
    return call.module.path, call.span


def _waits(seconds: float | None) -> float | None:
    return math.inf if seconds == 0 else seconds


def _tries_again(module: SourceModule) -> bool:
    """Whether a file speaks of trying again, beside the options that say how often."""
    return _TRIES_AGAIN.search(_OPTION.sub("", module.text)) is not None
