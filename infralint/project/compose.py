"""Compose files: what runs beside what, under which names, from which folders and with which files.

https://docs.docker.com/reference/compose-file/services/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from infralint.model import Known, Location, Service, Setting, Unknown, Unreadable
from infralint.project import CantRead, Project
from infralint.project.dockerfile import Dockerfile, parse_dockerfile
from infralint.text.lazy import lazy
from infralint.text.paths import is_below
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

COMPOSE = ("*compose*.y*ml", "*stack*.y*ml")
_OVERRIDE = lazy(r"^(.*compose)\.override(\.ya?ml)$")
_HOLE = lazy(r"\$(?:\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*)|(\$))")
_ASSIGNMENT = lazy(r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Written:
    """A text of a compose file, and the project file and line that says it."""

    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the project that a service sees. target: where, on its own file system."""

    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class ComposeService:
    """One service. path: its compose file. context: the folder that its image is built from. env_files: project paths.

    ports: on which it listens, as far as the file tells; published: the host's ports that lead there. replicas:
    how many of it run, where the file says so.
    """

    name: str
    path: str
    line: int
    image: str = ""
    context: str | None = None
    dockerfile: str = ""
    mounts: tuple[Mount, ...] = ()
    environment: dict[str, Written] = field(default_factory=dict)
    env_files: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    published: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    replicas: Setting[int] | None = None

    def mounts_file(self, path: str) -> bool:
        """Whether a project file is mounted into it."""
        return any(is_below(path, mount.source) for mount in self.mounts)

    def builds_from(self, path: str) -> bool:
        """Whether a project file lies where its image is built."""
        return self.context is not None and is_below(path, self.context)


@dataclass
class Compose:
    """The services of a project's compose files; what could not be read of them."""

    services: list[ComposeService] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def read_compose(project: Project) -> Compose:
    """Every service of a project's compose files, an override file laid over its base. Read once a project."""
    return project.remembered("compose", lambda: _read(project))


def _read(project: Project) -> Compose:
    found = Compose()
    documents: dict[str, YamlValue] = {}
    for path in project.named(*COMPOSE):
        try:
            text = project.text(path)
            read = read_yaml(text, allow_duplicates=True)
        except CantRead as problem:
            found.unreadable.append(project.unreadable(path, problem))
            continue
        except YamlProblem as problem:
            if "services:" in text:
                said = problem.message if problem.is_content else f"is not YAML: {problem.message}"
                found.unreadable.append(project.unreadable(path, said, problem.line, problem.column))
            continue
        if read and read[0].members_of("services"):
            documents[path] = read[0]
            found.files.append(path)
    for path, document in documents.items():
        base = _base_of(path)
        if base not in documents:
            over = next((other for other in documents if _base_of(other) == path), None)
            reader = _FileReader(project, path, document, documents.get(over or ""), over or "")
            found.services += reader.services()
    return found


def _base_of(path: str) -> str:
    """The file that an override file is laid over; empty for any other."""
    folder, name = posixpath.split(path)
    match = _OVERRIDE.match(name)
    return posixpath.join(folder, f"{match[1]}{match[2]}") if match else ""


def services_of(project: Project) -> list[Service]:
    """The services as the topology takes them: their names, the files that they run on, what they are built from."""
    return [_as_service(project, service) for service in read_compose(project).services]


def _as_service(project: Project, service: ComposeService) -> Service:
    image = dockerfile_of(project, service)
    copied = frozenset(path for _, path in copied_files(service, image)) if image else frozenset()
    return Service(
        name=service.name,
        where=Location(project.shown(service.path), service.line),
        names=service.names,
        files=frozenset(mount.source for mount in service.mounts) | copied,
        context=service.context,
        ports=service.ports or (image.exposed if image else ()),
        published=service.published,
        replicas=service.replicas,
        image=service.image,
        group=posixpath.dirname(service.path),
    )


def dockerfile_of(project: Project, service: ComposeService) -> Dockerfile | None:
    """The Dockerfile that builds a service's image, if it is in the project."""
    if service.context is None:
        return None
    path = posixpath.normpath(posixpath.join(service.context, service.dockerfile or "Dockerfile")).removeprefix("./")
    if path not in project.file_set:
        return None
    try:
        return parse_dockerfile(project.text(path))
    except CantRead:
        return None


def copied_files(service: ComposeService, image: Dockerfile) -> Iterator[tuple[str, str]]:
    """Where a build puts what, each with the project path that it is copied from (a glob as it is written)."""
    for copied in image.copied:
        for source in copied.sources:
            path = posixpath.normpath(posixpath.join(service.context or "", source.lstrip("/")))
            if not path.startswith("..") and path not in ("", "."):
                yield copied.target, path


