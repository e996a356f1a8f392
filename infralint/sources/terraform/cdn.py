"""CloudFront distributions of Terraform as that platform's facts: origins, behaviors, and what they lead to.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudfront_distribution
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from infralint.model import UNLIMITED, Known, Node, Pool, Setting, Unknown
from infralint.platforms import cloudfront
from infralint.platforms.cloudfront import CacheBehavior, Distribution, DistributionOrigin
from infralint.sources.terraform.arguments import argument_of, quiet, texts
from infralint.sources.terraform.dialling import DIALLED, environment_of
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.items import Item, ResourceReference
from infralint.sources.terraform.values import plain_number, to_text
from infralint.text.lazy import lazy

_OF_BUCKETS = lazy(r"(?:^|\.)aws_s3_|bucket|(?:^|\.)aws_media")


def distribution_nodes(graph: Graph) -> Iterator[Node]:
    """The distributions of a root."""
    for item in graph.of("aws_cloudfront_distribution"):
        behaviors = tuple(_behaviors(graph, item))
        if behaviors:
            aliases = texts(item, "aliases")
            distribution = Distribution(
                name=item.address,
                where=item.where,
                behaviors=behaviors,
                hosts=tuple(sorted(aliases.value)) if isinstance(aliases, Known) else (),
                names=(item.address, f"{item.address}.domain_name"),
            )
            node = cloudfront.node_of(distribution, **environment_of(graph))
            if node.hops:
                yield node


def _behaviors(graph: Graph, item: Item) -> Iterator[CacheBehavior]:
    """The behaviors in their order, the default one last."""
    origins = _origins(graph, item)
    for block in item.inner("ordered_cache_behavior"):
        pattern = argument_of(block, "path_pattern", "*", to_text)
        yield _behavior(graph, item, block, pattern, origins)
    for block in item.inner("default_cache_behavior")[:1]:
        yield _behavior(graph, item, block, None, origins)


_Identity = tuple[ResourceReference, ...] | str
"""What an origin is called: a text, or what stands for it where that is not known."""


def _identity(item: Item, name: str) -> _Identity:
    text = item.value(name)
    if isinstance(text, str):
        return text
    return tuple(replace(link, hole=None) for link in item.links.get(name, ()))


def _behavior(
    graph: Graph,
    distribution: Item,
    block: Item,
    pattern: Setting[str] | None,
    origins: Sequence[tuple[_Identity, DistributionOrigin]],
) -> CacheBehavior:
    headers, methods = _headers(graph, block), texts(block, "allowed_methods")
    if distribution.silent:
        headers = quiet(headers, cloudfront.ALL_HEADERS)
    return CacheBehavior(
        where=block.where,
        pattern=pattern,
        origin=_origin_of(distribution, block, origins),
        headers=headers,
        methods=methods,
    )


def _origin_of(
    distribution: Item, block: Item, origins: Sequence[tuple[_Identity, DistributionOrigin]]
) -> DistributionOrigin:
    wanted = _identity(block, "target_origin_id")
    found = next((origin for identity, origin in origins if identity == wanted and wanted), None)
    if found is not None:
        return found
    names = () if distribution.inner("origin_group") else [identity for identity, _ in origins]
    if (lost := cloudfront.lost_origin(wanted, names, block.where, "target_origin_id")) is not None:
        return lost
    if len(origins) == 1:
        return origins[0][1]
    why = f"which origin of {distribution.address} it leads to can't be told"
    unknown = Unknown(block.where, "target_origin_id", why)
    return DistributionOrigin(where=block.where, read_timeout=unknown, pool=Pool(reason=why))


def _origins(graph: Graph, item: Item) -> list[tuple[_Identity, DistributionOrigin]]:
    """The origins by what they are called; a group is its first member."""
    found = [(_identity(block, "origin_id"), _origin(graph, item, block)) for block in item.inner("origin")]
    for group in item.inner("origin_group"):
        members = [_identity(member, "origin_id") for member in group.inner("member")]
        primary = next((origin for identity, origin in found if members and identity == members[0]), None)
        if primary is not None:
            found.append((_identity(group, "origin_id"), primary))
    return found


def _origin(graph: Graph, distribution: Item, block: Item) -> DistributionOrigin:
    connection = next(iter((*block.inner("custom_origin_config"), *block.inner("vpc_origin_config"))), None)
    timeout = argument_of(connection or block, "origin_read_timeout", cloudfront.READ_TIMEOUT, plain_number)
    completion = argument_of(block, "response_completion_timeout", UNLIMITED, plain_number)
    links = block.links.get("domain_name", [])
    target = graph.lead([*links, *(connection.links.get("vpc_origin_id", ()) if connection else ())], DIALLED)
    if distribution.silent:
        timeout, completion = quiet(timeout, UNLIMITED), quiet(completion, UNLIMITED)
    return DistributionOrigin(
        where=block.where,
        read_timeout=timeout,
        completion=completion,
        pool=_pool(block, target, _port(connection)),
        port=_port(connection),
        domain=_domain(graph, block, target),
        headers=dict(_custom_headers(block)),
        path=argument_of(block, "origin_path", "", to_text),
        is_bucket=target is None and _is_bucket(block, connection is None),
    )


def _domain(graph: Graph, block: Item, target: Item | None) -> str:
    """The host of an origin; of a load balancer that is referred to outright, the reference that stands for its name."""
    domain = block.value("domain_name")
    if isinstance(domain, str):
        return domain
    links = block.links.get("domain_name", [])
    record = graph.by_address.get(links[0].address) if len(links) == 1 and links[0].address else None
    if record is not None and record.type == "aws_route53_record":
        return graph.name_of_record(record)
    is_outright = target is not None and len(links) == 1 and links[0].address == target.address
    return f"{target.address}.{links[0].path}" if is_outright and target is not None else ""


def _custom_headers(block: Item) -> Iterator[tuple[str, Setting[str]]]:
    """The headers that CloudFront adds to each request to an origin.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
    """
    for header in block.inner("custom_header"):
        name = header.value("name")
        if isinstance(name, str):
            yield name.lower(), argument_of(header, "value", "", to_text)


def _port(connection: Item | None) -> int | None:
    """Where an origin is dialled, if that is one port."""
    if connection is None:
        return None
    http = argument_of(connection, "http_port", cloudfront.HTTP_PORT, plain_number)
    https = argument_of(connection, "https_port", cloudfront.HTTPS_PORT, plain_number)
    if isinstance(http, Unknown) or isinstance(https, Unknown):
        return None
    return cloudfront.origin_port(connection.value("origin_protocol_policy"), http.value, https.value)


def _pool(block: Item, target: Item | None, port: int | None) -> Pool:
    if target is not None:
        return Pool(references=(target.address,))
    domain = block.get("domain_name")
    if isinstance(domain, Known) and isinstance(domain.value, str) and domain.value:
        return cloudfront.pool_of(domain.value, port)
    return Pool(reason=f"where its origin is can't be told{f': {domain.why}' if isinstance(domain, Unknown) else ''}")


def _is_bucket(block: Item, is_plain: bool) -> bool:
    """Whether files come from there. is_plain: nothing says how to connect, as only a bucket's origin may."""
    if block.inner("s3_origin_config"):
        return True
    links = block.links.get("domain_name", [])
    if any(_OF_BUCKETS.search(f"{link.address}.{link.path}") for link in links if link.address):
        return True
    domain = block.value("domain_name")
    if isinstance(domain, str) and cloudfront.is_bucket_host(domain):
        return True
    return is_plain and not isinstance(block.blocks.get("custom_origin_config"), Unknown)


