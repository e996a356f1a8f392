"""Files of proxies and of hosting that are known by their names, and where a name is not enough by a word in them."""

from __future__ import annotations

import re

import msgspec

from infralint.project.names import FileNames
from infralint.sources.unread.manifests import TEMPLATE_KINDS
from infralint.text.lazy import lazy


class UnreadKind(msgspec.Struct, frozen=True):
    """A kind of file. words: what stands in such a file, where its name alone could mean something else. literal: a part of
    that, which is looked for first."""

    kind: str
    words: re.Pattern[bytes] | None = None
    literal: bytes = b""

    def is_in(self, content: bytes) -> bool:
        """Whether a file whose name fits is of this kind, by its content."""
        return self.words is None or (self.literal in content and self.words.search(content) is not None)


def _rule(kind: str, words: bytes = b"", literal: bytes = b"") -> UnreadKind:
    return UnreadKind(kind, lazy(words, re.MULTILINE) if words else None, literal)


_KAMAL = _rule("Kamal", rb"^servers:")
_APP_ENGINE = _rule("Google App Engine", rb"^(?:runtime|env):[ \t]*[\"']?(?:python|node|java|go|php|ruby|flex|custom)")
_SERVERLESS = _rule("Serverless Framework")
_SST = _rule("SST")
CDK = "AWS CDK, of which `cdk synth` makes templates that are read"

NAMES = {
    "app.yaml": _APP_ENGINE,
    "app.yml": _APP_ENGINE,
    "apphosting.yaml": _rule("Firebase App Hosting"),
    "azure.yaml": _rule("Azure Developer CLI", rb"^services:"),
    "caddy.json": _rule("Caddy"),
    "captain-definition": _rule("CapRover"),
    "cdk.json": _rule(CDK),
    "cdktf.json": _rule("CDK for Terraform"),
    "deploy.yaml": _KAMAL,
    "deploy.yml": _KAMAL,
    "firebase.json": _rule("Firebase", rb"\"(?:hosting|functions)\""),
    "kong.conf": _rule("Kong"),
    "pulumi.yaml": _rule("Pulumi", rb"^runtime:"),
    "pulumi.yml": _rule("Pulumi", rb"^runtime:"),
    "serverless.js": _SERVERLESS,
    "serverless.json": _SERVERLESS,
    "serverless.ts": _SERVERLESS,
    "sst.config.js": _SST,
    "sst.config.ts": _SST,
    "staticwebapp.config.json": _rule("Azure Static Web Apps"),
    "terragrunt.hcl": _rule("Terragrunt"),
    "web.config": _rule("IIS", rb"(?i:url=[\"']https?://|httpPlatform|iisnode|aspNetCore)"),
    "wrangler.json": _rule("Cloudflare Workers"),
    "wrangler.jsonc": _rule("Cloudflare Workers"),
    "wrangler.toml": _rule("Cloudflare Workers"),
}
"""Plain name -> its kind."""

_PROXY_PASS = (
    rb"^[ \t]*(?i:<?ProxyPass(?:Match)?[ \t]|BalancerMember[ \t]|RewriteRule[ \t][^\n]*[\[,]P[,\]]"
    rb"|SetHandler[ \t]+\"?(?:proxy:|fcgid-script))"
)
_HAPROXY = _rule("HAProxy", rb"^(?:global|defaults|frontend|backend|listen)\b")
_SECTIONS = rb"^(?:frontend|backend|listen)[ \t]+[\w.{}-]+[ \t]*\r?$"
SCRIPTED_NGINX = "nginx that a script sets up"
_WRITTEN_AT_START = (
    rb"\A(?:#!|#cloud-config|Content-Type: multipart/)[\s\S]*?[\s{;]proxy_pass[ \t]+[\"']?(?:https?:|\\?\$)"
)
_WRITTEN_IN_IMAGE = rb"\A[\s\S]*?[\s{;'\"]proxy_pass[ \t]+[\"']?(?:https?:|\\?\$)"
_USER_DATA = rb"\A(?>[\s\S]*?^[ \t]*UserData:)[\s\S]*?[\s{;]proxy_pass[ \t]+[\"']?(?:https?:|\\?\$)"
TEMPLATE_SERVICES = tuple((rf"\bAWS::{service}::", kind) for service, kind in TEMPLATE_KINDS.items())
"""Regular expression over a CloudFormation template -> its kind."""
_RESOURCES = rb"Microsoft\.(?:Network/(?:applicationGateways|frontDoors)|App/containerApps|Web/|Cdn/|ApiManagement/)"

_BESIDE = (
    rb"\bAWS::(?:ApiGateway::RestApi|ApiGatewayV2::Api|AppRunner::Service|CloudFront::Distribution"
    rb"|ECS::Service|ElasticLoadBalancingV2::(?:ListenerRule|LoadBalancer)|Lambda::Url)\b"
)

