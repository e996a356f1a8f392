"""Where the code of Lambda functions lies: in the folder or file that is packed for them, else the only handler of its name.

https://registry.terraform.io/providers/hashicorp/archive/latest/docs/data-sources/file
"""

from __future__ import annotations

import posixpath
from functools import partial

from infralint.model import Location, Node
from infralint.platforms.lambda_code import with_code
from infralint.project import Project
from infralint.project.lambda_handlers import LANGUAGES, find_streaming
from infralint.sources.terraform.folders import join
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item

_ARCHIVES = frozenset({"data.archive_file", "archive_file"})


def with_function_code(nodes: list[Node], graph: Graph, project: Project, root: str) -> list[Node]:
    """Nodes of a root, those that lead to functions whose code streams with that as evidence. root: its project path."""
    return (
        with_code(nodes, partial(_streaming_code, graph, project, root)) if graph.of("aws_lambda_function") else nodes
    )


def _streaming_code(graph: Graph, project: Project, root: str, address: str) -> Location | None:
    function = graph.by_address.get(address)
    handler = function.value("handler") if function is not None and function.type == "aws_lambda_function" else None
    if function is None or not isinstance(handler, str):
        return None
    archive = graph.lead(function.links.get("filename", ()), _ARCHIVES)
    if archive is not None:
        folder = _packed_folder(archive, root)
        return find_streaming(project, folder, handler) if folder is not None else None
    return _only_handler(graph, project, handler)


def _packed_folder(archive: Item, root: str) -> str | None:
    """The folder that a function's code is packed from, as a project path; None where that can't be told."""
    folder, file = archive.value("source_dir"), archive.value("source_file")
    if isinstance(folder, str):
        return join(root, folder)
    return join(root, posixpath.dirname(file)) if isinstance(file, str) else None


def _only_handler(graph: Graph, project: Project, handler: str) -> Location | None:
    """The only code of a handler's name, where one function of the root has that handler, and nothing says where it is packed."""
    if sum(item.value("handler") == handler for item in graph.of("aws_lambda_function")) != 1:
        return None
    name = posixpath.basename(handler.rpartition(".")[0])
    paths = project.files_named(*(f"{name}.{ending}" for ending in LANGUAGES))
    folders = {posixpath.dirname(path) for path in paths if "node_modules" not in path.split("/")}
    short = f"{name}.{handler.rpartition('.')[2]}"
    return find_streaming(project, folders.pop(), short) if len(folders) == 1 else None
