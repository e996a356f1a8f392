"""Objects that Kubernetes refuses are unreadable, and never clean."""

from __future__ import annotations

import json

import pytest
from conftest import Lint, problems, run

HEAD = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: chat}\n"
GOOD = "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}\n"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("[1]", "`spec` has to be a mapping"),
        ("{rules: 5}", "`rules` has to be a list"),
        ("{rules: [5]}", "each item of `rules` has to be a mapping"),
        ("{rules: [{http: [1]}]}", "`http` has to be a mapping"),
        ("{rules: [{http: {paths: {a: 1}}}]}", "`paths` has to be a list"),
        ("{rules: [{http: {paths: [{path: /, backend: 7}]}}]}", "`backend` has to be a mapping"),
    ],
)
def test_what_kubernetes_refuses_is_unreadable(spec: str, problem: str, lint: Lint) -> None:
    report = lint({"k8s/ingress.yaml": f"{HEAD}spec: {spec}\n"})
    [unreadable] = report["unreadable"]
    assert report["status"] == 2
    assert problem in unreadable["message"]
    assert unreadable["location"]["line"] == 4


@pytest.mark.parametrize("spec", [GOOD, "spec: {rules: null}\n", "spec:\n", ""])
def test_what_kubernetes_takes_or_fills_is_read(spec: str, lint: Lint) -> None:
    assert not lint({"k8s/ingress.yaml": HEAD + spec})["unreadable"]


CHAT = {"name": "chat", "port": {"number": 80}}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "chat"},
    "spec": {
        "ingressClassName": "nginx",
        "rules": [{"http": {"paths": [{"path": "/chat", "pathType": "Prefix", "backend": {"service": CHAT}}]}}],
    },
}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INGRESS),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [INGRESS]}),
        json.dumps(INGRESS).replace('"', "").replace(":", ": "),
    ],
)
def test_an_object_on_one_line_is_read(text: str, lint: Lint) -> None:
    report = lint({"k8s/ingress.yaml": text})
    assert problems(report, "short-idle-timeout")
    [unreadable] = lint({"k8s/ingress.yaml": text[:-2]})["unreadable"]
    assert unreadable["message"].startswith("is not YAML: ")


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("around", [[INGRESS], [{"apiVersion": "v1", "kind": "List", "items": [INGRESS]}]])
def test_a_manifest_in_json_is_read(around: list[object], indent: int | str | None, lint: Lint) -> None:
    report = lint({"k8s/ingress.json": "\n".join(json.dumps(item, indent=indent) for item in around)})
    [problem] = problems(report, "short-idle-timeout")
    assert problem.startswith("k8s/ingress.json:")


def test_objects_that_follow_each_other_in_json_are_all_read(lint: Lint) -> None:
    text = json.dumps(INGRESS) + json.dumps(INGRESS).replace('"chat"}', '"other"}')
    findings = lint({"k8s/ingress.json": text})["findings"]
    names = {finding["hop"]["name"] for finding in findings if finding["hop"]}
    assert names >= {"Ingress chat", "Ingress other"}


def test_a_broken_manifest_in_json_is_named_and_the_rest_judged(lint: Lint) -> None:
    broken = json.dumps(INGRESS, indent=2)[:-4]
    report = lint({"k8s/a.json": broken, "k8s/b.json": json.dumps(INGRESS)})
    [unreadable] = report["unreadable"]
    assert unreadable["message"] == 'is not JSON: expected "," or "}", got the end of the file'
    assert unreadable["location"]["path"] == "k8s/a.json"
    assert (report["status"], len(problems(report, "short-idle-timeout"))) == (2, 1)


@pytest.mark.parametrize("text", ['{"snapshot": {"apiVersion": "v1", "kind": "Ingress"}}', '{"kind": "Ingress"', "[]"])
def test_json_that_is_no_manifest_is_left_alone(text: str, lint: Lint) -> None:
    report = lint({"data.json": text, "k8s/b.json": json.dumps(INGRESS)})
    assert (report["unreadable"], report["read"]) == ([], {"kubernetes": ["k8s/b.json"]})


