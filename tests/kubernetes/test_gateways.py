"""Gateways: what their products do where nothing is said, and what their objects change."""

from __future__ import annotations

import pytest
from conftest import Lint, problems, run

APPLICATION: dict[str, str | bytes] = {
    "api/Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "api/requirements.txt": "fastapi\nuvicorn\n",
    "api/app.py": (
        "from fastapi import FastAPI, WebSocket\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/api/chat")\ndef chat():\n'
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n\n\n'
        '@app.websocket("/api/live")\nasync def live(websocket: WebSocket):\n    await websocket.accept()\n'
    ),
    "k8s/pods.yaml": (
        "apiVersion: v1\nkind: Service\nmetadata: { name: api, annotations: { a: b } }\nspec:\n  selector: { app: api }\n"
        "  ports: [{ port: 80, targetPort: 8000 }]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\n"
        "spec:\n  template:\n    metadata: { labels: { app: api } }\n    spec:\n"
        '      containers: [{ name: api, image: "acme/api:1" }]\n'
    ),
}


def loud(lint: Lint, *documents: str) -> list[str]:
    """What is said of manifests, apart from notes: `line severity check`."""
    report = lint({**APPLICATION, "k8s/edge.yaml": "---\n".join(documents)})
    assert not report["unreadable"]
    return [line.removeprefix("k8s/edge.yaml:") for line in problems(report) if " note " not in line]


def unknown(lint: Lint, *documents: str) -> list[str]:
    return [one["message"] for one in lint({**APPLICATION, "k8s/edge.yaml": "---\n".join(documents)})["unknown"]]


def gateway(kind: str) -> str:
    return (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: web }\nspec:\n"
        f"  gatewayClassName: {kind}\n  listeners: [{{ name: http, protocol: HTTP, port: 80 }}]\n"
    )


def route(more: str = "", match: str = "{ path: { type: PathPrefix, value: /api } }") -> str:
    return (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: app\nspec:\n"
        f"  parentRefs: [{{ name: web }}]\n  rules:\n    - matches: [{match}]\n{more}"
        "      backendRefs: [{ name: api, port: 80 }]\n"
    )


POLICY = (
    "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: BackendTrafficPolicy\nmetadata: { name: p }\nspec:\n"
    "  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: web }]\n"
    "  timeout: { http: { requestTimeout: 0s } }\n"
)


def test_envoy_gateway_ends_answers_after_15_seconds(lint: Lint) -> None:
    assert loud(lint, route(), gateway("eg")) == ["4 warning capped-stream"]


@pytest.mark.parametrize(
    ("expression", "fits"), [("/api/c.*", True), ("/api/(chat|live)", True), ("/api/c", False), ("/api/ch|/x", False)]
)
def test_envoy_wants_an_expression_to_fit_the_whole_path(expression: str, fits: bool, lint: Lint) -> None:
    cut = route(
        "      timeouts: { request: 10s }\n", f"{{ path: {{ type: RegularExpression, value: '{expression}' }} }}"
    )
    assert loud(lint, cut, gateway("eg")) == ["9 warning capped-stream"] * fits
    virtual = (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: app }\nspec:\n  hosts: ['*']\n"
        f"  gateways: [web]\n  http:\n    - match: [{{ uri: {{ regex: '{expression}' }} }}]\n      timeout: 10s\n"
        "      route: [{ destination: { host: api, port: { number: 80 } } }]\n"
    )
    assert [line.partition(" ")[2] for line in loud(lint, virtual)] == ["warning capped-stream"] * fits


