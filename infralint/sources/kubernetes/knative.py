"""Knative Services, and those of Cloud Run, which are written in the same way."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import SSE, STREAM_KINDS, Address, Affinity, Known, Setting, Unknown
from infralint.platforms.knative import CLOUD_RUN_MOST, KnativeRevision, default_timeout, revision_clocks
from infralint.platforms.routing import RouteRule
from infralint.project.manifests import KNATIVE, Manifest, Manifests, number_of
from infralint.sources.kubernetes.ingresses import IngressNode
from infralint.sources.kubernetes.routes import common_fields
from infralint.sources.kubernetes.workloads import container_host, names_of

_CLOUD_RUN = "run.googleapis.com/"


def knative_nodes(manifests: Manifests) -> Iterator[IngressNode]:
    """A node for each Service: https://knative.dev/docs/serving/services/"""
    for service in manifests.of(KNATIVE):
        hop = _hop(service)
        yield IngressNode(
            name=hop.name,
            hops=(hop,),
            known_as=names_of(service),
            environment=service.environment,
            published=True,
            files=service.files,
        )


def _hop(service: Manifest) -> KnativeRevision:
    rule = RouteRule(targets=(Address(container_host(service)),), where=service.where)
    is_cloud_run = any(name.startswith(_CLOUD_RUN) for name in service.annotations) or any(
        name.startswith(_CLOUD_RUN) for name in service.root.members_of("spec", "template", "metadata", "annotations")
    )
    fields = common_fields(service, [rule], (), f"{'Cloud Run' if is_cloud_run else 'Knative'} Service {service.name}")
    fields |= {
        "clocks": revision_clocks(
            _seconds(service, "timeoutSeconds") or default_timeout(service.where),
            _seconds(service, "responseStartTimeoutSeconds"),
            _seconds(service, "idleTimeoutSeconds"),
            STREAM_KINDS if is_cloud_run else SSE,
        ),
        "keeps_affinity": _affinity(service),
    }
    if is_cloud_run:
        return KnativeRevision(**fields, run_by="Cloud Run", most=CLOUD_RUN_MOST)
    return KnativeRevision(**fields)


def _seconds(service: Manifest, name: str) -> Setting[float] | None:
    spec = service.root.get("spec", "template", "spec")
    setting = service.setting(spec, name) if spec is not None else None
    if setting is None or isinstance(setting, Unknown):
        return setting
    number = number_of(spec.get(name)) if spec is not None else None
    if number is None:
        return Unknown(setting.where, name, f"`{setting.written}` is no number of seconds")
    return setting.with_value(float(number))


def _affinity(service: Manifest) -> Setting[Affinity]:
    """https://docs.cloud.google.com/run/docs/configuring/session-affinity; Knative itself keeps no client on its pod."""
    name = f"{_CLOUD_RUN}sessionAffinity"
    annotations = service.root.get("spec", "template", "metadata", "annotations")
    kept = service.setting(annotations, name) if annotations is not None else None
    if isinstance(kept, Unknown):
        return kept
    if kept is not None and kept.value == "true":
        return kept.with_value("client")
    return Known("single", service.where, name, "default")
