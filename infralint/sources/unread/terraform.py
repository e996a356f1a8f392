"""Terraform's resources and registry modules through which streams pass, of kinds that are not read yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.sources.unread.files import SCRIPTED_NGINX
from infralint.text.lazy import lazy

_RESOURCE = lazy(rb'(?m)^[ \t]*resource[ \t]+"?(\w{1,80})"?[ \t]+"')
_RESOURCE_WORD = lazy(rb'resource[ \t]+"?(\w{1,80})')
"""The same, quicker, and also in a comment."""
_RESOURCE_IN_JSON = lazy(rb'"(\w{1,80})"\s*:\s*\{')
_MODULE = lazy(rb'(?m)^[ \t]*"?source"?[ \t]*[=:][ \t]*"([^"\n]{1,300})"')
_CONNECTED = b"service_connect_configuration"
_CONNECTION_INPUT = lazy(rb"service_connect_configuration\s*=")
_LOAD_BALANCED = lazy(rb'(?m)^[ \t]*"?type"?\s*[=:]\s*"LoadBalancer"')

KINDS = {
    "aws_amplify_app": "AWS Amplify hosting",
    "aws_globalaccelerator_custom_routing_accelerator": "Global Accelerator",
    "aws_lightsail_container_service": "Lightsail",
    "aws_lightsail_distribution": "Lightsail",
    "aws_lightsail_lb": "Lightsail",
    "azurerm_api_management": "Azure API Management",
    "azurerm_cdn_endpoint": "Azure CDN",
    "azurerm_frontdoor": "Azure Front Door",
    "azurerm_function_app_flex_consumption": "Azure Functions",
    "azurerm_lb": "Azure Load Balancer",
    "azurerm_linux_function_app": "Azure Functions",
    "azurerm_static_web_app": "Azure Static Web Apps",
    "azurerm_windows_function_app": "Azure Functions",
    "cloudflare_load_balancer": "Cloudflare",
    "cloudflare_tunnel": "Cloudflare Tunnel",
    "cloudflare_worker_script": "Cloudflare Workers",
    "cloudflare_workers_script": "Cloudflare Workers",
    "cloudflare_zero_trust_tunnel_cloudflared": "Cloudflare Tunnel",
    "digitalocean_app": "DigitalOcean App Platform",
    "digitalocean_loadbalancer": "DigitalOcean load balancer",
    "fastly_service_compute": "Fastly",
    "fastly_service_vcl": "Fastly",
    "fly_app": "Fly.io",
    "google_api_gateway_gateway": "Google API Gateway",
    "google_app_engine_flexible_app_version": "Google App Engine",
    "google_app_engine_standard_app_version": "Google App Engine",
    "google_cloudfunctions2_function": "Google Cloud Functions",
    "google_cloudfunctions_function": "Google Cloud Functions",
    "hcloud_load_balancer": "Hetzner load balancer",
    "helm_release": "Helm release",
    "heroku_app": "Heroku",
    "kubectl_manifest": "Kubernetes manifests in Terraform",
    "kubernetes_ingress": "Kubernetes Ingress",
    "kubernetes_ingress_v1": "Kubernetes Ingress",
    "kubernetes_manifest": "Kubernetes manifests in Terraform",
    "linode_nodebalancer": "Linode NodeBalancer",
    "netlify_site": "Netlify",
    "oci_load_balancer_load_balancer": "Oracle Cloud load balancer",
    "railway_service": "Railway",
    "render_web_service": "Render",
    "scaleway_container": "Scaleway",
    "scaleway_lb": "Scaleway",
}
"""Resource type -> what it is called. https://registry.terraform.io/browse/providers"""

_TUNNELS = frozenset({"cloudflare_tunnel", "cloudflare_zero_trust_tunnel_cloudflared"})
"""Tunnels, which are read where their ingress rules stand beside them."""
_TUNNEL_RULES = lazy(rb"\bcloudflare_(?:zero_trust_)?tunnel_(?:cloudflared_)?config\b")
_SCRIPT = lazy(rb"\b(?:user_data(?:_base64)?|custom_data|(?:metadata_)?startup[_-]script|inline)\"?[ \t]*[=:]")
"""What a machine runs when it starts."""
_PROXY = lazy(rb"[\s{;]proxy_pass[ \t]+[\"']?(?:https?:|\\?\$)")
_SERVICES = frozenset({"kubernetes_service", "kubernetes_service_v1"})
_OTHER_WORDS = (b"module", b"proxy_pass", _CONNECTED)
"""In a file that describes such kinds, and holds none of the resources."""
_ASKED = frozenset(name.encode() for name in (*KINDS, *_SERVICES))

_READ_MODULES = lazy(r"terraform-aws-(?:modules/)?(?:cloudfront|apigateway-v2)(?:/aws)?/?(?:\.git)?(?:\?.*)?$")
"""Registry modules that are read without their files."""

_MODULES = {
    "cloudfront": "CloudFront",
    "apigateway": "API Gateway",
    "api-gateway": "API Gateway",
    "app-runner": "App Runner",
    "apprunner": "App Runner",
    "elastic-beanstalk": "Elastic Beanstalk",
    "global-accelerator": "Global Accelerator",
    "vpc-lattice": "VPC Lattice",
    "lb-http": "Google Cloud load balancer",
    "cloud-run": "Cloud Run",
}
"""Words of a registry module's address -> what it brings."""


def has_no_kinds(contents: Sequence[bytes]) -> bool:
    """Whether `kinds_in_terraform` finds nothing in any of these files, which are gone through together."""
    together = b"\n".join(contents)
    return (
        _ASKED.isdisjoint(_RESOURCE_WORD.findall(together))
        and not any(word in together for word in _OTHER_WORDS)
        and not any(content.lstrip()[:1] == b"{" for content in contents)
    )


def kinds_in_terraform(content: bytes) -> Iterator[str]:
    """What a file of resources, in HCL or in JSON, describes that is not read."""
    types: set[str] = set()
    if not _ASKED.isdisjoint(_RESOURCE_WORD.findall(content)):
        types |= {found.decode() for found in _RESOURCE.findall(content)}
    if content.lstrip()[:1] == b"{":
        types |= {found.decode() for found in _RESOURCE_IN_JSON.findall(content)}
    if b"_tunnel" in content and _TUNNEL_RULES.search(content):
        types -= _TUNNELS
    yield from (KINDS[name] for name in sorted(types & KINDS.keys()))
    if _CONNECTED in content and _CONNECTION_INPUT.search(content):
        yield "ECS Service Connect"
    if types & _SERVICES and _LOAD_BALANCED.search(content):
        yield "Kubernetes load balancer Service"
    if b"proxy_pass" in content and (script := _SCRIPT.search(content)) and _PROXY.search(content, script.end()):
        yield SCRIPTED_NGINX
    for source in _MODULE.findall(content) if b"module" in content else ():
        yield from _brought_by(source.decode("utf-8", "replace"))


def _brought_by(source: str) -> Iterator[str]:
    """What a module from a registry or a repository brings, by the words of its address; local ones are looked into."""
    if not source.startswith((".", "/")) and not _READ_MODULES.search(source):
        yield from (kind for word, kind in _MODULES.items() if word in source.lower())
