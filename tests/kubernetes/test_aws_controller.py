"""Load balancers that AWS's controllers make of Ingresses and Services, on AWS's own facts."""

from __future__ import annotations

from conftest import Lint, problems

PODS = (
    "apiVersion: v1\nkind: Service\nmetadata: { name: chat }\nspec:\n  selector: { app: chat }\n"
    "  ports: [{ port: 80, targetPort: 3000 }]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: chat }\n"
    "spec:\n  replicas: 3\n  template:\n    metadata: { labels: { app: chat } }\n    spec:\n"
    '      containers: [{ name: chat, image: "acme/chat:1" }]\n'
)
APPLICATION: dict[str, str | bytes] = {
    "chat/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "index.js"]\n',
    "chat/package.json": '{"dependencies": {"socket.io": "4.7.0", "express": "4"}}',
    "chat/index.js": (
        'const app = require("express")();\nconst { Server } = require("socket.io");\n'
        'const server = require("http").createServer(app);\nconst io = new Server(server);\n'
        'io.on("connection", (socket) => socket.emit("hello"));\n'
        'app.get("/events", (request, response) => {\n'
        '  response.setHeader("Content-Type", "text/event-stream");\n  response.write("data: x\\n\\n");\n});\n'
        "server.listen(3000);\n"
    ),
    "k8s/pods.yaml": PODS,
}
ALB = "alb.ingress.kubernetes.io"
LONG = f"{ALB}/load-balancer-attributes: routing.http2.enabled=true,idle_timeout.timeout_seconds=600"
STICKY = f"{ALB}/target-group-attributes: stickiness.enabled=true"


def ingress(*annotations: str, name: str = "chat", path: str = "/") -> str:
    lines = "".join(f"    {line}\n" for line in annotations)
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  annotations:\n    team: chat\n"
        f"{lines}spec:\n  ingressClassName: alb\n  rules:\n    - http:\n        paths:\n          - path: {path}\n"
        "            pathType: Prefix\n            backend: { service: { name: chat, port: { number: 80 } } }\n"
    )


def loud(lint: Lint, text: str, check: str = "", **files: str) -> list[str]:
    report = lint({**APPLICATION, "k8s/edge.yaml": text, **files})
    assert not report["unreadable"]
    found = (line for line in problems(report, check) if " note " not in line)
    return [line.removeprefix("k8s/edge.yaml:") for line in found]


def test_its_default_is_a_minute_and_its_annotation_is_read_among_others(lint: Lint) -> None:
    assert loud(lint, ingress(), "short-idle-timeout") == ["4 warning short-idle-timeout"]
    assert loud(lint, ingress(LONG), "short-idle-timeout") == []
    short = LONG.replace("600", "30")
    assert loud(lint, ingress(short), "short-idle-timeout") == ["7 warning short-idle-timeout"]