class _FileReader:
    """One compose file, with the override file beside it."""

    def __init__(
        self, project: Project, path: str, document: YamlValue, override: YamlValue | None, override_path: str
    ) -> None:
        self.project = project
        self.path = path
        self.folder = posixpath.dirname(path)
        self.document = document
        self.override = override
        self.override_path = override_path
        self.variables = _env_file(project, posixpath.join(self.folder, ".env"))
        self.seen: set[str] = set()

    def services(self) -> Iterator[ComposeService]:
        overrides = self.override.members_of("services") if self.override else {}
        for name, value in self.document.members_of("services").items():
            service = self._service(name, self._extended(value), self.path, self.document)
            if name in overrides and self.override is not None:
                over = self._service(name, overrides[name], self.override_path, self.override)
                service = _laid_over(service, over)
            yield service

    def _extended(self, value: YamlValue, depth: int = 0) -> YamlValue:
        """A service with what it extends in the same file beneath it."""
        base = value.text_of("extends") or value.text_of("extends", "service")
        if not base or value.text_of("extends", "file") or depth > 8:
            return value
        parent = self.document.get("services", base)
        if parent is None or parent.members is None:
            return value
        below = self._extended(parent, depth + 1)
        return YamlValue(
            value.span, members=(below.members or {}) | (value.members or {}), keys=below.keys | value.keys
        )

    def _service(self, name: str, value: YamlValue, path: str, document: YamlValue) -> ComposeService:
        build = value.get("build")
        context = value.text_of("build", "context") or value.text_of("build")
        published, ports = self._ports(value)
        replicas = self._replicas(value, path)
        return ComposeService(
            name=name,
            path=path,
            line=value.line,
            image=self._filled(value.text_of("image")),
            context=self._project_path(self._filled(context or "."))
            if build is not None and not build.is_null
            else None,
            dockerfile=self._filled(value.text_of("build", "dockerfile")),
            mounts=(*self._volumes(value), *self._configs(value, document)),
            environment={key: Written(text, path, line) for key, text, line in _environment(value.get("environment"))},
            env_files=tuple(self._env_files(value)),
            ports=tuple(dict.fromkeys([*ports, *self._exposed(value)])),
            published=tuple(published),
            names=frozenset(filter(None, [name, *self._names(value)])),
            networks=frozenset(_names_of(value.get("networks")) or ["default"]),
            labels={
                key: text
                for key, text, _ in [*_environment(value.get("labels")), *_environment(value.get("deploy", "labels"))]
            },
            command=self._command(value),
            replicas=replicas,
        )

    def _names(self, value: YamlValue) -> Iterator[str]:
        """What others may call it: aliases, its container, its host."""
        yield self._filled(value.text_of("container_name"))
        yield self._filled(value.text_of("hostname"))
        for network in value.members_of("networks").values():
            yield from (item.text or "" for item in network.items_of("aliases"))

    def _ports(self, value: YamlValue) -> tuple[list[int], list[int]]:
        """Ports of the host that are published, and those of the container that they lead to."""
        published: list[int] = []
        targets: list[int] = []
        for item in value.items_of("ports"):
            host = self._filled(item.text_of("published"))
            target = self._filled(item.text_of("target"))
            if item.text is not None:
                text = self._filled(item.text).partition("/")[0]
                before, _, target = text.rpartition(":")
                host = before.rpartition(":")[2] if before else ""
            published += _numbers(host)
            targets += _numbers(target)
        return published, targets

    def _exposed(self, value: YamlValue) -> Iterator[int]:
        for item in value.items_of("expose"):
            yield from _numbers(self._filled(item.text or "").partition("/")[0])

    def _volumes(self, value: YamlValue) -> Iterator[Mount]:
        """What volumes show of the project, in the short form (`./conf:/etc/nginx:ro`) and the long one."""
        for item in value.items_of("volumes"):
            source, target = (
                item.text_of("source") or item.text_of("src"),
                item.text_of("target") or item.text_of("dst"),
            )
            if item.text is not None:
                source, _, rest = self._filled(item.text).partition(":")
                target = rest.partition(":")[0]
            elif item.text_of("type") not in ("", "bind"):
                continue
            shown = self._project_path(self._filled(source)) if _is_path(source) else None
            if shown is not None and target:
                yield Mount(shown, self._filled(target))

    def _configs(self, value: YamlValue, document: YamlValue) -> Iterator[Mount]:
        """Files that `configs:` and `secrets:` bring, by their short and long forms."""
        for kind, folder in (("configs", "/"), ("secrets", "/run/secrets/")):
            for item in value.items_of(kind):
                name = item.text or item.text_of("source")
                file = document.text_of(kind, name, "file")
                shown = self._project_path(self._filled(file)) if file else None
                if shown is not None:
                    yield Mount(shown, posixpath.join(folder, item.text_of("target") or name))

    def _env_files(self, value: YamlValue) -> Iterator[str]:
        single = value.text_of("env_file")
        items = [single] if single else [item.text or item.text_of("path") for item in value.items_of("env_file")]
        paths = (self._project_path(self._filled(item)) for item in items if item)
        yield from (path for path in paths if path is not None)

    def _command(self, value: YamlValue) -> tuple[str, ...]:
        words: list[str] = []
        for key in ("entrypoint", "command"):
            listed = [self._filled(item.text or "") for item in value.items_of(key)]
            words += listed or self._filled(value.text_of(key)).split()
        return tuple(words)

    def _replicas(self, value: YamlValue, path: str) -> Setting[int] | None:
        """`deploy.replicas`, or the older `scale`; None where nothing is said."""
        for keys in (("deploy", "replicas"), ("scale",)):
            given = value.get(*keys)
            if given is None or given.is_null:
                continue
            where = Location(self.project.shown(path), given.line, given.span.column)
            text = self._filled(given.text or "")
            written = f"{keys[-1]}: {given.text}"
            if text.isdecimal():
                return Known(int(text), where, keys[-1], written=written)
            return Unknown(where, keys[-1], f"`{written}` is only known once it is filled in")
        return None

    def _filled(self, text: str) -> str:
        """A text with its variables by the .env file beside it and their own defaults; others stay as they are."""

        def value(hole: re.Match[str]) -> str:
            if hole[5]:
                return "$"
            name, operator, other = hole[1] or hole[4], hole[2] or "", hole[3] or ""
            known = self.variables.get(name)
            if operator.endswith("-") and not (known if operator == ":-" else known is not None):
                return other
            return hole[0] if known is None else known

        return _HOLE.sub(value, text)

    def _project_path(self, path: str) -> str | None:
        """A path of the compose file from the project's root (`""`); None for one that leads out of it."""
        if path.startswith(("/", "~", "$")):
            return None
        joined = posixpath.normpath(posixpath.join(self.folder, path))
        if joined.startswith(".."):
            return None
        return "" if joined == "." else joined


