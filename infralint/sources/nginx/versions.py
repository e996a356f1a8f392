"""Which nginx runs a configuration: defaults changed in 1.29.7 (HTTP/1.1 to upstreams) and 1.29.6 (sticky)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property

from infralint.model import Location
from infralint.platforms.nginx import Version
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy

_IMAGE = lazy(
    r"(?im)(?:^\s*(?:-\s+)?|[{,]\s*)(?:FROM\s+(?:--platform=\S+\s+)?|image:\s*)[\"']?"
    r"(?P<name>(?:[^\s\"'#]+/)?(?:nginx|openresty|nginx-unprivileged))(?::(?P<tag>[\w.\-]*(?:\$\{?\w+(?::?-[\w.\-]*)?\}?)?[\w.\-]*))?(?:@[\w:]+)?[\"']?(?:[\s,}]|$)"
)
_FLOATING = lazy(r"(?:latest|stable|mainline|alpine|bookworm|trixie|slim|perl|otel|1)(?:-[a-z]+)*")
"""Tags that move on with each release: https://hub.docker.com/_/nginx"""
_HOLE = lazy(r"\$\{?(\w+)(?::?-([\w.\-]*))?\}?")
_ARGUMENT = lazy(r"(?im)^\s*ARG\s+(\w+)=[\"']?([\w.\-]+)")
_FULL = lazy(r"(\d+)\.(\d+)(?:\.(\d+))?")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """`1.27.3` -> (1, 27, 3); `1.30` -> (1, 30, 0); None for what may be either side of a change, as `1.29`, `stable`."""
    found = _FULL.match(text)
    if not found:
        return None
    major, minor, patch = int(found[1]), int(found[2]), found[3]
    if major != 1:
        return None
    if patch is None:
        return None if (major, minor) == (1, 29) else (major, minor, 0)
    return major, minor, int(patch)


class Versions:
    """The versions that a project says, by the folder that says it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        written = project.settings.nginx.version
        self.configured = Version(parse_version(written) or (0, 0, 0), written=written) if written else None

    def of(self, path: str) -> Version:
        """The version for a file: what the user says, else the image tags nearest around it, else all, if they agree."""
        if self.configured is not None:
            return self.configured
        near = [(folder, version) for folder, version in self._images if is_around(folder, path)]
        deepest = max((len(folder) for folder, _ in near), default=0)
        named = [version for folder, version in near if len(folder) == deepest] or [
            version for _, version in self._images
        ]
        if floating := [version for version in named if version.floating]:
            return floating[0] if all(version.known or version.floating for version in named) else Version()
        agreed = {version.speaks_http_1_1 for version in named}
        known = bool(named) and len(agreed) == 1 and all(version.known for version in named)
        return min(named, key=lambda version: version.number) if known else Version()

    @cached_property
    def _images(self) -> list[tuple[str, Version]]:
        return list(self._read_images())

    def _read_images(self) -> Iterator[tuple[str, Version]]:
        names = ("Dockerfile*", "*.Dockerfile", "Containerfile*", "*compose*.y*ml", "*deploy*.y*ml", "*nginx*.y*ml")
        for path in self.project.named(*names):
            try:
                text = self.project.text(path)
            except CantRead:
                continue
            for image in _IMAGE.finditer(text) if "nginx" in text or "openresty" in text else ():
                tag = _filled(image["tag"] or "", text)
                number = parse_version(tag) or (0, 0, 0)
                line = text.count("\n", 0, image.start("name")) + 1
                yield (
                    posixpath.dirname(path),
                    Version(
                        number,
                        Location(self.project.shown(path), line),
                        tag.partition("-")[0],
                        floating="" if number > (0, 0, 0) else _floating(image, tag),
                    ),
                )


def _floating(image: re.Match[str], tag: str) -> str:
    """The image as it is written, if its tag moves on with each release; a digest stands for one version."""
    pinned = "@" in image[0]
    return "" if pinned or (tag and not _FLOATING.fullmatch(tag)) else image["name"] + (f":{tag}" if tag else "")


def _filled(tag: str, text: str) -> str:
    """A tag with `${NAME}` by its own default, or the ARG of the same file; otherwise as it is written."""
    arguments = dict(_ARGUMENT.findall(text))
    return _HOLE.sub(lambda hole: hole[2] or arguments.get(hole[1]) or hole[0], tag)


def is_around(folder: str, path: str) -> bool:
    """Whether a file lies in a folder, or below it: what is said there speaks for the file."""
    return not folder or path.startswith(f"{folder}/")
