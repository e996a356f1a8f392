"""Load balancers and what belongs to them as plain items, whichever way Terraform describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from typing import Literal as OneOf

import msgspec
from msgspec.structs import replace

from infralint.model import Known, Location, Related, Setting, Unknown, Unreadable
from infralint.sources.terraform.adapters import MEMBERS
from infralint.sources.terraform.budget import ROUND, Exhausted
from infralint.sources.terraform.evaluate import EvaluationScope, evaluate, pairs
from infralint.sources.terraform.hcl import (
    Attr,
    Attribute,
    Block,
    Expression,
    For,
    FunctionCall,
    HclFile,
    Index,
    ListOf,
    Literal,
    ObjectOf,
    Splat,
    Template,
    TemplateIf,
    map_children,
)
from infralint.sources.terraform.modules import Module, Resource
from infralint.sources.terraform.origins import Origin, because, find_secret, origins, related_places
from infralint.sources.terraform.sensitive import references
from infralint.sources.terraform.values import EvaluationError, Hole, ObjectValue, Value, first_hole, is_lazy, plain
from infralint.text.display import HOLE


class BlockSchema(msgspec.Struct, frozen=True):
    """What is asked of a resource or block: its arguments, those that lead to another resource, its blocks.

    documents: arguments that are JSON, of which some parts may count though others can't be told. raw: arguments that
    are kept with what can't be told in them. texts: the same, each a text in which HOLE stands for such parts.
    """

    attributes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    blocks: Mapping[str, BlockSchema] = {}
    documents: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


_FORWARD = BlockSchema(
    blocks={
        "target_group": BlockSchema(("weight",), ("arn",)),
        "stickiness": BlockSchema(("enabled", "duration")),
    }
)
_ACTION = BlockSchema(
    ("type",),
    ("target_group_arn",),
    {
        "forward": _FORWARD,
        "redirect": BlockSchema(("status_code", "protocol", "host", "path")),
        "fixed_response": BlockSchema(("status_code",)),
    },
)
_PATTERNS = BlockSchema(("values", "regex_values"))
_CONDITION = BlockSchema(
    ("field", "values"),
    blocks={
        "path_pattern": _PATTERNS,
        "host_header": _PATTERNS,
        "http_header": BlockSchema(("http_header_name", "values", "regex_values")),
        "http_request_method": BlockSchema(("values",)),
        "query_string": BlockSchema(("key", "value")),
        "source_ip": BlockSchema(("values",)),
    },
)
_BALANCER = BlockSchema(("name", "internal", "load_balancer_type", "idle_timeout"))
_LISTENER = BlockSchema(
    ("protocol", "port", "tcp_idle_timeout_seconds"), ("load_balancer_arn",), {"default_action": _ACTION}
)
_REWRITE = BlockSchema(blocks={"rewrite": BlockSchema(("regex", "replace"))})
_TRANSFORM = BlockSchema(("type",), blocks={"url_rewrite_config": _REWRITE, "host_header_rewrite_config": _REWRITE})
_RULE = BlockSchema(
    ("priority",), ("listener_arn",), {"action": _ACTION, "condition": _CONDITION, "transform": _TRANSFORM}
)
_STICKINESS = BlockSchema(("enabled", "type", "cookie_duration", "cookie_name"))
_GROUP = BlockSchema(
    ("name", "target_type", "protocol", "protocol_version", "deregistration_delay"), blocks={"stickiness": _STICKINESS}
)
_ATTACHED = BlockSchema(links=("target_group_arn", "target_id"))

_ARCHIVE = BlockSchema(("source_dir", "source_file"))
_ZONE = BlockSchema(("name",))
_HEADERS = BlockSchema(("header_behavior",), blocks={"headers": BlockSchema(("items",))})
_BEHAVIOR = BlockSchema(
    ("path_pattern", "target_origin_id", "allowed_methods", "origin_request_policy_id"),
    ("target_origin_id", "origin_request_policy_id", "cache_policy_id"),
    {"forwarded_values": BlockSchema(("headers",))},
)
_CONNECTION = BlockSchema(
    ("origin_read_timeout", "origin_protocol_policy", "http_port", "https_port"), ("vpc_origin_id",)
)
_ORIGIN = BlockSchema(
    ("origin_id", "domain_name", "origin_path", "response_completion_timeout"),
    ("origin_id", "domain_name"),
    {
        "custom_header": BlockSchema(("name", "value")),
        "custom_origin_config": _CONNECTION,
        "vpc_origin_config": _CONNECTION,
        "s3_origin_config": BlockSchema(),
    },
)
_DISTRIBUTION = BlockSchema(
    ("aliases",),
    blocks={
        "origin": _ORIGIN,
        "origin_group": BlockSchema(
            ("origin_id",), ("origin_id",), {"member": BlockSchema(("origin_id",), ("origin_id",))}
        ),
        "default_cache_behavior": _BEHAVIOR,
        "ordered_cache_behavior": _BEHAVIOR,
    },
)
_API_INTEGRATION = BlockSchema(
    ("http_method", "type", "uri", "timeout_milliseconds", "response_transfer_mode"),
    ("rest_api_id", "resource_id", "uri"),
)

_CONNECTED = BlockSchema(
    ("enabled",),
    ("namespace",),
    {
        "service": BlockSchema(
            ("port_name", "discovery_name", "ingress_port_override"),
            blocks={
                "client_alias": BlockSchema(("dns_name", "port")),
                "timeout": BlockSchema(("per_request_timeout_seconds", "idle_timeout_seconds")),
            },
        )
    },
)

_METADATA = BlockSchema(("name", "namespace", "generate_name"), raw=("annotations", "labels"))
_KUBERNETES_BACKEND = BlockSchema(
    ("service_name", "service_port"),
    blocks={"service": BlockSchema(("name",), blocks={"port": BlockSchema(("number", "name"))})},
)
_PATH = BlockSchema(("path", "path_type"), blocks={"backend": _KUBERNETES_BACKEND})
_INGRESS = BlockSchema(
    ("ingress_class_name",),
    blocks={
        "backend": _KUBERNETES_BACKEND,
        "default_backend": _KUBERNETES_BACKEND,
        "rule": BlockSchema(("host",), blocks={"http": BlockSchema(blocks={"path": _PATH})}),
    },
)
_CONTAINER = BlockSchema(
    ("name", "image"), raw=("command", "args"), blocks={"port": BlockSchema(("name", "container_port"))}
)
_POD = BlockSchema(("termination_grace_period_seconds",), blocks={"container": _CONTAINER})
_WORKLOAD = BlockSchema(("replicas",), blocks={"template": BlockSchema(blocks={"metadata": _METADATA, "spec": _POD})})
_KUBERNETES_SERVICE = BlockSchema(
    ("type", "load_balancer_class", "session_affinity"),
    raw=("selector",),
    blocks={"port": BlockSchema(("name", "port", "target_port", "protocol"))},
)
_AUTOSCALER = BlockSchema(("max_replicas",), blocks={"scale_target_ref": BlockSchema(("kind", "name"))})
_SET = BlockSchema(("name", "value", "type"))


def _kubernetes_schemas() -> Iterator[tuple[str, BlockSchema]]:
    """What is asked of Kubernetes' objects, whose types have a version at their end, or none."""
    specs = {
        "daemonset": _WORKLOAD,
        "deployment": _WORKLOAD,
        "horizontal_pod_autoscaler": _AUTOSCALER,
        "ingress": _INGRESS,
        "ingress_class": BlockSchema(("controller",)),
        "service": _KUBERNETES_SERVICE,
        "stateful_set": _WORKLOAD,
    }
    for version in ("", "_v1", "_v2"):
        yield f"kubernetes_config_map{version}", BlockSchema(raw=("data",), blocks={"metadata": _METADATA})
        for name, spec in specs.items():
            yield f"kubernetes_{name}{version}", BlockSchema(blocks={"metadata": _METADATA, "spec": spec})