@pytest.mark.parametrize(
    ("kind", "expression", "severity"),
    [
        ("nginx", "chat", "error"),
        ("traefik", "/c.a", "error"),
        ("nginx", "^/chat", ""),
        ("other", "/api/chat", "error"),
        ("other", "^/api/.*$", "error"),
        ("other", "/chat", "warning"),
        ("other", "/live", ""),
        ("gke-l7-gxlb", "/api/ch", "warning"),
        ("gke-l7-gxlb", "/api/.*", "error"),
    ],
)
def test_other_gateways_search_or_leave_open_what_an_expression_fits(
    kind: str, expression: str, severity: str, lint: Lint
) -> None:
    match = f"{{ path: {{ type: RegularExpression, value: '{expression}' }} }}"
    cut = route("      timeouts: { request: 10s }\n", match)
    files = {**APPLICATION, "k8s/edge.yaml": f"{cut}---\n{gateway(kind)}"}
    report = lint({**files, "infralint.yaml": "streams: [{path: /api/chat, generation: 2m}]\n"})
    capped = [line.split()[1] for line in problems(report) if line.endswith(" capped-stream")]
    assert capped == [severity] * bool(severity)


@pytest.mark.parametrize("times", [1, 1500])
def test_of_too_many_hosts_and_paths_no_host_is_told_apart(times: int, lint: Lint) -> None:
    hosts = ", ".join(f"h{number}.example" for number in range(times))
    matches = ", ".join(f"{{ path: {{ type: PathPrefix, value: /p{number} }} }}" for number in range(times))
    wide = route(match=f"{{ path: {{ type: PathPrefix, value: /api }} }}, {matches}")
    wide = wide.replace("spec:\n", f"spec:\n  hostnames: [{hosts}]\n")
    assert loud(lint, wide, gateway("eg")) == ["4 warning capped-stream"]


@pytest.mark.parametrize(
    "more", ["      timeouts: { request: 0s }\n", "      timeouts: { request: 10m, backendRequest: 5m }\n"]
)
def test_a_timeout_of_the_rule_comes_before_the_default(more: str, lint: Lint) -> None:
    assert loud(lint, route(more), gateway("eg")) == []


def test_a_short_one_is_found_where_it_is_written(lint: Lint) -> None:
    assert loud(lint, route("      timeouts:\n        request: 30s\n"), gateway("eg")) == ["10 warning capped-stream"]
    assert loud(lint, route("      timeouts:\n        backendRequest: 30s\n"), gateway("eg")) == [
        "10 warning capped-stream"
    ]


def test_a_policy_of_the_gateway_takes_the_limit_away(lint: Lint) -> None:
    assert loud(lint, route(), gateway("eg"), POLICY) == []
    assert loud(lint, route(), gateway("eg"), POLICY.replace("name: web", "name: other")) == ["4 warning capped-stream"]


def test_a_gatewayclass_says_which_product_it_is(lint: Lint) -> None:
    kind = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: edge }\nspec:\n"
        "  controllerName: gateway.envoyproxy.io/gatewayclass-controller\n"
    )
    assert loud(lint, route(), gateway("edge"), kind) == ["4 warning capped-stream"]


def test_istio_sets_no_limit_of_its_own(lint: Lint) -> None:
    assert loud(lint, route(), gateway("istio")) == []


def test_a_gateway_whose_defaults_are_not_known_is_not_guessed_at(lint: Lint) -> None:
    assert loud(lint, route(), gateway("acme")) == []
    assert any("`acme`" in message for message in unknown(lint, route(), gateway("acme")))
    assert loud(lint, route("      timeouts: { request: 20s }\n"), gateway("acme")) == ["9 warning capped-stream"]


def test_a_rewritten_prefix_is_followed(lint: Lint) -> None:
    more = (
        "      filters:\n        - type: URLRewrite\n"
        "          urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /api } }\n"
    )
    assert loud(lint, route(more, "{ path: { type: PathPrefix, value: /v2 } }"), gateway("eg")) == [
        "4 warning capped-stream"
    ]


def test_another_path_is_left_alone(lint: Lint) -> None:
    assert loud(lint, route("", "{ path: { type: Exact, value: /health } }"), gateway("eg")) == []


def virtual_service(more: str = "", match: str = "/api/") -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: app\nspec:\n  hosts: ['*']\n"
        f"  gateways: [edge]\n  http:\n    - match: [{{ uri: {{ prefix: {match} }} }}]\n{more}"
        "      route: [{ destination: { host: api, port: { number: 80 } } }]\n"
    )


