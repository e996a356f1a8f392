"""Procfile, app.json and heroku.yml: the web dynos of an app on Heroku.

https://devcenter.heroku.com/articles/procfile, https://devcenter.heroku.com/articles/app-json-schema
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Unreadable
from infralint.platforms.hosting import heroku_node
from infralint.project import CantRead, Project
from infralint.sources.hosting.settings import Found, Refused, line_place
from infralint.text.json_places import BadJson, JsonNode, parse_json
from infralint.text.lazy import lazy
from infralint.text.yaml_places import read_yaml

_WEB = lazy(r"(?m)^web[ \t]*:")
_OF_HEROKU = ("addons", "buildpacks", "formation", "stack")
"""Keys of an app.json that only Heroku's has: other programs have files of that name, too."""


def nodes_of(project: Project, path: str) -> Iterator[Found]:
    """The app, where its files say that it is for Heroku: others read a Procfile, too."""
    folder, slash, name = path.rpartition("/")
    text = project.utf8_text(path)
    line = _web_line(text) if name == "heroku.yml" else _first_line(text)
    described = _app_json(project, f"{folder}{slash}app.json")
    if isinstance(described, Unreadable):
        yield described
        described = None
    beside = f"{folder}{slash}heroku.yml" in project.file_set
    if not line or (name == "Procfile" and (beside or described is None)):
        return
    shown = project.show(path)
    where = line_place(shown, text, line)
    yield heroku_node(f"the Heroku app of {shown}", where, _is_alone(described), scope=shown)


def _first_line(text: str) -> int:
    """The line of a Procfile that starts a web process; 0 for none."""
    found = _WEB.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _web_line(text: str) -> int:
    """The line of a heroku.yml that builds or runs a web process; 0 for none.

    https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
    """
    for document in read_yaml(text):
        if document.members is None:
            raise Refused("expected a mapping with build", document.span.line, document.span.column)
        for path in (("build", "docker"), ("run",)):
            processes = document.get(*path)
            if processes is not None and "web" in processes.keys:
                return processes.keys["web"].line
    return 0


def may_be_heroku(project: Project, path: str) -> bool:
    """Whether a file starts a web process, and nothing says on whose host."""
    folder, slash, name = path.rpartition("/")
    if name != "Procfile" or f"{folder}{slash}heroku.yml" in project.file_set:
        return False
    return _WEB.search(project.utf8_text(path)) is not None and not _is_beanstalk(project, f"{folder}{slash}")


def _is_beanstalk(project: Project, folder: str) -> bool:
    """Whether Elastic Beanstalk, which takes a Procfile, too, runs a folder."""
    return any(path.startswith((f"{folder}.ebextensions/", f"{folder}.platform/nginx/")) for path in project.files)


def _app_json(project: Project, path: str) -> JsonNode | Unreadable | None:
    """An app.json that is Heroku's; what is wrong with one that can't be read, and speaks of what Heroku's does."""
    if path not in project.file_set:
        return None
    try:
        document = parse_json(project.utf8_text(path))
    except (BadJson, CantRead) as problem:
        is_of_heroku = any(f'"{key}"' in project.text_or_nothing(path) for key in _OF_HEROKU)
        return project.unreadable(path, problem) if is_of_heroku else None
    return document if any(document.get(key) is not None for key in _OF_HEROKU) else None


def _is_alone(described: JsonNode | None) -> bool:
    """Whether the formation has one web dyno."""
    formation = described.get("formation") if described else None
    web = formation.get("web") if formation else None
    quantity = web.get("quantity") if web else None
    return quantity is not None and quantity.value == 1