_GOOGLE_REDIRECT = BlockSchema(("https_redirect", "host_redirect", "path_redirect", "prefix_redirect"))
_GOOGLE_ACTION = BlockSchema(
    blocks={
        "timeout": BlockSchema(("seconds",)),
        "url_rewrite": BlockSchema(("path_prefix_rewrite", "path_template_rewrite")),
        "weighted_backend_services": BlockSchema(("weight",), ("backend_service",)),
    }
)
_GOOGLE_MATCH = BlockSchema(
    ("prefix_match", "full_path_match", "regex_match", "path_template_match", "ignore_case"),
    blocks={"header_matches": BlockSchema(("header_name",)), "query_parameter_matches": BlockSchema(("name",))},
)
_GOOGLE_DEFAULTS: Mapping[str, BlockSchema] = {
    "default_route_action": _GOOGLE_ACTION,
    "default_url_redirect": _GOOGLE_REDIRECT,
}
_GOOGLE_PATH_MATCHER = BlockSchema(
    ("name",),
    ("default_service",),
    {
        **_GOOGLE_DEFAULTS,
        "path_rule": BlockSchema(
            ("paths",), ("service",), {"route_action": _GOOGLE_ACTION, "url_redirect": _GOOGLE_REDIRECT}
        ),
        "route_rules": BlockSchema(
            ("priority",),
            ("service",),
            {"match_rules": _GOOGLE_MATCH, "route_action": _GOOGLE_ACTION, "url_redirect": _GOOGLE_REDIRECT},
        ),
    },
)
_GOOGLE_URL_MAP = BlockSchema(
    ("name",),
    ("default_service",),
    {
        **_GOOGLE_DEFAULTS,
        "host_rule": BlockSchema(("hosts", "path_matcher")),
        "path_matcher": _GOOGLE_PATH_MATCHER,
    },
)
_GOOGLE_BACKEND = BlockSchema(
    (
        "name",
        "timeout_sec",
        "load_balancing_scheme",
        "protocol",
        "session_affinity",
        "connection_draining_timeout_sec",
    ),
    blocks={"backend": BlockSchema(links=("group",))},
)
_GOOGLE_GROUP = BlockSchema(
    ("name", "network_endpoint_type"),
    blocks={
        "cloud_run": BlockSchema(("service",), ("service",)),
        "app_engine": BlockSchema(("service",)),
        "cloud_function": BlockSchema(("function",)),
    },
)

