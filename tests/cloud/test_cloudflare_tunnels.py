"""Cloudflare Tunnels: cloudflared's configuration, ConfigMaps, Terraform, and quick tunnels of compose."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

DECLARED = "streams: [{path: /api/chat, host: chat.example.com, silence: SILENCE, generation: 10m}]\n"
INGRESS = """ingress:
  - hostname: files.example.com
    service: http://files:9000
  - hostname: chat.example.com
    path: ^/api
    service: http://api:8000
  - service: http_status:404
"""
CONFIG = f"tunnel: chat\ncredentials-file: /etc/cloudflared/chat.json\n{INGRESS}"
CODE = """import anthropic
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()
model = anthropic.AsyncAnthropic()


@app.post("/api/chat")
async def chat():
    async def answer():
        async with model.messages.stream() as stream:
            async for text in stream.text_stream:
                yield f"data: {text}\\n\\n"
    return StreamingResponse(answer(), media_type="text/event-stream")
"""
BUILD = "FROM python:3.12\nCOPY . .\nCMD uvicorn main:app --host 0.0.0.0 --port 8000\n"
APPLICATION: dict[str, str | bytes] = {
    "api/main.py": CODE,
    "api/requirements.txt": "fastapi\n",
    "api/Dockerfile": BUILD,
}


def compose(settings: str) -> str:
    return f"services:\n  api:\n    build: ./api\n  tunnel:\n    image: cloudflare/cloudflared:2026.1.0\n{settings}"


def config_map() -> str:
    inside = "".join(f"    {line}\n" for line in CONFIG.splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cloudflared}}\ndata:\n  config.yaml: |\n{inside}"


def release() -> str:
    inside = "".join(f"            {line}\n" for line in CONFIG.splitlines())
    values = f"  values:\n    configMaps:\n      config:\n        data:\n          config.yaml: |\n{inside}"
    return f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: tunnel}}\nspec:\n{values}"


RULE = 'hostname = "chat.example.com"\n path = "^/api"\n service = "http://api:8000"'
OLD = f'config {{\n ingress_rule {{\n {RULE}\n }}\n ingress_rule {{\n service = "http_status:404"\n }}\n }}'
NEW = f'config = {{\n ingress = [{{\n {RULE}\n }}, {{\n service = "http_status:404"\n }}]\n }}'


def terraform(kind: str, config: str) -> str:
    return f'resource "{kind}" "chat" {{\n account_id = "a"\n tunnel_id = "t"\n {config}\n}}\n'


FORMS = {
    "a file": ("deploy/cloudflared.yml", CONFIG),
    "a ConfigMap": ("deploy/tunnel.yaml", config_map()),
    "values of a chart": ("deploy/helmrelease.yaml", release()),
    "Terraform": ("main.tf", terraform("cloudflare_tunnel_config", OLD)),
    "Terraform since version 5": ("main.tf", terraform("cloudflare_zero_trust_tunnel_cloudflared_config", NEW)),
}


@pytest.mark.parametrize(("name", "text"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("silence", "found"), [("3m", True), ("100s", False)])
def test_a_tunnel_allows_two_minutes_of_silence(name: str, text: str, silence: str, found: bool, lint: Lint) -> None:
    report = lint({name: text, "infralint.yaml": DECLARED.replace("SILENCE", silence)})
    assert [finding["check"] for finding in report["findings"]] == ["short-idle-timeout"] * found
    assert "Cloudflare" not in str(report.get("unsupported"))


@pytest.mark.parametrize(("name", "text"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("host", ["files.example.com", "other.example.com"])
def test_another_host_does_not_lead_there(name: str, text: str, host: str, lint: Lint) -> None:
    report = lint({name: text, "infralint.yaml": DECLARED.replace("SILENCE", "3m").replace("chat.example.com", host)})
    ways = [finding["trace"]["legs"] for finding in report["findings"] if "api:8000" in str(finding["trace"])]
    assert ways == []


def test_the_code_behind_a_tunnel_is_judged_with_it(lint: Lint) -> None:
    mounted = compose("    command: tunnel run\n    volumes: ['./config.yml:/etc/cloudflared/config.yml']\n")
    files = {"compose.yaml": mounted, "config.yml": CONFIG, "infralint.yaml": "generation: 4m\n", **APPLICATION}
    report = lint(files)
    [finding] = report["findings"]
    assert (finding["severity"], finding["check"]) == ("error", "short-idle-timeout")
    assert finding["location"]["path"] == "config.yml"
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["tunnel chat", "POST /api/chat"]
    assert "unsupported" not in report


@pytest.mark.parametrize(
    "settings",
    [
        "    command: tunnel --no-autoupdate --url http://api:8000\n",
        "    environment: {TUNNEL_URL: 'http://api:8000'}\n",
    ],
)
def test_a_quick_tunnel_takes_no_event_streams(settings: str, lint: Lint) -> None:
    report = lint({"compose.yaml": compose(settings), **APPLICATION})
    assert problems(report, "buffered-stream") == ["compose.yaml:4 error buffered-stream"]
    [fix] = [finding["fix"] for finding in report["findings"] if finding["check"] == "buffered-stream"]
    assert "named tunnel" in fix


@pytest.mark.parametrize(
    "settings",
    [
        "    command: tunnel run --token ${TOKEN}\n",
        "    command: tunnel --url http://api:8000 run\n",
        "    environment: {TUNNEL_TOKEN: '${TOKEN}', TUNNEL_URL: 'http://api:8000'}\n",
    ],
)
def test_a_tunnel_of_the_dashboard_is_named_and_not_judged(settings: str, lint: Lint) -> None:
    report = lint({"compose.yaml": compose(settings), **APPLICATION})
    assert problems(report, "buffered-stream") == []
    assert report["unsupported"] == ["Cloudflare Tunnel that its dashboard sets up (compose.yaml)"]


@pytest.mark.parametrize(
    "service",
    [
        "https://web.{{ .Release.Namespace }}.svc:443",
        "http://${APP}:80",
        "ssh://box:22",
        "unix:/run/app.sock",
        "http://[::1",
        "http://api:port",
    ],
)
def test_a_service_that_is_not_followed_is_no_fault(service: str, lint: Lint) -> None:
    text = CONFIG.replace("http://api:8000", service)
    report = lint({"config.yml": text, "infralint.yaml": DECLARED.replace("SILENCE", "100s")})
    assert report["findings"] == []
    assert report["unreadable"] == []


@pytest.mark.parametrize(
    "text",
    [
        "ingress:\n  enabled: true\n  service: api\n",
        "kind: Ingress\nspec:\n  rules:\n    - http: {paths: [{backend: {service: {name: api}}}]}\n",
        "tunnel: {{ tunnel_id }}\ningress:\n  - service: http://api:8000\n",
    ],
)
def test_what_is_no_configuration_of_a_tunnel_is_left_alone(text: str, lint: Lint) -> None:
    report = lint({"values.yml": text, "infralint.yaml": "streams: [{path: /api/chat, silence: 3m}]\n"})
    assert report["findings"] == []


def test_a_template_is_named(lint: Lint) -> None:
    report = lint({"config.yml.j2": "tunnel: {{ id }}\ningress:\n  - service: http://{{ host }}:8000\n"})
    assert report["unsupported"] == ["Cloudflare Tunnel (config.yml.j2)"]


def test_a_broken_file_is_named_with_its_line(lint: Lint) -> None:
    report = lint({"config.yml": CONFIG + "  - [\n"})
    assert report["unreadable"][0]["location"]["path"] == "config.yml"
    assert report["status"] == 2


def test_a_tunnel_of_a_cluster_leads_to_the_pods_of_a_service(lint: Lint) -> None:
    service = "spec:\n  selector: {app: api}\n  ports: [{port: 80, targetPort: 8000}]\n"
    pod = "containers: [{name: api, image: 'registry/api:1', ports: [{containerPort: 8000}]}]"
    workload = f"spec:\n  template:\n    metadata: {{labels: {{app: api}}}}\n    spec: {{{pod}}}\n"
    objects = "---\n".join(
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: api}}\n{spec}"
        for version, kind, spec in (("v1", "Service", service), ("apps/v1", "Deployment", workload))
    )
    tunnel = config_map().replace("http://api:8000", "http://api.default.svc.cluster.local:80")
    report = lint({"tunnel.yaml": tunnel, "api.yaml": objects, "infralint.yaml": "generation: 4m\n", **APPLICATION})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "short-idle-timeout"]
    assert (finding["location"]["path"], finding["location"]["line"]) == ("tunnel.yaml", 8)
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["tunnel of cloudflared", "POST /api/chat"]


@pytest.mark.parametrize(
    ("rules", "line", "why"),
    [
        ("  - {hostname: a.com, service: http://localhost:80}\n", 3, "rule 1 of `ingress`: it is the last"),
        ("  - {hostname: a.com, servce: http://x:80}\n  - service: http_status:404\n", 3, "it has no `service`"),
        ("  - service: http://x:80\n  - service: http_status:404\n", 3, "it takes every request"),
    ],
)
def test_rules_with_which_a_tunnel_does_not_start(rules: str, line: int, why: str, lint: Lint) -> None:
    """https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/"""
    report = lint({"config.yml": f"tunnel: a\ningress:\n{rules}"})
    [entry] = report["unreadable"]
    assert (entry["location"]["line"], why in entry["message"], report["status"]) == (line, True, 2)
