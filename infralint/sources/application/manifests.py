"""Which applications a project has: folders with a manifest or a Dockerfile, what they depend on, how they are started."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import lru_cache
from typing import NamedTuple

import msgspec

from infralint.project import CantRead, Project
from infralint.project.compose import read_compose
from infralint.project.names import FileNames
from infralint.project.routed_files import folder_of_site
from infralint.text.json_places import json_object
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, read_yaml

MANIFESTS = (
    "package.json", "pyproject.toml", "requirements*.txt", "Pipfile", "setup.py", "setup.cfg", "go.mod", "Gemfile",
    "composer.json", "pom.xml", "build.gradle", "build.gradle.kts", "*.csproj", "*.fsproj", "Cargo.toml", "mix.exs",
    "Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "deno.json",
)  # fmt: skip
STARTERS = (
    "Dockerfile",
    "Dockerfile.*",
    "*.Dockerfile",
    "Containerfile",
    "Procfile",
    "package.json",
    "*.sh",
    "Makefile",
    "supervisor*.conf",
    "supervisor*.ini",
    "run",
)
_SUPERVISED = lazy(r"(?:^|/)(?:[\w.-]*s6[\w.-]*|services?\.d|service|runit|sv)/")
"""Folders in which s6 and runit look for a script `run`: https://skarnet.org/software/s6/servicedir.html"""
_REQUIREMENT = lazy(r"^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[[\w, -]*\])?\s*(?:[<>=!~;@#]|$)", re.MULTILINE)
_QUOTED = lazy(r"""["']([A-Za-z@][\w./@-]*)(?:\[[^\]"']*\])?\s*(?:[<>=!~^;][^"']*)?["']""")
_KEY = lazy(r"^[ \t]*[\"']?([A-Za-z@][\w./@-]*)[\"']?\s*=", re.MULTILINE)
_GO = lazy(r"^[ \t]*(?:require[ \t]+)?((?=[\w-]++\.)[\w.-]++/\S++)\s++v\S++[ \t]*+(?:\n|\Z)", re.MULTILINE)
"""What a go.mod asks for itself: not what is marked `// indirect`."""
_GEM = lazy(r"^[ \t]*gem[ \t]+[\"']([\w-]+)", re.MULTILINE)
_TAG = lazy(r"<artifactId>\s*([^<\s]+)|(?:Package|Framework)Reference\s+Include=\"([^\"]+)\"|Sdk=\"([^\"]+)\"")
_GRADLE = lazy(r"[\"']([\w.-]+):([\w.-]+)(?::[^\"']*)?[\"']|id\(?\s*[\"']([\w.-]+)")
_ACCESSOR = lazy(r"\blibs\.(?!plugins\b|versions\b)([\w.]++)")
"""A library of a version catalog, by habit called after its artifact: `libs.ktor.server.core` is `ktor-server-core`.

https://docs.gradle.org/current/userguide/version_catalogs.html
"""
_MIX = lazy(r"\{:(\w+)\s*,")
_STARTS = lazy(
    r"\s*(?:CMD|ENTRYPOINT|web:|worker:|[\w-]+:\s|exec\s|uvicorn|gunicorn|daphne|hypercorn|python|node|poetry|uv\s)"
)
_COMMAND = lazy(r"^\s*command\s*=\s*")
"""How supervisord's settings begin a command: http://supervisord.org/configuration.html#program-x-section-settings"""
_LIST_OF_WORDS = lazy(r'",\s*"')
_ASIDE_FOLDER = lazy(
    r"(?:^|/)(?:src/\w*Test|tests?|__tests__|__mocks__|testing|test[-_]\w+|e2e|spec|specs|cypress|playwright|examples?|samples?|demos?|fixtures"
    r"|node_modules|bower_components|dist|build|out|\.next|\.nuxt|\.output|vendor|third_party|site-packages|venv|\.venv|env"
    r"|benchmarks?|docs?|stories|\.storybook|migrations|__pycache__|public|static|assets|coverage|\.git|\.yarn|templates?/cookbook)/"
)
_OF_TESTS = lazy(
    r"(?:^|/)(?:src/\w*Test|tests?|__\w+__|testing|test[-_]\w+|e2e|specs?|cypress|playwright|fixtures|node_modules|vendor)/"
)
_PACKAGE_FOLDERS = lazy(r"(?:^|(?<=/))src/main/(?:java|kotlin|scala|groovy)/.*")
"""Folders that are named after packages, which is deployed whatever they are called (`com.example.demo` is Spring's own
default): https://maven.apache.org/guides/introduction/introduction-to-the-standard-directory-layout.html"""
_ASIDE_NAME = lazy(
    r"\.(?:test|tests|spec|specs|stories|story|min|d|bundle|generated|pb)\.\w+$|_test\.(?:go|exs|rb)$|^test_.*(?<!\.py)$|_spec\.rb$|^conftest\.py$"
    r"|\.pb\.go$|_pb2(?:_grpc)?\.py$|\.config\.[cm]?[jt]s$|^(?:gulpfile|Gruntfile|setup)\.\w+$"
)
_PLAIN_NAME = lazy(r"(?!conftest|gulpfile|Gruntfile|setup)[^_.]*(?:\.(?!php\Z)[^_.]*)?\Z")
"""A name that is aside in no folder, as most are: others begin so, or hold an underscore or two dots. PHP is one by its folder."""
_SERVED = lazy(r"(?:^|(?<=/))public/")
"""Where a PHP application has its entry, among files that are sent as they are."""


