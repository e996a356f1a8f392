"""What a repository says of environments of Elastic Beanstalk: option settings, and files of their own nginx.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-optionsettings.html
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from infralint.model import Known, Location, Setting, Unreadable
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_FILE = lazy(r"(?:(.*)/)?\.ebextensions/[^/]+\.config")
_HOOK = lazy(r"(?:(.*)/)?\.platform/(?:hooks|confighooks)/.*")
_COMMANDS = ("container_commands", "commands")


class BeanstalkEnvironment(msgspec.Struct):
    """What the files of one folder say. options: by namespace and name. files: those that were read, as project paths.
    rewriting: those that write files of nginx at deployment.
    """

    folder: str
    options: dict[tuple[str, str], Setting[str]] = {}
    files: list[str] = []
    unreadable: list[Unreadable] = []
    rewriting: list[str] = []


def instances_of(project: Project, folder: str) -> str:
    """What a load balancer dials an environment's instances by."""
    return f"the instances of {project.show(folder)}"


def read_environments(project: Project) -> dict[str, BeanstalkEnvironment]:
    """Folder -> the environment that its `.ebextensions` and the hooks of `.platform` describe. Read once a project.

    https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/platforms-linux-extend.hooks.html
    """
    return project.remember("beanstalk", lambda: _read(project))


def _read(project: Project) -> dict[str, BeanstalkEnvironment]:
    found: dict[str, BeanstalkEnvironment] = {}
    for path in project.files_named("*.config"):
        named = _FILE.fullmatch(path)
        if named is None:
            continue
        environment = found.setdefault(named[1] or "", BeanstalkEnvironment(named[1] or ""))
        try:
            documents = read_yaml(project.utf8_text(path))
        except (CantRead, YamlProblem) as problem:
            environment.unreadable.append(project.unreadable(path, problem))
        else:
            environment.files.append(path)
            for document in documents:
                environment.options.update(_options_of(document, project.show(path)))
                if _writes_nginx(document):
                    environment.rewriting.append(path)
    for path in project.files:
        hook = _HOOK.fullmatch(path) if ".platform/" in path else None
        if hook is not None and b"/etc/nginx" in project.head(path):
            folder = hook[1] or ""
            found.setdefault(folder, BeanstalkEnvironment(folder)).rewriting.append(path)
    return found


def _options_of(document: YamlValue, shown: str) -> Iterator[tuple[tuple[str, str], Setting[str]]]:
    """The options that a file sets, written as a mapping of namespaces or as a list."""
    settings = document.get("option_settings")
    for namespace, options in (settings.members or {}).items() if settings is not None else ():
        for name, value in (options.members or {}).items():
            yield (namespace, name), _setting(shown, options, name, value)
    for item in settings.items or () if settings is not None else ():
        given = item.get("value")
        if given is not None:
            name = item.text_of("option_name")
            namespace = item.text_of("namespace") or "aws:elasticbeanstalk:application:environment"
            yield (namespace, name), _setting(shown, item, "value", given, name)


def _setting(shown: str, owner: YamlValue, key: str, value: YamlValue, name: str = "") -> Setting[str]:
    span = owner.keys.get(key, owner.span)
    end = value.span.end_column if value.span.line == span.line else span.end_column
    where = Location(shown, span.line, span.column, span.line, max(end, span.column + 1))
    return Known(value.text or "", where, name or key, "explicit", f"{name or key}: {value.text}")


def _writes_nginx(document: YamlValue) -> bool:
    """Whether files or commands of a document change what nginx reads."""
    files = any(path.startswith("/etc/nginx/") for path in document.members_of("files"))
    listed = (command for kind in _COMMANDS for command in document.members_of(kind).values())
    return files or any("/etc/nginx/" in command.text_of("command") for command in listed)
