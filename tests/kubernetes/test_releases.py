"""Charts as Argo CD, Flux and Terraform install them: with the values that these give."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from test_gateways import APPLICATION

NAME = "nginx.ingress.kubernetes.io/proxy-read-timeout"
SHORT, LONG = f"{NAME}: '30'", f"{NAME}: '900'"
KEY = r"annotations.nginx\.ingress\.kubernetes\.io/proxy-read-timeout"
CHART: dict[str, str | bytes] = {
    **APPLICATION,
    "deploy/chart/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 1.0.0\n",
    "deploy/chart/values.yaml": "annotations:\n  nginx.ingress.kubernetes.io/proxy-read-timeout: '600'\n",
    "deploy/chart/templates/ingress.yaml": (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {{ .Release.Name }}\n  annotations:\n"
        "    {{- with .Values.annotations }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\nspec:\n"
        "  ingressClassName: nginx\n  rules:\n    - http:\n        paths:\n"
        "          - { path: /api, pathType: Prefix, backend: { service: { name: api, port: { number: 80 } } } }\n"
    ),
}


def argo(helm: str) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: prod }\nspec:\n"
        "  destination: { namespace: chat }\n  source:\n    repoURL: https://example.com/acme.git\n"
        f"    path: deploy/chart\n    helm:\n{helm}"
    )


def judge(lint: Lint, **files: str) -> list[str]:
    """What is said loudly: `file:line severity check`."""
    return [line for line in problems(lint({**CHART, **files})) if " note " not in line]


def test_a_chart_alone_is_read_with_its_own_values(lint: Lint) -> None:
    assert judge(lint) == []


@pytest.mark.parametrize(
    ("helm", "expected"),
    [
        (f"      valuesObject:\n        annotations:\n          {SHORT}\n", "argo.yaml:12"),
        (f"      values: |\n        # for production\n        annotations: {{ {SHORT} }}\n", "argo.yaml:12"),
        (
            f"      parameters:\n        - {{ name: {KEY},\n            value: '30', forceString: true }}\n",
            "argo.yaml:12",
        ),
        ("      valueFiles: [values-argo.yaml]\n", "deploy/chart/values-argo.yaml:1"),
        (
            f"      valueFiles: [values-argo.yaml]\n      valuesObject: {{ annotations: {{ {LONG} }} }}\n"
            f"      parameters: [{{ name: {KEY}, value: '20', forceString: true }}]\n",
            "argo.yaml:12",
        ),
    ],
)
def test_values_of_an_argo_cd_application_count(helm: str, expected: str, lint: Lint) -> None:
    files = {"argo.yaml": argo(helm)}
    if "values-argo" in helm:
        files["deploy/chart/values-argo.yaml"] = f"annotations: {{ {SHORT} }}\n"
    assert judge(lint, **files) == [f"{expected} warning short-idle-timeout"]


def test_what_an_application_mends_is_mended(lint: Lint) -> None:
    short = {"deploy/chart/values.yaml": f"annotations: {{ {SHORT} }}\n"}
    assert judge(lint, **short) == ["deploy/chart/values.yaml:1 warning short-idle-timeout"]
    mended = argo(f"      valuesObject: {{ annotations: {{ {LONG} }} }}\n")
    assert judge(lint, **short, **{"argo.yaml": mended}) == []


def test_a_parameter_names_a_key_with_dots(lint: Lint) -> None:
    name = r"annotations.nginx\.ingress\.kubernetes\.io/proxy-buffering"
    held = argo(f"      parameters:\n        - name: {name}\n          value: 'on'\n          forceString: true\n")
    assert judge(lint, **{"argo.yaml": held}) == ["argo.yaml:12 warning buffered-stream"]


def test_an_application_of_another_chart_says_nothing(lint: Lint) -> None:
    other = argo(f"      valuesObject: {{ annotations: {{ {SHORT} }} }}\n").replace("deploy/chart", "deploy/other")
    assert judge(lint, **{"argo.yaml": other}) == []


def test_a_file_of_values_that_is_not_here_is_named(lint: Lint) -> None:
    report = lint({**CHART, "argo.yaml": argo("      valueFiles: [values-absent.yaml]\n")})
    assert any("values-absent.yaml" in entry for entry in report["unfollowed"])


def test_a_release_of_flux_gives_values(lint: Lint) -> None:
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: prod }\nspec:\n"
        "  chart: { spec: { chart: ./deploy/chart, sourceRef: { kind: GitRepository, name: acme } } }\n"
        f"  values:\n    annotations: {{ {SHORT} }}\n"
    )
    assert judge(lint, **{"flux.yaml": release}) == ["flux.yaml:7 warning short-idle-timeout"]


def application_set(generators: str, helm: str, path: str = "deploy/chart") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: chat }\nspec:\n"
        f"  generators:\n{generators}  template:\n    metadata: {{ name: 'chat-{{{{env}}}}' }}\n    spec:\n"
        f"      source:\n        repoURL: https://example.com/acme.git\n        path: '{path}'\n        helm:\n{helm}"
    )


LIST = "  - list: { elements: [{ env: eu, wait: '30' }, { env: us, wait: '900' }] }\n"
GIVEN = f"          valuesObject: {{ annotations: {{ {NAME}: '{{{{wait}}}}' }} }}\n"


@pytest.mark.parametrize("mark", ["{{wait}}", "{{ .wait }}"])
def test_an_applicationset_makes_a_release_of_each_element(mark: str, lint: Lint) -> None:
    report = lint({**CHART, "set.yaml": application_set(LIST, GIVEN.replace("{{wait}}", mark))})
    assert problems(report, "short-idle-timeout") == ["set.yaml:14 warning short-idle-timeout"]
    assert {found["hop"]["environment"] for found in report["findings"] if found["severity"] == "warning"} == {
        "chat-eu"
    }


def test_files_of_values_are_named_by_a_generator(lint: Lint) -> None:
    helm = "          valueFiles: ['values-{{env}}.yaml']\n"
    values = {"deploy/chart/values-eu.yaml": f"annotations: {{ {SHORT} }}\n"}
    values["deploy/chart/values-us.yaml"] = f"annotations: {{ {LONG} }}\n"
    found = judge(lint, **values, **{"set.yaml": application_set(LIST, helm)})
    assert found == ["deploy/chart/values-eu.yaml:1 warning short-idle-timeout"]


def test_folders_and_files_of_the_repository_are_generators(lint: Lint) -> None:
    folders = "  - git: { directories: [{ path: deploy/* }, { path: deploy/old, exclude: true }] }\n"
    given = GIVEN.replace("{{wait}}", "30")
    found = judge(lint, **{"set.yaml": application_set(folders, given, "{{path}}")})
    assert found == ["set.yaml:14 warning short-idle-timeout"]
    files = "  - git: { files: [{ path: 'clusters/**/config.json' }] }\n"
    text = application_set(files, GIVEN.replace("wait", "proxy.wait"))
    config = {"clusters/eu/one/config.json": '{"env": "eu", "proxy": {"wait": "20"}}'}
    assert judge(lint, **config, **{"set.yaml": text}) == ["set.yaml:14 warning short-idle-timeout"]


def test_two_generators_are_multiplied(lint: Lint) -> None:
    waits = "{ list: { elements: [{ wait: '20' }, { wait: '800' }] } }"
    matrix = f"  - matrix: {{ generators: [{{ list: {{ elements: [{{ env: a }}, {{ env: b }}] }} }}, {waits}] }}\n"
    report = lint({**CHART, "set.yaml": application_set(matrix, GIVEN)})
    told = [found["hop"]["environment"] for found in report["findings"] if found["severity"] == "warning"]
    assert sorted(told) == ["chat-a", "chat-b"]


def test_what_a_cluster_says_of_a_release_is_not_guessed(lint: Lint) -> None:
    """The generator's clusters are not known, nor what one of a list does not say."""
    assert judge(lint, **{"set.yaml": application_set("  - clusters: {}\n", GIVEN)}) == []
    unsaid = application_set("  - list: { elements: [{ env: eu }] }\n", GIVEN)
    report = lint({**CHART, "set.yaml": unsaid})
    assert problems(report, "short-idle-timeout") == []
    assert any("proxy-read-timeout" in entry["message"] for entry in report["unknown"])


def test_values_of_an_application_that_are_no_yaml_are_unreadable(lint: Lint) -> None:
    report = lint({**CHART, "argo.yaml": argo("      values: |\n        annotations: [\n")})
    [entry] = report["unreadable"]
    assert entry["message"].startswith("gives prod values that Helm refuses, for they are no YAML: ")
    assert entry["location"]["path"] == "argo.yaml"
