"""vercel.json: what it says, with the place of every word, and which functions its globs reach.

https://vercel.com/docs/project-configuration
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from infralint.model import Known, Location, Unreadable
from infralint.platforms.vercel import MOST_RULES
from infralint.text.json_places import JsonNode, JsonSpan, Member
from infralint.text.lazy import lazy
from infralint.text.minimatch import glob_matches
from infralint.text.path_patterns import (
    LONGEST,
    InvalidPathPattern,
    fill_path,
    fill_references,
    match_path,
    match_whole,
    parse_path,
)
from infralint.text.patterns import Unsearchable
from infralint.text.pcre import InvalidPcre, Unexpressed
from infralint.text.pcre import parse as parse_pcre
from infralint.text.suggestions import mistyped_for
from infralint.text.wording import listing


class FunctionRule(msgspec.Struct, frozen=True):
    """One key of `functions`.

    settings: its properties. matched: the functions that the glob reaches; taken: those that no
    earlier rule has taken; before: the earlier rule that took the others.
    """

    pattern: str
    where: Location
    settings: dict[str, Known[Any]]
    is_object: bool = True
    matched: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    before: str = ""


class Rewrite(msgspec.Struct, frozen=True):
    """A path that leads to another: a pattern as vercel.json writes it, or a regular expression (`routes`)."""

    source: str
    destination: str
    where: Location
    regex: bool = False

    @property
    def is_external(self) -> bool:
        return self.destination.startswith(("http://", "https://"))

    def target(self, path: str) -> str | None:
        """Where it leads a path; None where it does not take it. Raises Unsearchable."""
        values = match_whole(self.source, path) if self.regex else match_path(self.source, path)
        if values is None or self.is_external:
            return None if values is None else self.destination
        target = fill_references(self.destination, values) if self.regex else fill_path(self.destination, values)
        return target if target is None or target.startswith("/") else f"/{target}"


class LegacyBuild(msgspec.Struct, frozen=True):
    """One of the legacy `builds`: files and their builder."""

    source: str
    use: str
    where: Location
    config: dict[str, Known[Any]] = {}


class VercelService(msgspec.Struct, frozen=True):
    """One of `services`: a project of its own in a folder (from the vercel.json's); framework: empty if not said."""

    name: str
    root: str
    framework: str = ""


class VercelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A vercel.json and its project.

    framework: as vercel.json or package.json tells it; empty if neither does. preset: as vercel.json
    says it. functions: rules in
    their order; functions_at: their key. builds, builds_at: the legacy builders. fluid: as written.
    buffered: the setting that makes handlers AWS-style, which hold responses back. misplaced:
    exports in plain functions that set nothing. backend: a framework that has functions elsewhere.
    """

    path: str
    where: Location
    framework: str = ""
    preset: str = ""
    backend: bool = False
    functions: tuple[FunctionRule, ...] = ()
    functions_at: Location | None = None
    builds: tuple[LegacyBuild, ...] = ()
    builds_at: Location | None = None
    fluid: Known[bool] | None = None
    buffered: Known[str] | None = None
    rewrites: tuple[Rewrite, ...] = ()
    services: tuple[VercelService, ...] = ()
    bun: bool = False
    misplaced: tuple[Known[Any], ...] = ()

    _rules: dict[str, FunctionRule | None] = {}

    @property
    def is_refused(self) -> bool:
        """Whether Vercel refuses it for the number of its patterns; then none of them is looked at."""
        return len(self.functions) > MOST_RULES

    def rule_for(self, source: str) -> FunctionRule | None:
        """The first rule that reaches a file."""
        if source not in self._rules:
            rules = () if self.is_refused else self.functions
            self._rules[source] = next((rule for rule in rules if rule_matches(source, rule.pattern)), None)
        return self._rules[source]


def rule_matches(source: str, pattern: str) -> bool:
    """https://vercel.com/docs/project-configuration#functions: the file itself, or a glob."""
    return source == pattern or glob_matches(source, pattern)


def read_config(document: JsonNode, shown: str, framework: str) -> VercelConfig:
    """What a parsed vercel.json says. shown: its path as the user would type it."""
    place = _placer(shown)
    functions, builds, fluid = document.member("functions"), document.member("builds"), document.member("fluid")
    return VercelConfig(
        path=shown,
        where=Location(shown),
        framework=_text(document, "framework") or framework,
        preset=_text(document, "framework"),
        functions=tuple(_rule(key, member, place) for key, member in functions.node.members.items())
        if functions
        else (),
        functions_at=place(functions.span) if functions else None,
        builds=tuple(_build(item, place) for item in builds.node.items) if builds else (),
        builds_at=place(builds.span) if builds else None,
        fluid=_known_member("fluid", fluid, place) if fluid and isinstance(fluid.node.value, bool) else None,
        buffered=_aws_style(document, place),
        rewrites=(*_rewrites(document, place), *_routes(document, place)),
        services=_services(document),
        bun=document.get("bunVersion") is not None,
    )


_LISTS = {
    "rewrites": ("source", "destination"),
    "redirects": ("source", "destination"),
    "headers": ("source", ""),
    "routes": ("src", "dest"),
}
"""Each list of paths: what its entries call the path, and where it leads."""
_KEYS = frozenset(
    "$schema alias build buildCommand builds bulkRedirectsPath bunVersion cleanUrls crons customErrorPage devCommand env"
    " experimentalServices fluid framework functionFailoverRegions functions git github headers ignoreCommand images"
    " installCommand name outputDirectory passiveRegions probes public redirects regions relatedProjects rewrites routes"
    " scope services trailingSlash version wildcard".split()
)
"""https://openapi.vercel.sh/vercel.json"""
_BESIDE_NO_ROUTES = ("rewrites", "redirects", "headers", "cleanUrls", "trailingSlash")


_TYPES: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (bool, "true or false", ("cleanUrls", "fluid", "public", "trailingSlash")),
    (list, "a list", ("crons", "functionFailoverRegions", "passiveRegions", "regions")),
    (dict, "an object", ("build", "env", "images")),
)
"""What Vercel takes for keys that say nothing of routes: a type, how it is called, and the keys."""
_CONDITIONS = ("header", "cookie", "host", "query")
"""What `has` and `missing` can ask for: https://vercel.com/docs/project-configuration#rewrite-has-or-missing-object-definition"""


