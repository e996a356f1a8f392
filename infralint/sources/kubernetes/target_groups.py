"""TargetGroupBindings: pods as the targets of a group whose load balancer something else makes.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/targetgroupbinding/targetgroupbinding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from infralint.model import Affinity, Known, Setting, not_applicable
from infralint.platforms.aws_elb import TARGET_GROUP, group_reference
from infralint.platforms.routing import RoutedHop, RouteRule
from infralint.project.manifests import Manifest, Manifests
from infralint.sources.kubernetes.ingresses import Addresses, IngressNode
from infralint.text.display import HOLE


class BoundService(RoutedHop, frozen=True, kw_only=True):
    """A Service whose pods are registered in a target group: it changes nothing of what the balancer sends them."""

    platform: ClassVar[str] = "kubernetes"
    kind: ClassVar[str] = "TargetGroupBinding"


def binding_nodes(manifests: Manifests, addresses: Addresses) -> Iterator[IngressNode]:
    """A node for each binding, known by the ARN or the name of its group."""
    for binding in manifests.of("TargetGroupBinding"):
        names = frozenset(_references(binding))
        name = binding.root.text_of("spec", "serviceRef", "name")
        address = addresses.of(name, binding.root.text_of("spec", "serviceRef", "port"), binding)
        if names and address is not None:
            hop = BoundService(**_fields(binding), upstream=name, rules=(RouteRule(targets=(address,)),))
            yield IngressNode(
                name=hop.name,
                hops=(hop,),
                known_as=names,
                environment=binding.environment,
                by_name_only=True,
                inner=True,
                files=binding.files,
            )


def _references(binding: Manifest) -> Iterator[str]:
    arn = binding.root.text_of("spec", "targetGroupARN")
    found = TARGET_GROUP.search(arn)
    if HOLE in arn:
        # What is not known yet names the resource that it is of, as Terraform calls it.
        yield from filter(None, [arn.partition(HOLE)[2]])
    elif found is not None:
        yield from (arn, group_reference(found[1]))
    elif binding.root.text_of("spec", "targetGroupName"):
        yield group_reference(binding.root.text_of("spec", "targetGroupName"))


def _fields(binding: Manifest) -> dict[str, Any]:
    where = binding.where
    return {
        "name": f"TargetGroupBinding {binding.name}",
        "where": where,
        "buffers_responses": not_applicable("never", where),
        "forwards_upgrade": not_applicable("forwarded", where),
        "keeps_affinity": _affinity(binding),
        "runtime": not_applicable("", where),
        "scope": f"{binding.environment} {binding.kind} {binding.namespace}/{binding.name}",
        "environment": binding.environment,
        "files": binding.files,
    }


def _affinity(binding: Manifest) -> Setting[Affinity]:
    """A cookie of the balancer leads to a pod, unless nodes are its targets."""
    spec = binding.root.get("spec")
    kind = binding.setting(spec, "targetType") if spec is not None else None
    if isinstance(kind, Known) and kind.value == "instance":
        because = "with `targetType: instance` requests reach a node, from where they go to any pod: it takes ip"
        return kind.with_value("none", because)
    return not_applicable("client", binding.where)
