"""Elastic Beanstalk's `.ebextensions`: the option settings that describe an environment's load balancer.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/ebextensions-optionsettings.html
"""

from __future__ import annotations

from infralint.model import Location, Reading
from infralint.project import Project
from infralint.project.beanstalk import instances_of, read_environments


def read(project: Project) -> Reading:
    """One environment for each folder with `.ebextensions` that speak of a load balancer."""
    reading = Reading("beanstalk")
    for folder, environment in read_environments(project).items():
        reading.unreadable += environment.unreadable
        reading.files += map(project.show, environment.files)
        from infralint.platforms.elastic_beanstalk import environment_node, has_balancer

        settings = environment.options
        if has_balancer(settings):
            shown = project.show(f"{folder}/.ebextensions".lstrip("/"))
            where = min((setting.where for setting in settings.values()), default=Location(shown))
            name, instances = f"the environment of {shown}", instances_of(project, folder)
            reading.nodes.append(environment_node(name, where, settings, instances, scope=shown))
    return reading
