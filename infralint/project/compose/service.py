"""A service of compose files, and what becomes of it where one file is laid over another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from infralint.model import Setting
from infralint.project.dockerfile import Copied
from infralint.text.paths import is_below


class ComposeText(msgspec.Struct, frozen=True):
    """A text of a compose file, and the project file and line that says it."""

    text: str
    path: str
    line: int


class VolumeMount(msgspec.Struct, frozen=True):
    """A file or folder of the project that a service sees. target: where, on its own file system."""

    source: str
    target: str


class Port(msgspec.Struct, frozen=True):
    """A port on which a service listens. published: the one of its host that leads there; None: none does, 0: any may.
    is_local: nobody but the host itself reaches that one."""

    target: int
    published: int | None = None
    is_local: bool = False


class ImageBuild(msgspec.Struct, frozen=True, kw_only=True):
    """How an image is built. context: a project folder; None for one that is not here. dockerfile: relative to it.

    inline: a Dockerfile that is written out. target: the stage to stop at. arguments: values of its ARGs. has_context: the
    folder is written, and not that of the file for want of another.
    """

    context: str | None = None
    dockerfile: str = ""
    inline: str = ""
    target: str = ""
    arguments: Mapping[str, str] = {}
    has_context: bool = True


class ComposeService(msgspec.Struct, frozen=True, kw_only=True):
    """One service. path: its compose file, the uppermost of several; group: services see each other within one.

    image: as written, with what is known filled in. env_files: project paths. names: by which others dial it.
    containers: names of single ones of its containers. extra_hosts: names that it alone knows, each with the address
    that it stands for. network_mode: as written. replicas: how many of it run, where the file says so. profiles: it
    runs only where one of them is asked for. networks: those that it is said to be in; network_names: what those are
    called that are not the project's own. aliases: names that one of its networks knows, by network.
    """

    name: str
    path: str
    line: int
    group: str = ""
    image: ComposeText | None = None
    build: ImageBuild | None = None
    mounts: tuple[VolumeMount, ...] = ()
    environment: Mapping[str, ComposeText] = {}
    env_files: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    names: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    extra_hosts: Mapping[str, str] = {}
    labels: Mapping[str, ComposeText] = {}
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    links: Mapping[str, str] = {}
    network_mode: str = ""
    replicas: Setting[int] | None = None
    profiles: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    network_names: Mapping[str, str] = {}
    aliases: Mapping[str, frozenset[str]] = {}

    @property
    def context(self) -> str | None:
        """The project folder that its image is built from."""
        return self.build.context if self.build else None

    @property
    def image_name(self) -> str:
        """The last part of its image's name, without tag and digest."""
        image = self.image.text.rpartition("/")[2] if self.image else ""
        return image.partition(":")[0].partition("@")[0]

    @property
    def is_on_the_host(self) -> bool:
        """Whether it has no network of its own, but that of the machine."""
        return self.network_mode == "host"

    @property
    def shares(self) -> str:
        """The service, or the container, whose network address it has; empty where it has one of its own.

        https://docs.docker.com/reference/compose-file/services/#network_mode
        """
        kind, _, name = self.network_mode.partition(":")
        return name if kind in ("service", "container") else ""

    def mounts_file(self, path: str) -> bool:
        """Whether a project file is mounted into it."""
        return any(is_below(path, mount.source) for mount in self.mounts)

    def builds_from(self, path: str) -> bool:
        """Whether a project file lies where its image is built."""
        return self.context is not None and is_below(path, self.context)

    def sources_of(self, copied: Copied) -> Iterator[str]:
        """The project paths (empty: its root; a glob as it is written) that a build of it takes files from."""
        for source in copied.sources:
            path = posixpath.normpath(posixpath.join(self.context or "", source.lstrip("/")))
            if not path.startswith(".."):
                yield "" if path == "." else path


_ROUTING_LABELS = ("traefik.http.routers.", "caddy.", "caddy_", "caddy")


def is_routed(service: ComposeService) -> bool:
    """Whether a service asks a proxy beside it for a route, by its labels or its environment."""
    return "VIRTUAL_HOST" in service.environment or any(
        label.lower().startswith(_ROUTING_LABELS) for label in service.labels
    )


FIELDS = {
    "build": ("build",),
    "command": ("command",),
    "configs": ("mounts",),
    "deploy": ("replicas",),
    "entrypoint": ("entrypoint",),
    "env_file": ("env_files",),
    "environment": ("environment",),
    "expose": ("ports",),
    "extra_hosts": ("extra_hosts",),
    "image": ("image",),
    "labels": ("labels",),
    "links": ("links",),
    "network_mode": ("network_mode",),
    "networks": ("networks", "aliases"),
    "ports": ("ports",),
    "profiles": ("profiles",),
    "scale": ("replicas",),
    "secrets": ("mounts",),
    "volumes": ("mounts",),
}
"""Key of a service -> what `!reset` and `!override` on it do away with."""


def without(service: ComposeService, keys: frozenset[str]) -> ComposeService:
    """A service without what some of its keys say."""
    empty = ComposeService(name=service.name, path=service.path, line=service.line)
    names = {name for key in keys for name in FIELDS.get(key, ())}
    return msgspec.structs.replace(service, **{name: getattr(empty, name) for name in names}) if names else service


def lay_over(service: ComposeService, over: ComposeService) -> ComposeService:
    """A service with what another file says of it: https://docs.docker.com/reference/compose-file/merge/."""
    targets = {mount.target for mount in over.mounts}
    return msgspec.structs.replace(
        over,
        image=over.image or service.image,
        build=_image_build(service.build, over.build),
        mounts=(*(mount for mount in service.mounts if mount.target not in targets), *over.mounts),
        environment={**service.environment, **over.environment},
        env_files=(*service.env_files, *over.env_files),
        ports=tuple(dict.fromkeys([*service.ports, *over.ports])),
        names=service.names | over.names,
        containers=service.containers | over.containers,
        extra_hosts={**service.extra_hosts, **over.extra_hosts},
        labels={**service.labels, **over.labels},
        entrypoint=over.entrypoint or service.entrypoint,
        command=over.command or service.command,
        links={**service.links, **over.links},
        network_mode=over.network_mode or service.network_mode,
        replicas=over.replicas or service.replicas,
        profiles=service.profiles | over.profiles,
        networks=service.networks | over.networks,
        network_names={**service.network_names, **over.network_names},
        aliases={**service.aliases, **over.aliases},
    )


def _image_build(build: ImageBuild | None, over: ImageBuild | None) -> ImageBuild | None:
    if build is None or over is None:
        return over or build
    return ImageBuild(
        context=over.context if over.has_context else build.context,
        has_context=over.has_context or build.has_context,
        dockerfile=over.dockerfile or build.dockerfile,
        inline=over.inline or build.inline,
        target=over.target or build.target,
        arguments={**build.arguments, **over.arguments},
    )
