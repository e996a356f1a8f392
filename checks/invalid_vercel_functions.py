from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from infralint import Finding, Known, Related, VercelConfig, check

# https://vercel.com/docs/project-configuration#functions
PROPERTIES = frozenset(
    "architecture runtime memory maxDuration maxConcurrency affinity regions functionFailoverRegions includeFiles"
    " excludeFiles experimentalTriggers supportsCancellation".split()
)
LONGEST_GLOB = 256
MOST_RULES = 50
LARGEST_DURATION = 3600
MEMORY = range(128, 10241)
NEXT_FOLDERS = ("pages/", "src/pages", "app/", "src/app/", "middleware", "src/middleware")
# Below src/, api/ is no folder of functions: https://github.com/pmndrs/jotai/pull/1433
API_FOLDERS = ("api", "src/api/")
_SEMVER = re.compile(r"[v=]*\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?")


@check
def invalid_vercel_functions(config: VercelConfig) -> Iterator[Finding]:
    """A vercel.json's functions fail the deploy, or set nothing."""
    yield from _beside_builds(config)
    if config.is_refused:
        return
    for rule in config.functions:
        yield from _rule(rule)
        yield from _reach(config, rule)
    for build in config.builds:
        yield from _build(build)
    for statement in config.misplaced:
        yield from _misplaced_statements(statement)


def _beside_builds(config: VercelConfig) -> Iterator[Finding]:
    if config.functions_at and config.builds_at:
        message = "`functions` can't stand beside `builds`, the older form: Vercel refuses the deploy. Remove `builds`"
        related = (Related("the legacy builds", config.builds_at),)
        yield Finding("error", config.functions_at, message, related=related)
    elif config.functions_at and not 0 < len(config.functions) <= MOST_RULES:
        message = (
            f"`functions` has {len(config.functions)} patterns: Vercel wants 1 to {MOST_RULES}, and refuses the deploy"
        )
        yield Finding("error", config.functions_at, message)


def _rule(rule: Any) -> Iterator[Finding]:
    """One pattern and its properties, by the schema."""
    if rule.pattern.startswith("/"):
        message = (
            f'"{rule.pattern}" begins with a slash: patterns are relative to the project, and Vercel refuses the deploy'
        )
        yield Finding("error", rule.where, message, f'"{rule.pattern.lstrip("/")}"')
    if not 0 < len(rule.pattern) <= LONGEST_GLOB:
        yield Finding("error", rule.where, f"A pattern has 1 to {LONGEST_GLOB} characters: Vercel refuses the deploy")
    if not rule.is_object or not rule.settings:
        message = (
            f'"{rule.pattern}" sets nothing: Vercel wants an object with at least one property, and refuses the deploy'
        )
        yield Finding("error", rule.where, message)
    for name, setting in rule.settings.items():
        judge = _JUDGES.get(name)
        if name not in PROPERTIES:
            yield _unknown_property(setting)
        elif judge and (message := judge(setting.value)):
            yield Finding("error", setting, f"`{setting.written}`: {message}. Vercel refuses the deploy")


def _unknown_property(setting: Known[Any]) -> Finding:
    if setting.name == "supportsResponseStreaming":
        message = (
            "`supportsResponseStreaming` is no setting of vercel.json: Vercel refuses the deploy, and Node.js functions"
            " stream without it. Remove it"
        )
        return Finding("error", setting, message)
    known = ", ".join(sorted(PROPERTIES))
    return Finding(
        "error", setting, f"`{setting.name}` is no property of a function ({known}): Vercel refuses the deploy"
    )


def _runtime(value: Any) -> str:
    if isinstance(value, str) and _SEMVER.fullmatch(value.rpartition("@")[2]):
        return ""
    if value in ("edge", "experimental-edge"):
        return "Edge is chosen in the function's own file, never here, where only a package with its version stands"
    return (
        "a runtime here is a package with its version, such as vercel-php@0.7.3; Node.js, Python, Go and Ruby need none"
    )


def _duration(value: Any) -> str:
    if value == "max" or (type(value) is int and 1 <= value <= LARGEST_DURATION):
        return ""
    return f'a duration is a whole number of seconds from 1 to {LARGEST_DURATION}, or "max"'


def _memory(value: Any) -> str:
    return "" if type(value) in (int, float) and MEMORY.start <= value < MEMORY.stop else "memory is 128 to 10240 MB"


_JUDGES = {"runtime": _runtime, "maxDuration": _duration, "memory": _memory}


def _reach(config: VercelConfig, rule: Any) -> Iterator[Finding]:
    """Whether a pattern reaches a function."""
    if rule.taken or config.builds_at or rule.pattern.startswith("/") or config.services:
        return
    next_pattern = config.framework == "nextjs" and rule.pattern.startswith(NEXT_FOLDERS)
    if not (next_pattern or rule.pattern.startswith(API_FOLDERS) or config.framework == "nextjs"):
        return
    if config.backend:
        return
    if rule.matched:
        yield _shadowed_rule(rule, next_pattern)
    else:
        yield _unmatched_rule(rule, next_pattern)


def _shadowed_rule(rule: Any, harmless: bool) -> Finding:
    what = (
        f'"{rule.pattern}" sets nothing: "{rule.before}" stands before it and takes the same functions, and the first'
        " match wins. Put the narrow pattern first"
    )
    return Finding(
        "warning" if harmless else "error", rule.where, what if harmless else f"{what}; Vercel refuses the deploy"
    )


def _unmatched_rule(rule: Any, harmless: bool) -> Finding:
    if harmless:
        message = f'"{rule.pattern}" matches no route, so it sets nothing{_hint(rule.pattern)}'
        return Finding("warning", rule.where, message)
    message = f'"{rule.pattern}" matches no function{_hint(rule.pattern)}. Vercel refuses the deploy'
    return Finding("error", rule.where, message)


def _hint(pattern: str) -> str:
    if pattern.startswith("src/api/"):
        return ": Vercel looks for functions in api/ beside vercel.json, and not below src/"
    if re.search(r"(?<!\\)\[", pattern):
        return "; in a glob, brackets are a choice of letters: write them as \\\\[id\\\\], or the path exactly as the file is called"
    if not re.search(r"\.\w+\}?$|\*$", pattern):
        return ": patterns name source files, with their ending, and not URLs"
    return ""


def _build(build: Any) -> Iterator[Finding]:
    for name, instead in _INSTEAD.items():
        if name in build.config:
            setting = build.config[name]
            yield Finding("warning", setting, f"`{setting.written}` has no effect in `builds`: {instead}")


_INSTEAD = {
    "maxDuration": "only `functions`, which replaces it, sets a duration",
    "supportsResponseStreaming": "Node.js functions stream without it",
}


def _misplaced_statements(statement: Known[Any]) -> Iterator[Finding]:
    message = (
        f"`{statement.written}` sets nothing in a plain function below api/: only `export const config` is read there"
    )
    value = (
        f'"{statement.value}"'
        if isinstance(statement.value, str)
        else f"{statement.value:g}"
        if statement.value is not None
        else "…"
    )
    yield Finding("warning", statement, message, f"export const config = {{ {statement.name}: {value} }};")