def test_the_timeout_of_a_virtual_service_cuts_answers(lint: Lint) -> None:
    assert loud(lint, virtual_service("      timeout: 30s\n")) == ["10 warning capped-stream"]
    assert loud(lint, virtual_service()) == []
    assert loud(lint, virtual_service("      timeout: 30s\n").replace("gateways: [edge]", "gateways: [mesh]")) == []


def test_the_first_route_that_fits_counts(lint: Lint) -> None:
    first = "    - match: [{ uri: { exact: /api/chat } }]\n      route: [{ destination: { host: api } }]\n"
    text = virtual_service("      timeout: 30s\n").replace("  http:\n", f"  http:\n{first}")
    assert loud(lint, text) == []


@pytest.mark.parametrize("host", ["    host: chat.example.com\n", ""])
def test_the_first_route_counts_whether_or_not_the_host_is_known(host: str, lint: Lint) -> None:
    first = "    - match: [{ uri: { prefix: /api/chat } }]\n      route: [{ destination: { host: api } }]\n"
    service = virtual_service("      timeout: 10s\n").replace("hosts: ['*']", "hosts: [chat.example.com]")
    declared = f"streams:\n  - path: /api/chat\n{host}"
    report = lint({"k8s.yaml": service.replace("  http:\n", f"  http:\n{first}"), "infralint.yaml": declared})
    assert not problems(report, "capped-stream")
    report = lint({"k8s.yaml": service, "infralint.yaml": declared})
    assert problems(report, "capped-stream")


def proxy(more: str = "") -> str:
    return (
        "apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata:\n  name: app\nspec:\n"
        "  virtualhost: { fqdn: chat.example.com }\n  routes:\n    - conditions: [{ prefix: /api }]\n"
        f"{more}      services: [{{ name: api, port: 80 }}]\n"
    )


def test_contour_caps_answers_and_takes_websockets_where_it_is_told(lint: Lint) -> None:
    assert loud(lint, proxy()) == ["4 warning capped-stream", "4 error missing-upgrade-headers"]
    assert loud(lint, proxy("      enableWebsockets: true\n      timeoutPolicy: { response: infinity }\n")) == []


def contour(response: str) -> str:
    return proxy(f"      enableWebsockets: true\n      timeoutPolicy: {{ response: {response}, idle: 1h }}\n")


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (contour("15s"), "timeoutPolicy.response"),
        (contour("10m"), ""),
        (contour("infinity"), ""),
        (virtual_service("      timeout: 10s\n"), "timeout"),
        (virtual_service("      timeout: 0s\n"), ""),
        (virtual_service(), ""),
    ],
)
def test_what_a_timeout_of_envoy_does_to_an_open_websocket_is_not_known(document: str, name: str, lint: Lint) -> None:
    """https://github.com/envoyproxy/envoy/issues/20062, https://github.com/envoyproxy/envoy/pull/41075"""
    found = [text for text in unknown(lint, document) if "some versions of Envoy end an open WebSocket" in text]
    assert [text.partition(": ")[0] for text in found] == [name] * bool(name)
    if name:
        shown = run("trace", "/api/live").output
        assert "WebSocket /api/live\nCould not tell" in shown


TRY = POLICY.replace("  timeout: { http: { requestTimeout: 0s } }\n", "  retry: { perRetry: { timeout: 60s } }\n")


@pytest.mark.parametrize(
    ("documents", "name"),
    [
        ((virtual_service("      retries: { attempts: 3, perTryTimeout: 2s }\n"),), "perTryTimeout"),
        ((virtual_service("      retries: { attempts: 3, perTryTimeout: 10m }\n"),), ""),
        ((virtual_service("      retries: { attempts: 3 }\n"),), ""),
        ((route("      timeouts: { request: 30m }\n"), gateway("eg"), TRY), "retry.perRetry.timeout"),
        ((proxy("      retryPolicy: { count: 2, perTryTimeout: 5s }\n"),), "retryPolicy.perTryTimeout"),
    ],
)
def test_the_timeout_of_one_try_is_about_an_answer_that_has_not_begun(
    documents: tuple[str, ...], name: str, lint: Lint
) -> None:
    """https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts#route-timeouts"""
    report = lint({**APPLICATION, "k8s/edge.yaml": "---\n".join(documents)})
    found = [one["message"] for one in report["unknown"] if "has not begun" in one["message"]]
    assert [text.partition(": ")[0] for text in found] == [name] * bool(name)
    assert not problems(report, "short-idle-timeout")


