"""What the nodes and hops of all routes have in common, whoever serves them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from infralint.model import Known, not_applicable
from infralint.platforms.envoy import passed_upgrade
from infralint.platforms.routing import RoutedHop, RouteRule, are_general, hosts_of, plain_path
from infralint.project.manifests import Manifest
from infralint.sources.kubernetes.ingresses import IngressNode


def route_node(
    name: str, environment: str, objects: Iterable[Manifest], hops: Sequence[RoutedHop], **more: Any
) -> IngressNode:
    """What serves routes, by its name."""
    hosts = {host for hop in hops for host in hop.hosts if "*" not in host}
    return IngressNode(
        name=name,
        hops=tuple(hops),
        known_as=frozenset(hosts),
        environment=environment,
        published=True,
        files=frozenset(path for manifest in objects for path in manifest.files),
        **more,
    )


def common_fields(manifest: Manifest, rules: Sequence[RouteRule], apis: Collection[str], name: str) -> dict[str, Any]:
    """What hops of routes have in common. apis: the `whole_apis` of these and of all rules beside them."""
    paths = [plain_path(rule) or "/" for rule in rules if rule.answer is None]
    targets = [target for rule in rules for target in rule.targets]
    return {
        "name": name,
        "where": manifest.where,
        "buffers_responses": not_applicable("never", manifest.where),
        "forwards_upgrade": passed_upgrade(manifest.where),
        "keeps_affinity": Known("single", manifest.where, "sessionPersistence", "default"),
        "runtime": not_applicable("", manifest.where),
        "hosts": hosts_of(rules),
        "paths": tuple(dict.fromkeys(paths)),
        "upstream": targets[0].host.partition(".")[0] if targets else "",
        "scope": f"{manifest.environment} {manifest.kind} {manifest.namespace}/{manifest.name}",
        "environment": manifest.environment,
        "files": manifest.files,
        "rules": tuple(rules),
        "assumable": are_general(rules, apis),
    }
