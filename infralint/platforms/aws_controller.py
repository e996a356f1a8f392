"""AWS's controllers in Kubernetes: annotations of Ingresses and Services as AWS's own attributes.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/,
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/; the classic load
balancers of Services are made by the cloud provider that Kubernetes once had built in:
https://github.com/kubernetes/cloud-provider-aws/blob/master/docs/service_controller.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec.structs import replace

from infralint.model import Address, Affinity, CantFix, Edit, Known, Location, Pool, Setting, Unknown
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import BalancerNode, LoadBalancer
from infralint.platforms.aws_elb.attribute_names import meant_balancer_attribute, meant_group_attribute
from infralint.text.placeholders import has_placeholder

ALB = "alb.ingress.kubernetes.io/"
SERVICE = "service.beta.kubernetes.io/"
BALANCER_ATTRIBUTES = f"{ALB}load-balancer-attributes"
GROUP_ATTRIBUTES = f"{ALB}target-group-attributes"
TARGET_TYPE = f"{ALB}target-type"
CLASSIC_IDLE = f"{SERVICE}aws-load-balancer-connection-idle-timeout"
NETWORK_GROUP = f"{SERVICE}aws-load-balancer-target-group-attributes"
NETWORK_LISTENER = f"{SERVICE}aws-load-balancer-listener-attributes"
GENEROUS = 300.0
"""Seconds: what people who ship streams settle on."""

Settings = Mapping[str, Setting[str]]


def pairs_in(setting: Setting[str] | None) -> dict[str, Setting[str]]:
    """The members of a string map such as `idle_timeout.timeout_seconds=600,routing.http2.enabled=true`."""
    if not isinstance(setting, Known):
        return {}
    found: dict[str, Setting[str]] = {}
    for part in setting.value.split(","):
        key, equals, text = part.partition("=")
        if equals:
            found[key.strip()] = replace(setting.with_value(text.strip()), name=key.strip())
    return found


def attributes_of(setting: Setting[str] | None, *keys: str) -> dict[str, Setting[Any]]:
    """AWS's attributes out of a string map; all of them unknown where the map is."""
    if isinstance(setting, Unknown):
        return {key: replace(setting, name=key) for key in keys}
    pairs = pairs_in(setting)
    found = {key: typed_attribute(key, pairs[key]) for key in keys if key in pairs}
    for key, written in pairs.items():
        right = meant_balancer_attribute(key) or meant_group_attribute(key)
        if right in keys and right not in pairs:
            why = f"AWS has no attribute `{key}`; did you mean {right}?"
            found[right] = Unknown(written.where, right, why, refused=True)
    return found


def typed_attribute(key: str, setting: Setting[str]) -> Setting[Any]:
    """An attribute's value from its text."""
    if isinstance(setting, Unknown):
        return setting
    try:
        return setting.with_value(aws_elb.typed_value(key, setting.value))
    except ValueError:
        why = f"`{setting.written}`: AWS takes no {setting.value!r} for {key}"
        return Unknown(setting.where, key, why, refused=not has_placeholder(setting.value))


def idle_overlooked(annotations: Settings, foreign: Known[str] | None = None) -> str:
    """What an annotation says that sounds like an idle timeout, and that the controller does not read. foreign: a timeout
    that other controllers read."""
    sounding = (
        setting
        for name, setting in annotations.items()
        if name.startswith(ALB) and "idle" in name and isinstance(setting, Known)
    )
    overlooked = next(sounding, foreign)
    if overlooked is None:
        return ""
    return f"`{overlooked.written}` is an annotation that the AWS Load Balancer Controller does not read"


STICKY = (
    aws_elb.STICKY,
    aws_elb.STICKY_TYPE,
    aws_elb.LB_COOKIE_SECONDS,
    aws_elb.APP_COOKIE_SECONDS,
    aws_elb.APP_COOKIE_NAME,
)


