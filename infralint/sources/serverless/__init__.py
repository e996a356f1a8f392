"""The Serverless Framework: functions on AWS with their timeouts, URLs and the APIs in front of them.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from infralint.model import Reading, Unreadable
from infralint.project import CantRead, Project
from infralint.text.yaml_places import YamlProblem

NAMES = ("serverless.yml", "serverless.yaml")


def read(project: Project) -> Reading:
    """The services of a project. Files that the framework could not read are unreadable; the rest is judged."""
    reading = Reading("serverless")
    refused: dict[Unreadable, None] = {}
    for path in project.files_named(*NAMES):
        from infralint.sources.serverless.service import ServerlessService, nodes_of

        try:
            service = ServerlessService.parse(project, path)
        except (CantRead, YamlProblem) as problem:
            refused[project.unreadable(path, problem)] = None
        else:
            reading.nodes += nodes_of(service)
            reading.unfollowed += service.unfollowed
            for kind in service.seen:
                reading.see(kind, service.shown)
            reading.files += [project.show(path)] if service.is_whole else []
            refused |= dict.fromkeys(service.refusals)
    reading.unreadable += refused
    return reading