_GATEWAY_TARGETS = ("backend_http_settings_name", "backend_address_pool_name", "redirect_configuration_name")
_AZURE_GATEWAY = BlockSchema(
    ("name",),
    blocks={
        "backend_address_pool": BlockSchema(("name", "fqdns", "ip_addresses"), ("fqdns",)),
        "backend_http_settings": BlockSchema(
            ("name", "port", "request_timeout", "cookie_based_affinity"),
            blocks={"connection_draining": BlockSchema(("enabled", "drain_timeout_sec"))},
        ),
        "global": BlockSchema(("response_buffering_enabled",)),
        "http_listener": BlockSchema(("name", "host_name", "host_names", "protocol")),
        "request_routing_rule": BlockSchema(("name", "http_listener_name", "url_path_map_name", *_GATEWAY_TARGETS)),
        "url_path_map": BlockSchema(
            ("name", *(f"default_{name}" for name in _GATEWAY_TARGETS)),
            blocks={"path_rule": BlockSchema(("paths", *_GATEWAY_TARGETS))},
        ),
    },
)
_LATTICE_FORWARD = BlockSchema(
    blocks={
        "forward": BlockSchema(blocks={"target_groups": BlockSchema(("weight",), ("target_group_identifier",))}),
        "fixed_response": BlockSchema(("status_code",)),
    }
)
_LATTICE_MATCH = BlockSchema(
    blocks={
        "http_match": BlockSchema(
            ("method",),
            blocks={
                "header_matches": BlockSchema(("name",)),
                "path_match": BlockSchema(blocks={"match": BlockSchema(("exact", "prefix"))}),
            },
        )
    }
)
_CLOUDFLARE_RECORD = BlockSchema(("name", "type", "proxied", "content", "value"), ("content", "value"))
_TUNNEL_CONFIG = BlockSchema(
    raw=("config",),
    blocks={"config": BlockSchema(blocks={"ingress_rule": BlockSchema(("hostname", "path", "service"), ("service",))})},
)
_WEB_APP = BlockSchema(
    ("name", "client_affinity_enabled"),
    ("service_plan_id",),
    {"site_config": BlockSchema(("websockets_enabled", "linux_fx_version"))},
)