def test_traefik_streams_unless_a_middleware_buffers(lint: Lint) -> None:
    text = (
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata:\n  name: app\nspec:\n  routes:\n"
        "    - match: Host(`chat.example.com`) && PathPrefix(`/api`)\n      kind: Rule\n"
        "      services: [{ name: api, port: 80 }]\n"
    )
    middleware = (
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: limit }\nspec:\n"
        "  buffering: { maxRequestBodyBytes: 1000000 }\n"
    )
    assert loud(lint, text, middleware) == []
    assert loud(lint, text + "      middlewares: [{ name: limit }]\n", middleware) == ["16 error buffered-stream"]
    chain = (
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: usual }\nspec:\n"
        "  chain: { middlewares: [{ name: usual }, { name: absent }, { name: limit }] }\n"
    )
    chained = text + "      middlewares: [{ name: usual }]\n"
    assert loud(lint, chained, f"{middleware}---\n{chain}") == ["16 error buffered-stream"]
    assert loud(lint, chained, chain) == []


@pytest.mark.parametrize(
    ("route", "used", "other", "is_held"),
    [
        ("chat", "", "chat", True),
        ("chat", "", "tools", False),
        ("chat", ", namespace: tools", "tools", True),
        ("chat", ", namespace: tools", "chat", False),
        ("chat", "", "", True),
        ("", "", "tools", True),
    ],
)
def test_a_middleware_of_traefik_is_that_of_its_namespace(
    route: str, used: str, other: str, is_held: bool, lint: Lint
) -> None:
    text = (
        f"apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{ name: app, namespace: '{route}' }}\nspec:\n"
        "  routes:\n    - match: Host(`chat.example.com`) && PathPrefix(`/api`)\n      kind: Rule\n"
        f"      services: [{{ name: api, port: 80 }}]\n      middlewares: [{{ name: limit{used} }}]\n"
    )
    middleware = (
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\n"
        f"metadata: {{ name: limit, namespace: '{other}' }}\nspec:\n  buffering: {{ maxRequestBodyBytes: 1000000 }}\n"
    )
    assert any("buffered-stream" in found for found in loud(lint, text, middleware)) is is_held


def openshift(annotation: str = "team: chat") -> str:
    return (
        f"apiVersion: route.openshift.io/v1\nkind: Route\nmetadata:\n  name: app\n  annotations:\n    {annotation}\n"
        "spec:\n  host: chat.example.com\n  to: { kind: Service, name: api }\n  port: { targetPort: 8000 }\n"
    )


def test_openshifts_router_hangs_up_after_30_seconds_and_on_sockets_after_an_hour(lint: Lint) -> None:
    assert loud(lint, openshift()) == ["4 warning short-idle-timeout"]
    assert loud(lint, openshift("haproxy.router.openshift.io/timeout: 10m")) == []
    assert loud(lint, openshift("haproxy.router.openshift.io/timeout: 45s")) == ["6 warning short-idle-timeout"]


GOOGLE = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n"
    "  annotations: { kubernetes.io/ingress.class: gce }\nspec:\n  rules:\n    - http:\n        paths:\n"
    "          - { path: /*, pathType: ImplementationSpecific, backend: { service: { name: api, port: { number: 80 } } } }\n"
)
CONFIG = "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata: { name: long }\nspec:\n  timeoutSec: 3600\n"


def test_google_ends_answers_and_sockets_after_30_seconds(lint: Lint) -> None:
    assert loud(lint, GOOGLE, CONFIG) == ["4 warning capped-stream"]