_PYTHON_TEST = lazy(rb"^(?:import|from)[ \t]+(?:pytest|unittest)\b|^[ \t]*(?:async[ \t]+)?def[ \t]+test_", re.MULTILINE)

_OWN_APPLICATION = lazy(rb"\b(?:FastAPI|Starlette|Flask|Quart|Sanic|Litestar|Application)\(")
"""A `test_….py` that is part of an application makes none itself."""


def is_aside(path: str, text: Callable[[str], bytes]) -> bool:
    """Whether a file is a test, an example, built or vendored: nothing that is deployed as it lies there.

    The names of `web_test.py` and `test_session.py` leave open whether they are tests of something, or the part of a tester
    that is about it: their code tells.
    """
    start = path.rfind("/") + 1
    name = path[start:]
    if _is_folder_aside(path[:start], name.endswith(".php")):
        site = folder_of_site(path)
        return site is None or _is_folder_aside(f"{site}/", False)
    if _PLAIN_NAME.match(name):
        return False
    if _ASIDE_NAME.search(name):
        return True
    is_named_first = name.startswith("test_") and name.endswith(".py")
    if not name.endswith("_test.py") and not is_named_first:
        return False
    try:
        content = text(path)
        return _PYTHON_TEST.search(content) is not None or (
            is_named_first and _OWN_APPLICATION.search(content) is not None
        )
    except (CantRead, OSError):
        return True


@lru_cache(maxsize=4096)
def _is_folder_aside(folder: str, with_public: bool) -> bool:
    """Whether what lies in a folder, named with its slash, is no part of what is deployed. with_public: `public/` is."""
    around = _PACKAGE_FOLDERS.sub("", folder)
    return _ASIDE_FOLDER.search(_SERVED.sub("", around) if with_public else around) is not None


def built_folders(project: Project) -> list[str]:
    """Folders that compose builds an image from though they are called `demo` or the like, each with its slash.

    Compose files that lie aside themselves, and folders of tests, say nothing.
    """
    contexts = {
        f"{service.build.context}/"
        for service in read_compose(project).services
        if service.build is not None and service.build.context and not _is_folder_aside(service.path, False)
    }
    return sorted(folder for folder in contexts if _is_folder_aside(folder, False) and not _OF_TESTS.search(folder))


class StartCommand(NamedTuple):
    """A command by which a deployment file starts what is built from a folder, and where it stands."""

    text: str
    path: str
    line: int


def start_commands(project: Project) -> dict[str, StartCommand]:
    """Folder that something is built from -> the command that compose or Render starts it with, where that runs a server of
    Python's; none where several do."""
    found: dict[str, dict[str, StartCommand]] = {}
    for folder, command in (*_started_by_compose(project), *_started_by_render(project)):
        if RUNS_SERVER.search(command.text) and not _is_folder_aside(command.path, False):
            found.setdefault(folder, {}).setdefault(command.text, command)
    return {folder: next(iter(commands.values())) for folder, commands in found.items() if len(commands) == 1}


