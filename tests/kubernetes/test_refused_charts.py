"""Charts that Helm, and kustomizations that Kustomize, refuse as a whole: named, and what stands beside them is judged."""

from __future__ import annotations

from conftest import Lint, problems

INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "60"
spec:
  ingressClassName: nginx
  rules:
    - host: a.example
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""
CHART = "apiVersion: v2\nname: c\nversion: 0.1.0\n"
STREAM = "streams: [{path: /}]\n"
CHARTS = {
    "never_closed": ({"templates/a.yaml": "{{ if .Values.a }}\nkind: Secret\n"}, "templates/a.yaml:3", "never closed"),
    "closes_nothing": ({"templates/a.yaml": "kind: Secret\n{{ end }}\n"}, "templates/a.yaml:2", "`end` closes nothing"),
    "key_of_a_list": ({"templates/_a.tpl": "{{ .Values.a[0].b }}\n"}, "templates/_a.tpl:1", "unexpected `[0].b`"),
    "no_version": ({"Chart.yaml": "apiVersion: v2\nname: c\n"}, "Chart.yaml:0", "has no `version`"),
}


def test_a_chart_that_helm_refuses_is_unreadable_and_its_other_templates_are_judged(lint: Lint) -> None:
    files = {"infralint.yaml": STREAM}
    for name, (more, _, _) in CHARTS.items():
        chart = {"Chart.yaml": CHART, "values.yaml": "a: 1\n", "templates/web.yaml": INGRESS, **more}
        files |= {f"{name}/{path}": text for path, text in chart.items()}
    report = lint(files)
    found = {
        f"{entry['location']['path']}:{entry['location']['line']}": entry["message"] for entry in report["unreadable"]
    }
    assert found.keys() == {f"{name}/{place}" for name, (_, place, _) in CHARTS.items()}
    assert all(words in found[f"{name}/{place}"] for name, (_, place, words) in CHARTS.items())
    assert report["status"] == 2
    judged = {problem.partition("/")[0] for problem in problems(report, "short-idle-timeout")}
    assert judged == CHARTS.keys()


def test_what_helm_takes_is_left_alone(lint: Lint) -> None:
    """Go passes over a `|` at the end; what cookiecutter fills in is no chart yet."""
    odd = "kind: Secret\na: {{ .Values.a | }}\nb: {{ (.Values.a | quote | ) }}\n"
    chart = {"c/Chart.yaml": CHART, "c/values.yaml": "a: 1\n", "c/templates/web.yaml": INGRESS}
    report = lint({**chart, "c/templates/a.yaml": odd})
    assert (report["unreadable"], report["unknown"]) == ([], [])
    made = "{% if x %}kind: Secret\na: {{ cookiecutter['x'] }}\n{% endif %}"
    assert lint({**chart, "c/templates/a.yaml": made})["unreadable"] == []


OVERLAYS = {
    "field": ("resource: [web.yaml]\n", 1, "knows no field `resource`; did you mean `resources`?"),
    "list": ("- web.yaml\n", 1, "holds no keys with values"),
    "no_patch": ("resources: [web.yaml]\npatches:\n  - target: {kind: Ingress}\n", 3, "either `patch` or `path`"),
    "empty_patch": ("resources: [web.yaml]\npatches:\n  - patch: ''\n", 3, "either `patch` or `path`"),
    "default": ("resources:\n  - web.yaml\n  - inside.yaml\n", 3, "brings a second Ingress of the name web"),
    "twice": ("resources:\n  - web.yaml\n  - again.yaml\n", 3, "brings a second Ingress of the name web"),
}


def test_a_kustomization_that_kustomize_refuses_is_unreadable(lint: Lint) -> None:
    files = {
        "infralint.yaml": STREAM,
        "taken/kustomization.yaml": "resources: [web.yaml]\nx-mine: 1\n",
        "taken/web.yaml": INGRESS,
    }
    for name, (text, _, _) in OVERLAYS.items():
        files |= {f"{name}/kustomization.yaml": text, f"{name}/web.yaml": INGRESS, f"{name}/again.yaml": INGRESS}
        files[f"{name}/inside.yaml"] = INGRESS.replace("name: web", "name: web\n  namespace: default", 1)
    report = lint(files)
    found = {entry["location"]["path"]: (entry["location"]["line"], entry["message"]) for entry in report["unreadable"]}
    assert {path: line for path, (line, _) in found.items()} == {
        f"{name}/kustomization.yaml": line for name, (_, line, _) in OVERLAYS.items()
    }
    assert all(words in found[f"{name}/kustomization.yaml"][1] for name, (_, _, words) in OVERLAYS.items())
    assert any(problem.startswith("taken/web.yaml:6 ") for problem in problems(report))
