"""Files of compose, Kubernetes, Helm, Kustomize and CloudFormation that are short to write and long to read end in time,
say what was given up, and keep nothing else from being judged."""

from __future__ import annotations

import re
from typing import Any

import pytest
from conftest import Lint, problems
from yardstick import at_most

SITE = "events {}\nhttp { server { listen 80; location /api/chat { proxy_pass http://app:8000; } } }\n"
WEB = "services:\n  api: {image: api}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: x}, ports: [{port: 80}]}\n"
POD = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {metadata: {labels: {app: x}},"
    " spec: {containers: [{name: c, image: x}]}}}\n"
)
CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "chart/values.yaml": "a: 1\n"}
MANY = "".join(f"  k{number}: v\n" for number in range(5000))
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [d.yaml]\n"


def listed(name: str, count: int) -> str:
    return ", ".join(f"{name}{number}" for number in range(count))


def in_time(lint: Lint, files: dict[str, str]) -> dict[str, Any]:
    """The report on files beside a site whose stream is held; it is judged whatever else is there."""
    with at_most(500):
        report = lint({**files, "rest/nginx.conf": SITE})
    assert problems(report, "buffered-stream")
    return report


@pytest.mark.parametrize("key", ["environment", "ports", "networks", "depends_on", "command", "env_file", "labels"])
def test_lists_that_many_services_share_are_counted_for_each(key: str, lint: Lint) -> None:
    text = f"x-all: &all [{listed('n', 2000)}]\n{WEB}"
    text += "".join(f"  s{number}: {{image: x, {key}: *all}}\n" for number in range(1500))
    report = in_time(lint, {"compose.yaml": text})
    assert [(entry["message"], entry["location"]["line"]) for entry in report["unreadable"]] == [
        ("its aliases stand for more than it can hold", 1)
    ]


def test_lists_that_some_services_share_are_read(lint: Lint) -> None:
    text = f"x-all: &all [{listed('E', 40)}]\n{WEB}"
    text += "".join(f"  s{number}: {{image: x, environment: *all}}\n" for number in range(200))
    assert in_time(lint, {"compose.yaml": text})["unreadable"] == []


@pytest.mark.parametrize("last", ["{image: x}", "{extends: s0}"], ids=["chain", "circle"])
def test_services_that_extend_each_other_in_a_long_row(last: str, lint: Lint) -> None:
    text = WEB + "".join(f"  s{number}: {{extends: s{number + 1}}}\n" for number in range(2000)) + f"  s2000: {last}\n"
    report = in_time(lint, {"compose.yaml": text})
    assert ["is made of itself" in entry["message"] for entry in report["unreadable"]] == [True] * ("s0" in last)


def test_variables_that_double_stay_as_they_are_written(lint: Lint) -> None:
    doubled = "".join(f"V{number}=${{V{number - 1}}}${{V{number - 1}}}\n" for number in range(1, 60))
    report = in_time(lint, {"compose.yaml": f"{WEB}  x: {{image: '${{V59}}'}}\n", ".env": f"V0={'x' * 16}\n{doubled}"})
    assert report["unreadable"] == []


def test_variables_of_a_dockerfile_that_double_stay_as_they_are_written(lint: Lint) -> None:
    doubled = "".join(f"ENV V{number}=$V{number - 1}$V{number - 1}\n" for number in range(1, 60))
    files = {"compose.yaml": f"{WEB}  x: {{build: .}}\n", "Dockerfile": f"FROM nginx\nENV V0=xxxxxxxx\n{doubled}"}
    assert in_time(lint, files)["unreadable"] == []


def test_many_services_of_one_image_that_copies_much(lint: Lint) -> None:
    text = WEB + "".join(f"  s{number}: {{build: .}}\n" for number in range(1200))
    copies = "".join(f"COPY a{number} /etc/nginx/conf.d/\n" for number in range(1500))
    assert in_time(lint, {"compose.yaml": text, "Dockerfile": f"FROM nginx\n{copies}"})["unreadable"] == []


def test_services_that_all_lead_to_the_same_many_pods_are_named(lint: Lint) -> None:
    services = "---\n".join(SERVICE.replace("name: s", f"name: s{number}") for number in range(300))
    pods = "---\n".join(POD.replace("name: d", f"name: d{number}") for number in range(200))
    report = in_time(lint, {"k8s.yaml": f"{services}---\n{pods}"})
    assert ["leads to more pods than infralint follows" in entry for entry in report["unfollowed"]] == [True]


def test_the_same_paths_of_many_hosts_are_found_by_host(lint: Lint) -> None:
    paths = "".join(
        f"      - {{path: /{number}, pathType: Prefix, backend: {{service: {{name: s, port: {{number: 80}}}}}}}}\n"
        for number in range(80)
    )
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  ingressClassName: nginx\n  rules:\n"
        f"  - host: h\n    http: &paths\n      paths:\n{paths}"
        + "".join(f"  - {{host: h{number}.x, http: *paths}}\n" for number in range(100))
    )
    assert in_time(lint, {"k8s.yaml": f"{ingress}---\n{SERVICE}"})["unreadable"] == []


