"""The Serverless Framework: functions on AWS with their timeouts, URLs and the APIs in front of them.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml
"""

from __future__ import annotations

from infralint.model import Reading
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
            why = f"is not valid YAML: {problem.message}"
            reading.unreadable.append(project.unreadable(path, why, problem.line, problem.column))
        else:
            if not service.is_whole:
                continue
            reading.nodes += nodes_of(service)
            reading.unfollowed += service.unfollowed
            reading.files.append(project.show(path))
            if not service.is_on_aws:
                reading.seen.append(f"Serverless Framework for another provider than AWS ({project.show(path)})")
    return reading
