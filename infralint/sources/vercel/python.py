"""Does a Python module stream to its clients? Read from its syntax tree and the modules of the project it imports."""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Iterator

from infralint.model import EVENT_STREAM
from infralint.project import CantRead, Project
from infralint.sources.vercel.streaming import FunctionSighting

DEEPEST = 3
"""Imports that are followed."""
RESPONSES = frozenset({"StreamingResponse", "EventSourceResponse", "StreamingHttpResponse", "stream_with_context"})
_FILES = ("image/", "video/", "audio/", "application/pdf", "application/zip", "application/octet-stream", "text/csv")


class DoesNotParse(Exception):
    """A Python file with a syntax error, and its line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"does not parse (line {line})")
        self.line = line


def streams_in(project: Project, path: str, root: str) -> FunctionSighting | None:
    """What a module streams, if anything. root: the folder that absolute imports begin at. Raises DoesNotParse."""
    pending, seen = [(path, 0)], {path}
    while pending:
        current, depth = pending.pop(0)
        tree = _tree(project, current, must=depth == 0)
        if tree is None:
            continue
        if found := _sighting(tree, current):
            return found
        for target in _imports(project, tree, current, root) if depth < DEEPEST else ():
            if target not in seen:
                seen.add(target)
                pending.append((target, depth + 1))
    return None


def handler_line(project: Project, path: str) -> int:
    """The line of `app`, `application` or `handler`; 1 if there is none."""
    tree = _tree(project, path, must=False)
    for node in tree.body if tree else []:
        named = [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else []
        if isinstance(node, ast.Assign):
            named = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if {"app", "application", "handler"} & set(named):
            return int(node.lineno)
    return 1


def _tree(project: Project, path: str, must: bool) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(project.text(path))
    except CantRead:
        return None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if must:
            raise DoesNotParse(getattr(error, "lineno", 0) or 1) from error
        return None


def _sighting(tree: ast.Module, path: str) -> FunctionSighting | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _name(node.func)):
            if name in RESPONSES and not _sends_file(node):
                return FunctionSighting("sse", f"returns {name}(…)", path, node.lineno)
            if EVENT_STREAM in _texts(node) and (name.endswith("Response") or name in ("send_header", "make_response")):
                return FunctionSighting(
                    "sse", f"answers with {EVENT_STREAM}", path, node.lineno, content_type=EVENT_STREAM
                )
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _name(decorator.func) in ("websocket", "websocket_route"):
                    return FunctionSighting("websocket", f"accepts a WebSocket in {node.name}()", path, node.lineno)
    return None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _texts(call: ast.Call) -> list[str]:
    """The literal strings among a call's arguments, headers given as a dictionary included."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    values += [value for item in values if isinstance(item, ast.Dict) for value in item.values]
    found = (item.value for item in values if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return [text.lower().partition(";")[0].strip() for text in found]


def _sends_file(call: ast.Call) -> bool:
    headers = [keyword.value for keyword in call.keywords if isinstance(keyword.value, ast.Dict)]
    keys = {str(key.value).lower() for header in headers for key in header.keys if isinstance(key, ast.Constant)}
    return "content-disposition" in keys or any(text.startswith(_FILES) for text in _texts(call))


def _imports(project: Project, tree: ast.Module, path: str, root: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [(alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [(module, node.level)]
            names += [(f"{module}.{alias.name}".lstrip("."), node.level) for alias in node.names]
        else:
            continue
        for name, level in names:
            yield from _files(project, name, level, path, root)


def _files(project: Project, name: str, level: int, path: str, root: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for _ in range(level - 1):
        folder = posixpath.dirname(folder)
    places = [folder] if level else [root.rstrip("/"), folder]
    for place in places:
        base = posixpath.join(place, *name.split("."))
        for candidate in (f"{base}.py", f"{base}/__init__.py"):
            if name and candidate in project.file_set:
                yield candidate
                return