@pytest.mark.parametrize(
    "action",
    [
        "{{ range until 3000 }}{{ toYaml $.Values.a | sha256sum }}{{ end }}",
        "{{ range until 3000 }}{{ $x := merge (dict) $.Values.a }}{{ end }}",
        "{{ range until 3000 }}{{ $x := deepCopy $.Values }}{{ end }}",
        "{{ range until 50 }}{{ uniq (until 3000) | len }}{{ end }}",
        "{{ range until 1000 }}{{ range until 1000 }}{{ end }}{{ end }}",
        '{{ define "a" }}{{ include "a" . }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    ],
)
def test_a_template_that_takes_too_much_is_named(action: str, lint: Lint) -> None:
    files = {**CHART, "chart/values.yaml": f"a:\n{MANY}", "chart/templates/s.yaml": f"{SERVICE}# {action}\n"}
    report = in_time(lint, files)
    [entry] = report["unknown"]
    assert entry["location"]["path"] == "chart/templates/s.yaml"
    assert "this template of a Helm chart can't be rendered with its own values" in entry["message"]


def test_many_labels_of_many_objects_are_added_at_once(lint: Lint) -> None:
    labels = "commonLabels:\n" + "".join(f"  l{number}: v\n" for number in range(2000))
    pods = "---\n".join(POD.replace("name: d", f"name: d{number}") for number in range(150))
    assert in_time(lint, {"kustomization.yaml": KUSTOMIZATION + labels, "d.yaml": pods})["unreadable"] == []


def test_loops_within_loops_of_a_template_are_bounded(lint: Lint) -> None:
    names = [listed(letter, 100) for letter in "abc"]
    loops = (
        f"  Fn::ForEach::A: [I, [{names[0]}], {{'Fn::ForEach::B': [J, [{names[1]}], {{'Fn::ForEach::C': [K, [{names[2]}],"
        " {'X${I}${J}${K}': {Type: AWS::S3::Bucket}}]}]}]\n"
    )
    balancer = "  LB: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {}}\n"
    report = in_time(lint, {"t.yaml": f"Transform: AWS::LanguageExtensions\nResources:\n{balancer}{loops}"})
    assert any("it makes more than 500 resources" in entry["message"] for entry in report["unknown"])


def test_more_ports_than_are_looked_at_are_named(lint: Lint) -> None:
    ports = "".join(f"      - '{number}-65535:{number}-65535'\n" for number in range(1, 2000))
    text = f"{WEB}  x:\n    image: x\n    ports:\n{ports}  y:\n    image: x\n    ports: ['9000-9999:9000-9999']\n"
    assert in_time(lint, {"compose.yaml": text})["unfollowed"] == [
        "compose.yaml:5: services.x publishes 129,007,464 ports, of which the first 1,000 are looked at"
    ]


def test_many_patches_of_many_objects_are_given_up(lint: Lint) -> None:
    item = '- {target: {kind: Deployment}, patch: \'[{"op":"add","path":"/spec/replicas","value":2}]\'}\n'
    pods = "---\n".join(POD.replace("name: d", f"name: d{number}") for number in range(150))
    report = in_time(lint, {"kustomization.yaml": f"{KUSTOMIZATION}patches:\n{item * 600}", "d.yaml": pods})
    [why] = report["unfollowed"]
    assert re.fullmatch(
        r"kustomization.yaml:\d{3}:3: its patches change more, object by object, than is followed: .*", why
    )
    few = in_time(lint, {"kustomization.yaml": f"{KUSTOMIZATION}patches:\n{item * 20}", "d.yaml": pods})
    assert "unfollowed" not in few


def test_a_long_list_that_is_patched_item_by_item_is_given_up(lint: Lint) -> None:
    operations = ['{"op":"add","path":"/spec/a","value":[]}', *['{"op":"add","path":"/spec/a/0","value":1}'] * 1500]
    patch = f"patches:\n- target: {{kind: Deployment}}\n  patch: '[{','.join(operations)}]'\n"
    pods = "---\n".join(POD.replace("name: d", f"name: d{number}") for number in range(100))
    report = in_time(lint, {"kustomization.yaml": KUSTOMIZATION + patch, "d.yaml": pods})
    [why] = report["unfollowed"]
    assert why.startswith("kustomization.yaml:5:3: its patches change more")


APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: a{0}}}
spec: {{source: {{repoURL: x, path: chart, helm: {{releaseName: {1}}}}}, destination: {{namespace: n}}}}
"""


@pytest.mark.parametrize("is_apart", [False, True])
def test_a_chart_that_is_installed_often(is_apart: bool, lint: Lint) -> None:
    """What comes out the same is read once; what does not, as far as there are steps for it."""
    wide = "".join(f"# {'x' * 70}\n" for _ in range(100))
    chart = {**CHART, "chart/templates/s.yaml": SERVICE.replace("name: s", "name: {{ .Release.Name }}") + wide}
    names = [f"r{number}" if is_apart else "r" for number in range(500)]
    text = "---\n".join(APPLICATION.format(number, name) for number, name in enumerate(names))
    report = in_time(lint, {**chart, "apps.yaml": text})
    assert report["unreadable"] == []
    places = {(entry["location"]["path"], entry["location"]["line"] > 0) for entry in report["unknown"]}
    assert places == ({("chart/templates/s.yaml", True)} if is_apart else set())


def test_many_templates_that_write_much_are_given_up(lint: Lint) -> None:
    loop = "{{ range until 500 }}---\n" + SERVICE + "{{ end }}"
    templates = {f"chart/templates/t{number}.yaml": loop for number in range(200)}
    report = in_time(lint, {**CHART, **templates})
    assert report["unknown"]
    assert all("takes more steps than a chart should" in entry["message"] for entry in report["unknown"])


def test_a_template_that_includes_itself_twice_is_given_up(lint: Lint) -> None:
    again = '{{ include "a" (sub (int .) 1) }}'
    recursion = (
        f'{{{{ define "a" }}}}{{{{ if gt (int .) 0 }}}}{again * 2}{{{{ end }}}}{{{{ end }}}}{{{{ include "a" 40 }}}}\n'
    )
    [entry] = in_time(lint, {**CHART, "chart/templates/s.yaml": recursion + SERVICE})["unknown"]
    assert "takes more steps than a chart should" in entry["message"]
