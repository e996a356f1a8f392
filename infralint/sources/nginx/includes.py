"""`include` by nginx's rules, through the repository, and never out of it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from infralint.model import Location, Unknown, Unreadable
from infralint.project import CantRead, Project
from infralint.project.compose import ComposeService, dockerfile_of, dockerfile_path, read_compose
from infralint.project.dockerfile import DOCKERFILES, Dockerfile, instructions, stages_of
from infralint.project.names import FileNames
from infralint.sources.nginx.scopes import RENDER
from infralint.sources.nginx.templates import HOLE, RENDERED_FROM, foreign_language, prepare
from infralint.sources.nginx.tree import Directive, NginxFile, SyntaxProblem, Word, directive_of, parse
from infralint.text.globs import is_glob, matches_path
from infralint.text.lazy import lazy
from infralint.text.paths import is_below

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
    # SWAG's files, whose map of $connection_upgrade its own nginx.conf has: https://github.com/linuxserver/docker-swag
    r"^/config/nginx/proxy\.conf$": (
        "proxy_connect_timeout 240; proxy_read_timeout 240; proxy_send_timeout 240; proxy_http_version 1.1;"
        " proxy_buffers 32 4k; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;"
        " proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"
    ),
    r"^/config/nginx/(?:ssl|resolver|dns|maxmind|worker_processes)\.conf$": "",
    r"^/config/nginx/(?:authelia|authentik|ldap|tinyauth)-(?:server|location)\.conf$": "",
    # Nginx Proxy Manager's: https://github.com/NginxProxyManager/nginx-proxy-manager/tree/develop/docker/rootfs/etc/nginx
    r"^(?:/etc/nginx/)?conf\.d/include/proxy\.conf$": (
        "proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;"
        " proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        " proxy_set_header X-Forwarded-Proto $scheme; proxy_pass $forward_scheme://$server:$port$request_uri;"
    ),
    r"^(?:/etc/nginx/)?conf\.d/include/(?:assets|block-exploits|force-ssl|ip_ranges|letsencrypt-acme-challenge|log|resolvers"
    r"|ssl-c(?:ache|iphers)[\w-]*)\.conf$": "",
}
"""Files that nearly every repository leaves out, with what they hold that matters here."""
_DECLARING_NOTHING = lazy(
    r"(?:^|/)(?:mime\.types|(?:fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|koi-utf|koi-win|win-utf"
    r"|options-ssl-nginx[^/]*\.conf|snippets/snakeoil\.conf)$"
)
"""Those of them that declare no variable and no zone."""
_MANAGED = lazy(r"^(?:/etc/nginx/)?conf\.d/include/proxy\.conf$")
_MANAGED_HTTP = "proxy_connect_timeout 90s; proxy_send_timeout 90s; proxy_read_timeout 90s; proxy_http_version 1.1;"
"""What Nginx Proxy Manager's own nginx.conf says around the hosts that it writes."""

_IN_HTTP = lazy(r"^/etc/nginx/(?:(?:conf|http)\.d/[^/]+\.conf|templates/.+\.conf\.template)$")
"""What the nginx.conf of nginx's images and packages includes in `http {}`, and what the images render to there:
https://hub.docker.com/_/nginx, https://nginx.org/en/linux_packages.html"""

MAIN = "/etc/nginx/nginx.conf"
"""Where nginx's images and packages keep what nginx starts with."""
_STARTED_WITH = lazy(r"""-c["',\s]+([^"',\s]+)""")
_OWN_IMAGE = lazy(
    r"(?:(?:[\w.:-]+/)*library/|docker\.io/|public\.ecr\.aws/nginx/)?nginx(?:[:@].*)?"
    r"|(?:[\w.:-]+/)?(?:nginxinc/nginx-unprivileged|openresty/openresty)(?:[:@].*)?"
)
"""Images of nginx's and OpenResty's makers."""