class KubernetesBalancer(LoadBalancer, frozen=True, kw_only=True, eq=False):
    """A load balancer that a controller makes of manifests.

    addresses: where its targets are dialled. literals: where the values of annotations stand, by their names; texts: these
    values; addition: where one may be added, indented how deep. port: that of its listener, where that has settings of its
    own.
    """

    platform: ClassVar[str] = "aws-load-balancer-controller"

    addresses: tuple[Address, ...] = ()
    controller: str = ""
    literals: Mapping[str, Location] = {}
    texts: Mapping[str, str] = {}
    addition: Location | None = None
    addition_indent: int = 0
    port: str = ""

    @property
    def pool(self) -> Pool:
        """The Service behind its target group, or the controller whose pods that Service leads to."""
        if self.controller:
            return Pool(references=(self.controller,))
        if self.addresses:
            return Pool(targets=self.addresses)
        return Pool(reason="its target group is made elsewhere")

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keeps_affinity" and self.unstickable:
            return self.unstickable
        name, text = self.literal(setting, seconds)
        more = f"  # {aws_elb.KEEP_ALIVE}" if setting == "idle_timeout" and name == BALANCER_ATTRIBUTES else ""
        kind = f'\n{TARGET_TYPE}: "ip"' if setting == "keeps_affinity" and name == GROUP_ATTRIBUTES else ""
        return f"{name}: {text}{kind}{more}" if name else ""

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        """The annotation that puts a setting right, and its text; ("", "") where none does."""
        family = self.family.value if isinstance(self.family, Known) else ""
        wanted = f"{max(seconds, GENEROUS):g}"
        if setting == "idle_timeout":
            if family == "application":
                return BALANCER_ATTRIBUTES, self._with(BALANCER_ATTRIBUTES, {aws_elb.IDLE: wanted})
            if family == "classic":
                return CLASSIC_IDLE, f'"{wanted}"'
            fixed = isinstance(self.idle_timeout, Known) and self.idle_timeout.because
            name = f"{NETWORK_LISTENER}.{self.port}"
            return ("", "") if fixed or not self.port else (name, self._with(name, {aws_elb.TCP_IDLE: wanted}))
        if setting == "keeps_affinity":
            if family == "application":
                return GROUP_ATTRIBUTES, self._with(GROUP_ATTRIBUTES, {aws_elb.STICKY: "true"})
            if family == "network":
                sticky = {aws_elb.STICKY: "true", aws_elb.STICKY_TYPE: "source_ip"}
                return NETWORK_GROUP, self._with(NETWORK_GROUP, sticky)
        return "", ""

    def _with(self, name: str, changes: Mapping[str, str]) -> str:
        """The string map of an annotation with other values for some of its keys."""
        pairs = [part.partition("=")[::2] for part in self.texts.get(name, "").split(",") if part.strip()]
        kept = {key.strip(): value.strip() for key, value in pairs}
        return ",".join(f"{key}={value}" for key, value in {**kept, **changes}.items())

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Another value of an annotation, or one more beside the others."""
        name, text = self.literal(setting, seconds)
        if not name or (setting == "keeps_affinity" and self.unstickable):
            raise CantFix(self.unstickable or "only a heartbeat helps")
        if setting == "keeps_affinity" and name == GROUP_ATTRIBUTES:
            raise CantFix("it takes `target-type: ip` as well, which has to fit the cluster's network")
        place = self.literals.get(name)
        if place is not None:
            return (Edit(place, text),)
        if name in self.texts or self.addition is None:
            raise CantFix("its annotations are not written out where they could be changed")
        return (Edit(self.addition, f"{' ' * self.addition_indent}{name}: {text}\n"),)


class KubernetesBalancerNode(BalancerNode, kw_only=True, eq=False):
    """A load balancer that a controller makes of manifests."""

    platform: ClassVar[str] = "kubernetes"


def on_nodes(affinity: Setting[Affinity], target_type: Setting[str], alone: bool) -> Setting[Affinity]:
    """What a cookie is worth where the targets are nodes: kube-proxy picks any pod behind them. alone: there is one pod.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#target-type
    """
    if isinstance(affinity, Unknown) or affinity.value != "client" or alone:
        return affinity
    if isinstance(target_type, Known) and target_type.value == "instance":
        wording = f"with `{target_type.written}`" if target_type.written else "with target-type instance, the default,"
        because = (
            f"{wording} its cookie keeps a client on a node, from where requests go to any pod: it takes target-type ip"
        )
        return affinity.with_value("none", because)
    return affinity