SHAPES: Mapping[str, BlockSchema] = MappingProxyType(
    {
        "aws_lb": _BALANCER,
        "aws_alb": _BALANCER,
        "aws_lb_listener": _LISTENER,
        "aws_alb_listener": _LISTENER,
        "aws_lb_listener_rule": _RULE,
        "aws_alb_listener_rule": _RULE,
        "aws_lb_target_group": _GROUP,
        "aws_alb_target_group": _GROUP,
        "aws_lb_target_group_attachment": _ATTACHED,
        "aws_alb_target_group_attachment": _ATTACHED,
        "aws_elb": BlockSchema(
            ("name", "internal", "idle_timeout"), blocks={"listener": BlockSchema(("lb_protocol", "lb_port"))}
        ),
        "aws_lb_cookie_stickiness_policy": BlockSchema(("lb_port",), ("load_balancer",)),
        "aws_app_cookie_stickiness_policy": BlockSchema(("lb_port",), ("load_balancer",)),
        "aws_ecs_service": BlockSchema(
            ("name", "desired_count", "deployment_maximum_percent"),
            ("task_definition",),
            {
                "load_balancer": BlockSchema(("container_name", "container_port"), ("target_group_arn",)),
                "service_connect_configuration": _CONNECTED,
            },
        ),
        "aws_ecs_task_definition": BlockSchema(("family", "network_mode"), documents=("container_definitions",)),
        "aws_service_discovery_http_namespace": BlockSchema(("name",)),
        "aws_service_discovery_private_dns_namespace": BlockSchema(("name",)),
        "aws_appautoscaling_target": BlockSchema(("max_capacity", "service_namespace"), ("resource_id",)),
        "aws_autoscaling_group": BlockSchema(("name", "max_size"), ("target_group_arns",)),
        "aws_autoscaling_attachment": BlockSchema(
            links=("autoscaling_group_name", "lb_target_group_arn", "alb_target_group_arn")
        ),
        "aws_cloudfront_distribution": _DISTRIBUTION,
        "aws_cloudfront_origin_request_policy": BlockSchema(("name",), blocks={"headers_config": _HEADERS}),
        "aws_cloudfront_cache_policy": BlockSchema(
            ("name",),
            blocks={
                "parameters_in_cache_key_and_forwarded_to_origin": BlockSchema(blocks={"headers_config": _HEADERS})
            },
        ),
        "aws_cloudfront_vpc_origin": BlockSchema(blocks={"vpc_origin_endpoint_config": BlockSchema(links=("arn",))}),
        "aws_route53_record": BlockSchema(("name",), ("records", "zone_id"), {"alias": BlockSchema(links=("name",))}),
        "aws_route53_zone": _ZONE,
        "aws_api_gateway_rest_api": BlockSchema(
            ("name", "body"), blocks={"endpoint_configuration": BlockSchema(("types",))}
        ),
        "aws_api_gateway_resource": BlockSchema(("path_part",), ("rest_api_id", "parent_id")),
        "aws_api_gateway_integration": _API_INTEGRATION,
        "aws_api_gateway_deployment": BlockSchema(("stage_name",), ("rest_api_id",)),
        "aws_api_gateway_stage": BlockSchema(("stage_name",), ("rest_api_id",)),
        "aws_apigatewayv2_api": BlockSchema(("name", "protocol_type", "target", "body"), ("target",)),
        "aws_apigatewayv2_route": BlockSchema(("route_key", "target"), ("api_id", "target")),
        "aws_apigatewayv2_integration": BlockSchema(
            ("integration_type", "integration_uri", "timeout_milliseconds"), ("api_id", "integration_uri")
        ),
        "aws_apigatewayv2_stage": BlockSchema(("name",), ("api_id",)),
        "aws_lambda_function": BlockSchema(
            ("function_name", "timeout", "handler", "s3_key", "image_uri"), ("filename",)
        ),
        "archive_file": _ARCHIVE,
        "aws_lambda_alias": BlockSchema(links=("function_name",)),
        "aws_lambda_function_url": BlockSchema(("invoke_mode",), ("function_name",)),
        "aws_apprunner_service": BlockSchema(("service_name",)),
        "aws_elastic_beanstalk_environment": BlockSchema(
            ("name", "tier"), blocks={"setting": BlockSchema(("namespace", "name", "value"))}
        ),
        "aws_globalaccelerator_accelerator": BlockSchema(("name", "enabled")),
        "aws_globalaccelerator_listener": BlockSchema(("protocol",), ("accelerator_arn",)),
        "aws_globalaccelerator_endpoint_group": BlockSchema(
            links=("listener_arn",), blocks={"endpoint_configuration": BlockSchema(("weight",), ("endpoint_id",))}
        ),
        "aws_vpclattice_service": BlockSchema(("name", "custom_domain_name")),
        "aws_vpclattice_listener": BlockSchema(
            ("protocol",), ("service_identifier",), {"default_action": _LATTICE_FORWARD}
        ),
        "aws_vpclattice_listener_rule": BlockSchema(
            ("priority",), ("listener_identifier",), {"action": _LATTICE_FORWARD, "match": _LATTICE_MATCH}
        ),
        "aws_vpclattice_target_group": BlockSchema(("name", "type")),
        "aws_vpclattice_target_group_attachment": BlockSchema(
            links=("target_group_identifier",), blocks={"target": BlockSchema(("port",), ("id",))}
        ),
        "azurerm_application_gateway": _AZURE_GATEWAY,
        "azurerm_cdn_frontdoor_profile": BlockSchema(("name", "response_timeout_seconds")),
        "azurerm_cdn_frontdoor_endpoint": BlockSchema(("name",), ("cdn_frontdoor_profile_id",)),
        "azurerm_cdn_frontdoor_custom_domain": BlockSchema(("name", "host_name")),
        "azurerm_cdn_frontdoor_origin_group": BlockSchema(("name",)),
        "azurerm_cdn_frontdoor_origin": BlockSchema(("host_name",), ("cdn_frontdoor_origin_group_id", "host_name")),
        "azurerm_cdn_frontdoor_route": BlockSchema(
            ("patterns_to_match", "enabled", "link_to_default_domain"),
            (
                "cdn_frontdoor_endpoint_id",
                "cdn_frontdoor_origin_group_id",
                "cdn_frontdoor_origin_ids",
                "cdn_frontdoor_custom_domain_ids",
            ),
            {"cache": BlockSchema()},
        ),
        "azurerm_app_service": _WEB_APP,
        "azurerm_linux_web_app": _WEB_APP,
        "azurerm_windows_web_app": _WEB_APP,
        "azurerm_service_plan": BlockSchema(("name", "worker_count")),
        "azurerm_container_app": BlockSchema(
            ("name",),
            blocks={
                "ingress": BlockSchema(("transport", "external_enabled")),
                "template": BlockSchema(("max_replicas",)),
            },
        ),
        **dict(_kubernetes_schemas()),
        "kubernetes_manifest": BlockSchema(raw=("manifest",)),
        "kubectl_manifest": BlockSchema(texts=("yaml_body",)),
        "helm_release": BlockSchema(
            ("name", "namespace", "chart", "repository"),
            raw=("values", "set", "set_sensitive"),
            blocks={"set": _SET, "set_sensitive": _SET},
        ),
        "cloudflare_record": _CLOUDFLARE_RECORD,
        "cloudflare_dns_record": _CLOUDFLARE_RECORD,
        "cloudflare_tunnel_config": _TUNNEL_CONFIG,
        "cloudflare_zero_trust_tunnel_cloudflared_config": _TUNNEL_CONFIG,
        "cloudflare_zone_setting": BlockSchema(("setting_id", "value")),
        "google_compute_backend_service": _GOOGLE_BACKEND,
        "google_compute_region_backend_service": _GOOGLE_BACKEND,
        "google_compute_url_map": _GOOGLE_URL_MAP,
        "google_compute_region_url_map": _GOOGLE_URL_MAP,
        "google_compute_region_network_endpoint_group": _GOOGLE_GROUP,
        "google_compute_target_tcp_proxy": BlockSchema(links=("backend_service",)),
        "google_compute_target_ssl_proxy": BlockSchema(links=("backend_service",)),
        "google_cloud_run_service": BlockSchema(
            ("name",),
            blocks={
                "template": BlockSchema(
                    blocks={"spec": BlockSchema(("timeout_seconds",)), "metadata": BlockSchema(("annotations",))}
                )
            },
        ),
        "google_cloud_run_v2_service": BlockSchema(
            ("name",),
            blocks={
                "template": BlockSchema(
                    ("timeout", "session_affinity"), blocks={"scaling": BlockSchema(("max_instance_count",))}
                )
            },
        ),
    }
)
"""Resource type -> what is asked of it. https://registry.terraform.io/providers/hashicorp/aws/latest/docs"""