# What a behavior forwards


def _headers(graph: Graph, block: Item) -> Setting[frozenset[str]]:
    """The viewer's headers that reach the origin."""
    for legacy in block.inner("forwarded_values"):
        headers = texts(legacy, "headers")
        if isinstance(headers, Unknown):
            return headers
        return replace(headers, value=_small(headers.value), name="forwarded_values.headers")
    policy = _origin_request(graph, block)
    if isinstance(policy, Unknown):
        return policy
    cached = [
        config
        for item in graph.follow(block, "cache_policy_id", "aws_cloudfront_cache_policy")
        for key in item.inner("parameters_in_cache_key_and_forwarded_to_origin")
        for config in key.inner("headers_config")
    ]
    more = [_of_config(config) for config in cached]
    return replace(
        policy,
        value=policy.value.union(*(headers.value for headers in more if isinstance(headers, Known))),
    )


def _small(headers: frozenset[str]) -> frozenset[str]:
    return frozenset(header.lower() for header in headers)


def _origin_request(graph: Graph, block: Item) -> Setting[frozenset[str]]:
    """What its origin request policy forwards."""
    name = "origin_request_policy_id"
    links = block.links.get(name, [])
    if not links:
        return Known(cloudfront.NO_HEADERS, block.where, name, "default", related=block.trail)
    given = block.get(name)
    written = (given.written if isinstance(given, Known) else given.name if given is not None else "") or name
    where = given.where if isinstance(given, Known) else block.where
    headers: Setting[frozenset[str]] | None = None
    for item in graph.follow(block, name, "aws_cloudfront_origin_request_policy"):
        headers = _of_policy(item)
    for item in graph.follow(block, name, "data.aws_cloudfront_origin_request_policy"):
        headers = _of_managed(item.value("name") or item.value("id"), block)
    if headers is None:
        headers = _of_managed(links[0].text, block)
    if isinstance(headers, Unknown):
        hole = links[0].hole
        return replace(headers, where=hole.where, why=hole.why, remedy=hole.remedy) if hole is not None else headers
    return Known(headers.value, where, name, "explicit", written)


def _of_managed(policy: object, block: Item) -> Setting[frozenset[str]]:
    headers = cloudfront.managed_headers(policy) if isinstance(policy, str) else None
    if headers is not None:
        return Known(headers, block.where, "origin_request_policy_id")
    why = "the origin request policy is not in this configuration, so that what it forwards can't be told"
    return Unknown(block.where, "origin_request_policy_id", why)


def _of_policy(item: Item) -> Setting[frozenset[str]]:
    configs = item.inner("headers_config")
    return _of_config(configs[0]) if configs else Known(cloudfront.NO_HEADERS, item.where, "headers_config", "default")


def _of_config(config: Item) -> Setting[frozenset[str]]:
    """What a policy's headers_config forwards.

    https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginRequestPolicyHeadersConfig.html
    """
    behavior = argument_of(config, "header_behavior", "none", to_text)
    listed = next((texts(block, "items") for block in config.inner("headers")), None)
    if isinstance(behavior, Unknown):
        return behavior
    if isinstance(listed, Unknown):
        return listed
    named = _small(listed.value) if listed is not None else cloudfront.NO_HEADERS
    return replace(behavior, value=cloudfront.headers_of(behavior.value, named))
