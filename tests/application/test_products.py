"""What is known of a product that a deployment file runs, at the hops in front of it."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

COMPOSE = """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  web:
    image: %s
"""
PLAIN = "server { listen 80; location / { proxy_pass http://web:8080; } }\n"
WHOLE = """\
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    listen 80;
    location / {
        proxy_pass http://web:8080;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 75s;
    }
}
"""


@pytest.mark.parametrize(
    "image",
    [
        "linuxserver/plex",
        "ghcr.io/open-webui/open-webui:main",
        "lscr.io/linuxserver/sonarr",
        "grafana/grafana:11.1",
        "jetbrains/teamcity-server:2024.03",
        "ghcr.io/immich-app/immich-server:release",
        "acme/shop\n    command: php artisan reverb:start --port=8080",
    ],
)
def test_the_hop_in_front_of_a_product_that_opens_sockets_has_to_upgrade(image: str, lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % image, "site.conf": PLAIN})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert finding["severity"] == "warning"
    assert "compose.yaml:6 runs " in finding["stream"]["because"]


@pytest.mark.parametrize(
    "image", ["lscr.io/linuxserver/sonarr", "vaultwarden/server:latest", "quay.io/soketi/soketi:1.6"]
)
def test_the_pings_of_a_product_are_known(image: str, lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % image, "site.conf": WHOLE})
    assert problems(report, "short-idle-timeout") == []


def test_a_product_that_does_not_stream_is_silent(lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % "ghcr.io/mealie-recipes/mealie:v2", "site.conf": PLAIN})
    assert {finding["severity"] for finding in report["findings"]} <= {"note"}


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: models}
spec:
  replicas: 1
  selector: {matchLabels: {app: models}}
  template:
    metadata: {labels: {app: models}}
    spec:
      containers:
        - name: models
          image: %s
          ports: [{containerPort: 11434}]
---
apiVersion: v1
kind: Service
metadata: {name: models}
spec:
  selector: {app: models}
  ports: [{port: 80, targetPort: 11434}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: models}
spec:
  ingressClassName: nginx
  rules:
    - host: models.example.org
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: models, port: {number: 80}}}}
"""


def test_a_product_in_a_pod_streams_through_the_ingress(lint: Lint) -> None:
    report = lint({"k8s.yaml": DEPLOYMENT % "ollama/ollama:0.6"})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert finding["severity"] == "warning"
    assert "k8s.yaml:11:11 runs Ollama" in finding["stream"]["because"]


def test_another_image_in_a_pod_is_no_product(lint: Lint) -> None:
    report = lint({"k8s.yaml": DEPLOYMENT % "acme/models:1"})
    assert {finding["severity"] for finding in report["findings"]} <= {"note"}


BUILT = """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  web:
    build: ./web
"""


@pytest.mark.parametrize(
    ("files", "because"),
    [
        (
            {"web/Dockerfile": "FROM ghcr.io/open-webui/open-webui:main\nCOPY x /\n"},
            "web/Dockerfile:1 is built on Open WebUI",
        ),
        (
            {"web/Dockerfile": 'FROM python:3.13\nRUN pip install -r needs.txt\nCMD ["open-webui", "serve"]\n'},
            "web/Dockerfile:3 starts Open WebUI",
        ),
        (
            {"web/Dockerfile": "FROM python:3.13\n", "web/requirements.txt": "# pinned\nopen-webui==0.6.5\n"},
            "web/requirements.txt:2 installs Open WebUI",
        ),
        (
            {"web/Dockerfile": "FROM python:3.13\n", "web/start.sh": "exec jupyter lab --ip=0.0.0.0 --port 8080\n"},
            "web/start.sh:1 starts Jupyter",
        ),
        (
            {"web/Dockerfile": "FROM node:22\n", "web/package.json": '{"dependencies": {\n"n8n": "1.90.0"}}'},
            "web/package.json:2 installs n8n",
        ),
    ],
    ids=["base", "command", "requirement", "script", "dependency"],
)
def test_a_product_that_is_started_or_installed(files: dict[str, str], because: str, lint: Lint) -> None:
    report = lint({"compose.yaml": BUILT, "site.conf": PLAIN, **files})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert finding["severity"] == "warning"
    assert because in finding["stream"]["because"]


