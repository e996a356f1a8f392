"""railway.json and railway.toml: a service on Railway.

https://docs.railway.com/reference/config-as-code
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Location, Node
from infralint.platforms.hosting import railway_node
from infralint.project import Project
from infralint.sources.hosting.settings import count, line_place
from infralint.text.json_places import parse_json
from infralint.text.toml_places import TomlDocument


def nodes_of(project: Project, path: str) -> Iterator[Node]:
    """The service that a file describes; a job that runs at fixed times is none."""
    shown = project.show(path)
    text = project.utf8_text(path)
    if path.endswith(".toml"):
        document = TomlDocument(text)
        deploy = document.table("deploy")
        replicas, line = deploy.get("numReplicas"), document.line_of("deploy", "numReplicas")
        is_job = "cronSchedule" in deploy
    else:
        tree = parse_json(text)
        found = tree.get("deploy")
        member = found.get("numReplicas") if found else None
        replicas, line = (member.value, member.span.line) if member else (None, 0)
        is_job = bool(found and found.get("cronSchedule"))
    if not is_job:
        setting = count(replicas, line_place(shown, text, line), "numReplicas", f"numReplicas: {replicas}")
        yield railway_node(f"the Railway service of {shown}", Location(shown), setting, scope=shown)
