"""Writes infralint/sources/cloudformation/property_names.json: what AWS's own schemas call the properties of the types that are
judged. It needs both packages that bring these: `pip install cfn-lint aws-sam-translator`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TYPES = (
    "ElasticLoadBalancing::LoadBalancer ElasticLoadBalancingV2::LoadBalancer ElasticLoadBalancingV2::Listener"
    " ElasticLoadBalancingV2::ListenerRule ElasticLoadBalancingV2::TargetGroup CloudFront::Distribution CloudFront::VpcOrigin"
    " CloudFront::OriginRequestPolicy CloudFront::CachePolicy ApiGateway::RestApi ApiGateway::Resource ApiGateway::Method"
    " ApiGateway::Stage ApiGateway::Deployment ApiGatewayV2::Api ApiGatewayV2::Route ApiGatewayV2::Integration"
    " ApiGatewayV2::Stage Lambda::Url Lambda::Function AppRunner::Service ECS::Service ECS::TaskDefinition"
    " GlobalAccelerator::Accelerator GlobalAccelerator::Listener GlobalAccelerator::EndpointGroup"
    " ElasticBeanstalk::Environment VpcLattice::Service VpcLattice::Listener VpcLattice::Rule VpcLattice::TargetGroup"
).split()
PATH = Path(__file__).parents[2] / "infralint/sources/cloudformation/property_names.json"
_FREE = "*"
"""Stands among the names of a mapping that takes any."""


def _names(
    schema: Mapping[str, Any], whole: Any, path: tuple[str, ...], inside: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """The path to each mapping with each of its names."""
    while "$ref" in schema:
        reference = schema["$ref"]
        if reference in inside:
            return
        inside |= {reference}
        schema = whole
        for key in reference.split("/")[1:]:
            schema = schema[key]
    parts = [schema.get("items"), *(part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ()))]
    for part in parts:
        if isinstance(part, dict):
            yield from _names(part, whole, path, inside)
    properties = schema.get("properties", {})
    if "patternProperties" in schema or (properties and path and schema.get("additionalProperties") is not False):
        yield ".".join(path), _FREE
    for name, inner in properties.items():
        yield ".".join(path), name
        if isinstance(inner, dict):
            yield from _names(inner, whole, (*path, name), inside)


def _collect() -> Iterator[tuple[str, str, str]]:
    """Type, path and name of each property."""
    import cfnlint
    from samtranslator.model.sam_resources import SamApi, SamFunction, SamHttpApi
    from samtranslator.plugins.globals.globals import Globals

    for path in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(path.read_text())
        if schema.get("typeName", "").removeprefix("AWS::") in TYPES:
            for place, name in _names({"properties": schema["properties"]}, schema, (), frozenset()):
                yield schema["typeName"], place, name
    for kind in (SamFunction, SamApi, SamHttpApi):
        for name in kind.property_types:
            if not name.startswith("__"):
                yield kind.resource_type, "", name
    for name in ("AuthType", "Cors", "InvokeMode"):
        yield SamFunction.resource_type, "FunctionUrlConfig", name
    for type_, names in Globals.supported_properties.items():
        yield "Globals", "", type_.rpartition("::")[2]
        yield from (("Globals", type_.rpartition("::")[2], name) for name in names)


def main() -> None:
    found: dict[str, dict[str, set[str]]] = {}
    for type_, place, name in _collect():
        found.setdefault(type_, {}).setdefault(place, set()).add(name)
    table = {
        type_: {place: " ".join(sorted(names)) for place, names in sorted(places.items()) if _FREE not in names}
        for type_, places in sorted(found.items())
    }
    PATH.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
