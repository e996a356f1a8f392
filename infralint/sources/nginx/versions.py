"""Which nginx runs a configuration: defaults changed in 1.29.7 (HTTP/1.1 to upstreams) and 1.29.6 (sticky)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from infralint.model import Location
from infralint.platforms.nginx import Version
from infralint.project import Project
from infralint.project.compose import ComposeService, copied_files, dockerfile_of, dockerfile_path, read_compose
from infralint.project.dockerfile import DOCKERFILES, Dockerfile, stages_of
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.paths import is_below
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_IMAGE = lazy(
    r"(?P<name>(?:[^\s#]+/)?(?:nginx|openresty|nginx-unprivileged))"
    r"(?::(?P<tag>[\w.\-]*+(?:\$\{?\w++\}?[\w.\-]*+)?))?(?P<digest>@[\w:]+)?"
)
_MANIFESTS = ("*deploy*.y*ml", "*nginx*.y*ml")
_MOST_VALUES = 20_000
"""Values of one manifest that are looked at for images."""
_FLOATING = lazy(r"(?:latest|stable|mainline|alpine|bookworm|trixie|slim|perl|otel|1)(?:-[a-z]+)*")
"""Tags that move on with each release: https://hub.docker.com/_/nginx"""
_FULL = lazy(r"([0-9]+)\.([0-9]+)(?:\.([0-9]+))?")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """`1.27.3` -> (1, 27, 3); `1.30` -> (1, 30, 0); None for what may be either side of a change, as `1.29`, `stable`."""
    found = _FULL.match(text)
    if not found:
        return None
    major, minor, patch = whole_number(found[1]), whole_number(found[2]), found[3]
    if major != 1:
        return None
    if patch is None:
        return None if (major, minor) == (1, 29) else (major, minor, 0)
    return major, minor, whole_number(patch)


