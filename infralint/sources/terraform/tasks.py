"""The containers that ECS services of Terraform run, by what load balancers call these services.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ecs_service
"""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Service
from infralint.platforms.service_connect import container_definitions
from infralint.sources.terraform.graph import Graph

TASKS = frozenset({"aws_ecs_task_definition"})


def task_services(graph: Graph) -> Iterator[Service]:
    """A root's ECS services with the images that load balancers lead to; what is not known for sure is left out."""
    for service in graph.of("aws_ecs_service"):
        task = graph.lead(service.links.get("task_definition", ()), TASKS)
        if task is None:
            continue
        balanced = [block.value("container_name") for block in service.inner("load_balancer")]
        containers = container_definitions(task.value("container_definitions"))
        if not all(isinstance(name, str) for name in balanced):
            if len(containers) > 1:
                continue
            balanced = []
        for container in containers:
            image, name = container.get("image"), container.get("name")
            if isinstance(image, str) and (not balanced or name in balanced):
                yield Service(
                    name=service.address,
                    where=task.where,
                    names=frozenset({service.address}),
                    image=image,
                    group=graph.scope,
                    environment=graph.environment,
                )
