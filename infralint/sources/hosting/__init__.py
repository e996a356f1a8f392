"""Files by which a host builds and runs a repository: Amplify Hosting, Fly.io, Heroku, Netlify, Railway, Render."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infralint.model import Location, Node, Reading, Unfollowed, Unreadable
from infralint.project import CantRead, Project
from infralint.sources.hosting import heroku
from infralint.sources.hosting.settings import Found
from infralint.text.bad_text import BadText

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
        with project.guard.around(Location(project.show(path))):
            _add(reading, project, path)
    return reading


def _add(reading: Reading, project: Project, path: str) -> None:
    """Add what one file stands for."""
    name = path.rpartition("/")[2]
    try:
        found = list(_reader(name)(project, path))
    except (CantRead, BadText) as problem:
        reading.unreadable.append(project.unreadable(path, problem))
    else:
        reading.nodes += [node for node in found if isinstance(node, Node)]
        reading.unfollowed += [entry for entry in found if isinstance(entry, Unfollowed)]
        reading.unreadable += [entry for entry in found if isinstance(entry, Unreadable)]
        reading.files += [project.show(path)] if found else []
        if not found and (name == "netlify.toml" or heroku.may_be_heroku(project, path)):
            reading.see("Netlify" if name == "netlify.toml" else "Heroku", project.show(path))


def _reader(name: str) -> Callable[[Project, str], Iterator[Found]]:
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