@pytest.mark.parametrize(
    ("kind", "part", "problem"),
    [
        ("Ingress", "metadata: {name: a, annotations: {a/b: 3600}}", "`a/b: 3600` under `annotations` is a number"),
        ("Ingress", "metadata: {name: a, annotations: {a/b: true}}", "`a/b: true` under `annotations` is a boolean"),
        ("Ingress", "metadata: {name: a, annotations: {a/b: {c: d}}}", "`a/b` under `annotations` has to be a text"),
        ("Service", "metadata: {name: a, labels: {app: yes}}", "`app: yes` under `labels` is a boolean"),
        ("ConfigMap", "metadata: {name: a}\ndata: {proxy-read-timeout: 60}", 'write "60"'),
    ],
)
def test_a_number_where_a_text_belongs_is_refused_alone(kind: str, part: str, problem: str, lint: Lint) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/"""
    version = "networking.k8s.io/v1" if kind == "Ingress" else "v1"
    text = f"apiVersion: {version}\nkind: {kind}\n{part}\n---\n{json.dumps(INGRESS)}\n"
    if kind == "ConfigMap":
        text = text.replace("data:", "data:\n  # of the controller\n ").replace("{proxy", "proxy").replace("60}", "60")
    report = lint({"k8s/all.yaml": text})
    [unreadable] = report["unreadable"]
    assert problem in unreadable["message"]
    assert problems(report, "short-idle-timeout")


@pytest.mark.parametrize("value", ['"3600"', "'true'", "30s", "1h", "~", "!!str 30"])
def test_a_text_where_one_belongs_is_taken(value: str, lint: Lint) -> None:
    head = HEAD.replace("{name: chat}", f"{{name: chat, annotations: {{a/b: {value}}}}}")
    assert not lint({"k8s/ingress.yaml": head + GOOD})["unreadable"]


def test_an_object_without_a_name_is_called_so(lint: Lint) -> None:
    text = json.dumps(INGRESS).replace('"metadata": {"name": "chat"}, ', "")
    messages = [finding["message"] for finding in lint({"k8s/ingress.json": text})["findings"]]
    assert any(message.startswith("Ingress without a name cuts the stream") for message in messages)


def test_objects_in_json_come_on_standard_input() -> None:
    result = run("check", "-", stdin=json.dumps(INGRESS, indent=4).encode())
    assert "Ingress chat cuts the stream" in result.output
    assert "--> <stdin>:5:17" in result.output


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (f"{HEAD.replace('Ingress', 'Ingres')}{GOOD}", 2, "no kind `Ingres`; did you mean Ingress?"),
        (f"{HEAD.replace('Ingress', 'ingress')}{GOOD}", 2, "did you mean Ingress?"),
        ("apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n", 2, "apps/v1 has no kind `Deploymnet`"),
        (f"{HEAD}{GOOD}---\nkind: [\n", 7, "is not YAML"),
        (f"{HEAD}{GOOD}---\napiVersion: v1\nkind Service\nmetadata:\n  name: a\n", 8, "is not YAML"),
    ],
)
def test_what_was_meant_for_an_object_is_not_passed_over(text: str, line: int, problem: str, lint: Lint) -> None:
    [unreadable] = lint({"k8s/ingress.yaml": text})["unreadable"]
    assert problem in unreadable["message"]
    assert unreadable["location"]["line"] == line


RULES = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  ingressClassName: nginx\n  rules:\n"
)
PATH = (
    "  - http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}\n"
)


@pytest.mark.parametrize(
    ("written", "mistyped", "line"),
    [
        ("ingressClassName", "ingressClasName", 5),
        ("rules", "rule", 6),
        ("paths", "path", 8),
        ("pathType", "pathtype", 9),
        ("Prefix", "prefix", 9),
        ("Prefix", "Prefx", 9),
        ("backend", "backends", 9),
    ],
)
def test_a_mistyped_field_of_an_ingress_is_refused(written: str, mistyped: str, line: int, lint: Lint) -> None:
    [unreadable] = lint({"k8s/ingress.yaml": (RULES + PATH).replace(written, mistyped, 1)})["unreadable"]
    assert f"did you mean {written}?" in unreadable["message"]
    assert unreadable["location"]["line"] == line


@pytest.mark.parametrize(
    "text",
    [
        RULES + PATH,
        (RULES + PATH)
        .replace("networking.k8s.io/v1", "networking.internal.knative.dev/v1alpha1")
        .replace("- http", "- hosts"),
        (RULES + PATH)
        .replace("networking.k8s.io/v1", "extensions/v1beta1")
        .replace("{service: {name: s, port: {number: 80}}}", "{serviceName: s, servicePort: 80}"),
    ],
)
def test_fields_that_an_ingress_has_are_taken(text: str, lint: Lint) -> None:
    assert not lint({"k8s/ingress.yaml": text})["unreadable"]


@pytest.mark.parametrize(
    "other",
    [
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nmetadata: {name: a}\n",
        "apiVersion: example.com/v1\nkind: Ingres\nmetadata: {name: a}\n",
        "# nothing\n",
        "\n",
        "colour: blue\n",
    ],
)
def test_other_objects_are_passed_over(other: str, lint: Lint) -> None:
    assert not lint({"k8s/ingress.yaml": f"{HEAD}{GOOD}---\n{other}", "k8s/other.yaml": other})["unreadable"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (f"{HEAD.replace('/v1', '/v2')}{GOOD}", 1, "networking.k8s.io has no version `v2`; it has v1"),
        (f"{HEAD.replace('/v1', '')}{GOOD}", 1, "no apiVersion `networking.k8s.io`; networking.k8s.io/v1 has Ingress"),
        ("apiVersion: v2\nkind: Service\nmetadata: {name: a}\n", 1, "there is no apiVersion `v2`; v1 has Service"),
        ("apiVersion: apps/v1beta3\nkind: Deployment\nmetadata: {name: a}\n", 1, "apps has no version `v1beta3`"),
        ("apiVersion: v1\nkind: Deployment\nmetadata: {name: a}\n", 2, "no kind `Deployment`; apps/v1 has it"),
        (
            "apiVersion: gateway.networking.k8s.io/1\nkind: HTTPRoute\nmetadata: {name: a}\n",
            1,
            "`1` is no version of gateway.networking.k8s.io",
        ),
        (f"{HEAD}{GOOD.replace(' pathType: Prefix,', '')}", 4, "the path / needs a `pathType`"),
        (f"{HEAD}{GOOD.replace('path: /,', 'path: chat,')}", 4, "the path `chat` has to begin with /"),
        (f"{HEAD}{GOOD.replace('{service: {name: a, port: {number: 80}}}', '{serviceName: a}')}", 4, "are of v1beta1"),
        (f"{HEAD}{GOOD.replace('{name: a, ', '{')}", 4, "the service of the path / needs a `name`"),
        (f"{HEAD}{GOOD.replace(', port: {number: 80}', '')}", 4, "the service of the path / needs a `port`"),
        (f"{HEAD}{GOOD.replace('number: 80', 'number: 80, name: b')}", 4, "has a number and a name"),
    ],
)
def test_what_an_object_has_to_have_is_missed(text: str, line: int, problem: str, lint: Lint) -> None:
    """https://kubernetes.io/docs/reference/kubernetes-api/networking/ingress-v1/"""
    report = lint({"k8s/ingress.yaml": text})
    [unreadable] = report["unreadable"]
    assert problem in unreadable["message"]
    assert (unreadable["location"]["line"], report["status"]) == (line, 2)


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("networking.k8s.io/v1", "extensions/v1beta1")
        + "spec: {rules: [{http: {paths: [{backend: {serviceName: a, servicePort: 80}}]}}]}\n",
        f"{HEAD}{GOOD.replace('path: /, pathType: Prefix', 'pathType: ImplementationSpecific')}",
        f"{HEAD}{GOOD.replace('number: 80', 'name: use-annotation')}",
        "apiVersion: gateway.networking.k8s.io/v2alpha1\nkind: HTTPRoute\nmetadata: {name: a}\n",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\n",
        f"{HEAD}{GOOD}".replace("path: /", "path: '/{{ path }}'").replace("pathType: Prefix, ", ""),
    ],
)
def test_what_some_kubernetes_takes_is_not_missed(text: str, lint: Lint) -> None:
    assert not lint({"k8s/ingress.yaml": text})["unreadable"]


