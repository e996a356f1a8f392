"""`include` by nginx's rules, through the repository, and never out of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cached_property

from infralint.model import Location, Unknown, Unreadable
from infralint.project import CantRead, Project
from infralint.sources.nginx.templates import HOLE, RENDERED_FROM, foreign_language, prepare
from infralint.sources.nginx.tree import Directive, Source, SyntaxProblem, Word, parse
from infralint.text.lazy import lazy

BY_HEART = {
    r"(?:^|/)mime\.types$": "",
    r"(?:^|/)(?:fastcgi|uwsgi|scgi)_params$|(?:^|/)fastcgi\.conf$": "",
    r"(?:^|/)(?:koi-utf|koi-win|win-utf)$": "",
    # certbot's file: ssl_* directives alone, https://github.com/certbot/certbot
    r"(?:^|/)options-ssl-nginx[^/]*\.conf$": "",
    r"(?:^|/)snippets/(?:snakeoil|fastcgi-php)\.conf$": "",
    # Debian's file, which drops inherited headers: https://salsa.debian.org/nginx-team/nginx
    r"(?:^|/)proxy_params$": (
        "proxy_set_header Host $http_host; proxy_set_header X-Real-IP $remote_addr;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"
    ),
}
"""Files that nearly every repository leaves out, with what they hold that matters here."""

_COPY = lazy(r"(?im)^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*(\S+(?:[ \t]+\S+)*)[ \t]+(\S+)\s*$")
_VOLUME = lazy(r"(?m)^\s*-\s*[\"']?(\.{0,2}/?[\w./-]+):(/[\w./-]+?)(?::\w+)?[\"']?\s*$")


class Includes:
    """Loads files and resolves includes, each file parsed once.

    broken: files that nginx would refuse. claimed: files that another file includes. globbed: those that
    are included by a pattern, and so may stand there one instead of the other. clashes: what an include brings
    beside its like, by the place of the line that is included.
    """

    def __init__(self, project: Project, known: Iterable[Source]) -> None:
        self.project = project
        self.sources = {source.path: source for source in known}
        self.trees: dict[str, list[Directive]] = {}
        self.broken: dict[str, Unreadable | None] = {}
        self.beyond: dict[str, str] = {}
        self.claimed: set[str] = set()
        self.reached: dict[int, list[str]] = {}
        self.globbed: set[str] = set()
        self.clashes: dict[Location, Unknown] = {}
        self.dumped = frozenset(path for path, source in self.sources.items() if source.dump)

    def tree(self, path: str) -> list[Directive] | None:
        """The directives of a file as written, or None where it can't be had (see broken and beyond)."""
        if path not in self.trees and path not in self.broken and path not in self.beyond:
            self._load(path)
        return self.trees.get(path)

    def _load(self, path: str) -> None:
        source = self.sources.get(path) or self._open(path)
        if source is None:
            return
        try:
            self.trees[path] = parse(source)
        except SyntaxProblem as problem:
            self._retry(path, source, problem)

    def _retry(self, path: str, source: Source, problem: SyntaxProblem) -> None:
        """A template that opens a block in either branch can still be read by its first branch alone."""
        if not source.prepared.headings:
            place = Location(source.shown, problem.line + source.first_line - 1, problem.column)
            kind = "nginx would refuse this file" if not source.prepared.holes else "this does not read as nginx"
            self.broken[path] = Unreadable(f"{kind}: {problem.message}", place)
            return
        source.prepared = prepare(source.prepared.unprepared, branches=0)
        source.__dict__.pop("line_starts", None)
        source.comments.clear()
        try:
            self.trees[path] = parse(source)
        except SyntaxProblem:
            self.beyond[path] = f"this template can't be read before it is rendered ({problem.message})"

    def _open(self, path: str) -> Source | None:
        try:
            text = self.project.text(path)
        except CantRead as problem:
            self.broken[path] = self.project.unreadable(path, problem)
            return None
        if language := foreign_language(text):
            self.beyond[path] = f"this file is a template in a language that infralint does not read ({language})"
            return None
        return self.sources.setdefault(path, Source(path, self.project.shown(path), prepare(text)))

    def expand(self, directives: list[Directive], base: str, stack: tuple[str, ...]) -> list[Directive]:
        """Directives with includes replaced by what they include, textually. base: the main file's folder."""
        if not any(one.name == "include" and one.block is None for one in directives):
            return directives
        result: list[Directive] = []
        for one in directives:
            if one.name == "include" and one.block is None and len(one.words) == 2:
                result.extend(self._included(one, base, stack))
            else:
                result.append(one)
        return result

    def _included(self, include: Directive, base: str, stack: tuple[str, ...]) -> Iterator[Directive]:
        argument = include.words[1].text
        if HOLE.search(argument) or "$" in argument:
            yield _missing(include, f"`{include.written}` is only known once the file is rendered")
            return
        paths = self.reached[id(include)] = self.resolve(argument, include.source, base)
        if re.search(r"[*?\[]", argument):
            self.globbed.update(paths)
        elif not paths:
            heart = _by_heart(argument)
            yield from (
                self._stand_in(include, heart)
                if heart is not None
                else [_missing(include, f"`{include.written}` names a file that is not in the project")]
            )
        for path in paths:
            yield from self._content(include, path, base, stack)

    def snippets(self, block: Iterable[Directive], seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Files, as shown, that a block includes for what they set: empty ones, too, but none that only holds blocks."""
        for one in block:
            for path in self.reached.get(id(one), ()) if one.name == "include" else ():
                tree = self.trees.get(path, [])
                if path not in seen and path in self.sources:
                    if not tree or any(inner.block is None and inner.name != "include" for inner in tree):
                        yield self.sources[path].shown
                    yield from self.snippets(tree, seen | {path})

    def _content(self, include: Directive, path: str, base: str, stack: tuple[str, ...]) -> Iterator[Directive]:
        self.claimed.add(path)
        if path in stack:
            cycle = " -> ".join(posixpath.basename(one) for one in (*stack[stack.index(path) :], path))
            self.broken[f"{path}@{include.where}"] = Unreadable(
                f"files include each other for ever: {cycle}", include.where
            )
            return
        tree = self.tree(path)
        if tree is None:
            why = self.beyond.get(path) or "it can't be read"
            yield _missing(include, f"`{include.written}` leads to {self.project.shown(path)}: {why}")
            return
        yield from self.expand(tree, base, (*stack, path))

    def _stand_in(self, include: Directive, text: str) -> list[Directive]:
        """Directives of a file known by heart, at the place of the include."""
        if not text:
            return []
        result = []
        for line in text.split(";"):
            if words := line.split():
                placed = [Word(word, include.line, include.words[0].offset, False) for word in words]
                result.append(Directive(words[0], placed, include.source, end_line=include.line))
        return result

    def resolve(self, argument: str, source: Source, base: str) -> list[str]:
        """Project files that an include's argument names, in nginx's order."""
        if source.dump:
            full = argument if argument.startswith("/") else posixpath.join(self._dump_base, argument)
            return sorted(path for path in self.dumped if fnmatchcase(path, full))
        if source.key and (found := self._beside(argument, source)):
            return found
        placed = self._placed(argument)
        for pattern in self._candidates(argument, source, base):
            if found := self._matching(pattern):
                return [path for path in dict.fromkeys([*found, *placed]) if path != source.path]
        return [path for path in placed if path != source.path]

    def _beside(self, argument: str, source: Source) -> list[str]:
        """Other keys of the same manifest that an include means: they are mounted together."""
        manifest = source.path.partition("#")[0]
        matches = re.compile(_glob(posixpath.basename(argument))).fullmatch
        known = [one for one in self.sources.values() if one.key and one.path.partition("#")[0] == manifest]
        alike = [one for one in known if one.document == source.document and matches(one.key)]
        return [one.path for one in sorted(alike, key=lambda one: one.key) if one is not source]

    def _placed(self, argument: str) -> list[str]:
        """Files that a Dockerfile or compose puts, one by one, where a glob looks."""
        if not re.search(r"[*?\[]", argument):
            return []
        full = argument if argument.startswith("/") else f"/etc/nginx/{argument}"
        matches = re.compile(_glob(full)).fullmatch
        return [local for server, local in self._mappings if matches(server) and local in self.project.file_set]

    @cached_property
    def _dump_base(self) -> str:
        return posixpath.dirname(next(iter(self.dumped)))

    def _candidates(self, argument: str, source: Source, base: str) -> Iterator[str]:
        """Where the file could lie, nearest meaning first: mapped folders, the main file's, those around the including file."""
        here = posixpath.dirname(source.path.partition("#")[0])
        if argument.startswith("/"):
            yield from self._mapped(argument)
            argument = re.sub(
                r"^/(?:etc|usr/local/etc|usr/local/nginx/conf|usr/local/openresty|config)/(?:nginx/)?(?:conf/)?",
                "",
                argument,
            )
            argument = argument.lstrip("/")
        folder = base
        yield posixpath.normpath(posixpath.join(base, argument))
        folder = here
        while True:
            yield posixpath.normpath(posixpath.join(folder, argument))
            if not folder:
                break
            folder = posixpath.dirname(folder)
        yield from self._anywhere(argument)

    def _mapped(self, argument: str) -> Iterator[str]:
        for server, local in self._mappings:
            if argument == server or argument.startswith(f"{server}/"):
                yield posixpath.normpath(posixpath.join(local, argument[len(server) :].lstrip("/"))).removeprefix("./")

    @cached_property
    def _mappings(self) -> list[tuple[str, str]]:
        """Folders and files of the server -> of the project: said, then copied by Dockerfiles, then mounted by compose."""
        said = [(key.rstrip("/"), value.strip("/")) for key, value in self.project.settings.nginx.include_paths.items()]
        return said + list(self._copied()) + list(self._mounted())

    def _copied(self) -> Iterator[tuple[str, str]]:
        for path in self.project.named("Dockerfile*", "*.Dockerfile", "Containerfile*"):
            for origins, target in _COPY.findall(self._quietly(path)):
                for origin in origins.split():
                    for context in (posixpath.dirname(path), ""):
                        yield from self._one_mapping(posixpath.normpath(posixpath.join(context, origin)), target)

    def _mounted(self) -> Iterator[tuple[str, str]]:
        for path in self.project.named("*compose*.y*ml"):
            for origin, target in _VOLUME.findall(self._quietly(path)):
                yield from self._one_mapping(
                    posixpath.normpath(posixpath.join(posixpath.dirname(path), origin)), target
                )

    def _one_mapping(self, origin: str, target: str) -> Iterator[tuple[str, str]]:
        if origin in self.project.file_set and target.endswith("/"):
            yield target + posixpath.basename(origin), origin
        elif origin in self.project.file_set or any(path.startswith(f"{origin}/") for path in self.project.files):
            yield target.rstrip("/"), origin

    def _quietly(self, path: str) -> str:
        try:
            return self.project.text(path)
        except CantRead:
            return ""

    def _matching(self, pattern: str) -> list[str]:
        if pattern.startswith("../"):
            return []
        if not re.search(r"[*?\[]", pattern):
            named = [pattern, *(pattern + ending for ending in RENDERED_FROM)]
            return [path for path in named if path in self.project.file_set][:1]
        expression = _glob(pattern)
        rendered = "|".join(map(re.escape, RENDERED_FROM))
        search = re.compile(rf"{expression}(?:{rendered})?").fullmatch
        return [path for path in self._below(posixpath.dirname(pattern)) if search(path)]

    def _below(self, folder: str) -> list[str]:
        if re.search(r"[*?\[]", folder):
            return self.project.files
        return self._folders.get(folder, [])

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        folders: dict[str, list[str]] = {}
        for path in self.project.files:
            folders.setdefault(path.rpartition("/")[0], []).append(path)
        return folders

    def _anywhere(self, argument: str) -> Iterator[str]:
        """The one file of the project whose path ends so; a bare glob is too little to go by."""
        if re.search(r"[*?\[]", argument):
            return
        while argument:
            ends = tuple(f"/{argument}{ending}" for ending in ("", *RENDERED_FROM))
            found = [path for path in self.project.files if f"/{path}".endswith(ends)]
            if len(found) == 1:
                yield found[0]
            if found or "/" not in argument:
                return
            argument = argument.partition("/")[2]


def _glob(pattern: str) -> str:
    """glob(3) as a regular expression: `*` and `?` stay within a folder."""
    parts = re.split(r"(\*|\?|\[[^\]]*\])", pattern)
    return "".join(
        {"*": "[^/]*", "?": "[^/]"}.get(part, part if part.startswith("[") else re.escape(part)) for part in parts
    )


def _by_heart(argument: str) -> str | None:
    for expression, text in BY_HEART.items():
        if re.search(expression, argument):
            return text
    return None


def _missing(include: Directive, why: str) -> Directive:
    return Directive("include", include.words, include.source, end_line=include.end_line, missing=why)
