"""Kinds of files that are not read are named, each once with the first file of its kind; what only sounds alike is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, run, write

from infralint.model import list_seen
from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources.unread import read
from infralint.sources.unread.terraform import KINDS


def seen(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    """The kinds that are named, with their paths."""
    write(folder, files)
    return list_seen([read(Project(folder, Settings(), base=folder))])


def manifest(kind: str, version: str = "v1", rest: str = "") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n{rest}"


BALANCED = "spec:\n  type: LoadBalancer\n"
ANNOTATED = "  annotations:\n    service.beta.kubernetes.io/azure-load-balancer-resource-group: web\n"
FRONTEND = (
    "global\n  maxconn 100\nfrontend web\n  bind :80\n  default_backend app\nbackend app\n  server a 10.0.0.1:80\n"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{{- if .Values.route }}\nkind: TLSRoute\n{{- end }}\n", "Kubernetes Gateway API"),
        (manifest("TLSRoute", "gateway.networking.k8s.io/v1"), "Kubernetes Gateway API"),
        (manifest("EnvoyFilter", "networking.istio.io/v1"), "Istio EnvoyFilter"),
        (manifest("VirtualService", "gateway.solo.io/v1"), "Gloo"),
        (manifest("EnvoyPatchPolicy", "gateway.envoyproxy.io/v1alpha1"), "Envoy Gateway"),
        (manifest("IngressRouteTCP", "traefik.io/v1alpha1"), "Traefik"),
        (manifest("Route", "serving.knative.dev/v1"), "Knative or Cloud Run"),
        (manifest("FrontendConfig", "networking.gke.io/v1beta1"), "GKE FrontendConfig"),
        (manifest("VirtualServer", "k8s.nginx.org/v1"), "F5 NGINX Ingress Controller"),
        (manifest("ApisixRoute", "apisix.apache.org/v2"), "APISIX"),
        (manifest("KongPlugin", "configuration.konghq.com/v1"), "Kong"),
        (manifest("HelmRelease", "helm.toolkit.fluxcd.io/v2"), "Helm release"),
        (manifest("Service", rest=BALANCED), "Kubernetes load balancer Service"),
        (f"apiVersion: v1\nkind: Service\nmetadata:\n{ANNOTATED}", "Kubernetes load balancer Service"),
        (f"# first\n---\n{manifest('Deployment')}---\n{manifest('TLSRoute')}", "Kubernetes Gateway API"),
        ("kind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- kind: TLSRoute\n", "Kubernetes Gateway API"),
        ("Resources:\n  Web: {Type: AWS::Amplify::App}\n", "AWS Amplify hosting"),
        ("http:\n  # routes\n\n  routers:\n    app: {rule: Host(`a`)}\n", "Traefik"),
        ("_format_version: '3.0'\nservices: []\n", "Kong"),
        ("tunnel: {{ .Values.tunnel }}\ningress:\n  - service: http://app:80\n", "Cloudflare Tunnel"),
        ("- '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3\n", "Envoy"),
        ("services: {web: {image: a}}\nx-aws-cloudformation:\n  Resources: {}\n", "Compose on ECS (x-aws-…)"),
    ],
)  # fmt: skip
def test_what_a_manifest_describes(text: str, kind: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"deploy/a.yaml": text}) == [f"{kind} (deploy/a.yaml)"]


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\n# kind: Ingress\nspec:\n  kind: Ingress\n",
        manifest("Service"),
        manifest("Ingress", "networking.k8s.io/v1"),
        manifest("HTTPRoute", "gateway.networking.k8s.io/v1"),
        manifest("VirtualService", "networking.istio.io/v1"),
        manifest("Middleware", "traefik.io/v1alpha1"),
        manifest(
            "Service", rest="  annotations: {service.beta.kubernetes.io/aws-load-balancer-type: nlb}\n" + BALANCED
        ),
        manifest("Deployment", "apps/v1"),
        manifest("CustomResourceDefinition", rest="spec:\n  names:\n    kind: HTTPRoute\n"),
        manifest("ConfigMap", rest="data:\n  nginx.conf: |\n    proxy_read_timeout 5s;\n"),
        "kind: ConfigMap\nmetadata:\n  name: nginx-config\n",
        manifest("ServiceAccount", "traefik.io/v1alpha1"),
        "Resources:\n  Files: {Type: AWS::S3::Bucket}\n",
        "on: push\njobs: {a: {steps: [{uses: traefik/action}]}}\n",
        "kind: [\n",
        "",
    ],
)
def test_what_only_sounds_alike_is_not_named(text: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"deploy/a.yaml": text}) == []


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("Caddyfile", "example.com {\n  reverse_proxy app:80\n}\n", "Caddy"),
        ("conf/prod.Caddyfile", "", "Caddy"),
        ("infra/haproxy.cfg", FRONTEND, "HAProxy"),
        ("templates/haproxy.cfg.j2", FRONTEND, "HAProxy"),
        ("lb/edge.cfg", FRONTEND, "HAProxy"),
        ("apache/site.conf", "<VirtualHost *:80>\n  ProxyPass / http://app:80/\n</VirtualHost>\n", "Apache"),
        ("apache/php.conf", '<FilesMatch "\\.php$">\n  SetHandler "proxy:unix:/run/php.sock|fcgi://x"\n', "Apache"),
        ("sites-available/app", "<VirtualHost *:80>\n\tProxyPassMatch ^/ws ws://app\n</VirtualHost>\n", "Apache"),
        (".htaccess", "RewriteEngine On\nRewriteRule ^(.*)$ http://app/$1 [P,L]\n", "Apache"),
        ("traefik.yml", "entryPoints: {}\n", "Traefik"),
        ("traefik/dynamic.toml", "[http.routers.app]\n", "Traefik"),
        ("envoy/front-envoy.yaml", "static_resources:\n  listeners: []\n", "Envoy"),
        ("envoy.json", '{"static_resources": {}}', "Envoy"),
        ("kong.conf", "", "Kong"),
        ("krakend.json", "{}", "KrakenD"),
        ("default.vcl", "vcl 4.1;\n", "Varnish"),
        ("web.config", '<action type="Rewrite" url="http://localhost:3000/{R:1}" />', "IIS"),
        ("infra/terragrunt.hcl", "", "Terragrunt"),
        ("cdk.json", "{}", "AWS CDK, of which `cdk synth` makes templates that are read"),
        ("api/serverless.ts", "export default {}\n", "Serverless Framework"),
        ("Pulumi.yaml", "name: a\nruntime: yaml\n", "Pulumi"),
        ("main.bicep", "resource g 'Microsoft.Network/applicationGateways@2024-01-01' = {}\n", "Azure (Bicep)"),
        ("wrangler.toml", "", "Cloudflare Workers"),
        ("app.yaml", "runtime: python312\n", "Google App Engine"),
        ("config/deploy.yml", "service: a\nservers:\n  - 10.0.0.1\n", "Kamal"),
    ],
)
def test_files_that_are_known_by_name(name: str, text: str, kind: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {name: text}) == [f"{kind} ({name})"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[metadata]\nname = a\n"),
        ("docs/haproxy.md", FRONTEND),
        ("haproxy.py", "frontend web\n"),
        ("nginx/site.conf", "server { location / { proxy_pass http://app; } }\n"),
        ("app.conf", "# ProxyPass / http://app/\n"),
        ("Procfile", "worker: celery\n"),
        ("app.yaml", "name: api\n"),
        ("deploy.yml", "on: push\n"),
        ("cdk.json.md", ""),
        ("pyproject.toml", "[tool.a]\n"),
        ("firebase.json", '{"firestore": {}}'),
        ("email.template", "Hello\n"),
        ("tests/envoy_test.yaml", "name: a\n"),
    ],
)
def test_files_with_like_names_are_not_named(name: str, text: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {name: text}) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('resource "aws_amplify_app" "api" {\n}\n', "AWS Amplify hosting"),
        ('  resource "aws_amplify_app" "web" {}\n', "AWS Amplify hosting"),
        ('module "ecs" {\n  source = "a/ecs/aws"\n  service_connect_configuration = {}\n}\n', "ECS Service Connect"),
        ('resource "kubernetes_service" "a" {\n  spec {\n    type = "LoadBalancer"\n  }\n}\n', "Kubernetes load balancer Service"),
        ('resource "google_api_gateway_gateway" "a" {}\n', "Google API Gateway"),
        ('resource "azurerm_lb" "a" {}\n', "Azure Load Balancer"),
        ('module "cdn" {\n  source  = "cloudposse/cloudfront-cdn/aws"\n}\n', "CloudFront"),
        ('module "a" {\n  source = "git::https://example.com/tf-apigateway-v2.git?ref=v1"\n}\n', "API Gateway"),
    ],
)  # fmt: skip
def test_resources_of_terraform(text: str, kind: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"infra/main.tf": text}) == [f"{kind} (infra/main.tf)"]


@pytest.mark.parametrize("type_", sorted(KINDS.keys() - {"cloudflare_tunnel"}))
def test_each_resource_that_is_not_read_is_named_alone(type_: str, tmp_path: Path) -> None:
    """In a file of its own that says nothing else, beside others that say nothing at all."""
    other = 'resource "aws_s3_bucket" "a" {}\n'
    assert seen(tmp_path, {"a/main.tf": other, "b/main.tf": f'resource "{type_}" "a" {{}}\n', "c/main.tf": other}) == [
        f"{KINDS[type_]} (b/main.tf)"
    ]


def test_resources_of_terraform_in_json(tmp_path: Path) -> None:
    text = '{"resource": {"aws_amplify_app": {"chat": {}}}}'
    assert seen(tmp_path, {"main.tf.json": text}) == ["AWS Amplify hosting (main.tf.json)"]


@pytest.mark.parametrize(
    "text",
    [
        '# resource "aws_cloudfront_distribution" "cdn" {}\n',
        'data "aws_cloudfront_distribution" "cdn" {}\n',
        'module "cdn" {\n  source = "./modules/cloudfront"\n}\n',
        'resource "aws_ecs_service" "a" {}\n',
        'resource "kubernetes_service" "a" {\n  spec {\n    type = "ClusterIP"\n  }\n}\n',
        'resource "aws_lb" "a" {}\n',
    ],
)
def test_other_resources_are_not_named(text: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"main.tf": text}) == []


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        ("image: traefik:v3", "Traefik"),
        ("image: docker.io/library/haproxy:3.0-alpine", "HAProxy"),
        ("image: envoyproxy/envoy@sha256:0123", "Envoy"),
        ("image: jc21/nginx-proxy-manager", "Nginx Proxy Manager"),
        ("image: a\n    labels: {traefik.tcp.routers.a.rule: 'HostSNI(`a`)'}", "Traefik's TCP routes"),
    ],
)
def test_proxies_that_a_compose_file_runs(service: str, kind: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"compose.yaml": f"services:\n  a:\n    {service}\n"}) == [f"{kind} (compose.yaml)"]


@pytest.mark.parametrize(
    "service",
    [
        "image: traefik:v3\n    labels: ['traefik.http.routers.a.rule=Host(`a`)']",
        "image: a\n    labels: {caddy: a.example.com, caddy.reverse_proxy: '{{upstreams 80}}'}",
        "image: a\n    environment: [VIRTUAL_HOST=a.example.com]",
    ],
)
def test_proxies_whose_routes_are_read_are_not_named(service: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {"compose.yaml": f"services:\n  a:\n    {service}\n"}) == []


def test_a_kind_is_named_once_with_how_many_more_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"k8s/{name}.yaml": manifest("TLSRoute") for name in "abc"}
    assert seen(tmp_path, files) == ["Kubernetes Gateway API (k8s/a.yaml and 2 more)"]


def test_what_is_excluded_is_not_named(lint: Lint) -> None:
    files = {"infralint.yaml": "exclude: [k8s]\n", "k8s/a.yaml": manifest("TLSRoute"), "main.tf": "locals {}\n"}
    assert "unsupported" not in lint(files)


def test_the_summary_and_the_report_name_all_kinds(lint: Lint) -> None:
    names = ["Caddyfile", "cdk.json", "kong.conf", "netlify.toml", "terragrunt.hcl", "wrangler.toml"]
    report = lint({"main.tf": "locals {}\n", **dict.fromkeys(names, "")})
    assert len(report["unsupported"]) == len(names)
    line = next(line for line in run("check").output.splitlines() if line.startswith("Seen, and not read yet: "))
    assert all(f"({name})" in line for name in names)


def test_a_long_manifest_takes_time_in_proportion_to_its_length(tmp_path: Path) -> None:
    text = "http:\n" * 20_000 + "kind: A\n---\n" * 20_000 + "\n" * 100_000 + " \t" * 50_000
    started = "UserData:\n" * 50_000
    assert seen(tmp_path, {"a.yaml": text, "b.conf": "RewriteRule " * 20_000 + "\n" * 50_000, "c.cfg": text}) == []
    assert seen(tmp_path, {"d.yaml": started, "e.yaml": started.replace("\n", " proxy_pass x\n")}) == []


SERVER = "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n"
SCRIPT = f"#!/bin/bash\napt-get install -y nginx\ncat > /etc/nginx/conf.d/a.conf <<'EOF'\n{SERVER}EOF\n"
INDENTED = "".join(f"          {line}\n" for line in SCRIPT.splitlines())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("main.tf", f'resource "aws_instance" "edge" {{\n  user_data = <<-EOT\n{SCRIPT}  EOT\n}}\n'),
        ("vm.tf", f'resource "azurerm_linux_virtual_machine" "a" {{\n  custom_data = base64encode(<<-EOT\n{SCRIPT}EOT\n)\n}}\n'),
        ("web/Dockerfile", f"FROM nginx\nCOPY <<EOF /etc/nginx/conf.d/a.conf\n{SERVER}EOF\n"),
        ("Dockerfile.web", "FROM nginx\nRUN echo 'server { location / { proxy_pass http://a; } }' > /etc/nginx/a.conf\n"),
        ("scripts/user_data.sh", SCRIPT),
        ("templates/user_data.sh.tpl", SCRIPT),
        ("templates/user-data.tftpl", SCRIPT),
        ("cloud-init.yaml", f"#cloud-config\nwrite_files:\n  - path: /etc/nginx/a.conf\n    content: |\n{INDENTED}"),
        ("stack.yaml", f"Resources:\n  A:\n    Properties:\n      UserData:\n        Fn::Base64: |\n{INDENTED}"),
    ],
)  # fmt: skip
def test_nginx_that_a_script_sets_up_is_named(path: str, text: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {path: text}) == [f"nginx that a script sets up ({path})"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "main.tf",
            'resource "aws_instance" "edge" {\n  user_data = "#!/bin/bash"\n}\n# proxy_pass is set elsewhere\n',
        ),
        ("nginx.conf.tpl", SERVER),
        ("Dockerfile", "FROM nginx\nCOPY a.conf /etc/nginx/conf.d/\n"),
        ("run.sh", "#!/bin/sh\nnginx -t && grep -c proxy_passed log\n"),
    ],
)
def test_nginx_that_no_script_sets_up_is_not_named(path: str, text: str, tmp_path: Path) -> None:
    assert seen(tmp_path, {path: text}) == []
