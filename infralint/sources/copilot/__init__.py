"""AWS Copilot: the load balancer that its services share, and services on App Runner.

https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/
"""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_MANIFEST = lazy(r"((?:.*/)?copilot)/(?:environments/)?[^/]+/manifest\.yml")


def read(project: Project) -> Reading:
    """The services of a project's Copilot applications. Manifests that Copilot could not read are unreadable."""
    reading = Reading("copilot")
    manifests: dict[str, list[tuple[str, YamlValue]]] = {}
    for path in project.files_named("manifest.yml"):
        named = _MANIFEST.fullmatch(path)
        if named is None:
            continue
        try:
            documents = read_yaml(project.utf8_text(path))
        except (CantRead, YamlProblem) as problem:
            reading.unreadable.append(project.unreadable(path, problem))
        else:
            manifests.setdefault(named[1], []).extend((path, document) for document in documents[:1])
    if manifests:
        from infralint.sources.copilot.services import add_application

        for folder, listed in manifests.items():
            add_application(reading, project, folder, listed)
    return reading
