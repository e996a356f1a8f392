"""From which folder of the project an image is built: by compose files, Skaffold, Tilt, scripts, a folder of its name, or
because the project builds one image only."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from infralint.project import CantRead, Project
from infralint.project.build_commands import read_build_commands
from infralint.project.compose import ComposeService, ImageBuild, copied_files, dockerfile_of, read_compose
from infralint.project.compose.entry_files import entry_files
from infralint.text.lazy import lazy
from infralint.text.stream_names import STORES
from infralint.text.yaml_places import YamlProblem, read_yaml

_TILT = lazy(
    r"\b(?:docker_build|custom_build)\(\s*(?:ref\s*=\s*)?[\"']([^\"'\n]+)[\"']\s*,\s*(?:context\s*=\s*)?[\"']([^\"'\n]+)[\"']"
)
_DOCKERFILES = lazy(r"(?:dockerfile|containerfile)(?:\.[\w-]+)?|[\w-]+\.dockerfile", re.IGNORECASE)
_LARGEST = 1024 * 1024
_OTHERS = frozenset(
    "adminer alertmanager alpine apisix aws-load-balancer-controller bash busybox caddy cassandra chroma chromadb"
    " clickhouse clickhouse-server cloudflared consul curl debian docker elasticsearch envoy etcd external-dns"
    " fluent-bit fluentd gitea grafana haproxy httpd influxdb jaeger keycloak kibana kong kubectl localstack logstash"
    " loki mailhog mariadb memcached metrics-server milvus minio mongo mongodb mysql nats neo4j nginx nginx-ingress"
    " nginx-unprivileged oauth2-proxy ollama openresty opensearch opentelemetry-collector otel postgres postgresql"
    " prometheus qdrant rabbitmq redis redis-stack registry rockylinux solr temporal traefik ubuntu valkey vault"
    " weaviate zookeeper".split()
)
"""Last parts of names of images that nobody builds from the folder of an application."""


class Images:
    """The images that a project builds."""

    def __init__(self, project: Project) -> None:
        self.project = project
        commands = {_plain(image): build for image, build in read_build_commands(project)}
        self.built = {**commands, **dict(self._read_build_tools())}
        self.folders = self._folders()

    def build_of(self, image: str, alone: bool = False) -> ImageBuild | None:
        """How an image is built. alone: it is the only one that nothing explains, and may be the only one built here."""
        if not (self.built or self.folders):
            return None
        name = _plain(image)
        if name in self.built:
            return self.built[name]
        if not is_own_name(image):
            return None
        found = [folder for folder in self.folders if folder and is_built_of(image, posixpath.basename(folder))]
        if len(found) == 1:
            return ImageBuild(context=found[0], dockerfile=self.folders[found[0]])
        if alone and len(self.folders) == 1:
            [(folder, dockerfile)] = self.folders.items()
            return ImageBuild(context=folder, dockerfile=dockerfile)
        return None

    def copied_into(self, build: ImageBuild) -> frozenset[str]:
        """The project paths that a build puts into its image."""
        service = ComposeService(name="", path="", line=0, build=build)
        image = dockerfile_of(self.project, service)
        return frozenset(path for _, path in copied_files(service, image)) if image is not None else frozenset()

    def entry_files_of(
        self, build: ImageBuild, entrypoint: tuple[str, ...], command: tuple[str, ...]
    ) -> frozenset[str]:
        """The project's files that a container of its image starts."""
        service = ComposeService(name="", path="", line=0, build=build, entrypoint=entrypoint, command=command)
        return entry_files(self.project, service, dockerfile_of(self.project, service))

    def exposed_by(self, build: ImageBuild) -> tuple[int, ...]:
        """The ports that its Dockerfile names."""
        image = dockerfile_of(self.project, ComposeService(name="", path="", line=0, build=build))
        return image.exposed if image is not None else ()

    def _read_build_tools(self) -> Iterator[tuple[str, ImageBuild]]:
        """What build tools say: image -> how it is built."""
        for service in read_compose(self.project).services:
            if service.build is not None and service.build.context is not None and service.image is not None:
                yield _plain(service.image.text), service.build
        for path in self.project.files_named("skaffold*.y*ml", "Tiltfile*"):
            try:
                text = self.project.bytes(path, _LARGEST).decode("utf-8", "replace")
            except CantRead:
                continue
            folder = posixpath.dirname(path)
            found = _TILT.findall(text) if "Tiltfile" in path else _artifacts(text)
            for image, context in found:
                inside = posixpath.normpath(posixpath.join(folder, context))
                if not inside.startswith(("..", "/")):
                    yield _plain(image), ImageBuild(context="" if inside == "." else inside)

    def _folders(self) -> dict[str, str]:
        """The folders that hold one Dockerfile, and its name."""
        found: dict[str, list[str]] = {}
        for path, name in self.project.names.find_holding("dockerfile", "containerfile"):
            if _DOCKERFILES.fullmatch(name):
                found.setdefault(path.rpartition("/")[0], []).append(name)
        return {
            folder: "Dockerfile" if "Dockerfile" in names else names[0]
            for folder, names in found.items()
            if len(names) == 1 or "Dockerfile" in names
        }


def is_own_name(image: str) -> bool:
    """Whether an image is none of those that everybody takes as they are."""
    name = _plain(image)
    last = name.rpartition("/")[2]
    return last not in _OTHERS and last not in STORES and not name.endswith("ingress-nginx/controller")


def is_built_of(image: str, folder: str) -> bool:
    """Whether an image has the name of a folder, or its last part: `acme/chat-api` is built from `api`."""
    last, folder = _plain(image).rpartition("/")[2], folder.lower()
    return last == folder or last.endswith((f"-{folder}", f"_{folder}"))


def read_images(project: Project) -> Images:
    """The images that a project builds. Read once a project."""
    return project.remember("images", lambda: Images(project))


def _artifacts(text: str) -> Iterator[tuple[str, str]]:
    """`build.artifacts` of Skaffold: https://skaffold.dev/docs/references/yaml/"""
    try:
        for root in read_yaml(text, allow_duplicates=True):
            for artifact in root.items_of("build", "artifacts"):
                if image := artifact.text_of("image"):
                    yield image, artifact.text_of("context") or "."
    except YamlProblem:
        return


def _plain(image: str) -> str:
    """An image without its registry's host, tag and digest: `ghcr.io/acme/chat:1` is `acme/chat`."""
    name = image.strip().partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    first, slash, rest = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return (rest if is_host else name).lower()
