"""Charts that Helm, and kustomizations that Kustomize, refuse as a whole: named, and what stands beside them is judged."""

from __future__ import annotations

import pytest
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
    "no_function": (
        {"templates/_a.tpl": '{{ define "a" }}{{ toYml . }}{{ end }}'},
        "templates/_a.tpl:1",
        "did you mean `toYaml`",
    ),
    "environment": (
        {"templates/a.yaml": "{{ if false }}\n{{ env `A` }}{{ end }}\n"},
        "templates/a.yaml:2",
        "no function `env`",
    ),
    "schema": ({"values.schema.json": '{\n"type": object}\n'}, "values.schema.json:2", "is not JSON"),
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


def test_functions_that_others_bring_are_no_mistakes(lint: Lint) -> None:
    """werf has some of its own, and cookiecutter and Backstage fill in a chart before Helm reads it."""
    chart = {"c/Chart.yaml": CHART, "c/values.yaml": "a: 1\n", "c/templates/web.yaml": INGRESS}
    assert lint({**chart, "c/templates/a.yaml": "kind: Secret\na: {{ werf_image `x` }}\n"})["unreadable"] == []
    for other in ("{{ cookiecutter.name }}", "${{ values.name }}"):
        refused = lint({**chart, "c/templates/a.yaml": f"kind: Secret\na: {other}\n"})["unreadable"]
        assert not any("no function" in entry["message"] for entry in refused)


def test_templates_of_a_subchart_that_is_switched_off_are_not_parsed(lint: Lint) -> None:
    part = {
        "c/charts/p/Chart.yaml": CHART.replace("name: c", "name: p"),
        "c/charts/p/templates/a.yaml": "{{ toYml . }}",
    }
    metadata = f"{CHART}dependencies: [{{name: p, version: 0.1.0, condition: p.enabled}}]\n"
    for enabled, count in (("false", 0), ("true", 1)):
        values = f"a: 1\np: {{enabled: {enabled}}}\n"
        report = lint({"c/Chart.yaml": metadata, "c/values.yaml": values, "c/templates/web.yaml": INGRESS, **part})
        assert len(report["unreadable"]) == count


SCHEMA = """{
    "type": "object", "additionalProperties": false, "required": ["never"],
    "properties": { "never": {},
\t"a": {"type": "integer"}, "b": {"type": "string"}, "m": {"enum": ["x", "y"]}, "r": {"$ref": "#/$defs/r", "type": "object"},
\t"o": {"type": "object", "properties": {"p": {"type": ["string", "null"]}}},
\t"v": {"type": "string", "pattern": "^v[0-9]+$"}, "l": {"$ref": "other.json#/a", "type": "object"}, "x": {"$ref": "#/$defs/x"}
    },
    "$defs": {"r": {"type": "integer"}, "x": {"type": "object", "required": ["y"], "properties": {"x": {"$ref": "#/$defs/x"}}}}
}"""


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ("a: '1'", "`a` is a text, and has to be a whole number"),
        ("a: true", "`a` is true or false, and has to be a whole number"),
        ("a: 1.5", "`a` is a number, and has to be a whole number"),
        ("b: 1", "`b` is a whole number, and has to be a text"),
        ("m: z", "`m` is z, and has to be one of x or y"),
        ("o: {p: 3}", "`o.p` is a whole number, and has to be a text or nothing"),
        ("o: []", "`o` is a list, and has to be a mapping"),
        ("zz: 1", "`zz` is no value that values.schema.json of the chart knows"),
        ("r: x", "`r` is a text, and has to be a whole number"),
        ("x: {y: 1, x: []}", "`x.x` is a list, and has to be a mapping"),
        ("v: 1.0.0-rc", "`v` is 1.0.0-rc, and has to match ^v[0-9]+$"),
        *(
            (values, "")
            for values in ("a: 1.0", "a: 1e3", "a: null", "zz: null", "b: 2020-01-01", "m: x", "r: 1", "l: 1")
        ),
        *((values, "") for values in ("v: v12", "v: ${TAG}", "a: ${A}", "b: yes", "o: {q: 1}", "a: 1_000")),
    ],
)
def test_values_that_contradict_the_schema_of_their_chart(values: str, why: str, lint: Lint) -> None:
    """Each is what Helm 4.3 says of it, but for texts that another program fills in."""
    files = {"c/Chart.yaml": CHART, "c/values.schema.json": SCHEMA, "c/templates/web.yaml": INGRESS}
    found = [
        (
            entry["location"]["path"],
            entry["location"]["line"],
            entry["message"].removesuffix(" in values.schema.json of the chart"),
        )
        for entry in lint({**files, "c/values.yaml": f"{values}\n"})["unreadable"]
    ]
    assert found == ([("c/values.yaml", 1, f"holds values with which Helm refuses the chart: {why}")] if why else [])


