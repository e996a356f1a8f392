"""Compose files: what runs beside what, under which names, from which folders and with which files.

https://docs.docker.com/reference/compose-file/, https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice

import msgspec

from infralint.model import HOST_NETWORK, Location, Service, Unfollowed, Unreadable
from infralint.project import CantRead, Project
from infralint.project.compose.document import MOST_PORTS, Document, replaced_keys
from infralint.project.compose.entry_files import entry_files
from infralint.project.compose.networks import Networks
from infralint.project.compose.service import (
    ComposeService,
    ComposeText,
    ImageBuild,
    Port,
    VolumeMount,
    is_routed,
    lay_over,
    without,
)
from infralint.project.compose.shape import (
    RUNS,
    DeclaredName,
    check_shape,
    declared_names,
    refused_keys,
    refused_parts,
    undeclared_names,
    waiting_circles,
)
from infralint.project.dockerfile import Dockerfile, parse_dockerfile
from infralint.project.starting import PORT_VARIABLES, ports_of_command
from infralint.project.variables import env_values
from infralint.text.circles import find_circles, say_through
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.paths import folders_around
from infralint.text.yaml_places import YamlProblem, YamlValue, has_holes, read_yaml

__all__ = [
    "Compose",
    "ComposeService",
    "ComposeText",
    "ImageBuild",
    "Port",
    "VolumeMount",
    "copied_files",
    "dockerfile_of",
    "dockerfile_path",
    "is_routed",
    "read_compose",
    "services_of",
]

NAMES = ("*compose*.y*ml", "*stack*.y*ml", "*swarm*.y*ml", "local.y*ml", "production.y*ml", "staging.y*ml")
"""Compose files by their names, as far as they hold `services:`."""
DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The file that compose takes in a folder, the first the first."""

_COMMANDS = tuple(
    "*.sh *.bash *.ps1 *.bat *.cmd *.md *.mk *.yml *.yaml *.toml *.env .env* .envrc *.service"
    " Makefile makefile GNUmakefile justfile Justfile package.json Jenkinsfile".split()
)
"""Files that hold commands, by their names."""
_GIVEN = lazy(r"(?:(?<!\S)-f|--file|COMPOSE_FILE)\b([^\n]*)")
_GIVEN_ALONE = lazy(
    r"\bdocker[ -]compose[ \t]+(?:-f|--file)[ \t=]+[\"']?([\w./-]+\.ya?ml)[\"']?[ \t]+"
    r"(?:build|config|create|pull|run|start|up)\b"
)
_BETWEEN_WORDS = lazy(r"[\s\"'`:;=,|&<>(){}\[\]]+")
_GOES = lazy(r"\bcd\s+[\"']?([\w./-]+)")
_MOST_GOES = 20
"""Folders that a script goes to which are looked at."""
_OF_VARIABLE = lazy(r"^(?:\$\w+)?/")
"""What a path begins with behind a variable, which mostly says where the script lies."""
_OVERRIDE = lazy(r"(.+)\.override\.ya?ml")
_NAMED = lazy(r"(docker-)?compose([.-][^/]*)?\.ya?ml")
"""Names that say that compose reads a file."""
_SAMPLE = lazy(r"(?:docker-)?compose(?:[.-][^/]*)?\.ya?ml[.-](?:example|sample|dist|template|tmpl|tpl|j2)")
"""Names of files that somebody copies before compose reads them, such as `compose.override.yaml.example`."""
_SERVICES = lazy(r"(?m)^[\"']?services[\"']?[ \t]*:")
_INCLUDE = lazy(r"(?m)^[\"']?include[\"']?[ \t]*:")


class Compose(msgspec.Struct):
    """The services of a project's compose files; what could not be read of them; templates that were passed over."""

    services: list[ComposeService] = []
    unreadable: list[Unreadable] = []
    unfollowed: list[Unfollowed] = []
    files: list[str] = []


class _GivenFiles(msgspec.Struct, frozen=True):
    """What commands give compose. others: the ends of paths (`-f tools/compose.yml`), and the paths of files that are given
    together with others, relative to where the script lies, where it goes, or the project's root. alone: the paths of files
    that are given by themselves, and by no command with others."""

    others: frozenset[str]
    alone: frozenset[str]


def read_compose(project: Project) -> Compose:
    """Every service of a project's compose files, those that belong over another laid over it. Read once a project."""
    return project.remember("compose", lambda: _ComposeReader(project).read())


