"""Where the code of Lambda functions lies: in the folder or file that is packed for them, else the only handler of its name.

https://registry.terraform.io/providers/hashicorp/archive/latest/docs/data-sources/file
"""

from __future__ import annotations

import posixpath
from functools import partial

from infralint.model import Location, Node, Unknown
from infralint.platforms.lambda_code import with_code
from infralint.project import Project
from infralint.project.lambda_handlers import LANGUAGES, find_streaming
from infralint.project.trials import is_trial
from infralint.sources.terraform.folders import join
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.text.paths import folders_around, is_below

_ARCHIVES = frozenset({"data.archive_file", "archive_file"})
_ELSEWHERE = ("s3_key", "image_uri")


def with_function_code(nodes: list[Node], graph: Graph, project: Project, root: str) -> list[Node]:
    """Nodes of a root, those that lead to functions whose code streams with that as evidence. root: its project path."""
    if not graph.of("aws_lambda_function"):
        return nodes
    found = with_code(nodes, partial(_packed_code, graph, project, root))
    return with_code(found, partial(_likely_code, graph, project, root), is_guess=True)


def _packed_code(graph: Graph, project: Project, root: str, address: str) -> Location | None:
    function, handler = _function(graph, address)
    archive = _archive(graph, function) if function is not None else None
    folder = _packed_folder(archive, root) if archive is not None else None
    return find_streaming(project, folder, handler) if folder is not None else None


def _likely_code(graph: Graph, project: Project, root: str, address: str) -> Location | None:
    """The only handler of that name, of a function whose archive nothing here packs; what lies in a bucket is of anywhere."""
    function, handler = _function(graph, address)
    if function is None or _archive(graph, function) is not None:
        return None
    named = [setting for name in _ELSEWHERE if (setting := function.get(name)) is not None]
    if any(isinstance(setting, Unknown) or setting.value is not None for setting in named):
        return None
    return _only_handler(graph, project, root, handler)


def _function(graph: Graph, address: str) -> tuple[Item | None, str]:
    """The function of an address, with its handler; no function where its handler can't be told."""
    item = graph.by_address.get(address)
    handler = item.value("handler") if item is not None and item.type == "aws_lambda_function" else None
    return (item, handler) if isinstance(handler, str) else (None, "")


def _archive(graph: Graph, function: Item) -> Item | None:
    return graph.lead(function.links.get("filename", ()), _ARCHIVES)


def _packed_folder(archive: Item, root: str) -> str | None:
    """The folder that a function's code is packed from, as a project path; None where that can't be told."""
    folder, file = archive.value("source_dir"), archive.value("source_file")
    if isinstance(folder, str):
        return join(root, folder)
    return join(root, posixpath.dirname(file)) if isinstance(file, str) else None


def _only_handler(graph: Graph, project: Project, root: str, handler: str) -> Location | None:
    """The only code of a handler's name in the package around a root, where one function of the root has that handler, and
    nothing says where it is packed; none of tests and examples."""
    if sum(item.value("handler") == handler for item in graph.of("aws_lambda_function")) != 1:
        return None
    around = (folder for folder in folders_around(root) if posixpath.join(folder, "package.json") in project.file_set)
    name, package = posixpath.basename(handler.rpartition(".")[0]), next(around, "")
    paths = project.files_named(*(f"{name}.{ending}" for ending in LANGUAGES))
    near = (path for path in paths if is_below(path, package) and "node_modules" not in path.split("/"))
    folders = {posixpath.dirname(path) for path in near if not is_trial(posixpath.relpath(path, package or "."))}
    short = f"{name}.{handler.rpartition('.')[2]}"
    return find_streaming(project, folders.pop(), short) if len(folders) == 1 else None
