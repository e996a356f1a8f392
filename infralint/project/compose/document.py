"""One compose file to services, each value filled in and with its place.

https://docs.docker.com/reference/compose-file/services/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import islice

import msgspec

from infralint.model import Known, Location, Setting, Unknown
from infralint.project.compose.ports import ports_in
from infralint.project.compose.service import (
    ComposeService,
    ComposeText,
    ImageBuild,
    Port,
    VolumeMount,
    lay_over,
    without,
)
from infralint.project.variables import fill
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlSpan, YamlValue

MOST_PORTS = 1000
"""Ports of one service that are looked at."""
MOST_CONTAINERS = 16
"""Containers of one service that are known by their names."""
_HERE = frozenset({"PWD"})
"""Variables that name the folder of the compose file, where people call it."""


class Document:
    """A compose file. folder: what its paths are relative to; variables: values of its holes; shown: the path to show.

    extended: the document of a file that services extend, None where it can't be had. group: of its services.
    """

    def __init__(
        self,
        path: str,
        root: YamlValue,
        folder: str,
        variables: Mapping[str, str],
        shown: Callable[[str], str],
        extended: Callable[[str], Document | None],
    ) -> None:
        self.path = path
        self.root = root
        self.folder = self.group = folder
        self.variables = variables
        self.shown = shown
        self.extended = extended
        self._made: dict[str, ComposeService] = {}

    @property
    def services(self) -> Mapping[str, YamlValue]:
        """What the file says of each service, by name."""
        return self.root.members_of("services")

    def service(self, name: str) -> ComposeService:
        """A service of this file, laid over what it extends."""
        chain: list[tuple[Document, str]] = []
        at: tuple[Document, str] | None = (self, name)
        seen: set[tuple[Document, str]] = set()
        while at is not None and at[1] not in at[0]._made and at not in seen:
            seen.add(at)
            chain.append(at)
            at = at[0]._base_of(at[1])
        base = at[0]._made.get(at[1]) if at is not None else None
        for document, extended in reversed(chain):
            base = document._made[extended] = document._lay_over(base, extended)
        return self._made[name]

    def _base_of(self, name: str) -> tuple[Document, str] | None:
        """The service that a service of this file extends, with the file that it stands in."""
        value = self.services[name]
        extended = self._text(value, "extends") or self._text(value, "extends", "service")
        file = self._text(value, "extends", "file")
        path = self.project_path(file) if file else None
        document = self if not file else self.extended(path) if path is not None else None
        return (document, extended) if document is not None and extended in document.services else None

    def _lay_over(self, base: ComposeService | None, name: str) -> ComposeService:
        """What this file says of a service, laid over the one that it extends."""
        value = self.services[name]
        service = self._service(name, value)
        if base is None:
            return service
        mode = "" if base.shares else base.network_mode
        names = base.names - {base.name, f"tasks.{base.name}"}
        base = msgspec.structs.replace(base, names=names, links={}, network_mode=mode)
        return lay_over(without(base, replaced_keys(value)), service)

    def _service(self, name: str, value: YamlValue) -> ComposeService:
        return ComposeService(
            name=name,
            path=self.path,
            line=self._lines[name].line,
            group=self.group,
            image=self._image(value),
            build=self._build(value),
            mounts=(*self._volumes(value), *self._files(value, "configs", "/"), *self._files(value, "secrets", "/run/secrets")),
            environment=self._environment(value),
            env_files=tuple(self._env_files(value)),
            ports=tuple(dict.fromkeys(self._first_ports(value))),
            names=frozenset(filter(None, [name, *self._names_in_swarm(name, value), *self._names(value)])),
            containers=frozenset(self._containers(name, value)),
            extra_hosts=dict(self._extra_hosts(value)),
            labels=dict(self._labels(value)),
            entrypoint=self._words(value, "entrypoint"),
            command=self._words(value, "command"),
            links=dict(self._links(value)),
            network_mode=self._text(value, "network_mode"),
            replicas=self._replicas(value),
            profiles=frozenset(self._texts(value, "profiles")),
            networks=frozenset((*value.members_of("networks"), *self._texts(value, "networks"))),
            network_names=self._network_names,
            aliases={
                name: frozenset(self._texts(network, "aliases"))
                for name, network in value.members_of("networks").items()
            },
        )  # fmt: skip

    def _names_in_swarm(self, name: str, value: YamlValue) -> Iterator[str]:
        """The name that a stack gives to all tasks of a service.

        https://docs.docker.com/engine/swarm/networking/
        """
        if value.get("deploy") is not None:
            yield f"tasks.{name}"

    @cached_property
    def _network_names(self) -> Mapping[str, str]:
        """What the networks are called that other projects may join: external ones, and those with a name of their own."""
        found: dict[str, str] = {}
        for name, network in self.root.members_of("networks").items():
            external = self._text(network, "external")
            written = self._text(network, "name") or self._text(network, "external", "name")
            if written or external in ("true", "yes"):
                found[name] = written or name
        return found

    @property
    def _lines(self) -> Mapping[str, YamlSpan]:
        services = self.root.get("services")
        return services.keys if services is not None else {}

    def _image(self, value: YamlValue) -> ComposeText | None:
        image = value.get("image")
        return ComposeText(self.fill(image.text), self.path, image.line) if image is not None and image.text else None

    def _build(self, value: YamlValue) -> ImageBuild | None:
        build = value.get("build")
        if build is None or build.is_null:
            return None
        written = self._text(build) or self._text(build, "context")
        context = written or "."
        return ImageBuild(
            context=None if "://" in context or context.startswith("git@") else self.project_path(context),
            dockerfile=self._text(build, "dockerfile"),
            inline=build.text_of("dockerfile_inline").replace("$$", "$"),
            target=self._text(build, "target"),
            arguments={name: self.fill(text) for name, text, _ in pairs(build.get("args")) if text is not None},
            has_context=bool(written),
        )

    def _names(self, value: YamlValue) -> Iterator[str]:
        """What others may call it: aliases and addresses of its own, its container, its host."""
        yield self._text(value, "container_name")
        yield self._text(value, "hostname")
        for network in value.members_of("networks").values():
            yield from self._texts(network, "aliases")
            yield self._text(network, "ipv4_address")
            yield self._text(network, "ipv6_address")

    def _containers(self, name: str, value: YamlValue) -> Iterator[str]:
        """What compose calls its containers, which are numbered: `shop-api-1`, and `shop_api_1` of old.

        https://docs.docker.com/compose/how-tos/project-name/
        """
        project = self._text(self.root, "name") or self.variables.get("COMPOSE_PROJECT_NAME", "")
        project = project or re.sub(r"[^a-z0-9_-]", "", posixpath.basename(self.folder).lower()).lstrip("-_")
        replicas = self._replicas(value)
        number = replicas.value if isinstance(replicas, Known) else 1
        if project and not self._text(value, "container_name"):
            for mark in "-_":
                yield from (f"{project}{mark}{name}{mark}{index + 1}" for index in range(min(number, MOST_CONTAINERS)))

    def _extra_hosts(self, value: YamlValue) -> Iterator[tuple[str, str]]:
        """`name:address` or `name=address`, or a mapping of names to addresses."""
        for name, member in value.members_of("extra_hosts").items():
            for text in (member.text or "", *(item.text or "" for item in member.items or ())):
                yield from [(name, self.fill(text))] if text else []
        for text in self._texts(value, "extra_hosts"):
            name, mark, address = text.partition("=") if "=" in text else text.partition(":")
            if mark:
                yield name, address.strip("[]")

    def _links(self, value: YamlValue) -> Iterator[tuple[str, str]]:
        """Names by which it alone may dial other services."""
        for text in self._texts(value, "links"):
            name, _, alias = text.partition(":")
            yield alias or name, name

    def _first_ports(self, value: YamlValue) -> Iterator[Port]:
        yield from islice(self._ports(value), MOST_PORTS)
        yield from islice(self._exposed_ports(value), MOST_PORTS)

    def _ports(self, value: YamlValue) -> Iterator[Port]:
        for address, host, target in self._list_published(value):
            is_local = address.strip("[]") in _OWN_ADDRESSES
            yield from (msgspec.structs.replace(port, is_local=is_local) for port in _pair_ports(host, target))

    def _list_published(self, value: YamlValue) -> Iterator[tuple[str, str, str]]:
        """`[host:][published:]target[/protocol]`, or a mapping. What is not TCP carries no stream."""
        for item in value.items_of("ports"):
            host, target = self._text(item, "published"), self._text(item, "target")
            protocol, address = self._text(item, "protocol"), self._text(item, "host_ip")
            if item.text is not None:
                text, _, protocol = self.fill(item.text).partition("/")
                before, _, target = text.rpartition(":")
                found = _ADDRESS_AND_PORT.fullmatch(before)
                address, host = (found["address"] or "", found["port"]) if found is not None else ("", before)
            if protocol in ("", "tcp"):
                yield address, host, target

    def count_ports(self, name: str) -> int:
        """How many ports a service of this file publishes."""
        published = self._list_published(self.services[name])
        return sum(len(_numbers(target) or _numbers(host)) for _, host, target in published)

    def _exposed_ports(self, value: YamlValue) -> Iterator[Port]:
        for text in self._texts(value, "expose"):
            yield from (Port(number) for number in _numbers(text.partition("/")[0]))

    def _volumes(self, value: YamlValue) -> Iterator[VolumeMount]:
        """What volumes show of the project, in the short form (`./conf:/etc/nginx:ro`) and the long one."""
        for item in value.items_of("volumes"):
            source = self._text(item, "source") or self._text(item, "src")
            target = self._text(item, "target") or self._text(item, "dst") or self._text(item, "destination")
            if item.text is not None:
                source, _, rest = self._here(item.text).partition(":")
                target = rest.partition(":")[0]
            elif self._text(item, "type") not in ("", "bind", "volume"):
                continue
            path = self.project_path(source) if _is_path(source) else self._bound(source)
            if path is not None and target:
                yield VolumeMount(path, target)

    def _bound(self, volume: str) -> str | None:
        """The project folder that a named volume is bound to."""
        options = self.root.get("volumes", volume, "driver_opts")
        device = self._text(options, "device") if options is not None else ""
        return self.project_path(device) if _is_path(device) else None

    def _files(self, value: YamlValue, kind: str, folder: str) -> Iterator[VolumeMount]:
        """Files that `configs:` and `secrets:` bring; one whose content is written out stands in the compose file."""
        for item in value.items_of(kind):
            name = self.fill(item.text or "") or self._text(item, "source")
            given = self.root.get(kind, name)
            file = self._text(given, "file") if given is not None else ""
            path = (
                self.project_path(file) if file else self.path if given is not None and given.get("content") else None
            )
            if path is not None:
                yield VolumeMount(path, posixpath.join(folder, self._text(item, "target") or name))

    def _environment(self, value: YamlValue) -> dict[str, ComposeText]:
        """Values of its environment as they are written; one that is only named comes from outside: `${NAME}`."""
        return {
            name: ComposeText(f"${{{name}}}" if text is None else text, self.path, line)
            for name, text, line in pairs(value.get("environment"))
        }

    def _env_files(self, value: YamlValue) -> Iterator[str]:
        single = self._text(value, "env_file") or self._text(value, "env_file", "path")
        items = [self._text(item) or self._text(item, "path") for item in value.items_of("env_file")]
        for file in [single, *items]:
            path = self.project_path(file) if file else None
            if path is not None:
                yield path

    def _labels(self, value: YamlValue) -> Iterator[tuple[str, ComposeText]]:
        for labels in (value.get("labels"), value.get("deploy", "labels")):
            for name, text, line in pairs(labels):
                yield name, ComposeText(self.fill(text or "").replace("$$", "$"), self.path, line)

    def _words(self, value: YamlValue, key: str) -> tuple[str, ...]:
        return tuple(self._texts(value, key) or self._text(value, key).split())

    def _replicas(self, value: YamlValue) -> Setting[int] | None:
        """`deploy.replicas`, or the older `scale`; None where nothing is said."""
        mode = value.get("deploy", "mode")
        if mode is not None and mode.text in ("global", "global-job"):
            return Unknown(self._at(mode), "mode", f"`mode: {mode.text}` runs one on each machine")
        for keys in (("deploy", "replicas"), ("scale",)):
            given = value.get(*keys)
            if given is None or given.is_null:
                continue
            text = self.fill(given.text or "")
            written = f"{keys[-1]}: {given.text}"
            if _is_number(text):
                return Known(int(text), self._at(given), keys[-1], written=written)
            return Unknown(self._at(given), keys[-1], f"`{written}` is only known once it is filled in")
        return None

    def _text(self, value: YamlValue, *path: str) -> str:
        """The text of a value, or of a member; `$PWD` stands for the folder of the file."""
        found = value.get(*path)
        return self._here(found.text) if found is not None and found.text and not found.is_null else ""

    def _texts(self, value: YamlValue, *path: str) -> list[str]:
        return [self.fill(item.text) for item in value.items_of(*path) if item.text]

    def fill(self, text: str) -> str:
        """A text with its variables by the .env file and their own defaults."""
        return fill(text, self.variables)

    def _here(self, text: str) -> str:
        return fill(text, {**dict.fromkeys(_HERE, "."), **self.variables})

    def _at(self, value: YamlValue) -> Location:
        return Location(self.shown(self.path), value.line, value.span.column)

    def project_path(self, path: str) -> str | None:
        """A path of the compose file from the project's root (`""`); None for one that leads out, or is not known."""
        if path.startswith(("/", "~")) or "$" in path or "\\" in path or ":" in path:
            return None
        joined = posixpath.normpath(posixpath.join(self.folder, path))
        if joined == ".." or joined.startswith("../"):
            return None
        return "" if joined == "." else joined


