"""AWS Copilot's manifests: the load balancer of an application, and services on App Runner."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, silence: SILENCE, generation: LENGTH}]\n"
SOCKET = "streams: [{path: /api/ws, kind: websocket, heartbeat: 20s, session: socket.io}]\n"
MANIFEST = """name: api
type: Load Balanced Web Service
image:
  build: api/Dockerfile
  port: 8000
http:
  path: 'api'
  SETTINGS
count: COUNT
"""
WEB = "name: web\ntype: Load Balanced Web Service\nhttp:\n  path: '/'\n"
PATCH = """- op: add
  path: /Resources/PublicLoadBalancer/Properties/LoadBalancerAttributes
  value: [{Key: idle_timeout.timeout_seconds, Value: VALUE}]
"""
PATCHES = "copilot/environments/overrides/cfn.patches.yml"


def manifest(settings: str = "", count: str = "2") -> str:
    return MANIFEST.replace("SETTINGS", settings).replace("COUNT", count)


def declared(silence: str = "30s", length: str = "50s") -> str:
    return SSE.replace("SILENCE", silence).replace("LENGTH", length)


@pytest.mark.parametrize(("silence", "found"), [("90s", True), ("30s", False)])
def test_the_load_balancer_has_the_default_of_aws(silence: str, found: bool, lint: Lint) -> None:
    files = {"copilot/api/manifest.yml": manifest(), "infralint.yaml": declared(silence)}
    report = lint(files)
    assert problems(report, "short-idle-timeout") == (
        ["copilot/api/manifest.yml:6 error short-idle-timeout"] if found else []
    )
    assert all("cfn.patches.yml" in finding["fix"] for finding in report["findings"])
    assert "unsupported" not in report


@pytest.mark.parametrize(("value", "found"), [("300", []), ("20", [f"{PATCHES}:3 error short-idle-timeout"])])
def test_a_patch_may_say_otherwise(value: str, found: list[str], lint: Lint) -> None:
    files = {
        "copilot/api/manifest.yml": manifest(),
        PATCHES: PATCH.replace("VALUE", value),
        "infralint.yaml": declared("90s"),
    }
    assert problems(lint(files), "short-idle-timeout") == found


def test_a_program_that_may_say_otherwise_is_could_not_tell(lint: Lint) -> None:
    files = {
        "copilot/api/manifest.yml": manifest(),
        "copilot/environments/overrides/stack.ts": "export class TransformedStack {}\n",
        "infralint.yaml": declared("90s"),
    }
    report = lint(files)
    assert problems(report, "short-idle-timeout") == []
    assert any("stack.ts may change it" in unknown["message"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    ("settings", "count", "found"),
    [("", "2", True), ("stickiness: false", "2", True), ("stickiness: true", "2", False)],
)
def test_sessions_need_stickiness(settings: str, count: str, found: bool, lint: Lint) -> None:
    files = {"copilot/api/manifest.yml": manifest(settings, count), "infralint.yaml": SOCKET}
    report = lint(files)
    assert bool(problems(report, "missing-sticky-sessions")) is found
    assert all("stickiness: true" in finding["fix"] for finding in report["findings"])


def test_paths_choose_the_service(lint: Lint) -> None:
    files = {
        "copilot/web/manifest.yml": WEB,
        "copilot/api/manifest.yml": manifest("stickiness: true"),
        "infralint.yaml": SOCKET,
    }
    assert problems(lint(files), "missing-sticky-sessions") == []
    other = SOCKET.replace("/api/ws", "/ws")
    assert problems(lint({**files, "infralint.yaml": other}), "missing-sticky-sessions") != []


@pytest.mark.parametrize(("length", "found"), [("5m", True), ("60s", False)])
def test_a_request_driven_service_runs_on_app_runner(length: str, found: bool, lint: Lint) -> None:
    text = "name: api\ntype: Request-Driven Web Service\nimage:\n  port: 8000\n"
    report = lint({"copilot/api/manifest.yml": text, "infralint.yaml": declared("30s", length)})
    assert bool(problems(report, "capped-stream")) is found


@pytest.mark.parametrize("kind", ["Worker Service", "Scheduled Job", "Static Site", "Environment"])
def test_what_no_client_reaches_is_no_hop(kind: str, lint: Lint) -> None:
    report = lint({"copilot/job/manifest.yml": f"name: job\ntype: {kind}\n", "infralint.yaml": declared("90s")})
    assert report["findings"] == []


def test_a_manifest_of_something_else_is_left_alone(lint: Lint) -> None:
    report = lint({"extension/manifest.yml": "name: [\n", "infralint.yaml": declared("90s")})
    assert not any("manifest.yml" in problem["location"]["path"] for problem in report["unreadable"])


def test_a_broken_manifest_is_named(lint: Lint) -> None:
    report = lint({"copilot/api/manifest.yml": "name: [\n"})
    assert (report["status"], "YAML" in report["unreadable"][0]["message"]) == (2, True)
