"""Ingresses of the two nginx controllers: defaults, annotations, ConfigMaps, snippets, and the way to the pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Lint, problems, run, write

APPLICATION: dict[str, str | bytes] = {
    "api/Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "api/requirements.txt": "fastapi\nuvicorn\n",
    "api/app.py": (
        "from fastapi import FastAPI, WebSocket\n"
        "from fastapi.responses import StreamingResponse\n\n"
        "app = FastAPI()\n\n\n"
        '@app.post("/api/chat")\n'
        "def chat():\n"
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n\n\n'
        '@app.websocket("/api/live")\n'
        "async def live(websocket: WebSocket):\n"
        "    await websocket.accept()\n"
        "    await websocket.send_text(await websocket.receive_text())\n"
    ),
}
PODS = """\
apiVersion: v1
kind: Service
metadata: { name: api }
spec:
  selector: { app: api }
  ports: [{ name: web, port: 80, targetPort: http }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - { name: api, image: "ghcr.io/acme/chat-api:1", ports: [{ name: http, containerPort: 8000 }] }
"""


def ingress(*annotations: str, kind: str = "nginx", path: str = "/api", path_type: str = "Prefix") -> str:
    lines = "".join(f"    {line}\n" for line in annotations)
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: chat\n"
        f"  annotations:\n    example.com/team: chat\n{lines}spec:\n  ingressClassName: {kind}\n"
        "  rules:\n    - host: chat.example.com\n      http:\n        paths:\n"
        f"          - path: {path}\n            pathType: {path_type}\n"
        "            backend: { service: { name: api, port: { name: web } } }\n"
    )


def judged(lint: Lint, text: str, **files: str) -> list[str]:
    """What is said of an Ingress before the application, apart from notes."""
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS, **files})
    assert not report["unreadable"]
    return [line for line in problems(report) if " note " not in line]


NGINX = "nginx.ingress.kubernetes.io"
LONG = f'{NGINX}/proxy-read-timeout: "3600"'


def test_its_defaults_buffer_nothing_open_sockets_and_hang_up_after_a_minute(lint: Lint) -> None:
    assert judged(lint, ingress()) == ["k8s/ingress.yaml:4 warning short-idle-timeout"]


def test_nothing_is_said_where_the_timeout_is_long(lint: Lint) -> None:
    assert judged(lint, ingress(LONG)) == []


@pytest.mark.parametrize("text", ["3600s", "1h", '"60m"', '"٣٠٠"', '" 3600 "'])
def test_a_time_with_a_unit_is_ignored_by_the_controller(text: str, lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/a.yaml": ingress(f"{NGINX}/proxy-read-timeout: {text}") + "---\n" + PODS})
    [finding] = [one for one in report["findings"] if one["check"] == "short-idle-timeout"]
    assert finding["location"]["line"] == 7
    assert "without a unit" in finding["message"]
    assert finding["fix"] == f'{NGINX}/proxy-read-timeout: "300"'


def test_a_time_that_is_filled_in_later_is_not_guessed(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/a.yaml": ingress(f'{NGINX}/proxy-read-timeout: "${{IDLE}}"') + "---\n" + PODS})
    assert not problems(report, "short-idle-timeout")
    assert any("holds a variable, which is filled in" in unknown["message"] for unknown in report["unknown"])


def test_buffering_that_was_switched_on_holds_the_stream(lint: Lint) -> None:
    found = judged(lint, ingress(LONG, f'{NGINX}/proxy-buffering: "on"'))
    assert found == ["k8s/ingress.yaml:8 warning buffered-stream"]


def test_buffering_takes_on_and_off_alone(lint: Lint) -> None:
    assert judged(lint, ingress(LONG, f'{NGINX}/proxy-buffering: "true"')) == []


def test_http_1_0_and_a_connection_header_break_sockets(lint: Lint) -> None:
    text = ingress(LONG, f'{NGINX}/connection-proxy-header: "keep-alive"')
    assert judged(lint, text) == ["k8s/ingress.yaml:8 error missing-upgrade-headers"]
    text = ingress(LONG, f'{NGINX}/proxy-http-version: "1.0"')
    assert judged(lint, text) == ["k8s/ingress.yaml:8 warning missing-upgrade-headers"]


def test_the_configmap_of_the_controller_decides_where_no_annotation_does(lint: Lint) -> None:
    config = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ingress-nginx-controller\n  namespace: ingress-nginx\n"
        'data:\n  proxy-read-timeout: "600"\n  proxy-buffering: "on"\n'
    )
    found = judged(lint, ingress(), **{"k8s/config.yaml": config})
    assert found == ["k8s/config.yaml:8 warning buffered-stream"]
    found = judged(lint, ingress(f'{NGINX}/proxy-buffering: "off"'), **{"k8s/config.yaml": config})
    assert found == []


def test_another_configmap_decides_nothing(lint: Lint) -> None:
    config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: app }\ndata:\n  proxy-read-timeout: "600"\n'
    found = judged(lint, ingress(), **{"k8s/config.yaml": config})
    assert found == ["k8s/ingress.yaml:4 warning short-idle-timeout"]


def test_a_snippet_that_repeats_what_the_controller_writes_is_refused_by_nginx(lint: Lint) -> None:
    text = ingress(LONG, f"{NGINX}/configuration-snippet: |", "  proxy_buffering off;")
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS})
    assert report["status"] == 2 or report["unknown"]
    said = [entry["message"] for entry in report["unreadable"]] + [entry["message"] for entry in report["unknown"]]
    assert any('"proxy_buffering" directive is duplicate' in text for text in said)


def test_a_snippet_that_sends_upgrade_once_more_breaks_sockets(lint: Lint) -> None:
    snippet = (f"{NGINX}/configuration-snippet: |", "  proxy_set_header Upgrade $http_upgrade;")
    assert judged(lint, ingress(LONG, *snippet)) == ["k8s/ingress.yaml:8 error missing-upgrade-headers"]


def test_what_stands_in_a_block_of_a_snippet_is_not_taken_for_all_requests(lint: Lint) -> None:
    snippet = (f"{NGINX}/configuration-snippet: |", "  if ($request_method = PUT) {", "    gzip off;", "  }")
    assert judged(lint, ingress(LONG, *snippet)) == []


F5 = "nginx.org"


def test_the_other_controller_buffers_and_drops_sockets_by_default(lint: Lint) -> None:
    found = judged(lint, ingress(f'{F5}/proxy-read-timeout: "1h"'))
    assert found == [
        "k8s/ingress.yaml:4 warning buffered-stream",
        "k8s/ingress.yaml:4 error missing-upgrade-headers",
    ]


def test_its_annotations_put_that_right(lint: Lint) -> None:
    text = ingress(
        f'{F5}/proxy-read-timeout: "1h"', f'{F5}/proxy-buffering: "False"', f'{F5}/websocket-services: "web,api"'
    )
    assert judged(lint, text) == []


def test_sockets_of_another_service_are_not_opened_by_its_annotation(lint: Lint) -> None:
    text = ingress(
        f'{F5}/proxy-read-timeout: "1h"', f'{F5}/proxy-buffering: "False"', f'{F5}/websocket-services: "web"'
    )
    assert judged(lint, text) == ["k8s/ingress.yaml:9 error missing-upgrade-headers"]


def test_an_ingress_of_a_class_that_is_not_judged_says_so(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/ingress.yaml": ingress(kind="cilium"), "k8s/pods.yaml": PODS})
    assert [line for line in problems(report) if "ingress.yaml" in line] == []
    assert any("Cilium" in entry["message"] for entry in report["unknown"])
    assert any("Cilium (k8s/ingress.yaml)" in entry for entry in report["unsupported"])


def test_an_ingressclass_says_which_controller_it_is(lint: Lint) -> None:
    kind = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: edge }\n"
    kind += "spec:\n  controller: k8s.io/ingress-nginx\n"
    found = judged(lint, ingress(kind="edge"), **{"k8s/class.yaml": kind})
    assert found == ["k8s/ingress.yaml:4 warning short-idle-timeout"]


def test_older_versions_of_the_api_are_read(lint: Lint) -> None:
    text = (
        "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata:\n  name: chat\n  annotations:\n"
        "    kubernetes.io/ingress.class: nginx\nspec:\n  rules:\n    - http:\n        paths:\n"
        "          - path: /api\n            backend: { serviceName: api, servicePort: 80 }\n"
    )
    assert judged(lint, text) == ["k8s/ingress.yaml:4 warning short-idle-timeout"]


def test_a_rewritten_path_is_followed_to_the_application(lint: Lint) -> None:
    text = ingress(f"{NGINX}/rewrite-target: /api/$2", path="/chat(/|$)(.*)", path_type="ImplementationSpecific")
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS})
    [finding] = [one for one in report["findings"] if one["check"] == "short-idle-timeout"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["Ingress chat", "POST /api/chat"]


def test_a_path_that_the_application_does_not_stream_under_is_left_alone(lint: Lint) -> None:
    assert judged(lint, ingress(path="/static")) == []


def test_an_image_that_is_built_elsewhere_is_not_the_one_that_another_name_explains(lint: Lint) -> None:
    """`acme/worker` is the only image that no folder explains; what is built from `api/` is `acme/chat-api`, and no other."""
    other = PODS.replace("name: api", "name: worker").replace("app: api", "app: worker").replace("chat-api", "worker")
    text = ingress(path="/").replace("name: api,", "name: worker,")
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": f"{PODS}---\n{other}"})
    assert not any("api" in nodes for nodes in _nodes_passed(report))
    alone = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": other})
    assert ["ingress-nginx", "api"] in _nodes_passed(alone)


def _nodes_passed(report: dict[str, Any]) -> list[list[str]]:
    traces = (finding["trace"] for finding in report["findings"] if finding["trace"])
    return [[leg["node"] for leg in trace["legs"]] for trace in traces]


def test_sessions_need_a_cookie_where_pods_are_several(lint: Lint) -> None:
    files = {
        "server/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "index.js"]\n',
        "server/package.json": '{"dependencies": {"socket.io": "4.7.0", "express": "4"}}',
        "server/index.js": 'const { Server } = require("socket.io");\n'
        'const io = new Server(3000);\nio.on("connection", (s) => s.emit("a"));\n',
    }
    pods = PODS.replace("acme/chat-api", "acme/server").replace(
        "  selector: { match", "  replicas: 3\n  selector: { match"
    )
    text = ingress(path="/")
    report = lint({**files, "k8s/ingress.yaml": text, "k8s/pods.yaml": pods})
    assert problems(report, "missing-sticky-sessions") == ["k8s/ingress.yaml:4 warning missing-sticky-sessions"]
    text = ingress(f'{NGINX}/affinity: "cookie"', path="/")
    assert problems(lint({"k8s/ingress.yaml": text}), "missing-sticky-sessions") == []


def test_a_manifest_that_is_no_yaml_is_named(lint: Lint) -> None:
    report = lint({"k8s/ingress.yaml": "apiVersion: v1\nkind: Ingress\nmetadata: {name: [\n"})
    assert report["status"] == 2
    assert [entry["location"]["line"] for entry in report["unreadable"]] == [4]


def test_fixes_change_a_written_value_and_add_a_missing_one(lint: Lint) -> None:
    text = ingress(f'{NGINX}/proxy-buffering: "on"')
    lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS}, "--fix")
    after = lint({})
    assert [line for line in problems(after) if " note " not in line] == []


def test_nginx_in_a_pod_stands_between_the_ingress_and_the_application_beside_it(lint: Lint) -> None:
    pods = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: gateway\ndata:\n  nginx.conf: |\n    events {}\n    http {\n"
        "      server {\n        listen 8080;\n        location / {\n          proxy_pass http://127.0.0.1:8000;\n"
        "        }\n      }\n    }\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: { name: api }\nspec:\n  selector: { app: api }\n"
        "  ports: [{ name: web, port: 80, targetPort: 8080 }]\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\nspec:\n  template:\n"
        "    metadata: { labels: { app: api } }\n    spec:\n      containers:\n"
        "        - { name: nginx, image: nginx:1.27, ports: [{ containerPort: 8080 }] }\n"
        '        - { name: api, image: "acme/chat-api:1", ports: [{ containerPort: 8000 }] }\n'
        "      volumes: [{ name: conf, configMap: { name: gateway } }]\n"
    )
    report = lint({**APPLICATION, "k8s/ingress.yaml": ingress(LONG), "k8s/pods.yaml": pods})
    assert problems(report, "buffered-stream") == ["k8s/pods.yaml:11 error buffered-stream"]
    [finding] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["Ingress chat", "location /", "POST /api/chat"]


def test_no_event_stream_is_assumed_where_the_backend_speaks_grpc(lint: Lint) -> None:
    def edge(protocol: str) -> dict[str, str | bytes]:
        return {
            "edge.yaml": (
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: app\n  annotations:\n"
                f"    nginx.ingress.kubernetes.io/backend-protocol: {protocol}\nspec:\n  ingressClassName: nginx\n"
                "  rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: a, port: "
                "{ number: 80 } } } }] } }]\n"
            )
        }

    assert "edge.yaml:4 note short-idle-timeout" in problems(lint(edge("HTTP")))
    assert "edge.yaml:4 note short-idle-timeout" not in problems(lint(edge("GRPC")))


def test_a_trace_says_who_answers_and_what_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lets a stream pass is the application's header; an Ingress dials one name, behind which pods are several."""
    answering = str(APPLICATION["api/app.py"]).replace(
        'event-stream")', 'event-stream", headers={"X-Accel-Buffering": "no"})'
    )
    pods = PODS.replace("spec:\n  selector: { matchLabels", "spec:\n  replicas: 3\n  selector: { matchLabels")
    text = ingress(LONG, f'{NGINX}/proxy-buffering: "on"')
    monkeypatch.chdir(
        write(tmp_path, {**APPLICATION, "api/app.py": answering, "k8s/ingress.yaml": text, "k8s/pods.yaml": pods})
    )
    lines = [" ".join(line.strip(" │").split()) for line in run("trace", "--verbose").output.splitlines()]
    shown = " ".join(lines)
    assert "buffering each event goes on at once: `X-Accel-Buffering: no` at api/app.py:9" in shown
    assert "affinity a client's requests reach several replicas: `replicas: 3` at k8s/pods.yaml:12:3" in shown
    assert "one backend" not in shown


def test_buffering_that_is_off_for_a_websocket_speaks_of_no_other_stream(lint: Lint) -> None:
    text = ingress(f'{NGINX}/proxy-buffering: "off"', path="/api/live", path_type="Exact")
    report = lint({**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS})
    assert problems(report) == ["k8s/ingress.yaml:4 note retired-controller"]


RELOAD = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ingress-nginx-controller\n  namespace: ingress-nginx\n"
    'data:\n  worker-shutdown-timeout: "{}"\n'
)