SOCKET = "streams: [{ path: /api/live, kind: websocket, heartbeat: LENGTH, generation: 10m }]\n"


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("gke-l7-gxlb", {"15s": ["error capped-stream"], "2m": ["error capped-stream"]}),
        ("gke-l7-global-external-managed-mc", {"10s": [], "2m": ["error short-idle-timeout"]}),
        ("gke-l7-rilb", {"10s": [], "2m": ["error short-idle-timeout"]}),
    ],
)
def test_the_kind_of_googles_load_balancer_decides_what_of_a_socket_is_measured(
    named: str, found: dict[str, list[str]], lint: Lint
) -> None:
    for heartbeat, expected in found.items():
        edge = f"{route()}---\n{gateway(named)}"
        report = lint({"k8s/edge.yaml": edge, "infralint.yaml": SOCKET.replace("LENGTH", heartbeat)})
        loud_ones = [line.partition(" ")[2] for line in problems(report)]
        assert [line for line in loud_ones if line.endswith(("capped-stream", "idle-timeout"))] == expected


def test_the_internal_ingress_of_google_measures_the_silence_of_a_socket(lint: Lint) -> None:
    for named, expected in (("gce", ["capped-stream"]), ("gce-internal", [])):
        edge = GOOGLE.replace("class: gce", f"class: {named}")
        files = {"k8s/edge.yaml": edge, "infralint.yaml": SOCKET.replace("LENGTH", "10s")}
        checks = [line.split()[-1] for line in problems(lint(files))]
        assert [check for check in checks if check in ("capped-stream", "short-idle-timeout")] == expected


def test_a_class_of_google_that_is_not_known_leaves_the_life_of_a_socket_open(lint: Lint) -> None:
    named = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: ours }\n"
        "spec: { controllerName: networking.gke.io/gateway }\n"
    )
    edge = "---\n".join([route(), gateway("ours"), named])
    report = lint({"k8s/edge.yaml": edge, "infralint.yaml": SOCKET.replace("LENGTH", "10s")})
    assert any("the class `ours` stands for is not known" in entry["message"] for entry in report["unknown"])


def test_a_backendconfig_that_its_service_names_lengthens_that(lint: Lint) -> None:
    named = """cloud.google.com/backend-config: '{"default": "long"}'"""
    pods = str(APPLICATION["k8s/pods.yaml"]).replace("a: b", named)
    report = lint({**APPLICATION, "k8s/pods.yaml": pods, "k8s/edge.yaml": f"{GOOGLE}---\n{CONFIG}"})
    assert [line for line in problems(report) if " note " not in line] == []


def test_a_backendconfig_that_is_not_here_may_say_anything(lint: Lint) -> None:
    named = """cloud.google.com/backend-config: '{"default": "elsewhere"}'"""
    pods = str(APPLICATION["k8s/pods.yaml"]).replace("a: b", named)
    report = lint({**APPLICATION, "k8s/pods.yaml": pods, "k8s/edge.yaml": f"{GOOGLE}---\n{CONFIG}"})
    assert [line for line in problems(report) if " note " not in line] == []
    assert any(
        "the BackendConfig `elsewhere`, which is not in the project" in entry["message"] for entry in report["unknown"]
    )


@pytest.mark.parametrize("key", ["http", "80"])
def test_a_backendconfig_is_named_for_a_port_by_its_name_or_number(key: str, lint: Lint) -> None:
    """As in https://github.com/kubernetes/ingress-gce/issues/793"""
    named = f"""beta.cloud.google.com/backend-config: '{{"ports": {{"{key}": "long"}}}}'"""
    pods = str(APPLICATION["k8s/pods.yaml"]).replace("a: b", named).replace("[{ port: 80", "[{ name: http, port: 80")
    report = lint({**APPLICATION, "k8s/pods.yaml": pods, "k8s/edge.yaml": f"{GOOGLE}---\n{CONFIG}"})
    assert not problems(report, "capped-stream")