def find_refused(document: JsonNode, shown: str) -> Iterator[Unreadable]:
    """What Vercel refuses of the routing in a vercel.json: https://vercel.com/docs/errors/error-list"""
    place = _placer(shown)
    for key, mistyped in document.members.items():
        if right := mistyped_for(key, _KEYS):
            why = f"there is no key `{key}`; did you mean `{right}`? Vercel refuses the deploy"
            yield Unreadable(why, place(mistyped.span))
    for key in _LISTS:
        if (member := document.member(key)) is not None and not isinstance(member.node.value, list):
            yield Unreadable(f"{key}: expected a list; Vercel refuses the deploy", place(member.whole))
    for type_, words, keys in _TYPES:
        for key in keys:
            if (member := document.member(key)) is not None and not isinstance(member.node.value, type_ | None):
                yield Unreadable(f"{key}: expected {words}; Vercel refuses the deploy", place(member.whole))
    newer = next((key for key in _BESIDE_NO_ROUTES if document.member(key) is not None), "")
    if newer and (member := document.member("routes")) is not None:
        why = f"`routes`, the older form, can't stand beside `{newer}`; Vercel refuses the deploy. Write all as `rewrites`"
        yield Unreadable(why, place(member.span))
    for key, (source, destination) in _LISTS.items():
        found = document.get(key)
        for number, item in enumerate(found.items if found else ()):
            if why := _refusal(item, key, source, destination):
                yield Unreadable(f"{key}[{number}]: {why}; Vercel refuses the deploy", place(item.span))


def _refusal(item: JsonNode, key: str, source: str, destination: str) -> str:
    """Why Vercel refuses an entry of a list of paths, empty where nothing is wrong.

    https://github.com/vercel/vercel/tree/main/packages/routing-utils
    """
    if not isinstance(item.value, dict):
        return "expected an object"
    for name in (source, destination):
        member = item.get(name)
        if member is None and not (key == "routes" or not name):
            return f'"{name}" is missing'
        if member is not None and not isinstance(member.value, str | dict):
            return f'"{name}": expected a text'
    for name in ("has", "missing"):
        for condition in conditions.items if (conditions := item.get(name)) is not None else ():
            kind = condition.get("type")
            if kind is not None and kind.value not in _CONDITIONS:
                return f'"{name}": "type" is {listing(_CONDITIONS, word="or")}, not {json.dumps(kind.plain)[:60]}'
    pattern = _text(item, source)
    why = _wrong_expression(pattern) if key == "routes" else wrong_path(pattern)
    return f'"{source}": "{pattern[:60]}": {why}' if why else ""


def wrong_path(pattern: str) -> str:
    """What is wrong with a pattern of a path, if anything is."""
    try:
        if len(pattern) <= LONGEST:
            parse_path(pattern)
    except InvalidPathPattern as error:
        return str(error)
    except Unsearchable:
        pass
    return ""