def test_a_base_is_complete_once_its_overlay_is_laid_over_it(lint: Lint) -> None:
    base = f"{HEAD}{GOOD.replace(' pathType: Prefix,', '')}"
    kustomization = "resources: [ingress.yaml]\npatches: [{path: patch.yaml}]\n"
    patch = f"{HEAD}{GOOD}"
    report = lint({"ingress.yaml": base, "kustomization.yaml": kustomization, "patch.yaml": patch})
    assert not report["unreadable"]


def test_a_key_that_stands_twice_counts_once_and_is_refused_by_kustomize_alone(lint: Lint) -> None:
    """kubectl takes the last one; proven by `kubectl annotate --local` and `kubectl kustomize` (1.32)."""
    text = f"{HEAD}{GOOD}{GOOD}"
    assert not lint({"a/ingress.yaml": text})["unreadable"]
    report = lint({"a/ingress.yaml": text, "a/kustomization.yaml": "resources: [ingress.yaml]\n"})
    [unreadable] = report["unreadable"]
    assert unreadable["message"] == "Kustomize refuses this file: spec: stands twice"
    assert unreadable["location"]["line"] == 5


ROUTE = (
    "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n  parentRefs: [{name: gw}]\n"
    "  rules: [{matches: [{path: {type: PathPrefix, value: /chat}}], backendRefs: [{name: a, port: 80}], timeouts: {request: 5m}}]\n"
)
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort, ports: [{port: 80}]}\n"
MESH = (
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a.com]\n"
    "  http: [{match: [{uri: {prefix: /chat}}], route: [{destination: {host: chat}}], timeout: 30s}]\n"
)
PROXY = (
    "apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: a}\nspec:\n"
    "  routes: [{services: [{name: a, port: 80}], timeoutPolicy: {response: 60s}}]\n  virtualhost: {fqdn: a.com}\n"
)
POD = "apiVersion: v1\nkind: Pod\nmetadata: {labels: {jenkins: agent}}\nspec: {containers: [{name: a, image: a}]}\n"
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 2\n"
    "  template: {spec: {containers: [{name: a, image: a, env: [{name: A, value: b}]}]}}\n"
)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (ROUTE.replace("backendRefs", "backendRef"), 6, "`rules` has no field `backendRef`; did you mean backendRefs?"),
        (ROUTE.replace("PathPrefix", "Prefix"), 6, "there is no type Prefix; did you mean PathPrefix?"),
        (ROUTE.replace("port: 80", "port: http"), 6, "`port: http` is no number"),
        (ROUTE.replace("port: 80", 'port: "80"'), 6, "`port: 80` is no number"),
        (ROUTE.replace("port: 80", "port: 99999"), 6, "`port: 99999` is no port"),
        (SERVICE.replace("port: 80", "port: 0"), 4, "`port: 0` is no port"),
        (DEPLOYMENT.replace("env:", "ports: [{containerPort: 0}], env:"), 6, "`containerPort: 0` is no port"),
        (f"{HEAD}{GOOD}".replace("http:", "host: Chat.a.com, http:"), 4, "`Chat.a.com` is no host"),
        (POD.replace("labels", "name: My_Pod, labels"), 3, "`My_Pod` is no name"),
        (ROUTE.replace("port: 80", "port: 80, weight: -1"), 6, "`weight: -1` is no whole number from 0 on"),
        (ROUTE.replace("request: 5m", "request: 5 minutes"), 6, "is no duration, such as 300s"),
        (ROUTE.replace("request: 5m", "request: 5m, backendRequest: 6m"), 6, "can't be longer than `request`"),
        (ROUTE.replace("value: /chat", "value: chat"), 6, "the path `chat` has to begin with /"),
        (ROUTE.replace(", port: 80", ""), 6, "the backend a needs a `port`"),
        (ROUTE.replace("name: a}", "namespace: a}", 1), 3, "`metadata` needs a `name`"),
        (SERVICE.replace("NodePort", "Loadbalancer"), 4, "there is no type Loadbalancer; did you mean LoadBalancer?"),
        (SERVICE.replace("name: a", "name: My_Service"), 3, "`My_Service` is no name"),
        (
            SERVICE.replace("metadata: {name: a}", "metadata: {name: a, annotation: {a: b}}"),
            3,
            "has no field `annotation`",
        ),
        (MESH.replace("prefix", "prefx"), 6, "`uri` has no field `prefx`; did you mean prefix?"),
        (MESH.replace("timeout: 30s", "timeout: soon"), 6, "`timeout: soon` is no duration"),
        (MESH.replace("http: [", "http: ").replace("30s}]", "30s}"), 6, "`http` has to be a list"),
        (PROXY.replace("port: 80", "port: http"), 5, "`port: http` is no number"),
        (PROXY.replace("services", "service"), 5, "`routes` has no field `service`; did you mean services?"),
        (PROXY.replace("response: 60s", "response: ever"), 5, "`response: ever` is no duration"),
        (DEPLOYMENT.replace("replicas: 2", "replicas: many"), 5, "`replicas: many` is no number"),
        (DEPLOYMENT.replace("value: b", "value: 80"), 6, '`value: 80` is no text: write "80"'),
        (f"{HEAD}{GOOD}".replace("http:", "host: 'https://a.com', http:"), 4, "`https://a.com` is no host"),
    ],
)
def test_fields_that_kinds_do_not_have_or_that_hold_something_else(
    text: str, line: int, problem: str, lint: Lint
) -> None:
    """What the vendors' own schemas say: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"""
    report = lint({"k8s/all.yaml": text})
    [unreadable] = report["unreadable"]
    assert problem in unreadable["message"]
    assert (unreadable["location"]["line"], report["status"]) == (line, 2)


