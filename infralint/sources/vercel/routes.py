"""Which files of a Vercel project are functions, and the paths they serve.

https://nextjs.org/docs/app/getting-started/project-structure, https://vercel.com/docs/functions; what
`next build` and the Vercel builders take is recorded in tests/vercel/data.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from infralint.project.routed_files import app_segments, pages_path
from infralint.text.lazy import lazy

Router = Literal["app", "pages", "api", "builds"]

PAGE_EXTENSIONS = ("tsx", "ts", "jsx", "js")
UNKNOWN_BASE = "**"
"""Stands before the paths of an application whose `basePath` can't be told."""
LANGUAGES = {"js": "nodejs", "mjs": "nodejs", "ts": "nodejs", "tsx": "nodejs", "py": "python", "go": "go", "rb": "ruby"}
"""Endings that make a file below `api/` a function, and the runtime it gets."""

_ASIDE = lazy(r"\.(?:test|spec|stories|story|d)\.\w+$|(?:^|/)__(?:tests|mocks)__/|_test\.(?:go|py)$")
_NEXT_SOURCE = lazy(
    r"(?:src/)?(?:app/(?:.*/)?(?:page|route)\.\w+|pages/.*\.(?:tsx?|jsx?)|(?:middleware|proxy)\.[jt]s)$"
)


class FunctionFile(msgspec.Struct, frozen=True):
    """A file that is a function. file: in the project; source: from the Vercel project's root, as globs see it."""

    file: str
    source: str
    path: str
    router: Router
    language: str = "nodejs"


def below(files: Sequence[str], folder: str) -> Iterator[str]:
    """The files of a sorted list that lie in a folder (`apps/web/`; empty for all)."""
    for index in range(bisect_left(files, folder), len(files)):
        if not files[index].startswith(folder):
            return
        yield files[index]


def has_folder(files: Sequence[str], folder: str) -> bool:
    return next(below(files, folder), None) is not None


def next_routes(
    files: Sequence[str], folder: str, extensions: Sequence[str] = PAGE_EXTENSIONS, base: str = ""
) -> Iterator[FunctionFile]:
    """The route handlers and API routes of the Next.js application in a folder."""
    for name, read in (("app/", _app_path), ("pages/", _pages_path)):
        start = f"{folder}{name}" if has_folder(files, f"{folder}{name}") else f"{folder}src/{name}"
        for file in below(files, start):
            if not is_aside(file) and (path := read(file[len(start) :], extensions)) is not None:
                yield FunctionFile(file, file[len(folder) :], base + path, "app" if name == "app/" else "pages")


def next_pages(
    files: Sequence[str], folder: str, extensions: Sequence[str] = PAGE_EXTENSIONS, base: str = ""
) -> Iterator[FunctionFile]:
    """The pages of the app router in a folder: server actions run as their functions."""
    start = f"{folder}app/" if has_folder(files, f"{folder}app/") else f"{folder}src/app/"
    for file in below(files, start):
        path = None if is_aside(file) else _app_path(file[len(start) :], extensions, "page")
        if path is not None:
            yield FunctionFile(file, file[len(folder) :], base + path, "app")


def is_aside(file: str) -> bool:
    """Whether a file is a test, a story or types: beside routes, never one."""
    return bool(_ASIDE.search(file))


def _app_path(file: str, extensions: Sequence[str], stem: str = "route") -> str | None:
    folder, _, name = file.rpartition("/")
    if not any(name == f"{stem}.{extension}" for extension in extensions):
        return None
    segments = app_segments(folder.split("/") if folder else [])
    return f"/{'/'.join(segments)}" if segments is not None else None


def _pages_path(file: str, extensions: Sequence[str]) -> str | None:
    ending = next((extension for extension in extensions if file.endswith(f".{extension}")), None)
    if ending is None or not file.startswith(("api/", "api.")):
        return None
    return pages_path(file[: -len(ending) - 1])


def api_routes(files: Sequence[str], folder: str, ignored: frozenset[str] = frozenset()) -> Iterator[FunctionFile]:
    """Plain functions below `api/`. ignored: runtimes that the framework takes care of itself."""
    for file in below(files, f"{folder}api/"):
        source = file[len(folder) :]
        language = LANGUAGES.get(source.rpartition(".")[2])
        if language is None or language in ignored or not is_api_function(source):
            continue
        path = source.rpartition(".")[0]
        path = posixpath.dirname(path) if posixpath.basename(path) == "index" else path
        yield FunctionFile(file, source, f"/{path}", "api", language)


def function_sources(files: Sequence[str], folder: str, is_next: bool) -> Iterator[str]:
    """Every file that a glob in vercel.json may mean, pages and files of community runtimes among them."""
    for file in below(files, folder):
        source = file[len(folder) :]
        if source.startswith("api/") or (is_next and _NEXT_SOURCE.match(source)):
            yield source


def is_api_function(source: str) -> bool:
    """Whether Vercel builds a file below `api/`: nothing hidden, nothing that begins with an underscore."""
    return "/." not in source and "/_" not in source and not source.endswith((".d.ts", "_test.go"))


def specificity(path: str) -> tuple[int, ...]:
    """Sort key: a fixed segment before `[id]`, before `[...rest]`."""
    return tuple(
        2 if segment.startswith(("[...", "[[...", UNKNOWN_BASE)) else 1 if segment.startswith("[") else 0
        for segment in path.strip("/").split("/")
    )


def serves(route: str, path: str) -> bool:
    """Whether a route such as `/api/[id]/[...rest]` serves a concrete path."""
    parts = [_segment_pattern(segment) for segment in route.strip("/").split("/") if segment]
    return re.fullmatch("".join(parts) + "/?", path.partition("?")[0]) is not None


def _segment_pattern(segment: str) -> str:
    if segment.startswith("[[...") or segment == UNKNOWN_BASE:
        return "(?:/[^/]+)*"
    if segment.startswith("[..."):
        return "(?:/[^/]+)+"
    if segment.startswith("["):
        return "/[^/]+"
    return "/" + re.escape(segment)