class _ComposeReader:
    """The compose files of one project, each parsed once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found = Compose()
        self.roots: dict[str, YamlValue | None] = {}
        self.documents: dict[tuple[str, str, str], Document | None] = {}
        self.alone: dict[str, YamlValue] = {}
        self.taken_over: set[str] = set()

    def read(self) -> Compose:
        named = {path: document for path in self.project.files_named(*NAMES) if (document := self._document(path))}
        over = self._overrides(named)
        partial = {path: base for path in named if path not in over and (base := _base_of_partial(path, named))}
        whole = [document for path, document in named.items() if path not in over and path not in partial]
        included = list(self._include_documents(whole))
        self._refuse_circles()
        known = {document.path for group in included for document in group}
        groups = [
            [document, *self._laid_on(document.path, over, named)] for document in whole if document.path not in known
        ]
        for first, *others in [*groups, *included]:
            self.found.services += _services(first, others)
        for path, base in partial.items():
            self.found.services += _variants(named[base], named[path])
        for path, root in self.alone.items():
            self._refuse_undeclared(path, root)
        self.found.unfollowed = list(dict.fromkeys(self.found.unfollowed))
        return self.found

    def _overrides(self, named: Mapping[str, Document]) -> dict[str, str]:
        """Files that compose lays over another one without being asked -> that one."""
        found: dict[str, str] = {}
        for path, document in named.items():
            listed = document.variables.get("COMPOSE_FILE", "").replace(";", ":").split(":")
            paths = [posixpath.normpath(posixpath.join(document.folder, name)) for name in listed if name]
            found |= {other: paths[0] for other in paths[1:] if other in named and paths[0] in named}
            if base := _base_of_override(path, named):
                found.setdefault(path, base)
        return found

    @staticmethod
    def _laid_on(path: str, over: Mapping[str, str], named: Mapping[str, Document]) -> list[Document]:
        return [named[other] for other, base in over.items() if base == path]

    def _include_documents(self, documents: Sequence[Document]) -> Iterator[list[Document]]:
        """The files that others include, with what is laid over each, in the group of the file that includes them."""
        pending, known = list(documents), set()
        while pending:
            document = pending.pop()
            for paths, folder in _includes(document):
                self._note_missing(document.path, "includes", paths)
                found = [other for path in paths if (other := self._document(path, folder, folder)) is not None]
                if found and found[0].path not in known:
                    known.add(found[0].path)
                    for other in found:
                        other.group = document.group
                    pending += found
                    yield found

    def _refuse_circles(self) -> None:
        """Name files that include themselves. https://docs.docker.com/reference/compose-file/include/"""
        documents = {document.path: document for document in self.documents.values() if document is not None}
        uses = {path: [paths[0] for paths, _ in _includes(document)] for path, document in documents.items()}
        for circle in find_circles(
            {path: [other for other in others if other in uses] for path, others in uses.items()}
        ):
            root = documents[circle[0]].root
            line = (root.keys.get("include") or root.span).line
            why = f"includes itself{say_through([self.project.show(path) for path in circle])}, which compose refuses"
            self.found.unreadable.append(self.project.unreadable(circle[0], why, line))

    def _document(self, path: str, folder: str | None = None, home: str | None = None) -> Document | None:
        """A file that holds services. folder: what paths in it are relative to; home: where its .env file lies."""
        folder = posixpath.dirname(path) if folder is None else folder
        home = folder if home is None else home
        key = (path, folder, home)
        if key not in self.documents:
            root = self._root(path)
            self.documents[key] = None if root is None else self._make_document(path, root, folder, home)
        return self.documents[key]

    def _make_document(self, path: str, root: YamlValue, folder: str, home: str) -> Document:
        def extend(other: str) -> Document | None:
            self._note_missing(path, "extends a service of", [other])
            return self._document(other, home=home)

        document = Document(path, root, folder, self._variables(home), self.project.show, extend)
        self._note_elsewhere(document)
        self._note_ports(document)
        return document

    def _note_ports(self, document: Document) -> None:
        """Note services that publish more ports than are looked at."""
        for name, value in document.services.items():
            count = document.count_ports(name)
            if count > MOST_PORTS:
                where = Location(self.project.show(document.path), (value.keys.get("ports") or value.span).line)
                why = f"services.{name} publishes {count:,} ports, of which the first {MOST_PORTS:,} are looked at"
                self.found.unfollowed.append(Unfollowed(where, why))

    def _note_elsewhere(self, document: Document) -> None:
        """Note files and addresses outside of the project that a compose file takes services from."""
        included = [text for item in document.root.items_of("include") for text in _included_texts(item)]
        extended = [service.text_of("extends", "file") for service in document.services.values()]
        for verb, texts in (("includes", included), ("extends a service of", extended)):
            for text in filter(None, map(document.fill, texts)):
                if document.project_path(text) is None and "$" not in text and not has_holes(text):
                    self._note(document.path, f"{verb} {text}, which lies outside of the project and is not read")

    def _note(self, path: str, why: str) -> None:
        self.found.unfollowed.append(Unfollowed(Location(self.project.show(path)), why))

    def _note_missing(self, path: str, verb: str, others: Sequence[str]) -> None:
        """Note files that a compose file takes services from: compose checks them as parts of it, and some are not here."""
        self.taken_over.update(others)
        for other in others:
            if other not in self.project.file_set and not has_holes(other) and "$" not in other:
                self._note(path, f"{verb} {self.project.show(other)}, which is not here")

    def _root(self, path: str) -> YamlValue | None:
        """The first document of a file, if it holds services or includes files that do."""
        if path not in self.roots:
            root = self._parse(path) if path in self.project.file_set else None
            has_services = root is not None and (root.members_of("services") or root.items_of("include"))
            self.roots[path] = root if has_services else None
            if self.roots[path] is not None:
                self.found.files.append(path)
        return self.roots[path]

    def _parse(self, path: str) -> YamlValue | None:
        text = ""
        try:
            text = self.project.utf8_text(path)
            is_named = bool(_NAMED.fullmatch(posixpath.basename(path)))
            is_strict = is_named and not has_holes(text)
            if not (_SERVICES.search(text) or (is_named and _INCLUDE.search(text))):
                if is_strict:
                    self._refuse(path, refused_keys(read_yaml(text)))
                return None
            roots = read_yaml(text, allow_duplicates=not is_strict)
            if len(roots) > 1:
                more = f"holds {len(roots)} documents, of which the first alone is read"
                self.found.unfollowed.append(Unfollowed(Location(self.project.show(path)), more))
            if is_strict and roots:
                check_shape(roots[0])
                self._refuse(path, refused_parts(roots[0]))
                if len(roots) == 1 and self._stands_alone(path, roots[0]):
                    self.alone[path] = roots[0]
            return roots[0] if roots else None
        except CantRead as problem:
            self.found.unreadable.append(self.project.unreadable(path, problem))
        except YamlProblem as problem:
            if has_holes(text):
                self.found.unfollowed.append(
                    Unfollowed(Location(self.project.show(path)), "is a template, which has to be rendered first")
                )
            else:
                self.found.unreadable.append(self.project.unreadable(path, problem))
        return None

    def _refuse(self, path: str, problems: Iterable[YamlProblem]) -> None:
        """Name what compose refuses of services that can be read all the same."""
        found = (self.project.unreadable(path, at.message, at.line, at.column) for at in problems)
        self.found.unreadable += dict.fromkeys(found)

    def _refuse_undeclared(self, path: str, root: YamlValue) -> None:
        """Name what nothing declares in a file that compose takes by itself. What a file of a folder above declares may be
        given with it (`-f compose.yml -f tools/compose.yml`), and what any declares where a command names the file."""
        if path in self.taken_over:
            return
        self._refuse(path, waiting_circles(root))
        undeclared = list(undeclared_names(root))
        if undeclared and path in self._given.alone:
            self._refuse(path, (problem for _, problem in undeclared))
            return
        around = frozenset(folders_around(posixpath.dirname(path)))
        refused = [
            (name, problem) for name, problem in undeclared if around.isdisjoint(self._declaring_folders.get(name, ()))
        ]
        names = (path, _end_of(path), f"$/{posixpath.basename(path)}")
        if any(name in self._declaring_folders for name, _ in refused) and not self._given.others.isdisjoint(names):
            refused = [(name, problem) for name, problem in refused if name not in self._declaring_folders]
        self._refuse(path, (problem for _, problem in refused))

    @cached_property
    def _declaring_folders(self) -> dict[DeclaredName, set[str]]:
        """What any compose file declares -> the folders of the files that do."""
        found: dict[DeclaredName, set[str]] = {}
        for path, root in self.roots.items():
            for name in declared_names(root) if root is not None else ():
                found.setdefault(name, set()).add(posixpath.dirname(path))
        return found

    @cached_property
    def _given(self) -> _GivenFiles:
        """What commands somewhere in the project give compose."""
        found: set[str] = set()
        together: set[str] = set()
        alone: set[str] = set()
        for script in self.project.files_named(*_COMMANDS):
            text = self.project.text_or_nothing(script)
            if "compose" not in text:
                continue
            lines = [
                [word for word in _BETWEEN_WORDS.split(rest) if word.endswith((".yml", ".yaml"))]
                for rest in _GIVEN.findall(text.replace("\\\n", " "))
            ]
            found.update(end for words in lines for word in words for end in (posixpath.basename(word), _end_of(word)))
            homes = ("", posixpath.dirname(script))
            goes = (posixpath.join(home, place) for place in islice(_GOES.findall(text), _MOST_GOES) for home in homes)
            starts = dict.fromkeys((*homes, *goes))
            for word in {word for words in lines if len(words) > 1 for word in words}:
                bare = _OF_VARIABLE.sub("", word)
                together.add(posixpath.basename(word))
                found.update(posixpath.normpath(posixpath.join(start, bare)) for start in starts)
                found.update([f"$/{bare}"] if word.startswith("$") else ())
            alone.update(
                posixpath.normpath(posixpath.join(start, word))
                for word in _GIVEN_ALONE.findall(text.replace("\\\n", " "))
                for start in starts
            )
        return _GivenFiles(
            frozenset(found), frozenset(path for path in alone if posixpath.basename(path) not in together)
        )

    def _stands_alone(self, path: str, root: YamlValue) -> bool:
        """Whether compose takes a file by itself: under a name that it looks for, with no other one beside it, or because a
        command says so."""
        if root.get("include") is not None:
            return False
        folder, name = posixpath.split(path)
        if name in DEFAULTS and "COMPOSE_FILE" not in self._variables(folder):
            beside = self.project.names.in_folder(folder)
            names = [posixpath.basename(other) for other in beside if other != path]
            if not any(_NAMED.fullmatch(other) or _SAMPLE.fullmatch(other) for other in names):
                return True
        is_refused = any(True for _ in chain(undeclared_names(root), waiting_circles(root)))
        return is_refused and path in self._given.alone

    def _variables(self, folder: str) -> dict[str, str]:
        """What the .env file of a folder gives to the holes of its compose files."""
        path = posixpath.join(folder, ".env")
        return env_values(self.project.text_or_nothing(path)) if path in self.project.file_set else {}