@pytest.mark.parametrize(
    "text",
    [
        ROUTE,
        ROUTE.replace("port: 80", "port: 80, brandNewField: {a: 5}"),
        ROUTE.replace("port: 80", "port: '${PORT}'").replace("5m", "'${TIMEOUT}'"),
        ROUTE.replace("port: 80}", "kind: Backend, group: gateway.envoyproxy.io}"),
        ROUTE.replace("5m", "0s").replace("request: 0s", "request: 0s, backendRequest: 5m"),
        SERVICE.replace("port: 80", "port: 80, targetPort: http"),
        SERVICE.replace("port: 80", "port: 80, targetPort: 0, nodePort: 0"),
        DEPLOYMENT.replace("env:", "ports: [{containerPort: 80, hostPort: 0}], env:"),
        POD,
        f"{HEAD}{GOOD.replace('path: /,', 'path: $BASE_PATH,')}".replace("http:", "host: chat.YOUR_HOST, http:"),
        f"{HEAD.replace('/v1', '/$VERSION')}{GOOD.replace('path: /,', 'path: __BASE__,')}",
        ROUTE.replace("value: /chat", "value: '#{BasePath}'"),
        SERVICE.replace("name: a", "generateName: a-"),
        SERVICE.replace("name: a", "name: '${NAME}'"),
        DEPLOYMENT.replace("replicas: 2", "replicas: REPLICAS"),
        DEPLOYMENT.replace("replicas: 2", "replicas: ~"),
        MESH.replace("v1", "v1beta1"),
        PROXY.replace("60s", "infinity"),
        f"{HEAD}{GOOD}".replace("http:", "host: '*.a.com', http:"),
    ],
)
def test_fields_that_some_kubernetes_takes(text: str, lint: Lint) -> None:
    assert lint({"k8s/all.yaml": text})["unreadable"] == []


def test_what_a_chart_comes_to_is_told_where_kubernetes_would_refuse_it(lint: Lint) -> None:
    chart = {"Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n", "values.yaml": "port: http\n"}
    text = f"{HEAD}{GOOD.replace('80', '{{ .Values.port }}')}"
    report = lint({**chart, "templates/ingress.yaml": text})
    [entry] = report["unknown"]
    assert "Kubernetes would refuse this object: `number: http` is no number" in entry["message"]
    assert entry["location"]["path"] == "values.yaml"
    unknown = lint({**chart, "values.yaml": "port: 80\n", "templates/ingress.yaml": text})["unknown"]
    assert not any("would refuse" in entry["message"] for entry in unknown)