def _started_by_compose(project: Project) -> Iterator[tuple[str, StartCommand]]:
    for service in read_compose(project).services:
        if service.context is not None:
            command = " ".join((*service.entrypoint, *service.command))
            yield service.context, StartCommand(command, service.path, service.line)


def _started_by_render(project: Project) -> Iterator[tuple[str, StartCommand]]:
    """https://render.com/docs/blueprint-spec"""
    for path in project.files_named("render.yaml", "render.yml"):
        try:
            documents = list(read_yaml(project.utf8_text(path)))
        except (CantRead, YamlProblem):
            continue  # the source that reads it says so
        for service in (service for document in documents for service in document.items_of("services")):
            written = service.get("startCommand") or service.get("dockerCommand")
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), service.text_of("rootDir")))
            if written is not None and written.text:
                yield "" if folder == "." else folder, StartCommand(written.text, path, written.span.line)


RUNS_SERVER = lazy(r"(?:^|[\s/\"'])(gunicorn|uvicorn|hypercorn|daphne)(?=[\s\"',]|$)(.*)")


class _FoldersAside(dict[str, bool]):
    """Folders, each with its slash -> whether it is aside; each is looked at once."""

    def __missing__(self, folder: str) -> bool:
        self[folder] = is_aside = _is_folder_aside(folder, False)
        return is_aside


class DeployedFiles(Set[str]):
    """The files of a project but for those that are aside; which these are is told for those that somebody asks about."""

    def __init__(self, names: FileNames, text: Callable[[str], bytes], built: Iterable[str] = ()) -> None:
        """built: folders that are deployed whatever they are called, each with its slash."""
        self._names = names
        self._text = text
        self._built = tuple(built)
        self._folders_aside = _FoldersAside()

    def __contains__(self, path: object) -> bool:
        return path in self._names.all and not self._is_aside(str(path))

    def _is_aside(self, path: str) -> bool:
        folder = next((folder for folder in self._built if path.startswith(folder)), None)
        if folder is not None:
            return is_aside(path.removeprefix(folder), lambda inner: self._text(f"{folder}{inner}"))
        return is_aside(path, self._text)

    def is_there(self, path: str) -> bool:
        """Whether there is such a file, aside or not."""
        return path in self._names.all

    def __iter__(self) -> Iterator[str]:
        return iter(self.among(self._names.files))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def among(self, paths: Iterable[str]) -> list[str]:
        """Those of the project's files that are not aside."""
        is_plain, folders_aside = _PLAIN_NAME.match, self._folders_aside
        return [
            path
            for path in paths
            if (is_plain(path, start := path.rfind("/") + 1) and not folders_aside[path[:start]])
            or not self._is_aside(path)
        ]

    def find_named(self, *patterns: str) -> list[str]:
        """Those whose names match one of the globs, in order."""
        return self.among(self._names.find_named(*patterns))


class Package(msgspec.Struct):
    """A folder with a manifest. needs: the packages that it (or a manifest of its kind above) asks for, in small letters."""

    folder: str
    name: str = ""
    manifests: list[str] = []
    needs: set[str] = set()
    files: list[str] = []
    kinds: set[str] = set()


def packages(manifests: Iterable[str], text: Callable[[str], bytes]) -> dict[str, Package]:
    """The folders with manifests; the project's root is always among them."""
    found = {"": Package("")}
    for path in manifests:
        folder = path.rpartition("/")[0]
        found.setdefault(folder, Package(folder)).manifests.append(path)
    for package in found.values():
        for path in package.manifests:
            _read_manifest(package, path, text(path))
        package.name = package.name or posixpath.basename(package.folder)
    for folder in sorted(found):
        package, outer = found[folder], found[nearest(found, posixpath.dirname(folder))]
        if folder and (not package.kinds or package.kinds & outer.kinds):
            package.needs |= outer.needs
            package.kinds |= outer.kinds
    return found


def nearest(found: Mapping[str, object], folder: str) -> str:
    """The nearest folder upwards that has a manifest."""
    while folder and folder not in found:
        folder = folder.rpartition("/")[0]
    return folder