def test_a_timeout_that_aws_refuses_is_refused(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": ingress(LONG.replace("600", "9000"))})
    assert report["status"] == 2
    assert "1 to 4000" in report["unreadable"][0]["message"]


def test_a_mistyped_attribute_is_no_setting(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": ingress(LONG.replace("timeout_seconds", "timeout_second"))})
    assert (report["status"], "did you mean idle_timeout.timeout_seconds?" in str(report["unreadable"])) == (2, True)


def test_an_annotation_that_it_does_not_read_is_named(lint: Lint) -> None:
    report = lint({**APPLICATION, "k8s/edge.yaml": ingress(f'{ALB}/connection-idle-timeout: "1800"')})
    [finding] = [one for one in report["findings"] if one["check"] == "short-idle-timeout"]
    assert "does not read" in finding["message"]


def test_a_group_of_ingresses_is_one_load_balancer(lint: Lint) -> None:
    group = f"{ALB}/group.name: web"
    other = ingress(group, LONG, name="other", path="/other")
    assert loud(lint, f"{ingress(group)}---\n{other}", "short-idle-timeout") == []


def test_parameters_of_the_class_come_first(lint: Lint) -> None:
    kind = (
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: { name: alb }\nspec:\n"
        "  controller: ingress.k8s.aws/alb\n  parameters: { apiGroup: elbv2.k8s.aws, kind: IngressClassParams, name: web }\n"
        "---\napiVersion: elbv2.k8s.aws/v1beta1\nkind: IngressClassParams\nmetadata: { name: web }\nspec:\n"
        '  loadBalancerAttributes: [{ key: idle_timeout.timeout_seconds, value: "900" }]\n'
    )
    assert loud(lint, ingress(), "short-idle-timeout", **{"k8s/class.yaml": kind}) == []


def test_its_cookie_keeps_a_client_on_a_pod_where_pods_are_its_targets(lint: Lint) -> None:
    check = "missing-sticky-sessions"
    assert loud(lint, ingress(LONG), check) == ["4 warning missing-sticky-sessions"]
    assert loud(lint, ingress(LONG, STICKY), check) == ["8 warning missing-sticky-sessions"]
    assert loud(lint, ingress(LONG, STICKY, f"{ALB}/target-type: ip"), check) == []


def test_one_pod_needs_no_cookie(lint: Lint) -> None:
    one_pod = PODS.replace("replicas: 3", "replicas: 1")
    assert loud(lint, ingress(LONG), "missing-sticky-sessions", **{"k8s/pods.yaml": one_pod}) == []


def test_a_fix_adds_to_the_attributes_that_are_there(lint: Lint) -> None:
    text = ingress(f"{ALB}/load-balancer-attributes: routing.http2.enabled=true")
    lint({**APPLICATION, "k8s/edge.yaml": text}, "--fix")
    assert problems(lint({}), "short-idle-timeout") == []


def service(*annotations: str) -> str:
    lines = "".join(f"    service.beta.kubernetes.io/aws-load-balancer-{line}\n" for line in annotations)
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: edge\n  annotations:\n{lines}spec:\n  type: LoadBalancer\n"
        "  selector: { app: chat }\n  ports: [{ name: web, port: 443, targetPort: 3000 }]\n"
    )


def test_a_classic_balancer_of_a_service_hangs_up_after_a_minute(lint: Lint) -> None:
    tcp = "backend-protocol: tcp"
    assert loud(lint, service(tcp), "short-idle-timeout") == ["4 warning short-idle-timeout"]
    assert loud(lint, service(tcp, 'connection-idle-timeout: "3600"'), "short-idle-timeout") == []
    assert loud(lint, service(tcp, 'connection-idle-timeout: "30"'), "short-idle-timeout") == [
        "7 warning short-idle-timeout"
    ]


def test_a_network_balancer_has_a_timeout_of_its_own(lint: Lint) -> None:
    assert loud(lint, service("type: nlb"), "short-idle-timeout") == []
    listener = "listener-attributes.TCP-443: tcp.idle_timeout.seconds=90"
    assert loud(lint, service("type: external", listener), "short-idle-timeout") == ["7 warning short-idle-timeout"]


def test_a_balancer_before_the_controller_is_part_of_the_way(lint: Lint) -> None:
    front = service("backend-protocol: tcp").replace("{ app: chat }", "{ app.kubernetes.io/name: ingress-nginx }")
    inner = ingress().replace("ingressClassName: alb", "ingressClassName: nginx")
    report = lint({**APPLICATION, "k8s/edge.yaml": f"{front}---\n{inner}"})
    ways = [[leg["hop"]["name"] for leg in one["trace"]["legs"]] for one in report["findings"] if one.get("trace")]
    assert ["Service edge", "Ingress chat"] in [way[:2] for way in ways]


def test_copies_of_the_controller_need_no_cookie(lint: Lint) -> None:
    """Which of them a client meets splits no session, and what they do about it is theirs to say."""
    declared = "streams: [{ path: /ws, kind: websocket, session: Socket.IO, heartbeat: 20s }]\n"
    tcp = service("backend-protocol: tcp", 'connection-idle-timeout: "3600"')
    front = tcp.replace("{ app: chat }", "{ app.kubernetes.io/name: ingress-nginx }")
    check = "missing-sticky-sessions"
    assert problems(lint({"infralint.yaml": declared, "k8s/edge.yaml": front}), check) == []
    assert problems(lint({"infralint.yaml": declared, "k8s/edge.yaml": tcp}), check) != []