MOST_INCLUSIONS = 20_000
"""Of one file with all that its includes bring: a server of ten thousand sites has as many."""
MOST_DIRECTIVES = 250_000
"""That the includes of one file may bring again, or so many times AT_EACH as there are of them: a snippet of a thousand lines in
each of a thousand locations, or of hundreds of locations in hundreds of servers, is no configuration that anybody runs."""
AT_EACH = 100
PER_BLOCK = 20
"""As how many directives one with a block counts: most are locations."""
DEEPEST_INCLUDES = 60
"""Files that include each other in a row."""


class Includes:
    """Loads files and resolves includes, each file parsed once.

    broken: files that nginx would refuse. claimed: files that another file includes. globbed: those that
    are included by a pattern, and so may stand there one instead of the other. clashes: what an include brings
    beside its like, by the place of the line that is included.
    """

    def __init__(self, project: Project, known: Iterable[NginxFile]) -> None:
        self.project = project
        self.sources = {source.path: source for source in known}
        self.trees: dict[str, list[Directive]] = {}
        self.broken: dict[str, Unreadable | None] = {}
        self.beyond: dict[str, str] = {}
        self.claimed: set[str] = set()
        self.reached: dict[int, list[str]] = {}
        self.globbed: set[str] = set()
        self.clashes: dict[Location, Unknown] = {}
        self._brings: dict[str, set[str]] = {}
        self._followed: Counter[str] = Counter()
        self._directives: Counter[str] = Counter()
        self._brought: set[tuple[str, str]] = set()
        self._expanded: dict[tuple[int, str, tuple[str, ...]], tuple[list[Directive], list[Directive]]] = {}
        self._sizes: dict[str, int] = {}
        self._resolved: dict[tuple[str, str, str], list[str]] = {}
        self._in_images: dict[str, set[str]] = {}
        self._folders_taken: dict[str, str] = {}
        self._placed: dict[str, list[tuple[str, str]]] = {}

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
            tree = parse(source)
            self.trees[path] = [*self._surroundings(tree), *tree] if _may_include(source) else tree
        except SyntaxProblem as problem:
            self._retry(path, source, problem)

    def _surroundings(self, tree: list[Directive]) -> list[Directive]:
        """What stands around the hosts that Nginx Proxy Manager writes into a file each."""
        if any(directive.name in ("http", "events") for directive in tree):
            return []
        written = (inner for directive in tree if directive.name == "server" for inner in directive.walk())
        include = next((inner for inner in written if inner.name == "include" and _is_managed(inner)), None)
        return self._stand_in(include, _MANAGED_HTTP) if include is not None else []

    def _retry(self, path: str, source: NginxFile, problem: SyntaxProblem) -> None:
        """A template that opens a block in either branch can still be read by its first branch alone."""
        if not source.prepared.headings:
            place = source.location(problem.line, problem.column)
            kind = "nginx would refuse this file" if not source.prepared.holes else "this does not read as nginx"
            message = problem.message if problem.is_limit else f"{kind}: {problem.message}"
            self.broken[path] = Unreadable(message, place)
            return
        source.prepared = prepare(source.prepared.unprepared, 0, source.path)
        source.__dict__.pop("line_starts", None)
        source.comments.clear()
        try:
            self.trees[path] = parse(source)
        except SyntaxProblem:
            self.beyond[path] = f"this template can't be read before it is rendered ({problem.message})"

    def _open(self, path: str) -> NginxFile | None:
        try:
            text = self.project.text(path)
        except CantRead as problem:
            self.broken[path] = self.project.unreadable(path, problem)
            return None
        if language := foreign_language(text):
            self.beyond[path] = f"this file is a template in a language that infralint does not read ({language})"
            return None
        return self.sources.setdefault(path, NginxFile(path, self.project.show(path), prepare(text, path=path)))

    def expand(self, directives: list[Directive], base: str, stack: tuple[str, ...]) -> list[Directive]:
        """Directives with includes replaced by what they include, textually; a pattern that takes no file of the project
        stays. base: the main file's folder."""
        if not _has_includes(directives):
            return directives
        key = (id(directives), base, stack)
        if key not in self._expanded:
            self._expanded[key] = directives, self._expand(directives, base, stack)
        return self._expanded[key][1]

    def _expand(self, directives: list[Directive], base: str, stack: tuple[str, ...]) -> list[Directive]:
        """The same each time anew, so that what is brought again and again counts."""
        if not _has_includes(directives):
            return directives
        result: list[Directive] = []
        for directive in directives:
            if directive.name == "include" and directive.block is None and len(directive.args) == 1:
                result.extend(self._include_files(directive, base, stack))
            else:
                result.append(directive)
        return result

    def with_content(self, block: Directive, base: str) -> Directive:
        """A block with what its includes bring: itself, where it has none."""
        lines = block.block or []
        content = self.expand(lines, base, ())
        return block if content is lines else msgspec.structs.replace(block, block=content)

    def _include_files(self, include: Directive, base: str, stack: tuple[str, ...]) -> Iterator[Directive]:
        argument = include.args[0]
        if HOLE.search(argument) or "$" in argument:
            yield _missing(include, f"`{include.written}` is only known once the file is rendered", RENDER)
            return
        paths = self.reached[id(include)] = self.resolve(argument, include.source, base)
        if not include.source.dump and (folder := self._folder_taken(argument, base)):
            why = f"nginx would refuse `{include.written}`: it takes the folder {self.project.show(folder)}, and files are expected"
            self.broken.setdefault(f"@{include.where}", Unreadable(why, include.where))
        if is_glob(argument):
            self.globbed.update(paths)
            if not paths and posixpath.normpath(posixpath.join(base, argument)).startswith("../"):
                yield _missing(include, f"`{include.written}` takes files that lie outside of the project", _MAP)
            elif not paths:
                yield include
        elif not paths:
            heart = _by_heart(argument)
            yield from (
                self._stand_in(include, heart)
                if heart is not None
                else [_missing(include, f"`{include.written}` names a file that is not in the project", _MAP)]
            )
        for path in paths:
            yield from self._content(include, path, base, stack)

    def claim(self, source: NginxFile, base: str) -> set[str]:
        """All files that a file includes, at any depth: they are judged where they are included."""
        found: set[str] = set()
        pending = list(self.tree(source.path) or ()) if _may_include(source) else []
        while pending:
            for directive in pending.pop().walk():
                if directive.name == "include" and directive.block is None and len(directive.args) == 1:
                    for path in self.resolve(directive.args[0], directive.source, base):
                        if path not in found and path != source.path:
                            found.add(path)
                            tree = self.tree(path)
                            pending += tree if tree and _may_include(self.sources[path]) else ()
        self.claimed |= found
        return found

    def is_in_http(self, source: NginxFile) -> bool:
        """Whether the nginx.conf that nginx comes with includes a file in `http {}`: what is kept, mounted or copied so."""
        if source.key:
            return source.key.endswith(".conf")
        folder, _, name = source.path.rpartition("/")
        kept = f"/etc/nginx/{posixpath.basename(folder)}/{name}"
        kept = next((kept.removesuffix(ending) for ending in RENDERED_FROM if kept.endswith(ending)), kept)
        placed = (
            posixpath.normpath(f"{server}/{source.path.removeprefix(local).lstrip('/')}")
            for server, local in self._mappings
            if source.path == local or source.path.startswith(f"{local}/")
        )
        return any(map(_IN_HTTP.match, (kept, *placed)))

    def find_targets(self, path: str) -> list[str]:
        """The paths of a server at which a file is said to be put, by itself: by a mount, or by a Dockerfile; none that a
        command names (`nginx -c`)."""
        return [target for target in self._targets.get(path, ()) if target not in self._named]

    @cached_property
    def _targets(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for server, local in self._mappings:
            found.setdefault(local, []).append(server)
        return found

    @cached_property
    def _named(self) -> set[str]:
        """The files that commands start nginx with."""
        texts = (*self.project.files_named(*DOCKERFILES), *read_compose(self.project).files)
        return {name for path in texts for name in _STARTED_WITH.findall(self.project.text_or_nothing(path))}

    def is_in_own_http(self, path: str, target: str) -> bool:
        """Whether the nginx.conf that nginx comes with includes in `http {}`, for certain, what of a file is put at a path of a
        server. Alpine's package takes conf.d outside of all blocks, and http.d there:
        https://gitlab.alpinelinux.org/alpine/aports/-/blob/master/main/nginx/nginx.conf
        """
        return _IN_HTTP.match(target) is not None and (target, path) in self._in_own_images

    def snippets(self, block: Iterable[Directive]) -> Iterator[str]:
        """Files, as shown, that a block includes for what they set: empty ones, too, but none that only holds blocks."""
        seen: set[str] = set()
        pending = list(block)
        while pending:
            include = pending.pop()
            for path in self.reached.get(id(include), ()) if include.name == "include" else ():
                if path in self.sources and path not in seen:
                    seen.add(path)
                    tree = self.trees.get(path, [])
                    if not tree or any(inner.block is None and inner.name != "include" for inner in tree):
                        yield self.sources[path].shown
                    pending += tree

    def _content(self, include: Directive, path: str, base: str, stack: tuple[str, ...]) -> Iterator[Directive]:
        self.claimed.add(path)
        if problem := self._endless(include, path, stack):
            self.broken.setdefault(f"@{include.where}", Unreadable(problem, include.where))
            yield _missing(include, f"`{include.written}` can't be followed to its end", _SHORTEN)
            return
        tree = self.tree(path)
        if tree is None:
            reason = self.beyond.get(path) or "it can't be read"
            yield _missing(include, f"`{include.written}` leads to {self.project.show(path)}: {reason}", _SHOW)
            return
        if self._are_too_many(include, path, tree, stack):
            yield _missing(include, f"`{include.written}` brings more than is followed", _SHORTEN)
            return
        yield from self._expand(tree, base, (*stack, path))

    def _endless(self, include: Directive, path: str, stack: tuple[str, ...]) -> str:
        """What is wrong with an include that comes to no end, or to none in sight; empty where nothing is."""
        source = include.source.path
        self._brings.setdefault(source, set()).add(path)
        if way := self._way(path, source):
            names = " -> ".join(posixpath.basename(name.partition("#")[0]) for name in (source, *way))
            return f"files include each other for ever: {names}"
        if len(stack) > DEEPEST_INCLUDES:
            return f"files include each other more than {DEEPEST_INCLUDES} deep"
        first = stack[0] if stack else source
        self._followed[first] += 1
        if self._followed[first] > MOST_INCLUSIONS:
            return f"too many includes to follow: this one is number {MOST_INCLUSIONS + 1} of {self._show(first)}"
        return ""

    def _are_too_many(self, include: Directive, path: str, tree: list[Directive], stack: tuple[str, ...]) -> bool:
        """Whether the includes of a file bring more directives than are followed; that is said once a file.

        What a file is brought for the first time is no more than is written in it.
        """
        first = stack[0] if stack else include.source.path
        if (first, path) not in self._brought:
            self._brought.add((first, path))
            return False
        if path not in self._sizes:
            every = (inner for directive in tree for inner in directive.walk())
            self._sizes[path] = sum(1 if inner.block is None else PER_BLOCK for inner in every)
        if self._directives[first] + self._sizes[path] <= max(MOST_DIRECTIVES, AT_EACH * self._followed[first]):
            self._directives[first] += self._sizes[path]
            return False
        message = (
            f"too much to follow: the includes of {self._show(first)} bring more than {MOST_DIRECTIVES} directives"
        )
        self.broken.setdefault(f"@{first}", Unreadable(message, include.where))
        return True

    def _way(self, start: str, end: str) -> list[str]:
        """The files that lead from one to another by the includes that were met so far; none where nothing does."""
        before: dict[str, str] = {start: ""}
        pending = deque([start])
        while pending and end not in before:
            path = pending.popleft()
            for brought in self._brings.get(path, ()):
                if brought not in before:
                    before[brought] = path
                    pending.append(brought)
        way = [end] if end in before else []
        while way and before[way[0]]:
            way.insert(0, before[way[0]])
        return way

    def _show(self, path: str) -> str:
        return self.sources[path].shown if path in self.sources else self.project.show(path)

    def _stand_in(self, include: Directive, text: str) -> list[Directive]:
        """Directives of a file known by heart, at the place of the include."""
        if not text:
            return []
        result = []
        for line in text.split(";"):
            if words := line.split():
                placed = [Word(word, include.line, include.offset, False) for word in words]
                result.append(directive_of(placed, include.source, end_line=include.line, location=include.where))
        return result

    def resolve(self, argument: str, source: NginxFile, base: str) -> list[str]:
        """Project files that an include's argument names, in nginx's order."""
        key = (argument, source.path, base)
        if key not in self._resolved:
            self._resolved[key] = self._in_dump(argument, source) if source.dump else self._find(argument, source, base)
        return self._resolved[key]

    def _in_dump(self, argument: str, source: NginxFile) -> list[str]:
        """Files of the same `nginx -T` output, by the names they have on the server."""
        names = self._dumps[source.dump]
        main = next(iter(names))
        full = argument if argument.startswith("/") else posixpath.join(posixpath.dirname(main), argument)
        if not is_glob(full):
            return [names[full]] if full in names else []
        return [names[name] for name in sorted(names) if matches_path(name, full)]

    @cached_property
    def _dumps(self) -> dict[str, dict[str, str]]:
        """Dumps, each with its files' names on the server, the main one first, and their paths here."""
        found: dict[str, dict[str, str]] = {}
        for path, source in self.sources.items():
            if source.dump:
                found.setdefault(source.dump, {})[path.partition("#")[0]] = path
        return found

    def _find(self, argument: str, source: NginxFile, base: str) -> list[str]:
        if source.key and (found := self._beside(argument, source)):
            return found
        if self._names_itself(argument, source, base):
            return [source.path]
        placed = self._placed_files(argument, source)
        for pattern in self._candidates(argument, source, base):
            if found := self._matching(pattern):
                return [path for path in dict.fromkeys([*found, *placed]) if path != source.path]
        return [path for path in placed if path != source.path]

    def _names_itself(self, argument: str, source: NginxFile, base: str) -> bool:
        """Whether a file includes itself by its name; relative names begin where the nginx.conf lies."""
        return (
            posixpath.normpath(posixpath.join(base, argument)) == source.path
            and not (argument.startswith("/") or is_glob(argument))
            and posixpath.join(base, "nginx.conf") in self.project.file_set
        )

    def _folder_taken(self, argument: str, base: str) -> str:
        """A folder that a name or `folder/*` takes, from where the nginx.conf lies; empty where it takes none."""
        pattern = posixpath.normpath(posixpath.join(base, argument))
        if argument.startswith("/") or posixpath.join(base, "nginx.conf") not in self.project.file_set:
            return ""
        if pattern not in self._folders_taken:
            self._folders_taken[pattern] = self._find_folder(pattern)
        return self._folders_taken[pattern]

    def _find_folder(self, pattern: str) -> str:
        files = self.project.files
        around, _, last = pattern.rpartition("/")
        if is_glob(around) or (is_glob(pattern) and last != "*"):
            return ""
        beginning = pattern.removesuffix("*") if last == "*" else f"{pattern}/"
        for number in range(bisect_left(files, beginning), len(files)):
            if not files[number].startswith(beginning):
                break
            name, slash, _ = files[number].removeprefix(beginning).partition("/")
            if last != "*":
                return pattern
            if slash and not name.startswith("."):
                return beginning + name
        return ""

    def _beside(self, argument: str, source: NginxFile) -> list[str]:
        """Other keys of the same manifest that an include means: they are mounted together, templates where nginx's image
        renders them."""
        manifest, name = source.path.partition("#")[0], posixpath.basename(argument)
        known = [other for other in self._keyed.get(manifest, ()) if other.document == source.document]
        alike = [other for other in known if other is not source and _is_taken(other.key, name)]
        return [other.path for other in sorted(alike, key=lambda other: other.key)]

    @cached_property
    def _keyed(self) -> dict[str, list[NginxFile]]:
        """Texts of manifests, by the manifest's path."""
        found: dict[str, list[NginxFile]] = {}
        for source in self.sources.values():
            if source.key:
                found.setdefault(source.path.partition("#")[0], []).append(source)
        return found

    def _placed_files(self, argument: str, source: NginxFile) -> list[str]:
        """Files that a Dockerfile or compose puts, one by one, where a glob looks: into the image of the file that includes
        them, and where there are none into any."""
        if not is_glob(argument):
            return []
        full = argument if argument.startswith("/") else f"/etc/nginx/{argument}"
        if full not in self._placed:
            self._placed[full] = [
                pair for pair in self._mappings if matches_path(pair[0], full) and pair[1] in self._known
            ]
        found = self._placed[full]
        here = [pair for pair in found if not self._is_elsewhere(pair, source)]
        return [local for _, local in here or found]

    def _is_elsewhere(self, mapping: tuple[str, str], source: NginxFile) -> bool:
        """Whether only Dockerfiles put something somewhere that do not build what a file is in."""
        images, here = self._images.get(mapping), self._images_of(source.path)
        return bool(images and here and not images & here)

    def _images_of(self, path: str) -> set[str]:
        """The Dockerfiles that put a file into their images."""
        if path not in self._in_images:
            found = (names for (_, local), names in self._images.items() if is_below(path, local))
            self._in_images[path] = {name for names in found for name in names}
        return self._in_images[path]

    @cached_property
    def _images(self) -> dict[tuple[str, str], set[str]]:
        """What Dockerfiles alone put somewhere -> the Dockerfiles."""
        found: dict[tuple[str, str], set[str]] = {}
        for path in self.project.files_named(*DOCKERFILES):
            for mapping in self._copied_by(path):
                found.setdefault(mapping, set()).add(path)
        for mapping in self._mounted_paths():
            found.pop(mapping, None)
        return found

    def _candidates(self, argument: str, source: NginxFile, base: str) -> Iterator[str]:
        """Where the file could lie, nearest meaning first: mapped folders, the main file's, those around the including file."""
        here = posixpath.dirname(source.path.partition("#")[0])
        if argument.startswith("/"):
            yield from self._mapped_paths(argument, source)
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

    def _mapped_paths(self, argument: str, source: NginxFile) -> Iterator[str]:
        found = [pair for pair in self._mappings if argument == pair[0] or argument.startswith(f"{pair[0]}/")]
        for server, local in sorted(found, key=lambda pair: self._is_elsewhere(pair, source)) if found else ():
            yield posixpath.normpath(posixpath.join(local, argument[len(server) :].lstrip("/"))).removeprefix("./")

    @cached_property
    def _mappings(self) -> list[tuple[str, str]]:
        """Folders and files of the server -> of the project: said, then copied by Dockerfiles, then mounted by compose."""
        include_paths = [
            (key.rstrip("/"), value.strip("/")) for key, value in self.project.settings.nginx.include_paths.items()
        ]
        return include_paths + list(self._copied_paths()) + list(self._mounted_paths())

    def _copied_paths(self) -> Iterator[tuple[str, str]]:
        for path in self.project.files_named(*DOCKERFILES):
            yield from self._copied_by(path)

    def _copied_by(self, path: str) -> Iterator[tuple[str, str]]:
        """What a Dockerfile puts where."""
        for stage in stages_of(self.project.text_or_nothing(path)).values():
            yield from self._copied_in(path, stage)

    def _copied_in(self, path: str, stage: Dockerfile) -> Iterator[tuple[str, str]]:
        """What a stage of a Dockerfile puts where; its context is the file's own folder, or the root."""
        for source, target in ((source, copied.target) for copied in stage.copied for source in copied.sources):
            for context in dict.fromkeys((posixpath.dirname(path), "")):
                origin = posixpath.normpath(posixpath.join(context, source.lstrip("/")))
                yield from self._one_mapping(origin, target)

    def _mounted_paths(self) -> Iterator[tuple[str, str]]:
        for service in read_compose(self.project).services:
            yield from self._mounted_by(service)

    def _mounted_by(self, service: ComposeService) -> Iterator[tuple[str, str]]:
        for mount in service.mounts:
            yield from self._one_mapping(mount.source, mount.target)

    @cached_property
    def _in_own_images(self) -> set[tuple[str, str]]:
        """What is put somewhere in images of nginx's makers alone, whose nginx.conf stays as it is."""
        makers: set[tuple[str, str]] = set()
        others: set[tuple[str, str]] = set()
        replaced = self._replaced_by_mounts
        for path in self.project.files_named(*DOCKERFILES):
            text = self.project.text_or_nothing(path)
            for stage in stages_of(text).values():
                copied = list(self._copied_in(path, stage))
                is_own = not (path in replaced or "" in replaced) and _is_own(stage.base, text, copied)
                (makers if is_own else others).update(copied)
        for service in read_compose(self.project).services:
            image, text = service.image.text if service.image is not None else "", ""
            around = mounted = list(self._mounted_by(service))
            if service.build is not None and (built := dockerfile_of(self.project, service)) is not None:
                path = dockerfile_path(service.build)
                image, text = built.base, self.project.text_or_nothing(path)
                around = [*mounted, *self._copied_in(path, built)]
            (makers if _is_own(image, text, around) else others).update(mounted)
        return makers - others

    @cached_property
    def _replaced_by_mounts(self) -> set[str]:
        """The Dockerfiles in whose images a service mounts an nginx.conf; with an empty name where that may be any."""
        return {
            dockerfile_path(service.build) if service.build is not None else ""
            for service in read_compose(self.project).services
            if service.build is not None or service.image is None or not _OWN_IMAGE.fullmatch(service.image.text)
            if _bring_main(self._mounted_by(service))
        }

    def _one_mapping(self, origin: str, target: str) -> Iterator[tuple[str, str]]:
        if is_glob(origin):
            taken = (path for path in self._below(posixpath.dirname(origin)) if matches_path(path, origin))
            yield from ((f"{target.rstrip('/')}/{posixpath.basename(path)}", path) for path in taken)
        elif origin in self.project.file_set and target.endswith("/"):
            yield target + posixpath.basename(origin), origin
        elif origin in self.project.file_set or self._is_folder(origin):
            yield target.rstrip("/"), origin

    def _is_folder(self, path: str) -> bool:
        """Whether files of the project lie in a folder, or below it."""
        files, beginning = self.project.files, f"{path}/"
        number = bisect_left(files, beginning)
        return number < len(files) and files[number].startswith(beginning)

    @cached_property
    def _known(self) -> dict[str, str]:
        """All that an include may take, with why it can't be read: empty for a file."""
        return dict.fromkeys(self.project.files, "") | self.project.tree.odd

    def _matching(self, pattern: str) -> list[str]:
        """What an include takes: files, but also what has such a name and is none, or a link that leads out on the way there."""
        if pattern.startswith("../"):
            return []
        if not is_glob(pattern):
            named = [pattern, *(pattern + ending for ending in RENDERED_FROM)]
            found = [path for path in named if path in self._known][:1]
        else:
            found = [path for path in self._below(posixpath.dirname(pattern)) if _is_taken(path, pattern)]
        return found + self._behind_links(pattern)

    def _behind_links(self, pattern: str) -> list[str]:
        """What a pattern takes from folders that are links: files of the folder that is meant, or the link that leads out."""
        parts = pattern.split("/")
        found: list[str] = []
        for path, target in [*self.project.tree.linked.items(), *((path, "") for path in self.project.tree.odd)]:
            depth = path.count("/") + 1
            if depth >= len(parts) or not matches_path(path, "/".join(parts[:depth])):
                continue
            found += self._matching(posixpath.normpath(posixpath.join(target, *parts[depth:]))) if target else [path]
        return found

    def _below(self, folder: str) -> Iterable[str]:
        return self._known if is_glob(folder) else self._known_names.in_folder(folder)

    @cached_property
    def _known_names(self) -> FileNames:
        return FileNames(sorted(self._known)) if self.project.tree.odd else self.project.names

    def _anywhere(self, argument: str) -> Iterator[str]:
        """The one file of the project whose path ends so; a bare glob is too little to go by, and so is the bare name of a
        file that every system has (`mime.types`)."""
        if is_glob(argument):
            return
        name = argument.rpartition("/")[2]
        alike = [path for ending in ("", *RENDERED_FROM) for path in self.project.names.find_by_name(name + ending)]
        while argument and alike and ("/" in argument or _by_heart(argument) != ""):
            ends = tuple(f"/{argument}{ending}" for ending in ("", *RENDERED_FROM))
            found = [path for path in alike if f"/{path}".endswith(ends)]
            if len(found) == 1:
                yield found[0]
            if found or "/" not in argument:
                return
            argument = argument.partition("/")[2]


def _is_own(image: str, dockerfile: str, mappings: Iterable[tuple[str, str]]) -> bool:
    """Whether an image is one of nginx's makers, and neither what is put into it nor what a Dockerfile runs may change its
    nginx.conf."""
    if not _OWN_IMAGE.fullmatch(image) or _bring_main(mappings):
        return False
    return not any(step.keyword == "RUN" and "nginx.conf" in step.arguments for step in instructions(dockerfile))


def _bring_main(mappings: Iterable[tuple[str, str]]) -> bool:
    """Whether something is put at nginx's main file, or at a folder around it."""
    return any(server == MAIN or MAIN.startswith(f"{server}/") for server, _ in mappings)


def _is_taken(path: str, pattern: str) -> bool:
    """Whether a pattern takes a file, under its own name or the one that it has once it is rendered."""
    names = [path, *(path.removesuffix(ending) for ending in RENDERED_FROM if path.endswith(ending))]
    return any(matches_path(name, pattern) for name in names)


def _may_include(source: NginxFile) -> bool:
    """Whether a file may include others at all."""
    return "include" in source.prepared.text


def _has_includes(directives: list[Directive]) -> bool:
    return any(directive.name == "include" and directive.block is None for directive in directives)


def _is_managed(include: Directive) -> bool:
    return len(include.args) == 1 and bool(_MANAGED.match(include.args[0]))


def _by_heart(argument: str) -> str | None:
    for expression, text in BY_HEART.items():
        if re.search(expression, argument):
            return text
    return None


def declares_nothing(argument: str) -> bool:
    """Whether a file that repositories leave out is known to declare no variable and no zone."""
    return _DECLARING_NOTHING.search(argument) is not None


_MAP = "map its folder with `nginx: include_paths:` in infralint.yaml, or check the output of `nginx -T`"
_SHOW = "check the output of `nginx -T`"
_SHORTEN = "check the output of `nginx -T`, a part of it at a time"


def _missing(include: Directive, why: str, remedy: str) -> Directive:
    return msgspec.structs.replace(
        include, block=None, missing=why, remedy=remedy, splice=False, to_opening=0, to_ending=0, location=None
    )
