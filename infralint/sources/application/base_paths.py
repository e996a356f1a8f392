"""What the configuration of a framework whose routes are files puts before all of them: `basePath` in next.config and the like.

https://nextjs.org/docs/app/api-reference/config/next-config-js/basePath
https://svelte.dev/docs/kit/configuration#paths
https://docs.astro.build/en/reference/configuration-reference/#base
https://nuxt.com/docs/api/nuxt-config#baseurl
https://reactrouter.com/api/framework-conventions/react-router.config.ts#basename
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.resolving import Meaning, ResolvedExpression, Resolver, own_returns
from infralint.sources.application.syntax import Call, Definition, SourceModule

if TYPE_CHECKING:
    from ast_grep_py import SgNode

DEEPEST = 6
"""Calls and functions around a configuration that are looked into: `withMDX(withBundleAnalyzer({…}))`."""
_ENDINGS = ("js", "mjs", "ts", "mts", "cjs")


class ConfigKey(msgspec.Struct, frozen=True):
    """Where a framework is told what stands before its routes: the file without its ending, and the keys that lead there."""

    file: str
    keys: tuple[str, ...]


BASE_KEYS = {
    "Next.js": ConfigKey("next.config", ("basePath",)),
    "SvelteKit": ConfigKey("svelte.config", ("kit", "paths", "base")),
    "Astro": ConfigKey("astro.config", ("base",)),
    "Nuxt": ConfigKey("nuxt.config", ("app", "baseURL")),
    "React Router": ConfigKey("react-router.config", ("basename",)),
}


def base_path(resolver: Resolver, framework: str, folder: str) -> Path:
    """What stands before all routes of the application in a folder; unknown where that is computed."""
    wanted = BASE_KEYS.get(framework)
    program = resolver.program
    for ending in _ENDINGS if wanted is not None else ():
        path = posixpath.join(folder, f"{wanted.file}.{ending}") if wanted is not None else ""
        if wanted is not None and program.files.is_there(path):
            if wanted.keys[-1].encode() not in program.content(path) and b"..." not in program.content(path):
                return ROOT
            module = program.load_config(path)
            return _base_in(resolver, module, wanted.keys) if module is not None else UNKNOWN
    if framework == "React Router":  # Remix says it to its plugin for Vite
        paths = (posixpath.join(folder, f"vite.config.{ending}") for ending in _ENDINGS)
        return (
            UNKNOWN
            if any(program.files.is_there(path) and b"basename" in program.content(path) for path in paths)
            else ROOT
        )
    return ROOT


def _base_in(resolver: Resolver, module: SourceModule, keys: tuple[str, ...]) -> Path:
    objects = list(_objects(resolver, resolver.default(module), 0))
    found = [path for home, node in objects if (path := _base_of(resolver, home, node, keys)) is not None]
    for assignment in module.assignments:
        if assignment.target.endswith(f".{'.'.join(keys)}"):
            found.append(_as_base(resolver.text(module, assignment.value)))
    if not found:
        return ROOT if objects or keys[-1] not in module.text else UNKNOWN
    return found[0] if len(set(found)) == 1 else UNKNOWN


def _base_of(resolver: Resolver, module: SourceModule, node: SgNode, keys: tuple[str, ...]) -> Path | None:
    """What an object says by keys, one within the other; None where it does not say."""
    for key in keys[:-1]:
        inner = resolver.pairs(module, node).get(key)
        if inner is None:
            return None
        module, node = inner
    found = resolver.pairs(module, node).get(keys[-1])
    if found is not None:
        return _as_base(resolver.text(*found))
    spread = (child for child in node.named_children() if child.kind() == "spread_element")
    return UNKNOWN if any(keys[-1] in child.text() for child in spread) else None


def _as_base(text: str | None) -> Path:
    made = path_of(text.rstrip("/") if text is not None else None, "plain")
    return made if made.text or made.whole else UNKNOWN


def _objects(resolver: Resolver, meaning: Meaning | None, depth: int) -> Iterator[tuple[SourceModule, SgNode]]:
    """The objects that a configuration may be: what it exports, what is handed to the calls that make it, what a function
    returns."""
    if depth > DEEPEST:
        return
    match meaning:
        case ResolvedExpression() if meaning.node.kind() == "object":
            yield meaning.module, meaning.node
        case Call():
            for node in meaning.positional:
                yield from _objects(resolver, resolver.meaning(meaning.module, node), depth + 1)
        case Definition(kind="function"):
            for node in _return_values(meaning):
                yield from _objects(resolver, resolver.meaning(meaning.module, node), depth + 1)


def _return_values(function: Definition) -> Iterator[SgNode]:
    """What a function returns, wherever in it."""
    body = function.node.field("body")
    if body is not None and body.kind() != "statement_block":
        yield body
    for node in own_returns(function):
        yield from node.named_children()[:1]