LIST_LINKS = frozenset(
    {"cdn_frontdoor_custom_domain_ids", "cdn_frontdoor_origin_ids", "fqdns", "records", "target_group_arns"}
)
"""Arguments that lead to several resources; every other one leads to one."""

DATA_SHAPES: Mapping[str, BlockSchema] = MappingProxyType(
    {
        "archive_file": _ARCHIVE,
        "aws_cloudfront_origin_request_policy": BlockSchema(("name", "id")),
        "aws_route53_zone": _ZONE,
    }
)
"""Type of data source -> what is asked of it: what it looks up is not known, but by what it looks it up is."""

PLAN = "hand in a plan (terraform show -json)"

ALIASES = {name: name.replace("aws_alb", "aws_lb") for name in SHAPES}


class CallPlace(msgspec.Struct, frozen=True, gc=False):
    """A place in a call that stands for a place in the module, and the words there."""

    where: Location
    written: str = ""
    value: Expression | None = None
    source: HclFile | None = None
    arguments: dict[str, Attribute] = {}

    @property
    def is_written_out(self) -> bool:
        return self.value is not None

    def member(self, key: str | int) -> CallPlace:
        """An argument of the call, or a member of an object or list, as far as it is written out here."""
        if isinstance(key, str) and key in self.arguments:
            argument = self.arguments[key]
            return CallPlace(argument.where, argument.written, argument.value, argument.source)
        if isinstance(self.value, ObjectOf) and self.source:
            for name, value in self.value.items:
                if isinstance(name, Literal) and name.value == key:
                    attribute = Attribute(str(key), value, name.start, self.source)
                    return CallPlace(attribute.where, attribute.written, value, self.source)
        if isinstance(self.value, ListOf) and self.source and isinstance(key, int) and key < len(self.value.items):
            value = self.value.items[key]
            return CallPlace(self.source.at(value.start, value.end), "", value, self.source)
        return replace(self, value=None, arguments={})


