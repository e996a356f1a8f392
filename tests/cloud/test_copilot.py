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


def test_services_of_one_application_share_its_patch_whatever_they_are_called(lint: Lint) -> None:
    files = {
        "copilot/my-copilot/manifest.yml": manifest(),
        "copilot/web/manifest.yml": WEB,
        PATCHES: PATCH.replace("VALUE", "300"),
        "infralint.yaml": declared("90s"),
    }
    assert problems(lint(files), "short-idle-timeout") == []


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


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (manifest().replace("Balanced", "Balnced"), "2 type: expected Load Balanced Web Service, "),
        (
            manifest().replace("http:\n  path: 'api'\n  ", "http: [api]\n"),
            "6 http: expected a mapping with its path, or false",
        ),
        (manifest("additional_rules: 5"), "8 http.additional_rules: expected a list of rules"),
        (manifest() + "environments: [test]\n", "10 environments: expected a mapping of names to what differs there"),
    ],
)
def test_what_copilot_does_not_take_is_unreadable_and_the_rest_is_judged(text: str, why: str, lint: Lint) -> None:
    other = manifest().replace("name: api", "name: other").replace("'api'", "'/'")
    files = {"copilot/api/manifest.yml": text, "copilot/other/manifest.yml": other, "infralint.yaml": declared("90s")}
    report = lint(files)
    (entry,) = report["unreadable"]
    assert f"{entry['location']['line']} {entry['message']}".startswith(why)
    assert problems(report, "short-idle-timeout") == ["copilot/other/manifest.yml:6 error short-idle-timeout"]


def test_a_part_that_is_left_empty_is_no_mistake(lint: Lint) -> None:
    text = manifest("additional_rules:") + "environments:\n  test:\n"
    report = lint({"copilot/api/manifest.yml": text, "infralint.yaml": declared("90s")})
    assert report["unreadable"] == []
    assert problems(report, "short-idle-timeout") == ["copilot/api/manifest.yml:6 error short-idle-timeout"]


def test_a_manifest_of_another_program_is_none_of_copilots(lint: Lint) -> None:
    files = {"copilot/extension/manifest.yml": "name: chat\ntype: extension\n", "app.py": "print()\n"}
    report = lint({**files, "copilot/api/manifest.yml": manifest()})
    assert report["unreadable"] == []
    assert report["read"]["copilot"] == ["copilot/api/manifest.yml"]
    (entry,) = lint({**files, "copilot/.workspace": "application: chat\n"})["unreadable"]
    assert entry["message"].startswith("type: expected")


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("deregistration_delay: 4m30s", True),
        ("deregistration_delay: 1h", False),
        ("deregistration_delay: 60", False),
        ("deregistration_delay: {a: 1}", False),
        ("deregistration_delay: 60s", True),
        ("deregistration_delay: 60s\nenvironments: {prod: {http: {deregistration_delay: 1h}}}", False),
    ],
)
def test_only_what_is_a_duration_in_every_environment_is_a_delay(settings: str, found: bool, lint: Lint) -> None:
    text = manifest(settings).replace("\ncount: 2", "") if "environments" in settings else manifest(settings)
    report = lint({"copilot/api/manifest.yml": text, "infralint.yaml": declared(length="10m")})
    assert bool(problems(report, "stream-cut-on-deploy")) == found


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", ["warning"]),
        ("stickiness: off", ["warning"]),
        ("stickiness: yes", []),
        ("stickiness: [true]", []),
        ("stickiness: false\nenvironments: {prod: {http: {stickiness: true}}}", []),
    ],
)
def test_a_switch_is_read_as_copilot_reads_it(settings: str, found: list[str], lint: Lint) -> None:
    report = lint({"copilot/api/manifest.yml": manifest(settings), "infralint.yaml": SOCKET})
    assert [
        finding["severity"] for finding in report["findings"] if finding["check"] == "missing-sticky-sessions"
    ] == found


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("environments/prod", "name: prod\ntype: Environment\ncdn: true\n", "CloudFront"),
        ("jobs", "name: jobs\ntype: Backend Service\nhttp: {path: /}\n", "an internal Application Load Balancer"),
        ("api", manifest() + "nlb: {port: 443/tls}\n", "a Network Load Balancer"),
    ],
)
def test_what_stands_in_the_way_and_is_not_read_is_named(name: str, text: str, kind: str, lint: Lint) -> None:
    path = f"copilot/{name}/manifest.yml"
    assert lint({path: text})["unsupported"] == [f"{kind} of AWS Copilot ({path})"]
    switched_off = text.replace("true", "false").replace("{path: /}", "false").replace("{port: 443/tls}", "false")
    assert "unsupported" not in lint({path: switched_off})