@pytest.mark.parametrize(
    "config", [CONFIG, CONFIG.replace("3600", "30"), "kind: ConfigMap\nmetadata: { name: long }\n"]
)
def test_a_backendconfig_that_the_ingress_names_does_nothing(config: str, lint: Lint) -> None:
    """As in https://github.com/kubernetes/ingress-gce/issues/1803; what it has to set is said, whatever it sets."""
    stray = """cloud.google.com/backend-config: '{"default": "long"}'"""
    edge = GOOGLE.replace("  annotations: {", f"  annotations:\n    {stray}\n   ").replace(" gce }", " gce")
    report = lint({**APPLICATION, "k8s/edge.yaml": f"{edge}---\n{config}"})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "capped-stream"]
    assert finding["related"][0]["message"].startswith("GKE looks for cloud.google.com/backend-config on the Service")
    assert finding["related"][0]["location"]["line"] == 6
    assert finding["fix"] == f"{stray}  # on the Service api; that BackendConfig needs `timeoutSec: 3600`"


def test_an_annotation_for_backendconfigs_that_is_no_json_names_none(lint: Lint) -> None:
    for value in ("long", '["long"]', "{"):
        pods = str(APPLICATION["k8s/pods.yaml"]).replace("a: b", f"cloud.google.com/backend-config: '{value}'")
        report = lint({**APPLICATION, "k8s/pods.yaml": pods, "k8s/edge.yaml": f"{GOOGLE}---\n{CONFIG}"})
        assert [finding["check"] for finding in report["findings"]] == ["capped-stream"]


@pytest.mark.parametrize(("named", "check"), [("gce", "capped-stream"), ("alb", "short-idle-timeout")])
def test_a_timeout_of_another_controller_is_said_to_do_nothing(named: str, check: str, lint: Lint) -> None:
    """As in https://github.com/OpenRobOps/oro/pull/151"""
    foreign = 'nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"'
    edge = GOOGLE.replace("class: gce }", f"class: {named}, {foreign} }}")
    report = lint({**APPLICATION, "k8s/edge.yaml": edge})
    findings = [finding for finding in report["findings"] if finding["check"] == check]
    words = [finding["message"] + str(finding["related"]) for finding in findings]
    assert ["does not read" in text for text in words] == [True]


def test_no_event_stream_is_assumed_on_a_grpc_route(lint: Lint) -> None:
    def edge(kind: str) -> dict[str, str | bytes]:
        plain = route(match="{}").replace("HTTPRoute", kind)
        return {"k8s/edge.yaml": f"{plain}---\n{gateway('eg')}"}

    assert problems(lint(edge("HTTPRoute"))) == ["k8s/edge.yaml:4 note capped-stream"]
    assert problems(lint(edge("GRPCRoute"))) == []


def test_kgateway_ends_answers_after_15_seconds_unless_a_policy_says_otherwise(lint: Lint) -> None:
    policy = (
        "apiVersion: gateway.kgateway.dev/v1alpha1\nkind: TrafficPolicy\nmetadata: { name: p }\nspec:\n"
        "  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: app%s }]\n"
        "  timeouts: { request: 0s }\n"
    )
    capped = ["4 warning capped-stream"]
    assert loud(lint, route(), gateway("kgateway")) == capped
    assert loud(lint, route(), gateway("kgateway"), policy % "") == []
    assert loud(lint, route("      name: chat\n"), gateway("kgateway"), policy % ", sectionName: chat") == []
    assert loud(lint, route("      name: chat\n"), gateway("kgateway"), policy % ", sectionName: else") == capped
    assert loud(lint, route(), gateway("kgateway"), policy.replace("name: app", "name: other") % "") == capped