class ResourceReference(msgspec.Struct, frozen=True, gc=False):
    """A reference: the resource's address (or a module's, with the path into its outputs), or the text that stands there."""

    address: str = ""
    path: str = ""
    text: str = ""
    hole: Unknown | None = None


class RawArgument(msgspec.Struct, frozen=True):
    """An argument's value, of which parts may be holes. expression: as it is written, in which file; None where it stands
    elsewhere."""

    value: Value
    where: Location
    expression: Expression | None = None
    source: HclFile | None = None


class Item(msgspec.Struct):
    """A resource, or a block in one. settings: what is written, a value of None for null.

    blocks: nested blocks of a kind, or why it can't be told whether there are any. silent: the
    module belongs to nobody, and what depends on its inputs is nothing to report. uncertain: how
    many of it there are, or whether any, can't be known. block: where it is written out in code.
    adapter: what stands for the registry module that it is from. raw: arguments with what can't be told in them.
    """

    type: str
    address: str
    where: Location
    settings: dict[str, Setting[Any]] = {}
    links: dict[str, list[ResourceReference]] = {}
    blocks: dict[str, list[Item] | Unknown] = {}
    trail: tuple[Related, ...] = ()
    silent: bool = False
    uncertain: bool = False
    block: Block | None = None
    adapter: str = ""
    raw: dict[str, RawArgument] = {}

    def get(self, name: str) -> Setting[Any] | None:
        return self.settings.get(name)

    def value(self, name: str) -> Any:
        """A known value, else None."""
        found = self.settings.get(name)
        return found.value if isinstance(found, Known) else None

    def inner(self, kind: str) -> list[Item]:
        """Nested blocks that surely are there."""
        found = self.blocks.get(kind, [])
        return found if isinstance(found, list) else []


class _Frame(msgspec.Struct, frozen=True, gc=False):
    """Where a block is worked out: its names, its resource's address and for_each, and the place in a call that stands for it."""

    module: Module
    environment: EvaluationScope
    address: str
    place: CallPlace | None = None
    loop: Attribute | None = None

    @property
    def trail(self) -> tuple[Related, ...]:
        return () if self.place else tuple(self.module.trail())

    def within(self, kind: str, names: Mapping[str, Value] | None = None, key: Value = None) -> _Frame:
        """For a nested block, with what its dynamic block binds. key: the member of what it goes through."""
        environment = self.environment.binding(names) if names else self.environment
        place = self.place.member(kind) if self.place else None
        inner = place.member(key) if place and isinstance(key, str | int) else None
        return replace(self, environment=environment, place=inner if inner and inner.is_written_out else place)


def items(module: Module) -> Iterator[Item]:
    """The items of one module, without those of the modules that it calls."""
    for kind, shape in SHAPES.items():
        for resource in module.resources(kind):
            yield _of_resource(resource, shape, ALIASES[kind])
    for kind, shape in DATA_SHAPES.items():
        for resource in module.data_sources(kind):
            yield _of_resource(resource, shape, f"data.{kind}")


def _of_resource(resource: Resource, shape: BlockSchema, kind: str) -> Item:
    module = resource.module
    module.budget.spend_on_resource()
    loop = resource.block.attributes.get("for_each")
    frame = _Frame(module, resource.environment, resource.address, _place(resource), loop)
    item = _of_block(resource.block, frame, shape)
    item.type = kind
    item.uncertain = resource.slot.doubt is not None or module.uncertain
    return item


def _place(resource: Resource) -> CallPlace | None:
    call = resource.module.call
    if not resource.module.adapted or call is None:
        return None
    member = MEMBERS.get((resource.type, resource.block.labels[1]))
    argument = call.attributes.get(member) if member else None
    if argument is None:
        return CallPlace(call.where, arguments=call.attributes)
    key = resource.slot.key
    found = CallPlace(argument.where, argument.written, argument.value, argument.source)
    return found if key is None else found.member(key)


