"""Names of types, properties and sections that CloudFormation does not know, and that are nearly those that it knows.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import msgspec

from infralint.text.suggestions import NEARLY, closest, mistyped_for

TYPES = (
    "ElasticLoadBalancing::LoadBalancer ElasticLoadBalancingV2::LoadBalancer ElasticLoadBalancingV2::Listener"
    " ElasticLoadBalancingV2::ListenerRule ElasticLoadBalancingV2::TargetGroup CloudFront::Distribution ApiGateway::RestApi"
    " ApiGatewayV2::Api Lambda::Url Lambda::Function AppRunner::Service ECS::Service ECS::TaskDefinition"
    " GlobalAccelerator::Accelerator ElasticBeanstalk::Environment Serverless::Function Serverless::Api Serverless::HttpApi"
).split()
"""Types that may stand on the way of a stream, without the vendor's name in front."""
SECTIONS = (
    "AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions Transform Resources Outputs Hooks"
).split()
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html"""


@lru_cache(maxsize=4096)
def meant_type(type_: str) -> str:
    """The type that a name is mistyped for; empty for one that exists, or that may."""
    vendor, _, rest = type_.partition("::")
    service, _, kind = rest.partition("::")
    if vendor != "AWS" or not kind or rest in TYPES:
        return ""
    pairs = [name.split("::") for name in TYPES]
    in_service = closest(kind, [other for home, other in pairs if home == service], NEARLY)
    if in_service:
        return f"AWS::{service}::{in_service}"
    home = closest(service, [home for home, other in pairs if other == kind], NEARLY)
    return f"AWS::{home}::{kind}" if home else ""


@cache
def _property_names() -> dict[str, dict[str, str]]:
    """Type -> where in its properties (`Actions.ForwardConfig`) -> the names there, as `tests/cloudformation/property_names.py`
    takes them from AWS's own schemas."""
    return msgspec.json.decode(
        Path(__file__).with_name("property_names.json").read_bytes(), type=dict[str, dict[str, str]]
    )


@lru_cache(maxsize=512)
def names_at(type_: str, place: str) -> frozenset[str]:
    """The names that a type has at a place of its properties; none where any are taken, or none are known."""
    return frozenset(_property_names().get(type_, {}).get(place, "").split())


def meant_property(type_: str, place: str, name: str) -> str:
    """The property that a name is mistyped for, in other capitals, too; empty for one that exists, or that may."""
    names = names_at(type_, place)
    if not names or name in names:
        return ""
    same = [right for right in names if right.lower() == name.lower()]
    return same[0] if same else mistyped_for(name, sorted(names))


def meant_section(name: str) -> str:
    """The section of a template that a name is mistyped for; empty where none is near."""
    return "" if name in SECTIONS else closest(name, SECTIONS)