def test_values_that_a_schema_requires_and_nobody_sets_are_for_others_to_give(lint: Lint) -> None:
    files = {"c/Chart.yaml": CHART, "c/values.schema.json": SCHEMA, "c/templates/web.yaml": INGRESS}
    report = lint({**files, "c/values.yaml": "x: {x: {y: 1}}\n"})
    assert report["unreadable"] == []
    for entry, line, name in zip(report["unknown"], (2, 8), ("never", "x.y"), strict=True):
        assert (entry["location"]["path"], entry["location"]["line"]) == ("c/values.schema.json", line)
        assert f"its schema requires `{name}`, which nothing sets" in entry["message"]
    assert lint({**files, "c/values.yaml": "never: 1\nx: {y: 2}\n"})["unknown"] == []


def test_values_that_others_complete_are_not_held_against_the_schema(lint: Lint) -> None:
    files = {"c/Chart.yaml": CHART, "c/values.schema.json": SCHEMA, "c/templates/web.yaml": INGRESS}
    files |= {"c/values.yaml": "a: fill me in\n", "c/values-prod.yaml": "a: 1\n", "c/values-test.yaml": "b: 2\n"}
    assert lint({**files, "c/values-test.yaml": "a: 2\n"})["unreadable"] == []
    files |= {"c/values-dev.yaml": "a: 2\nb: 2\n"}
    [entry] = lint(files)["unreadable"]
    assert (entry["location"]["path"], entry["location"]["line"]) == ("c/values-dev.yaml", 2)


OVERLAYS = {
    "field": ("resource: [web.yaml]\n", 1, "knows no field `resource`; did you mean `resources`?"),
    "kind": ("kind: Kustomize\nresources: [web.yaml]\n", 1, "no `kind: Kustomize`"),
    "list": ("- web.yaml\n", 1, "holds no keys with values"),
    "no_patch": ("resources: [web.yaml]\npatches:\n  - target: {kind: Ingress}\n", 3, "either `patch` or `path`"),
    "empty_patch": ("resources: [web.yaml]\npatches:\n  - patch: ''\n", 3, "either `patch` or `path`"),
    "default": ("resources:\n  - web.yaml\n  - inside.yaml\n", 3, "brings a second Ingress of the name web"),
    "twice": ("resources:\n  - web.yaml\n  - again.yaml\n", 3, "brings a second Ingress of the name web"),
}


def test_a_file_of_a_config_map_that_is_not_here_is_named(lint: Lint) -> None:
    text = "configMapGenerator:\n- {name: web, files: [nginx.conf, more.conf=site.conf]}\nresources: [web.yaml]\n"
    report = lint({"a/kustomization.yaml": text, "a/web.yaml": INGRESS, "a/site.conf": "# nothing\n"})
    assert "names nginx.conf, which is not here" in str(report)
    assert "site.conf, which" not in str(report)


def test_two_kustomizations_of_a_folder_are_refused(lint: Lint) -> None:
    text = "kind: Kustomization\nresources: [web.yaml]\n"
    report = lint({"a/kustomization.yaml": text, "a/kustomization.yml": text, "a/web.yaml": INGRESS})
    [entry] = report["unreadable"]
    assert entry["location"]["path"] in ("a/kustomization.yaml", "a/kustomization.yml")
    assert "Kustomize refuses a folder with both" in entry["message"]


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