_EMPTY_CLASS = lazy(r"\[\^?\]")
"""A class that JavaScript takes for one of no character, or of any, and PCRE for the beginning of a longer one."""
_WRONG_EVERYWHERE = (
    "unmatched closing parenthesis",
    "missing closing parenthesis",
    "missing terminating ] for character class",
    "quantifier does not follow a repeatable item",
    "range out of order in character class",
    "numbers out of order in {} quantifier",
    "\\ at end of pattern",
)


def _wrong_expression(pattern: str) -> str:
    """What is wrong with a regular expression, in JavaScript's as in others' eyes, if anything is."""
    if len(pattern) > LONGEST or _EMPTY_CLASS.search(pattern):
        return ""
    try:
        parse_pcre(pattern)
    except InvalidPcre as error:
        return f"is not a regular expression: {error}" if str(error).startswith(_WRONG_EVERYWHERE) else ""
    except (Unexpressed, RecursionError):
        pass
    return ""


def with_matches(rules: Sequence[FunctionRule], sources: Sequence[str]) -> tuple[FunctionRule, ...]:
    """The rules with the functions that each reaches and takes."""
    owner: dict[str, str] = {}
    found = []
    for rule in rules:
        matched = tuple(source for source in sources if rule_matches(source, rule.pattern))
        taken = tuple(path for path in matched if path not in owner)
        before = next((owner[path] for path in matched if path in owner), "")
        owner.update(dict.fromkeys(taken, rule.pattern))
        found.append(FunctionRule(rule.pattern, rule.where, rule.settings, rule.is_object, matched, taken, before))
    return tuple(found)


def _placer(shown: str) -> Callable[[JsonSpan], Location]:
    return lambda span: Location(shown, span.line, span.column, span.end_line, span.end_column)


def _rule(pattern: str, member: Member, place: Callable[[JsonSpan], Location]) -> FunctionRule:
    settings = {key: _known_member(key, value, place) for key, value in member.node.members.items()}
    return FunctionRule(pattern, place(member.span), settings, isinstance(member.node.value, dict))


def _known_member(name: str, member: Member, place: Callable[[JsonSpan], Location]) -> Known[Any]:
    value = member.node.plain
    words = value if isinstance(value, bool | int | float | str) else "…"
    written = f'"{name}": ' + (
        str(words).lower() if isinstance(words, bool) else f'"{words}"' if isinstance(words, str) else f"{words}"
    )
    return Known(value, place(member.whole), name, written=written)


def _build(item: JsonNode, place: Callable[[JsonSpan], Location]) -> LegacyBuild:
    config = item.get("config")
    settings = {key: _known_member(key, value, place) for key, value in (config.members if config else {}).items()}
    return LegacyBuild(_text(item, "src"), _text(item, "use"), place(item.span), settings)


def _text(node: JsonNode, key: str) -> str:
    found = node.get(key)
    return found.text if found else ""


def _rewrites(document: JsonNode, place: Callable[[JsonSpan], Location]) -> list[Rewrite]:
    return list(_entries(document, "rewrites", "source", "destination", place))


def _routes(document: JsonNode, place: Callable[[JsonSpan], Location]) -> list[Rewrite]:
    """The older `routes`, whose sources are regular expressions."""
    return list(_entries(document, "routes", "src", "dest", place))


def _entries(
    document: JsonNode, key: str, source: str, destination: str, place: Callable[[JsonSpan], Location]
) -> Iterator[Rewrite]:
    items = document.get(key)
    for item in items.items if items else []:
        if _text(item, source) and _text(item, destination):
            yield Rewrite(_text(item, source), _text(item, destination), place(item.span), regex=key == "routes")


def _services(document: JsonNode) -> tuple[VercelService, ...]:
    """https://vercel.com/docs/services: each stands in its `root`, or where its `entrypoint` is."""
    services = document.get("services") or document.get("experimentalServices")
    members = services.members if services else {}
    return tuple(
        VercelService(name, _root(member.node), _text(member.node, "framework")) for name, member in members.items()
    )


def _root(service: JsonNode) -> str:
    root, entry = _text(service, "root"), _text(service, "entrypoint")
    folder = root or (entry.rpartition("/")[0] if re.search(r"\.\w+$", entry) else entry)
    return folder.removeprefix("./").strip("/.")


def _aws_style(document: JsonNode, place: Callable[[JsonSpan], Location]) -> Known[str] | None:
    """https://vercel.com/docs/functions/runtimes/node-js: AWS-style handlers can't stream."""
    build = document.get("build")
    for env in (document.get("env"), build.get("env") if build else None):
        member = env.member("NODEJS_AWS_HANDLER_NAME") if env else None
        if member:
            return _known_member("NODEJS_AWS_HANDLER_NAME", member, place)
    return None