def _default(folder: str, documents: Mapping[str, Document]) -> str:
    """The compose file that is taken in a folder where none is named; empty if there is none."""
    return next((path for name in DEFAULTS if (path := posixpath.join(folder, name)) in documents), "")


def _base_of_override(path: str, documents: Mapping[str, Document]) -> str:
    """The file that `NAME.override.yml` is laid over: NAME.yml, or the folder's default; empty for other files."""
    folder, name = posixpath.split(path)
    found = _OVERRIDE.fullmatch(name)
    if found is None:
        return ""
    alike = [posixpath.join(folder, f"{found[1]}{ending}") for ending in (".yml", ".yaml")]
    return next((base for base in alike if base in documents), "") or _default(folder, documents)


def _base_of_partial(path: str, documents: Mapping[str, Document]) -> str:
    """The default file of the folder, for a file that describes some of its services only in part; empty for others."""
    base = _default(posixpath.dirname(path), documents)
    if not base or base == path or posixpath.basename(path) in DEFAULTS:
        return ""
    services = documents[path].services
    partial = [name for name, value in services.items() if not any(value.get(key) for key in RUNS)]
    return base if any(name in documents[base].services for name in partial) else ""


def _services(document: Document, over: Sequence[Document]) -> Iterator[ComposeService]:
    """The services of a file with what others, laid over it, say of them; and those that only these have."""
    for name in dict.fromkeys(name for other in (document, *over) for name in other.services):
        found = [other for other in (document, *over) if name in other.services]
        service = found[0].service(name)
        for other in found[1:]:
            merged = lay_over(without(service, replaced_keys(other.services[name])), other.service(name))
            service = msgspec.structs.replace(merged, path=service.path, line=service.line, group=service.group)
        yield service


