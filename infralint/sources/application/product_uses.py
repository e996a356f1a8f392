"""Known products that a project runs: by its images and commands, and by what its applications install."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from infralint.model import Location
from infralint.project.dockerfile import parse_dockerfile
from infralint.sources.application.manifests import Package, commands
from infralint.sources.application.products import PRODUCTS, Product, products_of_command, products_of_image
from infralint.text.json_places import json_object
from infralint.text.lazy import lazy


class ProductUse(NamedTuple):
    """A product that is part of a project, and what says so. verb: what that place does with it (`installs`)."""

    product: Product
    where: Location
    verb: str


def product_uses(
    package: Package, starters: Sequence[str], text: Callable[[str], bytes], shown: Callable[[str], str]
) -> list[ProductUse]:
    """The products that an application starts, is built on or installs, each once; not the product that it is itself."""
    found = (
        *_find_commands(starters, text, shown),
        *_find_bases(starters, text, shown),
        *_find_packages(package, text, shown),
    )
    first = {use.product.name: use for use in reversed(found)}
    return [use for use in first.values() if not _is_itself(package, use.product)]


def _is_itself(package: Package, product: Product) -> bool:
    names = {name.partition("[")[0] for name in product.packages} | {start.split()[0] for start in product.commands}
    return package.name.lower() in names or package.name.lower() in {name.rpartition(".")[2] for name in names}


def _find_commands(
    starters: Iterable[str], text: Callable[[str], bytes], shown: Callable[[str], str]
) -> Iterator[ProductUse]:
    for path in starters:
        for command, line in commands(path, text(path)):
            for product in products_of_command(command):
                yield ProductUse(product, Location(shown(path), line), "starts")


def _find_bases(
    starters: Iterable[str], text: Callable[[str], bytes], shown: Callable[[str], str]
) -> Iterator[ProductUse]:
    for path in starters:
        if "ockerfile" in path or "ontainerfile" in path:
            image = parse_dockerfile(text(path).decode("utf-8", "replace"))
            for product in products_of_image(image.base):
                yield ProductUse(product, Location(shown(path), image.base_line), "is built on")


def _find_packages(package: Package, text: Callable[[str], bytes], shown: Callable[[str], str]) -> Iterator[ProductUse]:
    wanted = [(product, name) for product in PRODUCTS for name in product.packages]
    for path in package.manifests:
        content = text(path)
        given = [(product, name) for product, name in wanted if name.partition("[")[0].encode() in content]
        for product, name in given:
            line = _line_of(path, content, name)
            if line:
                yield ProductUse(product, Location(shown(path), line), "installs")


def _line_of(path: str, content: bytes, name: str) -> int:
    """The line of a manifest that asks for a package, with its extra if it has one; 0 where none does."""
    plain, _, extra = name.rstrip("]").partition("[")
    text = content.decode("utf-8", "replace")
    if posixpath.basename(path) == "package.json":
        needs = json_object(content).get("dependencies")
        if not isinstance(needs, dict) or plain not in needs:
            return 0
    wanted = rf"(?<![\w@/.-]){re.escape(plain)}"
    wanted += rf"\[[^\]\n]*\b{re.escape(extra)}\b[^\]\n]*\]" if extra else r"(?![\w/.-])"
    is_docker = "ockerfile" in path or "ontainerfile" in path
    for number, line in enumerate(text.splitlines(), start=1):
        code = line.partition("#")[0]
        if re.search(wanted, code) and (not is_docker or _installs(code)):
            return number
    return 0


_INSTALLER = lazy(r"\b(?:pip3?|uv|pipx|npm|yarn|pnpm)\b")
_INSTALL = lazy(r"\b(?:install|add|i)\b")


def _installs(command: str) -> bool:
    """Whether a line of a Dockerfile installs packages."""
    installer = _INSTALLER.search(command)
    return installer is not None and _INSTALL.search(command, installer.end()) is not None