class Versions:
    """The versions that a project says, by the folder that says it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        written = project.settings.nginx.version
        self.configured = Version(parse_version(written) or (0, 0, 0), written=written) if written else None

    def of(self, path: str) -> Version:
        """The version for a file: what the user says, else that of the services which run it, else of the images beside it in
        its manifest, else of those nearest around."""
        if self.configured is not None:
            return self.configured
        return _agree(self._of_services(path) or self._of_manifest(path) or self._nearest(path))

    def _of_manifest(self, path: str) -> list[Version]:
        """The images that the manifest names which holds a configuration."""
        manifest, _, inside = path.partition("#")
        if not inside or not manifest.endswith((".yaml", ".yml")):
            return []
        if manifest not in self._by_manifest:
            self._by_manifest[manifest] = list(self._versions_in(manifest))
        return self._by_manifest[manifest]

    @cached_property
    def _by_manifest(self) -> dict[str, list[Version]]:
        return {}

    def _versions_in(self, manifest: str) -> Iterator[Version]:
        for text, path, line in self._images_of(manifest):
            yield from self._of_image(text, path, line)

    def _of_services(self, path: str) -> list[Version]:
        """The images of services that mount a file, or whose Dockerfile copies it."""
        found: list[Version] = []
        for service, image, copied in self._running:
            if service.mounts_file(path) or any(is_below(path, source) for source in copied):
                found += self._of_service(service, image)
        return found

    @cached_property
    def _running(self) -> list[tuple[ComposeService, Dockerfile | None, tuple[str, ...]]]:
        """The services, each with the Dockerfile that builds its image, and what that copies."""
        found: list[tuple[ComposeService, Dockerfile | None, tuple[str, ...]]] = []
        known: dict[tuple[str | None, int], tuple[str, ...]] = {}
        for service in self._services:
            image = dockerfile_of(self.project, service)
            copied = known.get((service.context, id(image)))
            if copied is None:
                copied = tuple({source: None for _, source in copied_files(service, image)} if image else ())
                known[service.context, id(image)] = copied
            found.append((service, image, copied))
        return found

    def _of_service(self, service: ComposeService, image: Dockerfile | None) -> Iterator[Version]:
        if image is not None and service.build is not None:
            yield from self._of_image(image.base, dockerfile_path(service.build), image.base_line)
        elif service.image is not None:
            yield from self._of_image(service.image.text, service.image.path, service.image.line)

    def _nearest(self, path: str) -> list[Version]:
        """The images that are named in the folders nearest around a file, else all."""
        near = [(folder, version) for folder, version in self._images if is_around(folder, path)]
        deepest = max((len(folder) for folder, _ in near), default=0)
        versions = [version for folder, version in near if len(folder) == deepest]
        return versions or [version for _, version in self._images]

    @cached_property
    def _images(self) -> list[tuple[str, Version]]:
        found = [
            *self._in_dockerfiles(),
            *((image.text, image.path, image.line) for service in self._services if (image := service.image)),
            *self._in_manifests(),
        ]
        return [
            (posixpath.dirname(path), version)
            for image, path, line in dict.fromkeys(found)
            for version in self._of_image(image, path, line)
        ]

    @property
    def _services(self) -> Sequence[ComposeService]:
        return read_compose(self.project).services

    def _in_dockerfiles(self) -> Iterator[tuple[str, str, int]]:
        for path in self.project.files_named(*DOCKERFILES):
            text = self.project.text_or_nothing(path)
            for stage in stages_of(text).values() if "nginx" in text or "openresty" in text else ():
                yield stage.base, path, stage.base_line

    def _in_manifests(self) -> Iterator[tuple[str, str, int]]:
        """What manifests of other kinds say by `image:`."""
        read = set(read_compose(self.project).files)
        for path in self.project.files_named(*_MANIFESTS):
            if path not in read:
                yield from self._images_of(path)

    def _images_of(self, path: str) -> Iterator[tuple[str, str, int]]:
        text = self.project.text_or_nothing(path)
        if "image:" in text and ("nginx" in text or "openresty" in text):
            yield from ((image.text or "", path, image.line) for image in _images_in(text))

    def _of_image(self, image: str, path: str, line: int) -> Iterator[Version]:
        """The version that an image is of, if it is an nginx."""
        found = _IMAGE.fullmatch(image)
        if found is not None:
            tag = found["tag"] or ""
            number = parse_version(tag) or (0, 0, 0)
            floating = "" if number > (0, 0, 0) else _floating(found)
            yield Version(number, Location(self.project.show(path), line), tag.partition("-")[0], floating)


def _agree(versions: Sequence[Version]) -> Version:
    """The version that several images are of, as far as they are alike in what matters here."""
    if floating := [version for version in versions if version.floating]:
        return floating[0] if all(version.known or version.floating for version in versions) else Version()
    agreed = {version.speaks_http_1_1 for version in versions}
    known = len(agreed) == 1 and all(version.known for version in versions)
    return min(versions, key=lambda version: version.number) if known else Version()


def _images_in(text: str) -> Iterator[YamlValue]:
    """The `image:` of every mapping of a manifest."""
    try:
        pending = read_yaml(text, allow_duplicates=True)
    except YamlProblem:
        return
    known: set[int] = set()
    while pending and len(known) < _MOST_VALUES:
        value = pending.pop()
        if id(value) not in known:
            known.add(id(value))
            if value.text_of("image"):
                yield value.members_of()["image"]
            pending += [*value.members_of().values(), *value.items_of()]


def _floating(image: re.Match[str]) -> str:
    """The image as it is written, if its tag moves on with each release; a digest stands for one version."""
    tag = image["tag"] or ""
    return "" if image["digest"] or (tag and not _FLOATING.fullmatch(tag)) else image[0]


def is_around(folder: str, path: str) -> bool:
    """Whether a file lies in a folder, or below it: what is said there speaks for the file."""
    return not folder or path.startswith(f"{folder}/")