def _variants(base: Document, document: Document) -> Iterator[ComposeService]:
    """What a file for one surrounding (`docker-compose.prod.yml`) makes of services of the base file."""
    for name, value in document.services.items():
        over = document.service(name)
        beneath = base.service(name) if name in base.services else None
        yield over if beneath is None else lay_over(without(beneath, replaced_keys(value)), over)


def _includes(document: Document) -> Iterator[tuple[list[str], str]]:
    """What each entry of `include:` names: a file and those over it, and the folder that their paths are relative to."""
    for item in document.root.items_of("include"):
        texts = map(document.fill, _included_texts(item))
        paths = [path for text in texts if (path := document.project_path(text)) is not None]
        named = document.fill(item.text_of("project_directory"))
        folder = document.project_path(named) if named else None
        if paths:
            yield paths, posixpath.dirname(paths[0]) if folder is None else folder


def _end_of(path: str) -> str:
    """The name of a file with that of its folder, by which a command is taken to mean it."""
    return "/".join(path.split("/")[-2:])


def _included_texts(item: YamlValue) -> list[str]:
    """The paths of an entry of `include:`: itself, its `path`, or the list that this is."""
    single = item.text or item.text_of("path")
    return [single] if single else [path.text for path in item.items_of("path") if path.text]


def services_of(project: Project) -> list[Service]:
    """The services as the topology takes them: their names, the files that they run on, what they are built from."""
    services = read_compose(project).services
    networks = Networks(services)
    contents: dict[tuple[object, ...], _Content] = {}
    return [_as_service(project, service, networks, contents) for service in services]


