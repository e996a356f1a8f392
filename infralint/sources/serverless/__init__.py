"""The Serverless Framework: functions on AWS with their timeouts, URLs and the APIs in front of them.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from infralint.model import Location, Reading, Unreadable
from infralint.project import CantRead, Project
from infralint.text.yaml_places import YamlProblem

NAMES = ("serverless.yml", "serverless.yaml")


def read(project: Project) -> Reading:
    """The services of a project. Files that the framework could not read are unreadable; the rest is judged."""
    reading = Reading("serverless")
    for path in project.files_named(*NAMES):
        from infralint.sources.serverless.service import ServerlessService, nodes_of

        try:
            service = ServerlessService.parse(project, path)
        except CantRead as problem:
            reading.unreadable.append(project.unreadable(path, problem))
        except YamlProblem as problem:
            where = Location(project.show(path), problem.line, problem.column)
            reading.unreadable.append(Unreadable(f"is not valid YAML: {problem.message}", where))
        else:
            if not service.is_whole:
                continue
            reading.nodes += nodes_of(service)
            reading.unfollowed += service.unfollowed
            reading.files.append(project.show(path))
            if not service.is_on_aws:
                reading.seen.append(f"Serverless Framework for another provider than AWS ({project.show(path)})")
    return reading