def reloads(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    """Where, how loudly and with what to write a reload is said to cut a stream."""
    return [
        (finding["location"]["path"], finding["location"]["line"], f"{finding['severity']}: {finding['fix']}")
        for finding in report["findings"]
        if finding["check"] == "stream-cut-on-reload"
    ]


def test_a_reload_of_the_controller_cuts_what_lasts_longer_than_its_workers(lint: Lint) -> None:
    files = {**APPLICATION, "k8s/ingress.yaml": ingress(LONG), "k8s/pods.yaml": PODS}
    fix = 'worker-shutdown-timeout: "300s"  # in the data of the controller\'s ConfigMap'
    found = reloads(lint({**files, "k8s/config.yaml": RELOAD.format("30s")}))
    assert found == [("k8s/config.yaml", 7, f"warning: {fix}")]
    assert reloads(lint({**files, "k8s/config.yaml": RELOAD.format("30m")})) == []


def test_how_long_its_workers_wait_by_default_matters_to_streams_that_are_declared_to_last(lint: Lint) -> None:
    files = {**APPLICATION, "k8s/ingress.yaml": ingress(LONG), "k8s/pods.yaml": PODS}
    assert reloads(lint(files)) == []
    declared = "streams: [{path: /api/live, kind: websocket, duration: 30m}]\n"
    [(path, line, words)] = reloads(lint({**files, "infralint.yaml": declared}))
    assert (path, line, words.split("  #")[0]) == ("k8s/ingress.yaml", 4, 'note: worker-shutdown-timeout: "1800s"')


def test_the_other_controller_waits_without_limit(lint: Lint) -> None:
    declared = "streams: [{path: /api/live, kind: websocket, duration: 30m}]\n"
    text = ingress(f'{F5}/websocket-services: "api"', f'{F5}/proxy-read-timeout: "1h"')
    files = {**APPLICATION, "k8s/ingress.yaml": text, "k8s/pods.yaml": PODS, "infralint.yaml": declared}
    assert reloads(lint(files)) == []


@pytest.mark.parametrize(("image", "loud"), [("opensearchproject/opensearch:2", False), ("acme/assistant:2", True)])
def test_no_stream_is_assumed_before_an_image_that_stores(image: str, loud: bool, lint: Lint) -> None:
    pods = PODS.replace("ghcr.io/acme/chat-api:1", image)
    model = PODS.replace("ghcr.io/acme/chat-api:1", "ollama/ollama:0.6").replace(": api", ": model")
    report = lint({"k8s/model.yaml": model, "k8s/ingress.yaml": ingress(path="/"), "k8s/pods.yaml": pods})
    found = [line for line in problems(report) if " warning " in line]
    assert found == (["k8s/ingress.yaml:4 warning short-idle-timeout"] if loud else [])