def _read_manifest(package: Package, path: str, content: bytes) -> None:
    name = posixpath.basename(path)
    text = content.decode("utf-8", "replace")
    if "ockerfile" not in name and name != "Containerfile":
        package.kinds.add("python" if path.endswith(_PYTHON) else name)
    if name in ("package.json", "composer.json"):
        data = json_object(content)
        package.name = package.name or str(data.get("name") or "")
        for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "require"):
            given = data.get(key)
            package.needs |= {str(need).lower() for need in given} if isinstance(given, dict) else set()
        return
    if name == "pyproject.toml" and (found := re.search(r"^name\s*=\s*[\"']([^\"'\n]+)", text, re.MULTILINE)):
        package.name = package.name or found[1]
    package.needs |= {
        need.lower().replace("_", "-") if path.endswith(_PYTHON) else need.lower() for need in _needs(name, text)
    }


_PYTHON = (".txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")


def _needs(name: str, text: str) -> Iterator[str]:
    if name.endswith(".txt"):
        yield from _REQUIREMENT.findall(text)
    elif name in ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "Cargo.toml"):
        yield from _QUOTED.findall(text)
        yield from _KEY.findall(text)
        yield from _REQUIREMENT.findall(text) if name == "setup.cfg" else ()
    elif name == "go.mod":
        yield from _GO.findall(text)
    elif name == "Gemfile":
        yield from _GEM.findall(text)
    elif name == "mix.exs":
        yield from _MIX.findall(text)
    elif name.endswith((".xml", "proj")):
        yield from (part for found in _TAG.findall(text) for part in found if part)
    elif name.startswith("build.gradle"):
        yield from (part for found in _GRADLE.findall(text) for part in found if part)
        yield from (accessor.replace(".", "-") for accessor in _ACCESSOR.findall(text))
    elif "ockerfile" in name:
        for line in re.findall(r"pip3?\s+install\s+([^\n&|]+)", text):
            yield from (re.split(r"[<>=\[~!]", word)[0] for word in re.findall(r"[\"']?([A-Za-z][^\s\"']*)", line))


_COMMENT = lazy(r"(?:^|\s)#.*$")
_AND_THEN = lazy(r"&&|\|\||;")
_OPEN_LIST = lazy(r"^\s*\w+\+?=\([^()]*$")
"""An array of bash that goes on: the words of a command, one a line."""
LONGEST_LIST = 4_000
"""Characters of an array of bash that are read as one command."""
_STARTS_NOTHING = lazy(
    r"\s*(?:(?:if|elif|while|until|!|then|else|do|sudo)\s+)*(?:echo|printf|log\w*|pip3?|uv\s+pip|poetry\s+add|command|which|type|hash|"
    r"pkill|pgrep|killall|kill|apt(?:-get)?|apk|yum|dnf|brew|grep|sed|awk|cat|cp|mv|rm|test|\[\[?|ps|wait|trap)(?=\s|$)"
    r"|[^|]*\s--(?:help|version|check-config)\b"
)
"""Commands that speak of a server, install or end it, and start none."""


def commands(path: str, content: bytes) -> Iterator[tuple[str, int]]:
    """The command lines of a file that starts programs, and their lines."""
    text = content.decode("utf-8", "replace")
    name = posixpath.basename(path)
    if name == "package.json":
        scripts = json_object(content).get("scripts")
        for key, value in scripts.items() if isinstance(scripts, dict) else ():
            if isinstance(value, str) and re.match(r"start|serve|prod", key):
                at = text.find(json.dumps(value)[:40])
                yield value, text.count("\n", 0, max(at, 0)) + 1
        return
    is_script = name.endswith(".sh") or (name == "run" and _SUPERVISED.search(path) is not None)
    if name == "run" and not is_script:
        return
    line_number, joined, start = 0, "", 0
    for line in text.splitlines():
        line_number += 1
        start = start or line_number
        if joined and line.lstrip().startswith("#"):
            continue
        plain = _COMMAND.sub("exec ", line) if "command" in line else line
        joined += (_COMMENT.sub("", plain) if "#" in plain else plain).rstrip("\\")
        is_list = is_script and "=(" in joined and len(joined) < LONGEST_LIST and _OPEN_LIST.search(joined) is not None
        if line.endswith("\\") or is_list:
            joined += " "
            continue
        if is_script or _STARTS.match(joined):
            for part in _AND_THEN.split(_LIST_OF_WORDS.sub(" ", joined) if '",' in joined else joined):
                if not _STARTS_NOTHING.match(part):
                    yield part, start
        joined, start = "", 0
