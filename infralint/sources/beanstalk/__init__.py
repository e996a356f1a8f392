"""Elastic Beanstalk's `.ebextensions`: the option settings that describe an environment's load balancer.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-optionsettings.html
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Known, Location, Reading, Setting, Unreadable
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_FILE = lazy(r"(?:(.*)/)?\.ebextensions/[^/]+\.config")


def read(project: Project) -> Reading:
    """One environment for each folder with `.ebextensions` that speak of a load balancer."""
    reading = Reading("beanstalk")
    options: dict[str, dict[tuple[str, str], Setting[str]]] = {}
    for path in sorted(project.files_named("*.config")):
        found = _FILE.fullmatch(path)
        if found is None:
            continue
        try:
            listed = dict(_options_of(project, path))
        except CantRead as problem:
            reading.unreadable.append(project.unreadable(path, problem))
        except YamlProblem as problem:
            where = Location(project.show(path), problem.line, problem.column)
            reading.unreadable.append(Unreadable(f"is not valid YAML: {problem.message}", where))
        else:
            options.setdefault(found[1] or "", {}).update(listed)
            reading.files.append(project.show(path))
    for folder, settings in options.items():
        from infralint.platforms.elastic_beanstalk import environment_node, has_balancer

        if has_balancer(settings):
            shown = project.show(f"{folder}/.ebextensions".lstrip("/"))
            where = min((setting.where for setting in settings.values()), default=Location(shown))
            reading.nodes.append(environment_node(f"the environment of {shown}", where, settings, scope=shown))
    return reading


def _options_of(project: Project, path: str) -> Iterator[tuple[tuple[str, str], Setting[str]]]:
    """The options that a file sets, written as a mapping of namespaces or as a list."""
    shown = project.show(path)
    for document in read_yaml(project.utf8_text(path)):
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