def _of_block(block: Block, frame: _Frame, shape: BlockSchema) -> Item:
    where = frame.place.where if frame.place else block.where
    item = Item(block.type, frame.address, where, trail=frame.trail, silent=frame.module.world.library)
    item.block = None if frame.place else block
    item.adapter = frame.module.folder.path.strip("<>") if frame.place else ""
    for name in shape.attributes:
        if (attribute := block.attributes.get(name)) is not None:
            item.settings[name] = setting(attribute, frame)
    for name in shape.documents:
        if (attribute := block.attributes.get(name)) is not None:
            item.settings[name] = _document(attribute, frame)
    for name in (*shape.raw, *shape.texts):
        if (attribute := block.attributes.get(name)) is not None:
            shown = replace(attribute, value=_without_secrets(attribute, frame))
            value = plain(attempt(shown, frame.environment))
            if name in shape.texts and isinstance(value, Hole):
                value = attempt(_without_holes(shown, frame), frame.environment)
            item.raw[name] = RawArgument(value, attribute.where, attribute.value, attribute.source)
    for name in shape.links:
        if (attribute := block.attributes.get(name)) is not None:
            item.links[name] = list(_links(attribute, frame, where))
    for name, inner in shape.blocks.items():
        item.blocks[name] = _nested_items(block, name, frame, inner)
    return item


def _links(attribute: Attribute, frame: _Frame, where: Location) -> Iterator[ResourceReference]:
    for value in _naming_values(attribute, frame):
        if isinstance(value, list) and attribute.name not in LIST_LINKS:
            yield from links(Hole(f"Terraform refuses {attribute.written}: it is no list", attribute.where), where)
        else:
            yield from links(value, where)


def _naming_values(attribute: Attribute, frame: _Frame) -> list[Value]:
    """What names a resource: the value, or the parts of a text that is not known as a whole."""
    value = attempt(attribute, frame.environment)
    whole = attribute.value
    if not isinstance(value, Hole) or not isinstance(whole, Template) or whole.alone:
        return [value]
    return [attempt(replace(attribute, value=part), frame.environment) for part in whole.parts]


def attempt(attribute: Attribute, environment: EvaluationScope) -> Value:
    """An attribute's value; what Terraform would refuse is a hole, too, and so is what takes too long."""
    budget = environment.module.budget
    budget.allow()
    try:
        return evaluate(attribute.value, environment)
    except EvaluationError as error:
        return Hole(f"Terraform refuses {attribute.written}: {error}", attribute.where, is_refused=True)
    except (Exhausted, RecursionError):
        if budget.is_spent:
            raise
        return Hole(f"{attribute.written} takes too long to work out", attribute.where, PLAN)


def setting(attribute: Attribute, frame: _Frame) -> Setting[Any]:
    """An attribute's value with the words that set it, and where these came from."""
    value = plain(attempt(attribute, frame.environment))
    found = _origins(attribute.value, frame)
    if secret := find_secret(found):
        where = frame.place.where if frame.place else attribute.where
        return Unknown(where, attribute.name, f"it comes from {secret}, which is sensitive and not shown")
    if hole := first_hole(value):
        where = frame.place.where if frame.place else attribute.where
        if hole.is_refused and hole.where is not None and _is_certain(frame, found):
            frame.module.world.problems.append(Unreadable(hole.why, hole.where))
        return unknown(hole, where, attribute.name if frame.place else attribute.written)
    if frame.place is not None:
        return _at_call(value, attribute, frame.place, frame.module)
    places = related_places(found) or frame.trail
    return Known(value, attribute.where, attribute.name, "explicit", attribute.written, because(found), places)


def _is_certain(frame: _Frame, found: list[Origin]) -> bool:
    """Whether Terraform works an argument out with these values: they are no defaults, which others may take the place of,
    and the block is there."""
    world, environment = frame.module.world, frame.environment
    is_repeated = isinstance(environment.count, Hole) or isinstance((environment.each or (None,))[0], Hole)
    is_given = not any(origin.default for origin in found)
    return is_given and not (world.library or world.elsewhere or is_repeated or frame.module.uncertain)


def _document(attribute: Attribute, frame: _Frame) -> Setting[Any]:
    """An argument that is JSON: what `jsonencode` is given, with what can't be told in its place; else the text."""
    call = attribute.value
    if not isinstance(call, FunctionCall) or call.name != "jsonencode" or len(call.arguments) != 1:
        return setting(attribute, frame)
    value = attempt(replace(attribute, value=call.arguments[0]), frame.environment)
    where = frame.place.where if frame.place else attribute.where
    if isinstance(value, Hole):
        return unknown(value, where, attribute.name)
    return Known(_outline(value, where, attribute.name), where, attribute.name)


_UNTOLD = Hole("it can't be told")


def _outline(value: Value, where: Location, name: str) -> Any:
    """A value as Python's lists, dictionaries and scalars; what can't be told is Unknown."""
    if isinstance(value, Hole) or is_lazy(value):
        return unknown(first_hole(value) or _UNTOLD, where, name)
    if isinstance(value, ObjectValue):
        return {key: _outline(member, where, name) for key, member in value.items()}
    if isinstance(value, list):
        return [_outline(member, where, name) for member in value]
    return plain(value)


