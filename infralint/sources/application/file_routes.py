"""Routes by the place of their file: Next.js, SvelteKit, Remix, Nuxt, Astro, plain PHP."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from infralint.project.routed_files import ROUTED_FILES, Convention, app_segments, pages_path
from infralint.sources.application.base_paths import base_path
from infralint.sources.application.paths import ROOT, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.resolving import Resolver
from infralint.sources.application.rulebook import FileShape, Rules

if TYPE_CHECKING:
    from ast_grep_py import SgNode

METHODS = frozenset("GET POST PUT PATCH DELETE HEAD OPTIONS".split())


class FileRoute(msgspec.Struct, frozen=True):
    rules: Rules
    path: Path
    methods: tuple[str, ...]
    home: str


def find_place(shape: FileShape, path: str) -> re.Match[str] | None:
    """What makes a file a route; None where it is none."""
    found = re.search(ROUTED_FILES[shape.convention], path)
    is_private = found is not None and shape.convention == "next-app" and app_segments(found["path"].split("/")) is None
    return None if is_private else found


def file_route(
    rules: Rules, shape: FileShape, place: re.Match[str], exports: Sequence[str], resolver: Resolver
) -> FileRoute:
    path, convention = place.string, shape.convention
    configured = _configured_path(resolver.program, path[: place.start("path")], path)
    made = _ADDRESSES[convention](place["path"]) if convention != "remix" or configured is None else configured
    base = base_path(resolver, rules.framework, path[: place.start()].strip("/"))
    methods, made = _methods(convention, made, exports)
    return FileRoute(rules, base.join(Path(made)) if base != ROOT else Path(made or "/"), methods, path)


def _methods(convention: Convention, made: str, exports: Sequence[str]) -> tuple[tuple[str, ...], str]:
    named = tuple(name for name in exports if name in METHODS)
    if convention == "remix":
        return tuple(
            {"loader": "GET", "action": "POST"}[name] for name in exports if name in ("loader", "action")
        ), made
    if convention == "nuxt" and (found := re.search(r"\.(get|post|put|patch|delete)$", made)):
        return (found[1].upper(),), made[: found.start()]
    return named, made


_ROUTE_CALLS = frozenset({"route", "index", "layout", "prefix"})


def _configured_path(program: ProjectModules, routes_folder: str, path: str) -> str | None:
    """The path that `app/routes.ts` gives a file; None where files are routes by their names.

    https://reactrouter.com/start/framework/routing
    """
    application = posixpath.dirname(routes_folder.rstrip("/"))
    config = next(
        (name for ending in ("ts", "js", "mjs") if (name := f"{application}/routes.{ending}") in program.files), ""
    )
    module = program.load(config) if config and b"flatRoutes" not in program.content(config) else None
    if module is None:
        return None
    wanted = re.sub(r"\.\w+$", "", posixpath.relpath(path, application))
    calls = [(call, [_plain_text(node) for node in call.positional]) for call in module.calls(_ROUTE_CALLS)]
    for call, texts in calls:
        names = [re.sub(r"\.\w+$", "", text.removeprefix("./")) for text in texts[call.name == "route" :][:1]]
        if wanted in names and call.name != "prefix":
            around = [(outer, given) for outer, given in calls if outer.span.has(call.span)]
            around.sort(key=lambda found: found[0].span.start - found[0].span.end)
            pieces = [given[0] for outer, given in around if outer.name in ("route", "prefix") and given]
            return path_of("/" + "/".join(piece.strip("/") for piece in pieces), "colons").text
    return "**"


def _plain_text(node: SgNode) -> str:
    return node.text().strip("\"'`") if node.kind() == "string" else ""


def _next_app(inside: str) -> str:
    shown = app_segments([part for part in inside.split("/") if part]) or []
    return path_of("/" + "/".join(shown), "brackets").text


def _next_pages(inside: str) -> str:
    return path_of(pages_path(f"api/{inside}"), "brackets").text


def _sveltekit(inside: str) -> str:
    segments = [part for part in inside.split("/") if part and not re.fullmatch(r"\(.*\)", part)]
    return path_of("/" + "/".join(re.sub(r"\[(\w+)=\w+\]", r"[\1]", part) for part in segments), "brackets").text


def _remix(inside: str) -> str:
    """Flat routes: `api.chat.$id` is `/api/chat/:id`; `_index`, `_layout.x`, `x_.y`, `[.]`."""
    inside = re.sub(r"/(?:route|index)$", "", inside)
    pieces = re.split(r"(?<!\[)[./](?!\])", inside)
    shown = []
    for piece in pieces:
        if not piece or piece == "index" or piece.startswith("_") or re.fullmatch(r"\(.*\)", piece):
            continue
        plain = re.sub(r"\[([^\[\]]*)\]", r"\1", piece.removesuffix("_"))
        shown.append("**" if plain == "$" else "*" if plain.startswith("$") else plain)
    return "/" + "/".join(shown)


def _nuxt(inside: str) -> str:
    inside = re.sub(r"(?:^|/)index(?=$|\.)", "", inside)
    return path_of("/" + inside, "brackets").text.rstrip("/") or "/"


def _astro(inside: str) -> str:
    return path_of("/" + re.sub(r"(?:^|/)index$", "", inside), "brackets").text


def _php(inside: str) -> str:
    """A file is asked for by its own path below the folder that the web server serves."""
    return f"/{re.sub(r'^(?:public|web|www|htdocs|html|public_html|webroot)/', '', inside)}"


_ADDRESSES: dict[Convention, Callable[[str], str]] = {
    "next-app": _next_app,
    "next-pages": _next_pages,
    "sveltekit": _sveltekit,
    "remix": _remix,
    "nuxt": _nuxt,
    "astro": _astro,
    "php": _php,
}