def _laid_over(service: ComposeService, over: ComposeService) -> ComposeService:
    """A service with another file's words for it: https://docs.docker.com/reference/compose-file/merge/."""
    targets = {mount.target for mount in over.mounts}
    return replace(
        service,
        image=over.image or service.image,
        context=over.context if over.context is not None else service.context,
        dockerfile=over.dockerfile or service.dockerfile,
        mounts=(*(mount for mount in service.mounts if mount.target not in targets), *over.mounts),
        environment=service.environment | over.environment,
        env_files=(*service.env_files, *over.env_files),
        ports=tuple(dict.fromkeys([*service.ports, *over.ports])),
        published=tuple(dict.fromkeys([*service.published, *over.published])),
        names=service.names | over.names,
        labels=service.labels | over.labels,
        command=over.command or service.command,
        replicas=over.replicas or service.replicas,
    )


def _environment(value: YamlValue | None) -> Iterator[tuple[str, str, int]]:
    """Names, values and lines of `NAME: value`, or of a list of `NAME=value`."""
    if value is None:
        return
    for name, member in (value.members or {}).items():
        yield name, "" if member.is_null else member.text or "", member.line
    for item in value.items or ():
        name, equals, text = (item.text or "").partition("=")
        if equals:
            yield name, text, item.line


def _names_of(value: YamlValue | None) -> list[str]:
    if value is None:
        return []
    return list(value.members or ()) or [item.text for item in value.items or () if item.text]


def _numbers(text: str) -> Iterable[int]:
    """The ports of `80` or `8000-8002`."""
    first, _, last = text.strip("\"' ").partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        return []
    return range(int(first), min(int(last or first), int(first) + 100) + 1)


def _is_path(text: str) -> bool:
    """Whether a volume's source is a path, and no volume by its name."""
    return text.startswith((".", "$")) or "/" in text.strip("/")


def _env_file(project: Project, path: str) -> dict[str, str]:
    if path not in project.file_set:
        return {}
    try:
        lines = project.text(path).splitlines()
    except CantRead:
        return {}
    pairs = [found.groups() for line in lines if (found := _ASSIGNMENT.match(line))]
    return {name: re.sub(r"\s+#.*$", "", text).strip("\"'") for name, text in pairs}
