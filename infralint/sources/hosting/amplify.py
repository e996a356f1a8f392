"""amplify.yml: applications on AWS Amplify Hosting that answer from a server.

https://docs.aws.amazon.com/amplify/latest/userguide/yml-specification-syntax.html,
https://docs.aws.amazon.com/amplify/latest/userguide/ssr-amplify-support.html
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Location, Node
from infralint.platforms.hosting import amplify_node
from infralint.project import Project
from infralint.text.yaml_places import YamlValue, read_yaml

_SERVED = (".next", ".amplify-hosting")
"""Folders of what is built for a server: of Next.js, and of what adapters make for other frameworks."""


def nodes_of(project: Project, path: str) -> Iterator[Node]:
    """The applications that a file builds for a server; others are files alone."""
    shown = project.show(path)
    for document in read_yaml(project.utf8_text(path)):
        for application in document.items_of("applications") or [document]:
            base = application.get("frontend", "artifacts", "baseDirectory")
            if base is not None and (base.text or "").rstrip("/").endswith(_SERVED):
                yield _node(application, base, shown)


def _node(application: YamlValue, base: YamlValue, shown: str) -> Node:
    folder = application.text_of("appRoot")
    name = f"Amplify Hosting of {folder}" if folder else f"the Amplify Hosting of {shown}"
    span = base.span
    return amplify_node(name, Location(shown, span.line, span.column, span.line, span.end_column), scope=shown)
