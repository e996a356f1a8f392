"""Traefik in a cluster: middlewares that compress, transports that hang up, and Ingresses that it serves."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from test_gateways import APPLICATION, loud

ROUTE = (
    "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: app\nspec:\n  routes:\n"
    "    - match: Host(`chat.example.com`) && PathPrefix(`/api`)\n      kind: Rule\n"
    "      services: [{ name: api, port: 80%s }]\n      middlewares: [{ name: gzip }]\n"
)


def gzip(options: str = "{}") -> str:
    return (
        f"apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{ name: gzip }}\nspec:\n  compress: {options}\n"
    )


def pod(image: str, *arguments: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: edge }\nspec:\n  template:\n"
        "    metadata: { labels: { app: edge } }\n    spec:\n      containers:\n"
        f"        - name: traefik\n          image: {image}\n          args: [{', '.join(arguments)}]\n"
    )


@pytest.mark.parametrize("version", ["v3.0", "3.2.1", "v3.3.3"])
def test_brotli_waits_for_a_kilobyte_before_3_3_4(version: str, lint: Lint) -> None:
    found = loud(lint, ROUTE % "", gzip(), pod(f"traefik:{version}"))
    assert found == ["16 warning compressed-stream"]


@pytest.mark.parametrize("version", ["v3.3.4", "v3.3", "v3", "3.6.2", "v2.11", "v2"])
def test_streams_pass_a_traefik_that_flushes(version: str, lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": "---\n".join([ROUTE % "", gzip(), pod(f"traefik:{version}")])})
    assert problems(report, "compressed-stream") == []


@pytest.mark.parametrize("more", [[], [pod("traefik:latest")], [pod("acme/traefik-demo:v3.2")]])
def test_a_version_that_is_not_written_down_makes_a_note(more: list[str], lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": "---\n".join([ROUTE % "", gzip(), *more])})
    assert problems(report, "compressed-stream") == ["k8s/edge.yaml:16 note compressed-stream"]


@pytest.mark.parametrize(
    "options",
    ["{ excludedContentTypes: [text/event-stream] }", "{ includedContentTypes: [text/html, application/json] }"],
)
def test_event_streams_can_be_left_out(options: str, lint: Lint) -> None:
    assert loud(lint, ROUTE % "", gzip(options), pod("traefik:v3.2")) == []


@pytest.mark.parametrize(
    "options", ["{ excludedContentTypes: [image/png] }", "{ includedContentTypes: [text/event-stream] }"]
)
def test_other_types_leave_them_in(options: str, lint: Lint) -> None:
    assert loud(lint, ROUTE % "", gzip(options), pod("traefik:v3.2")) == ["16 warning compressed-stream"]


def transport(limit: str) -> str:
    return (
        "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: { name: slow }\nspec:\n"
        f"  forwardingTimeouts: {{ responseHeaderTimeout: {limit}, idleConnTimeout: 5s, readTimeout: 5s }}\n"
    )


def test_a_transport_hangs_up_while_the_model_thinks(lint: Lint) -> None:
    used = ROUTE % ", serversTransport: slow"
    assert loud(lint, used, transport("10s")) == ["16 warning short-idle-timeout"]
    assert loud(lint, used, transport("0s")) == []
    assert loud(lint, used, transport("5m")) == []
    assert loud(lint, ROUTE % "", transport("10s")) == []


def test_traefiks_own_arguments_count_where_a_service_names_no_transport(lint: Lint) -> None:
    edge = pod("traefik:v3.6", "--serversTransport.forwardingTimeouts.responseHeaderTimeout=10s")
    assert loud(lint, ROUTE % "", edge) == ["22 warning short-idle-timeout"]
    assert loud(lint, ROUTE % ", serversTransport: slow", transport("5m"), edge) == []
    cut = pod("traefik:v3.6", "--entryPoints.web.transport.respondingTimeouts.writeTimeout=20")
    assert loud(lint, ROUTE % ", serversTransport: slow", transport("5m"), cut) == ["28 warning capped-stream"]


def ingress(annotation: str = "team: chat", path: str = "/api") -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n  annotations:\n    {annotation}\n"
        "spec:\n  ingressClassName: traefik\n  rules:\n    - host: chat.example.com\n      http:\n        paths:\n"
        f"          - {{ path: {path}, pathType: Prefix, backend: {{ service: {{ name: api, port: {{ number: 80 }} }} }} }}\n"
    )


def test_an_ingress_that_traefik_serves_streams(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": ingress()})
    assert [line for line in problems(report) if " note " not in line] == []
    assert report["unknown"] == []
    assert "unsupported" not in report


def test_the_middlewares_that_its_annotation_names_are_applied(lint: Lint) -> None:
    limit = (
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: some-limit, namespace: %s }\nspec:\n"
        "  buffering: { maxResponseBodyBytes: 1000000 }\n"
    )
    named = ingress("traefik.ingress.kubernetes.io/router.middlewares: %s@kubernetescrd")
    assert loud(lint, named % "default-some-limit", limit % "default") == ["19 error buffered-stream"]
    assert loud(lint, named % "edge-some-limit", limit % "edge") == ["19 error buffered-stream"]
    assert loud(lint, named % "edge-other", limit % "edge") == []
    assert loud(lint, ingress(), limit % "default") == []


LABELS = (
    'services:\n  traefik: {image: "traefik:v3.3"}\n  web:\n    image: web\n    labels:\n'
    '      - "traefik.http.routers.a.rule=RULE"\n'
)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("Hots(`a.com`)", "there is no matcher Hots; did you mean Host?"),
        ("Host(`a.com`", "a parenthesis is never closed"),
        ("Host(`a.com`))", "a parenthesis is closed that was never opened"),
        ("Host('a.com')", "texts stand in backticks"),
        ("Host(`a_$B.com`) AND Path(`/x`)", "there is no matcher AND"),
    ],
)
def test_a_rule_that_traefik_can_not_read(rule: str, why: str, lint: Lint) -> None:
    """https://doc.traefik.io/traefik/reference/routing-configuration/http/router/rules-and-priority/"""
    route = (
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: a}\nspec:\n  routes:\n"
        f'    - match: "{rule}"\n      kind: Rule\n      services: [{{name: a, port: 80}}]\n'
    )
    report = lint({"route.yaml": route, "compose.yaml": LABELS.replace("RULE", rule)})
    entries = [(entry["location"]["path"], entry["location"]["line"]) for entry in report["unreadable"]]
    assert (entries, report["status"]) == ([("compose.yaml", 6), ("route.yaml", 6)], 2)
    assert all(entry["message"].startswith("Traefik refuses the rule ") for entry in report["unreadable"])
    assert all(why in entry["message"] for entry in report["unreadable"])


@pytest.mark.parametrize(
    "rule",
    [
        "host(`a.com`) && (PathPrefix(`/x`) || !HeadersRegexp(`a`, `b)`))",
        "Host(`${DOMAIN}`)",
        "${RULE}",
        "Host(<DOMAIN>)",
        "Host(`a.com`) && #MORE#",
        "__RULE__",
        "Host(`a.com`) && @RULE@",
        "RULE_OF_CHAT",
    ],
)
def test_a_rule_that_traefik_may_read(rule: str, lint: Lint) -> None:
    assert lint({"compose.yaml": LABELS.replace("RULE", rule)})["unreadable"] == []