@pytest.mark.parametrize(
    "files",
    [
        {"web/requirements.txt": "fastapi\njupyterlab\nlitellm\n", "web/app.py": "print(1)\n"},
        {"web/requirements.txt": "fastapi\n# open-webui\n", "web/app.py": "print(1)\n"},
        {"web/package.json": '{"name": "n8n-nodes-acme", "devDependencies": {"n8n": "1.90.0"}}', "web/a.js": "x()\n"},
        {"web/package.json": '{"dependencies": {"n8n-workflow": "1.0.0"}}', "web/a.js": "x()\n"},
        {"web/pyproject.toml": '[project]\nname = "open-webui"\n', "web/app.py": "print(1)\n"},
        {"web/start.sh": "echo run open-webui serve on port 8080 by hand\n", "web/requirements.txt": "fastapi\n"},
    ],
    ids=["libraries", "comment", "for development", "other package", "itself", "echo"],
)
def test_what_only_looks_like_a_product_is_none(files: dict[str, str], lint: Lint) -> None:
    report = lint({"compose.yaml": BUILT, "site.conf": PLAIN, "web/Dockerfile": "FROM python:3.13\n", **files})
    assert {finding["severity"] for finding in report["findings"]} <= {"note"}


@pytest.mark.parametrize(
    "command", ["vllm serve x", "/opt/venv/bin/vllm serve x", "tini -- vllm serve x", "sh -c 'vllm serve x'"]
)
def test_a_command_of_a_service_starts_a_product(command: str, lint: Lint) -> None:
    compose = COMPOSE % "acme/inference:1" + f"    command: {command}\n"
    report = lint({"compose.yaml": compose, "site.conf": PLAIN})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "buffered-stream"]
    assert finding["severity"] == "warning"
    assert "compose.yaml:6 runs vLLM" in finding["stream"]["because"]


def test_an_image_that_is_built_from_the_whole_project_is_none_of_its_products(lint: Lint) -> None:
    """The product that another file of the project runs is not what a Dockerfile at the root builds."""
    site = "server { listen 80; location /api/ { proxy_pass http://app:8080; } }\n"
    compose = (COMPOSE % "grafana/grafana:11.1") + "    profiles: [watch]\n  app: { build: . }\n"
    files = {"compose.yaml": compose, "site.conf": site, "Dockerfile": "FROM scratch\nCOPY . /app\n"}
    report = lint(files)
    assert problems(report, "missing-upgrade-headers") == []


@pytest.mark.parametrize(
    ("ports", "address", "loud"),
    [
        ('["5678:5678"]', "127.0.0.1:5678", True),
        ('["127.0.0.1:8443:5678"]', "localhost:8443", True),
        ('["5678:5678"]', "127.0.0.1:9000", False),
    ],
)
def test_a_product_is_reached_by_the_port_that_its_host_publishes(
    ports: str, address: str, loud: bool, lint: Lint
) -> None:
    """An nginx beside the containers, as in the reports of n8n's users: https://github.com/n8n-io/n8n/issues/14653"""
    compose = f"services:\n  flows:\n    image: docker.n8n.io/n8nio/n8n\n    ports: {ports}\n"
    site = f"server {{\n    listen 80;\n    location / {{\n        proxy_pass http://{address};\n    }}\n}}\n"
    report = lint({"compose.yaml": compose, "sites-available/n8n.conf": site})
    found = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert bool(problems(report, "missing-upgrade-headers")) is loud
    assert (
        [hop["hop"]["name"] for hop in found[0]["trace"]["legs"]] == ["location /", "n8n's /rest/push"]
        if loud
        else not found
    )


def test_nobody_is_asked_to_change_the_code_of_a_product(lint: Lint) -> None:
    whole = (
        "location / { proxy_pass http://web:8080; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 5m;"
    )
    site = f"server {{ listen 80; {whole} }} }}\n"
    report = lint({"compose.yaml": COMPOSE % "ghcr.io/mostlygeek/llama-swap:cpu", "site.conf": site})
    assert report["findings"] == []


@pytest.mark.parametrize(
    ("image", "speaks"),
    [
        ("acme/llm-gateway:2", True),
        ("registry.example.com/chatgpt-proxy", True),
        ("acme/gptune-ledger", False),
        ("acme/web", False),
    ],
)
def test_an_image_that_is_called_after_models_speaks_of_streams(image: str, speaks: bool, lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % image, "site.conf": PLAIN})
    assert {finding["severity"] for finding in report["findings"]} == ({"warning"} if speaks else {"note"})