class _Content(msgspec.Struct, frozen=True):
    """What a service runs on: the files of its image, and those that it starts."""

    image: Dockerfile | None
    copied: frozenset[str]
    entry_files: frozenset[str]


def _content_of(project: Project, service: ComposeService, contents: dict[tuple[object, ...], _Content]) -> _Content:
    """contents: those of services before it, by all that decides them; many services may run one image."""
    image = dockerfile_of(project, service)
    key = (service.context, id(image), service.mounts, service.entrypoint, service.command)
    found = contents.get(key)
    if found is None:
        copied = frozenset(_files_of_image(service, image)) if image else frozenset()
        found = contents[key] = _Content(image, copied, entry_files(project, service, image))
    return found


def _as_service(
    project: Project, service: ComposeService, networks: Networks, contents: dict[tuple[object, ...], _Content]
) -> Service:
    content = _content_of(project, service, contents)
    image, mounted = content.image, frozenset(mount.source for mount in service.mounts)
    listens = [port.target for port in service.ports if port.target]
    started = [*ports_of_command(" ".join(service.command)), *_ports_given(service)]
    shared = networks.owner(service).ports if service.shares else ()
    published = [(port.published, port.target or None) for port in (*service.ports, *shared) if port.published]
    pod = networks.pod(service)
    if pod == HOST_NETWORK:
        published += [(port, port) for port in listens]
    return Service(
        name=service.name,
        where=Location(project.show(service.path), service.line),
        names=service.names | networks.names_given(service),
        files=mounted | content.copied if mounted else content.copied,
        context=service.context,
        entry_files=content.entry_files,
        ports=tuple(dict.fromkeys((*listens, *started))) or (image.exposed if image else ()),
        published=tuple(dict.fromkeys(published)),
        is_open=any(port.published == 0 and not port.is_local for port in (*service.ports, *shared)),
        local_ports=frozenset(port.published for port in (*service.ports, *shared) if port.published and port.is_local),
        replicas=service.replicas,
        image=service.image.text if service.image else "",
        command=" ".join((*service.entrypoint, *service.command)),
        group=service.group,
        pod=pod,
        networks=networks.names_of_networks(service),
        containers=service.containers,
        extra_hosts=tuple(service.extra_hosts.items()),
        aliases=tuple(networks.aliases(service)),
        links=tuple(service.links.items()),
    )


def _ports_given(service: ComposeService) -> list[int]:
    """The ports that the environment of a service tells its server."""
    given = [value.text for name, value in service.environment.items() if name in PORT_VARIABLES]
    return [port for text in given if text.isdecimal() and 0 < (port := whole_number(text)) < 65536]


def _files_of_image(service: ComposeService, image: Dockerfile) -> Iterator[str]:
    """What an image runs on: a whole folder that is put anywhere (`COPY . .`) does not tell which of its files are used."""
    for target, path in copied_files(service, image):
        if path != (service.context or "").strip("./") or "nginx" in target:
            yield path


def dockerfile_of(project: Project, service: ComposeService) -> Dockerfile | None:
    """The Dockerfile that builds a service's image, if it is in the project."""
    build = service.build
    if build is None or (build.context is None and not build.inline):
        return None
    path = dockerfile_path(build)
    text = build.inline or (project.text_or_nothing(path) if path in project.file_set else "")
    return parse_dockerfile(text, build.target, build.arguments) if text else None


def dockerfile_path(build: ImageBuild) -> str:
    """Where the Dockerfile of a build lies, as a project path."""
    return posixpath.normpath(posixpath.join(build.context or "", build.dockerfile or "Dockerfile"))


def copied_files(service: ComposeService, image: Dockerfile) -> Iterator[tuple[str, str]]:
    """Where a build puts what, each with the project path that it is copied from (a glob as it is written)."""
    for copied in image.copied:
        yield from ((copied.target, path) for path in service.sources_of(copied) if path)
