"""App Runner and Cloud Run of Terraform as those platforms' facts.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/apprunner_service
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_v2_service
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/cloud_run_service
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from infralint.model import Known, Node, Setting, Unknown
from infralint.platforms.app_runner import app_runner_node
from infralint.platforms.cloud_run import REQUEST_TIMEOUT, cloud_run_node
from infralint.sources.terraform.arguments import argument_of, quiet
from infralint.sources.terraform.dialling import environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item
from infralint.sources.terraform.values import EvaluationError, plain_number, to_text


def container_nodes(graph: Graph) -> Iterator[Node]:
    """The services of a root that run a container at a name of their own."""
    for item in graph.of("aws_apprunner_service"):
        yield app_runner_node(item.address, item.where, (item.address,), item.trail, **environment_of(graph))
    for item in graph.of("google_cloud_run_v2_service"):
        yield _cloud_run(graph, item)
    for item in graph.of("google_cloud_run_service"):
        yield _cloud_run_by_annotations(graph, item)


def _cloud_run(graph: Graph, item: Item) -> Node:
    limit: Setting[float] = Known(REQUEST_TIMEOUT, item.where, "timeout", "default", related=item.trail)
    affinity: Setting[bool] = Known(False, item.where, "session_affinity", "default", related=item.trail)
    most: Setting[int] = Known(0, item.where, "max_instance_count", "default", related=item.trail)
    for template in item.inner("template"):
        limit = argument_of(template, "timeout", REQUEST_TIMEOUT, _to_seconds)
        affinity = argument_of(template, "session_affinity", False, lambda value: to_text(value) == "true")
        for scaling in template.inner("scaling"):
            most = argument_of(scaling, "max_instance_count", 0, plain_number)
    if item.silent:
        limit, affinity = quiet(limit, REQUEST_TIMEOUT), quiet(affinity, True)
    return cloud_run_node(
        item.address,
        item.where,
        limit,
        affinity,
        most,
        'timeout = "{seconds}s"',
        (item.address, f"{item.address}.uri"),
        **environment_of(graph),
    )


AFFINITY_ANNOTATION = "run.googleapis.com/sessionAffinity"
"""https://docs.cloud.google.com/run/docs/configuring/session-affinity"""
SCALE_ANNOTATION = "autoscaling.knative.dev/maxScale"
"""https://docs.cloud.google.com/run/docs/configuring/max-instances"""


def _cloud_run_by_annotations(graph: Graph, item: Item) -> Node:
    """The older resource: the timeout is a number, and annotations of the template say the rest."""
    limit: Setting[float] = Known(REQUEST_TIMEOUT, item.where, "timeout_seconds", "default", related=item.trail)
    affinity: Setting[bool] = Known(False, item.where, AFFINITY_ANNOTATION, "default", related=item.trail)
    most: Setting[int] = Known(0, item.where, SCALE_ANNOTATION, "default", related=item.trail)
    for template in item.inner("template"):
        for spec in template.inner("spec"):
            limit = argument_of(spec, "timeout_seconds", REQUEST_TIMEOUT, plain_number)
        for metadata in template.inner("metadata"):
            affinity = _annotation(metadata, AFFINITY_ANNOTATION, False, lambda value: to_text(value) == "true")
            most = _annotation(metadata, SCALE_ANNOTATION, 0, plain_number)
    if item.silent:
        limit, affinity = quiet(limit, REQUEST_TIMEOUT), quiet(affinity, True)
    names = item.address, f"{item.address}.status[0].url"
    return cloud_run_node(
        item.address, item.where, limit, affinity, most, "timeout_seconds = {seconds}", names, **environment_of(graph)
    )


def _annotation(metadata: Item, name: str, default: Any, convert: Callable[[Any], Any]) -> Setting[Any]:
    """What one annotation of a template says, the default where it is not among them."""
    given = metadata.get("annotations")
    if isinstance(given, Unknown):
        return given
    if given is None or not isinstance(given.value, dict) or given.value.get(name) is None:
        return Known(default, metadata.where, name, "default", related=metadata.trail)
    value = given.value[name]
    written = f'"{name}" = "{to_text(value)}"'
    return Known(convert(value), given.where, name, "explicit", written, given.because, given.related)


def _to_seconds(value: Any) -> float:
    """The seconds of a duration as Google's provider takes it (`3600s`)."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]{1,9})?)s", to_text(value))
    if found is None:
        raise EvaluationError("a duration is a number of seconds with an s behind it, such as 3600s")
    return float(found[1])