def replaced_keys(value: YamlValue) -> frozenset[str]:
    """The keys of a service that do away with what the file beneath says: `ports: !reset []`, `ports: !override […]`."""
    return frozenset(key for key, member in (value.members or {}).items() if member.tag in ("!reset", "!override"))


def pairs(value: YamlValue | None) -> Iterator[tuple[str, str | None, int]]:
    """Names, values and lines of `NAME: value`, or of a list of `NAME=value`; None for a name alone."""
    if value is None:
        return
    for name, member in (value.members or {}).items():
        yield name, None if member.is_null else member.text, value.keys[name].line
    for item in value.items or ():
        name, equals, text = (item.text or "").partition("=")
        if name:
            yield name, text if equals else None, item.line


_OWN_ADDRESSES = frozenset({"127.0.0.1", "localhost", "::1"})


_ADDRESS_AND_PORT = lazy(r"(?:(?P<address>(?:\$\{[^}]*\}|[^$])*):)?(?P<port>(?:\$\{[^}]*\}|[^:$])*)")
"""What stands before the port of a container, variables whole: `${ADDRESS}:${PORT:-80}`."""


def _pair_ports(published: str, target: str) -> Iterator[Port]:
    """`8000-8001` and `80-81` are two ports; a port of the host that is not known may be any."""
    targets, hosts = _numbers(target), _numbers(published)
    if not published:
        yield from (Port(number, 0) for number in targets)
    elif len(hosts) == len(targets):
        yield from (Port(number, host) for number, host in zip(targets, hosts, strict=True))
    elif hosts and targets:
        yield from (Port(targets[0], host) for host in hosts)
    else:
        yield from (Port(number, 0) for number in targets)
        yield from (Port(0, host) for host in hosts if not targets)


def _numbers(text: str) -> range:
    """The ports that a text names; none for what names none, or not yet."""
    return ports_in(text.strip()) or range(0)


def _is_number(text: str) -> bool:
    """Whether a text is a number of a port or a count."""
    return text.isascii() and text.isdecimal() and len(text) <= 5


def _is_path(text: str) -> bool:
    """Whether a volume's source is a path, and no volume by its name."""
    return text.startswith((".", "$", "~")) or "/" in text