PATHS = tuple(
    (word, lazy(rf"(?:^|/)(?:{paths})$"), rule)
    for word, paths, rule in (
        ("apisix", r"[^/]*apisix[^/]*\.ya?ml", _rule("APISIX", rb"^(?:apisix|routes|upstreams|deployment):")),
        ("", r"[^/]*\.(?:conf|vhost)|\.htaccess|(?:sites-\w+|apache2?|httpd)/(?:[^/]+/)*[^/.]+", _rule("Apache", _PROXY_PASS)),
        (".bicep", r"[^/]*\.bicep", _rule("Azure (Bicep)", _RESOURCES)),
        ("caddyfile", r"(?:[^/]*\.)?caddyfile(?:[._-][^/]*)?", _rule("Caddy")),
        *(
            (".", r"[^/]*(?:template|cloudformation|cfn|stack|sam)[^/]*\.json|[^/]*\.template", _rule(kind, service.encode()))
            for service, kind in TEMPLATE_SERVICES
        ),
        (".do/", r"\.do/(?:app|deploy\.template)\.ya?ml", _rule("DigitalOcean App Platform")),
        ("envoy", r"[^/]*envoy[^/]*\.(?:ya?ml|json)", _rule("Envoy", rb"\b(?:static|dynamic)_resources\b|\bstaticResources\b")),
        ("haproxy", r"[^/]*haproxy[^/]*\.(?:cfg|conf)|haproxy[^/.]*", _HAPROXY),
        (".cfg", r"[^/]*\.cfg", _rule("HAProxy", _SECTIONS)),
        ("config/deploy.", r"config/deploy\.[\w-]+\.yml", _KAMAL),
        ("krakend", r"[^/]*krakend[^/]*\.json", _rule("KrakenD")),
        ("lighttpd", r"[^/]*lighttpd[^/]*", _rule("lighttpd", rb"\bproxy\.server\b")),
        ("serverless.y", r"serverless\.ya?ml", _rule("CloudFormation beside functions of the Serverless Framework", _BESIDE)),
        ("traefik", r"[^/]*traefik[^/]*\.toml", _rule("Traefik")),
        (".toml", r"[^/]*\.toml", _rule("Traefik", rb"^\[(?:http\.(?:routers|services|middlewares)|entryPoints)[.\]]")),
        ("traefik.y", r"traefik\.ya?ml", _rule("Traefik", rb"^(?:entryPoints|providers|http|tcp):")),
        (".vcl", r"[^/]*\.vcl", _rule("Varnish")),
        (".", r"[^/]*\.(?:sh|bash|tftpl|tpl|cfg|ya?ml)", _rule(SCRIPTED_NGINX, _WRITTEN_AT_START, b"proxy_pass")),
        (".", r"[^/]*\.(?:ya?ml|template)", _rule(SCRIPTED_NGINX, _USER_DATA, b"proxy_pass")),
        ("dockerfile", r"(?:[^/]*\.)?dockerfile(?:[._-][^/]*)?", _rule(SCRIPTED_NGINX, _WRITTEN_IN_IMAGE, b"proxy_pass")),
    )
)  # fmt: skip
"""What stands somewhere in each such path, a regular expression over the end of it -> its kind."""

_ENDINGS = frozenset("bash bicep cfg conf htaccess json sh template tftpl toml tpl vcl vhost yaml yml".split())
"""Names with another ending are no such file, unless it is one of NAMES or says one of _WORDS."""
_WORDS = ("caddyfile", "dockerfile", "haproxy", "lighttpd")
_OTHER_NAMES = tuple(name for name in NAMES if name.rpartition(".")[2] not in _ENDINGS)
"""Those of NAMES that have another ending."""
_TEMPLATES = "j2 jinja jinja2 tmpl tpl erb template example sample dist in gotmpl ejs".split()
_TEMPLATED = lazy(rf"(?:\.(?:{'|'.join(_TEMPLATES)}))+$")
_LOOKED_AT = _ENDINGS | {"tf", "tofu", *_TEMPLATES}


def find_with_rules(names: FileNames) -> tuple[list[str], list[str]]:
    """The files that may fall under a rule, by their names, in order: quick, and none of the others does. Those of Terraform
    that fall under the rules of its resources alone are given apart, behind the others."""
    looked_at = {ending for ending in names.by_ending if not ending or ending.lower() in _LOOKED_AT}
    found, resources = set(names.find_ending(*looked_at)), set(names.find_ending("tf", "tofu"))
    others = names.by_ending.keys() - looked_at
    for path, name in names.find_holding(*_OTHER_NAMES, *_WORDS, endings=(*others, "tf", "tofu")):
        if name.lower() in NAMES or any(word in name.lower() for word in _WORDS):
            found.add(path)
            resources.discard(path)
    return sorted(found - resources), sorted(resources)


def plain_path(path: str) -> str:
    """A path in lower case, without what makes the file a template: `haproxy.cfg.j2` is `haproxy.cfg`."""
    folder, slash, name = path.lower().rpartition("/")
    return folder + slash + (_TEMPLATED.sub("", name) if name.count(".") > 1 else name)


def rules_of(plain: str) -> list[UnreadKind]:
    """The rules that a file falls under by its plain path."""
    name = plain.rpartition("/")[2]
    found = [NAMES[name]] if name in NAMES else []
    _, dot, ending = name.rpartition(".")
    if not dot or ending in _ENDINGS or any(word in name for word in _WORDS):
        found += [rule for word, path, rule in PATHS if word in plain and path.search(plain)]
    return found