def test_a_load_balancer_that_copilot_did_not_make_has_an_unknown_timeout(lint: Lint) -> None:
    report = lint({"copilot/api/manifest.yml": manifest("alb: shared"), "infralint.yaml": declared("90s")})
    assert problems(report, "short-idle-timeout") == []
    assert any("Copilot did not make" in entry["message"] for entry in report["unknown"])


@pytest.mark.parametrize(
    ("patch", "line"),
    [
        (
            "- op: replace\n  path: /Resources/PublicLoadBalancer/Properties/LoadBalancerAttributes/0/Value\n  value: 300\n",
            2,
        ),
        (PATCH.replace("VALUE", "!Ref Idle"), 3),
        (PATCH.replace("VALUE", "20").replace("op: add", "op: test"), 2),
    ],
)
def test_a_patch_that_may_be_the_timeout_is_could_not_tell(patch: str, line: int, lint: Lint) -> None:
    report = lint({"copilot/api/manifest.yml": manifest(), PATCHES: patch, "infralint.yaml": declared("90s")})
    assert problems(report, "short-idle-timeout") == []
    assert [entry["location"]["line"] for entry in report["unknown"] if entry["location"]["path"] == PATCHES] == [line]


@pytest.mark.parametrize(
    ("patch", "errors", "unknown"),
    [
        ("op: add\n  path: TARGET/LoadBalancerAttributes\n  value: [{Key: routing.http2.enabled, Value: true}]", 1, 0),
        ("op: replace\n  path: TARGET\n  value: {LoadBalancerAttributes: [{Key: idle_timeout.timeout_seconds}]}", 0, 1),
        ("op: replace\n  path: TARGET\n  value: {Scheme: internal}", 0, 1),
        ("op: add\n  path: TARGET/LoadBalancerAttributes\n  value: [{Fn::If: [A, {}, {}]}]", 0, 1),
        ("op: remove\n  path: TARGET/LoadBalancerAttributes", 0, 1),
        ("op: replace\n  path: TARGET/Scheme\n  value: internal", 0, 0),
    ],
)
def test_a_later_patch_may_take_the_timeout_away(patch: str, errors: int, unknown: int, lint: Lint) -> None:
    patches = f"{PATCH.replace('VALUE', '300')}- {patch}\n".replace(
        "TARGET", "/Resources/PublicLoadBalancer/Properties"
    )
    report = lint({"copilot/api/manifest.yml": manifest(), PATCHES: patches, "infralint.yaml": declared("90s")})
    assert problems(report, "short-idle-timeout") == [f"{PATCHES}:5 error short-idle-timeout"] * errors
    assert len(report["unknown"]) == unknown


def test_a_patch_of_another_load_balancer_changes_nothing(lint: Lint) -> None:
    patch = PATCH.replace("VALUE", "300").replace("PublicLoadBalancer", "InternalLoadBalancer")
    report = lint({"copilot/api/manifest.yml": manifest(), PATCHES: patch, "infralint.yaml": declared("90s")})
    assert problems(report, "short-idle-timeout") == ["copilot/api/manifest.yml:6 error short-idle-timeout"]


@pytest.mark.parametrize(("patches", "why"), [("- [\n", "is not YAML"), ("a: 1\n", "expected a list of patches")])
def test_broken_patches_are_unreadable(patches: str, why: str, lint: Lint) -> None:
    report = lint({"copilot/api/manifest.yml": manifest(), PATCHES: patches, "infralint.yaml": declared("90s")})
    assert [(entry["location"]["path"], why in entry["message"]) for entry in report["unreadable"]] == [(PATCHES, True)]
    assert problems(report, "short-idle-timeout") == []