def _without_secrets(attribute: Attribute, frame: _Frame) -> Expression:
    """An argument's expression in which a hole stands for each sensitive value."""

    def withhold(part: Expression) -> Expression:
        if isinstance(part, Attr | Index | Splat) and find_secret(_origins(part, frame)):
            return Literal(part.start, part.end, HOLE)
        return map_children(part, withhold)

    return withhold(attribute.value) if find_secret(_origins(attribute.value, frame)) else attribute.value


def _without_holes(attribute: Attribute, frame: _Frame) -> Attribute:
    """A text in which HOLE stands for each `${…}` that can't be told. What a `%{…}` makes is not known to be one value."""
    text = attribute.value
    if not isinstance(text, Template) or text.alone:
        return attribute

    def fill(part: Expression) -> Expression:
        is_told = isinstance(part, Literal | TemplateIf) or not isinstance(
            attempt(replace(attribute, value=part), frame.environment), Hole
        )
        is_loop = isinstance(part, FunctionCall) and any(isinstance(argument, For) for argument in part.arguments)
        return part if is_told or is_loop else Literal(part.start, part.end, HOLE)

    return replace(attribute, value=map_children(text, fill))


def _origins(expression: Expression, frame: _Frame) -> list[Origin]:
    """Where a value came from; behind `each` stands the block's for_each."""
    found = origins(expression, frame.module)
    if frame.loop is not None and any(root == "each" for root, _ in references(expression)):
        found += [Origin("for_each gives it", frame.loop.where), *origins(frame.loop.value, frame.module)]
    return found


def _at_call(value: Value, attribute: Attribute, place: CallPlace, module: Module) -> Known[Any]:
    """A setting that an adapter works out, shown at the argument that decides it, else at the call."""
    call = module.call
    names = [name for root, name in references(attribute.value) if root == "var"]
    given = next((call.attributes[name] for name in names if call and name in call.attributes), None)
    if given is None:
        member = place.member(attribute.name)
        if member.is_written_out:
            place = member
        elif value is None:
            return Known(None, place.where, attribute.name, "default")
        origin: OneOf["explicit", "default"] = "explicit" if place.written else "default"
        return Known(value, place.where, attribute.name, origin, place.written)
    found = origins(given.value, module.parent) if module.parent else []
    return Known(value, given.where, attribute.name, "explicit", given.written, because(found), related_places(found))


def unknown(hole: Hole, where: Location, name: str) -> Unknown:
    """A hole as a setting that can't be told: at its cause, so that one cause is reported once."""
    return Unknown(hole.where or where, name, hole.why, hole.remedy)


def links(value: Value, where: Location) -> list[ResourceReference]:
    """The resources that a value (or each member of a list) refers to."""
    if isinstance(value, list):
        return [link for element in value for link in links(element, where)]
    if isinstance(value, Hole):
        if value.of is None:
            return [ResourceReference(hole=unknown(value, where, ""))]
        return [ResourceReference(value.of[0].address, value.of[1], hole=unknown(value, where, ""))]  # type: ignore[attr-defined]
    return [ResourceReference(text=value)] if isinstance(value, str) and value else []


def _nested_items(block: Block, kind: str, frame: _Frame, shape: BlockSchema) -> list[Item] | Unknown:
    found = [_of_block(inner, frame.within(kind), shape) for inner in block.of(kind)]
    for dynamic in block.blocks:
        if dynamic.type == "dynamic" and dynamic.labels == (kind,):
            made = _dynamic(dynamic, frame, shape)
            if isinstance(made, Unknown):
                return made
            found += made
    return found


def _dynamic(block: Block, frame: _Frame, shape: BlockSchema) -> list[Item] | Unknown:
    each = block.attributes.get("for_each")
    contents = block.of("content")
    if each is None or not contents:
        return []
    kind = block.labels[0]
    value = attempt(each, frame.environment)
    where = frame.place.where if frame.place else each.where
    if isinstance(value, Hole):
        return unknown(value, where, kind)
    iterator = block.attributes.get("iterator")
    name = getattr(iterator.value, "name", kind) if iterator else kind
    try:
        rounds = [(key, ObjectValue({"key": key, "value": member})) for key, member in pairs(value)]
    except EvaluationError as error:
        return Unknown(where, kind, f"Terraform refuses {each.written}: {error}")
    try:
        frame.module.budget.spend(len(rounds) * ROUND)
    except Exhausted:
        if frame.module.budget.is_spent:
            raise
        return Unknown(where, kind, f"{each.written} makes more blocks than infralint works out", PLAN)
    return [_of_block(contents[0], frame.within(kind, {name: values}, key), shape) for key, values in rounds]
