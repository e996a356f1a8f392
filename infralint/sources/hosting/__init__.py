"""Files by which a host builds and runs a repository: Amplify Hosting, Fly.io, Heroku, Netlify, Railway, Render."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infralint.model import Node, Reading
from infralint.project import CantRead, Project
from infralint.sources.hosting import heroku
from infralint.text.json_places import BadJson
from infralint.text.toml_places import BadToml
from infralint.text.yaml_places import YamlProblem

NAMES = (
    "amplify.yml",
    "fly.toml",
    "fly.*.toml",
    "Procfile",
    "heroku.yml",
    "netlify.toml",
    "railway.json",
    "railway.toml",
    "render.yaml",
    "render.yml",
)


def read(project: Project) -> Reading:
    """What the hosts of a project put in front of it. Files that they could not read are unreadable."""
    reading = Reading("hosting")
    for path in project.files_named(*NAMES):
        name = path.rpartition("/")[2]
        try:
            nodes = list(_reader(name)(project, path))
        except CantRead as problem:
            reading.unreadable.append(project.unreadable(path, problem))
        except (BadJson, BadToml, YamlProblem) as problem:
            kind = "TOML" if isinstance(problem, BadToml) else "JSON" if isinstance(problem, BadJson) else "YAML"
            why = f"is not {kind}: {problem}"
            reading.unreadable.append(project.unreadable(path, why, problem.line, problem.column))
        else:
            reading.nodes += nodes
            reading.files += [project.show(path)] if nodes else []
            if not nodes:
                reading.seen += _unread_kind(project, path, name)
    return reading


def _unread_kind(project: Project, path: str, name: str) -> list[str]:
    """What a file stands for of which nothing could be read."""
    if name == "netlify.toml":
        return [f"Netlify ({project.show(path)})"]
    return [f"Heroku ({project.show(path)})"] if heroku.may_be_heroku(project, path) else []


def _reader(name: str) -> Callable[[Project, str], Iterator[Node]]:
    from infralint.sources.hosting import amplify, fly, netlify, railway, render

    if name == "amplify.yml":
        return amplify.nodes_of
    if name.startswith("fly"):
        return fly.nodes_of
    if name == "netlify.toml":
        return netlify.nodes_of
    if name.startswith("railway"):
        return railway.nodes_of
    return render.nodes_of if name.startswith("render") else heroku.nodes_of