def test_googles_gateway_takes_its_timeout_from_the_policy_of_a_service(lint: Lint) -> None:
    policy = (
        "apiVersion: networking.gke.io/v1\nkind: GCPBackendPolicy\nmetadata: { name: long }\nspec:\n"
        '  default: { timeoutSec: 3600 }\n  targetRef: { group: "", kind: Service, name: %s }\n'
    )
    edge = gateway("gke-l7-global-external-managed")
    assert loud(lint, route(), edge) == ["4 warning capped-stream"]
    assert loud(lint, route(), edge, policy % "api") == []
    assert loud(lint, route(), edge, policy % "other") == ["4 warning capped-stream"]
    assert loud(lint, route(), edge, policy.replace("3600", "45") % "api") == ["22 warning capped-stream"]


def test_tls_to_the_backend_changes_nothing_of_a_stream(lint: Lint) -> None:
    policy = (
        "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: { name: tls }\nspec:\n"
        '  targetRefs: [{ group: "", kind: Service, name: api }]\n'
        "  validation: { hostname: api.internal, wellKnownCACertificates: System }\n"
    )
    report = lint({**APPLICATION, "k8s/edge.yaml": "---\n".join([route(), gateway("istio"), policy])})
    assert [line for line in problems(report) if " note " not in line] == []
    assert "unsupported" not in report


def test_googles_policy_may_be_for_a_pool_of_the_inference_extension(lint: Lint) -> None:
    pooled = route().replace(
        "{ name: api, port: 80 }", "{ group: inference.networking.x-k8s.io, kind: InferencePool, name: m }"
    )
    policy = (
        "apiVersion: networking.gke.io/v1\nkind: GCPBackendPolicy\nmetadata: { name: long }\nspec:\n"
        "  default: { timeoutSec: 3600 }\n"
        "  targetRef: { group: inference.networking.x-k8s.io, kind: InferencePool, name: m }\n"
    )
    edge = gateway("gke-l7-rilb")
    named = {"k8s/edge.yaml": f"{pooled}---\n{edge}", "infralint.yaml": "streams: [{ path: /api/chat, kind: sse }]\n"}
    assert problems(lint(dict(named)), "capped-stream") == ["k8s/edge.yaml:4 warning capped-stream"]
    named["k8s/edge.yaml"] += f"---\n{policy}"
    assert problems(lint(dict(named)), "capped-stream") == []


# Envoy AI Gateway

MODELS = """\
apiVersion: aigateway.envoyproxy.io/v1alpha1
kind: AIGatewayRoute
metadata: { name: models, namespace: ai }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ headers: [{ type: Exact, name: x-ai-eg-model, value: qwen }] }]
      backendRefs: [{ name: qwen }]
---
apiVersion: aigateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata: { name: qwen, namespace: ai }
spec: { schema: { name: OpenAI }, backendRef: { name: qwen-pods, kind: Backend, group: gateway.envoyproxy.io } }
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: Backend
metadata: { name: qwen-pods, namespace: ai }
spec: { endpoints: [{ fqdn: { hostname: qwen.ai.svc.cluster.local, port: 8000 } }] }
---
apiVersion: v1
kind: Service
metadata: { name: qwen, namespace: ai }
spec: { selector: { app: qwen }, ports: [{ port: 8000 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: qwen, namespace: ai }
spec:
  selector: { matchLabels: { app: qwen } }
  template:
    metadata: { labels: { app: qwen } }
    spec: { containers: [{ name: vllm, image: "vllm/vllm-openai:v0.9.0", ports: [{ containerPort: 8000 }] }] }
"""


def test_a_route_to_models_ends_every_answer_after_a_minute(lint: Lint) -> None:
    report = lint({"models.yaml": MODELS})
    finding = next(found for found in report["findings"] if found["check"] == "capped-stream")
    assert (finding["severity"], finding["location"]["line"]) == ("warning", 3)
    assert "after 60 s" in finding["message"]
    assert [leg["hop"]["platform"] for leg in finding["trace"]["legs"]] == ["envoy", "application"]


def test_a_route_to_models_that_says_how_long_is_silent(lint: Lint) -> None:
    longer = MODELS.replace(
        "backendRefs: [{ name: qwen }]", "backendRefs: [{ name: qwen }]\n      timeouts: { request: 30m }"
    )
    assert problems(lint({"models.yaml": longer}), "capped-stream") == []
