"""Version constraints and the sources of providers and modules, as far as they are written out.

https://developer.hashicorp.com/terraform/language/expressions/version-constraints
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.sources.terraform.hcl import Attribute, Block, Expression, Literal, ObjectOf
from infralint.sources.terraform.shapes import Complaint
from infralint.text.lazy import lazy
from infralint.text.suggestions import CODE, hint

_CONSTRAINT = lazy(
    r"\s*+(?:(?:=|!=|>=?|<=?|~>)\s*+)?v?\d+(?:\.\d+)*(?P<prerelease>-[0-9A-Za-z.~-]+|[A-Za-z][0-9A-Za-z.~-]*)?(?:\+[0-9A-Za-z.~-]+)?\s*"
)
_OF_PROVIDER = ("source", "version", "configuration_aliases")
_NO_SOURCE = lazy(r"\.\.?|[\w-]+(?:/[\w-]+)?")
"""One or two words, which are neither a folder nor a module of a registry.

https://developer.hashicorp.com/terraform/language/modules/sources
"""
_LOCAL = ("./", "../", "/")


def wrong_versions(block: Block) -> Iterator[Complaint]:
    """What is no version, and what is no source, in settings and calls of modules."""
    if block.type == "terraform":
        yield from _wrong_version_of_terraform(block.attributes.get("required_version"))
        for required in block.of("required_providers"):
            for attribute in required.attributes.values():
                if attribute.name != "//":  # a comment in JSON
                    yield from _wrong_requirement(attribute)
    elif block.type == "module":
        yield from _wrong_version(block.attributes.get("version"))
        yield from _wrong_source(block)


def _wrong_source(block: Block) -> Iterator[Complaint]:
    source, version = block.attributes.get("source"), block.attributes.get("version")
    if source is None or not isinstance(source.value, Literal):
        return
    text = source.value.value
    if not isinstance(text, str) or not text:
        yield source.where, f"`{source.written}`: the address of a module was expected"
    elif _NO_SOURCE.fullmatch(text):
        why = 'the address of a module was expected, and that of a folder begins with "./" or "../"'
        yield source.where, f"`{source.written}`: {why}"
    elif version is not None and text.startswith(_LOCAL):
        yield version.where, f"a module in a folder ({text}) has no `version`"


def _wrong_version(attribute: Attribute | None) -> Iterator[Complaint]:
    if attribute is not None and (why := _why_no_version(attribute.value)):
        yield attribute.where, f"`{attribute.written}`: {why}"


def _wrong_version_of_terraform(attribute: Attribute | None) -> Iterator[Complaint]:
    yield from _wrong_version(attribute)
    text = attribute.value.value if attribute is not None and isinstance(attribute.value, Literal) else None
    if attribute is not None and isinstance(text, str):
        versions = map(_CONSTRAINT.fullmatch, text.split(","))
        if any(version is not None and version["prerelease"] for version in versions):
            yield attribute.where, f"`{attribute.written}`: Terraform takes no prerelease here, such as 1.0.0-alpha"


def _why_no_version(expression: Expression) -> str:
    if not isinstance(expression, Literal):
        return ""
    text = expression.value
    if isinstance(text, str) and all(map(_CONSTRAINT.fullmatch, text.split(","))):
        return ""
    return 'a version constraint was expected, such as "~> 5.0"'


def _wrong_requirement(attribute: Attribute) -> Iterator[Complaint]:
    """https://developer.hashicorp.com/terraform/language/providers/requirements"""
    if not isinstance(attribute.value, ObjectOf):
        yield from _wrong_version(attribute)
        return
    for key, value in attribute.value.items:
        name = key.value if isinstance(key, Literal) else None
        where = attribute.source.at(key.start, value.end)
        if isinstance(name, str) and name not in _OF_PROVIDER:
            yield where, f"provider {attribute.name} takes no `{name}`{hint(name, _OF_PROVIDER, CODE)}"
        elif name == "version" and (why := _why_no_version(value)):
            yield where, f"version of provider {attribute.name}: {why}"
        elif name == "source" and isinstance(value, Literal) and not _is_provider(value.value):
            yield where, f"source of provider {attribute.name}: HOST/NAMESPACE/TYPE was expected, HOST may be left out"


def _is_provider(source: object) -> bool:
    return isinstance(source, str) and 1 <= len(source.split("/")) <= 3 and all(source.split("/"))
