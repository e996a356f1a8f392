"""amplify.yml: applications on AWS Amplify Hosting that answer from a server.

https://docs.aws.amazon.com/amplify/latest/userguide/yml-specification-syntax.html,
https://docs.aws.amazon.com/amplify/latest/userguide/ssr-amplify-support.html
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Location, Node, Unfollowed
from infralint.platforms.hosting import amplify_node
from infralint.project import Project
from infralint.sources.hosting.settings import Found, Refused
from infralint.text.yaml_places import YamlValue, read_yaml

_SERVED = (".next", ".amplify-hosting")
"""Folders of what is built for a server: of Next.js, and of what adapters make for other frameworks."""


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The applications that a file builds for a server; others are files alone."""
    shown = project.show(path)
    for document in read_yaml(project.utf8_text(path)):
        for application in _applications(document):
            base = application.get("frontend", "artifacts", "baseDirectory")
            if base is None:
                continue
            if base.text is None:
                raise Refused("baseDirectory: expected a folder", base.span.line, base.span.column)
            if base.text.rstrip("/").endswith(_SERVED):
                yield _node(application, base, shown)
            elif "$" in base.text:
                where = Location(shown, base.span.line, base.span.column)
                yield Unfollowed(where, f"`{base.text}` may be what is built for a server")


def _applications(document: YamlValue) -> list[YamlValue]:
    """The applications of a repository: one, or those that are listed."""
    listed = document.get("applications")
    found = [document] if listed is None else listed.items
    if found is None or any(application.members is None for application in found):
        expected = "a mapping with frontend" if listed is None else "applications: expected a list of mappings"
        span = (listed or document).span
        raise Refused(expected if listed else f"expected {expected}", span.line, span.column)
    return found


def _node(application: YamlValue, base: YamlValue, shown: str) -> Node:
    folder = application.text_of("appRoot")
    name = f"Amplify Hosting of {folder}" if folder else f"the Amplify Hosting of {shown}"
    span = base.span
    return amplify_node(name, Location(shown, span.line, span.column, span.line, span.end_column), scope=shown)
