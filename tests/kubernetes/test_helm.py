"""Helm charts are read with their values, once for each values file; what is found lies where a person would change it."""

from __future__ import annotations

import pytest
from conftest import Lint, problems, run

CHART = "apiVersion: v2\nname: chat\nversion: 0.1.0\n"
HELPERS = """\
{{- define "chat.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
"""
INGRESS = """\
{{- if .Values.ingress.enabled -}}
{{- $fullName := include "chat.fullname" . -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $fullName }}
  {{- with .Values.ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if and .Values.ingress.className (semverCompare ">=1.18-0" .Capabilities.KubeVersion.GitVersion) }}
  ingressClassName: {{ .Values.ingress.className }}
  {{- end }}
  rules:
    {{- range .Values.ingress.hosts }}
    - host: {{ .host | quote }}
      http:
        paths:
          {{- range .paths }}
          - path: {{ .path }}
            pathType: {{ .pathType }}
            backend:
              service:
                name: {{ $fullName }}
                port:
                  number: {{ $.Values.service.port }}
          {{- end }}
    {{- end }}
{{- end }}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {{ include "chat.fullname" . }}
spec:
  selector: { app: chat }
  ports: [{ port: {{ .Values.service.port }}, targetPort: http }]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "chat.fullname" . }}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    metadata: { labels: { app: chat } }
    spec:
      containers:
        - name: chat
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          ports: [{ name: http, containerPort: 8000 }]
"""
VALUES = """\
replicaCount: 1
image: { repository: ghcr.io/acme/chat, tag: "" }
service: { port: 80 }
ingress:
  enabled: true
  className: nginx
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "30"
  hosts:
    - host: chat.example.com
      paths: [{ path: /, pathType: Prefix }]
"""
APPLICATION: dict[str, str | bytes] = {
    "chat/Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "chat/requirements.txt": "fastapi\nuvicorn\n",
    "chat/app.py": (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/api/chat")\ndef chat():\n'
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n'
    ),
}
FILES: dict[str, str | bytes] = {
    **APPLICATION,
    "deploy/Chart.yaml": CHART,
    "deploy/values.yaml": VALUES,
    "deploy/templates/_helpers.tpl": HELPERS,
    "deploy/templates/ingress.yaml": INGRESS,
    "deploy/templates/service.yaml": SERVICE,
}


def loud(report: dict[str, object]) -> list[str]:
    return [line for line in problems(report) if " note " not in line]


def test_an_annotation_from_the_values_is_found_in_the_values(lint: Lint) -> None:
    report = lint(FILES)
    assert not report["unknown"]
    assert loud(report) == ["deploy/values.yaml:8 warning short-idle-timeout"]
    [finding] = [one for one in report["findings"] if one["check"] == "short-idle-timeout"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["Ingress chat", "POST /api/chat"]


def test_a_default_is_found_at_the_template(lint: Lint) -> None:
    report = lint({**FILES, "deploy/values.yaml": VALUES.replace("proxy-read-timeout", "proxy-body-size")})
    assert loud(report) == ["deploy/templates/ingress.yaml:6 warning short-idle-timeout"]


def test_what_is_switched_off_is_not_judged(lint: Lint) -> None:
    report = lint({**FILES, "deploy/values.yaml": VALUES.replace("enabled: true", "enabled: false")})
    assert [line for line in loud(report) if "deploy" in line] == []


def test_each_values_file_is_an_environment(lint: Lint) -> None:
    prod = "ingress:\n  annotations:\n    nginx.ingress.kubernetes.io/proxy-read-timeout: '600'\n"
    report = lint({**FILES, "deploy/values-prod.yaml": prod})
    assert loud(report) == ["deploy/values.yaml:8 warning short-idle-timeout"]
    short = prod.replace("600", "45")
    report = lint({"deploy/values-prod.yaml": short})
    found = loud(report)
    assert found == [
        "deploy/values-prod.yaml:3 warning short-idle-timeout",
        "deploy/values.yaml:8 warning short-idle-timeout",
    ]


@pytest.mark.parametrize("path", ["values/prod.yaml", "env/prod.yaml", "environments/prod/values.yaml"])
def test_folders_hold_values_of_environments(path: str, lint: Lint) -> None:
    short = "ingress:\n  annotations:\n    nginx.ingress.kubernetes.io/proxy-read-timeout: '45'\n"
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n"
    notes = "owner: somebody\n"
    report = lint({**FILES, f"deploy/{path}": short, "deploy/env/map.yaml": other, "deploy/env/notes.yaml": notes})
    default = "deploy/values.yaml:8 warning short-idle-timeout"
    assert sorted(loud(report)) == sorted([f"deploy/{path}:3 warning short-idle-timeout", default])


def test_infralint_yaml_names_the_releases(lint: Lint) -> None:
    settings = "helm:\n  charts:\n    - { path: deploy, values: [live.yaml], name: prod }\n"
    live = "ingress:\n  annotations:\n    nginx.ingress.kubernetes.io/proxy-read-timeout: '45'\n"
    report = lint({**FILES, "infralint.yaml": settings, "deploy/live.yaml": live})
    assert loud(report) == ["deploy/live.yaml:3 warning short-idle-timeout"]


def test_a_host_that_a_chart_requires_is_given_when_it_is_installed(lint: Lint) -> None:
    ingress = INGRESS.replace("{{ .host | quote }}", '{{ required "say the host" $.Values.host }}')
    report = lint({**FILES, "deploy/templates/ingress.yaml": ingress})
    assert loud(report) == ["deploy/values.yaml:8 warning short-idle-timeout"]
    assert report["unknown"] == []


def test_a_path_that_a_chart_requires_is_unknown(lint: Lint) -> None:
    ingress = INGRESS.replace("{{ .path }}", '{{ required "say the path" $.Values.path }}')
    [unknown] = lint({**FILES, "deploy/templates/ingress.yaml": ingress})["unknown"]
    assert unknown["location"]["line"] == 21
    assert "only known when the chart is installed" in unknown["message"]


def test_a_timeout_that_a_chart_requires_is_unknown(lint: Lint) -> None:
    timeout = '{{ required "say how long" $.Values.timeout | quote }}'
    annotation = f"    nginx.ingress.kubernetes.io/proxy-read-timeout: {timeout}\n"
    ingress = INGRESS.replace("    {{- toYaml . | nindent 4 }}\n", annotation)
    report = lint({**FILES, "deploy/templates/ingress.yaml": ingress})
    assert loud(report) == []
    assert [entry["location"]["line"] for entry in report["unknown"]] == [9]


def test_a_secret_that_a_chart_requires_hides_nobody_who_listens(lint: Lint) -> None:
    secret = '          env: [{ name: KEY, value: {{ required "set the key" .Values.key | quote }} }]\n'
    [finding] = [
        finding
        for finding in lint({**FILES, "deploy/templates/service.yaml": SERVICE + secret})["findings"]
        if finding["check"] == "short-idle-timeout"
    ]
    assert len(finding["trace"]["legs"]) == 2


def test_a_value_of_the_cluster_is_unknown_at_its_place(lint: Lint) -> None:
    ingress = INGRESS.replace(
        "    {{- toYaml . | nindent 4 }}\n",
        '    nginx.ingress.kubernetes.io/proxy-read-timeout: "{{ randNumeric 3 }}"\n',
    )
    report = lint({**FILES, "deploy/templates/ingress.yaml": ingress})
    assert loud(report) == []
    assert [entry["location"]["line"] for entry in report["unknown"]] == [9]


def test_a_subchart_gets_its_part_of_the_values(lint: Lint) -> None:
    inner = {
        path.replace("deploy/", "umbrella/charts/chat/"): text for path, text in FILES.items() if "deploy/" in path
    }
    values = "chat:\n  ingress:\n    annotations:\n      nginx.ingress.kubernetes.io/proxy-read-timeout: '20'\n"
    umbrella = {"umbrella/Chart.yaml": "apiVersion: v2\nname: umbrella\n", "umbrella/values.yaml": values}
    report = lint({**APPLICATION, **inner, **umbrella})
    assert loud(report) == ["umbrella/values.yaml:4 warning short-idle-timeout"]


def test_a_subchart_that_is_not_here_is_named(lint: Lint) -> None:
    chart = f"{CHART}dependencies:\n  - {{ name: redis, version: 1.0.0, repository: https://example.com }}\n"
    lint({**FILES, "deploy/Chart.yaml": chart})
    assert "its subcharts (redis) are not vendored here" in run("check", "--verbose").output


def test_nginx_in_a_configmap_of_a_chart_is_read_with_its_values(lint: Lint) -> None:
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nginx\ndata:\n  default.conf: |\n    server {\n"
        "      listen 80;\n      location /api/ {\n        proxy_pass http://{{ .Values.backend }}:8000;\n"
        "        proxy_buffering {{ .Values.buffering }};\n        proxy_read_timeout {{ .Values.timeout }};\n"
        "        {{- if .Values.extra }}\n        {{- .Values.extra | nindent 8 }}\n        {{- end }}\n      }\n    }\n"
    )
    values = "backend: chat\nbuffering: 'on'\ntimeout: 15s\nextra: |\n  proxy_http_version 1.1;\n"
    chart = {"deploy/Chart.yaml": CHART, "deploy/values.yaml": values, "deploy/templates/nginx.yaml": template}
    report = lint({**APPLICATION, **chart})
    assert loud(report) == [
        "deploy/templates/nginx.yaml:11 warning buffered-stream",
        "deploy/templates/nginx.yaml:12 warning short-idle-timeout",
    ]
    assert loud(lint({"deploy/values.yaml": values.replace("'on'", "'off'").replace("15s", "10m")})) == []


def test_what_streams_in_one_chart_makes_no_assumption_of_another_loud(lint: Lint) -> None:
    """Charts that lie side by side are installed apart: an nginx of one says nothing of the Ingress of another."""
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: wiki }\nspec:\n  ingressClassName: nginx\n"
        "  rules:\n    - http:\n        paths:\n          - path: /\n            pathType: Prefix\n"
        "            backend: { service: { name: wiki, port: { number: 80 } } }\n"
    )
    streams = (
        "server { listen 80; location /events { proxy_pass http://b; proxy_buffering off; proxy_read_timeout 5m; } }\n"
    )
    wiki = {"charts/wiki/Chart.yaml": CHART, "charts/wiki/templates/ingress.yaml": ingress}
    elsewhere = {"charts/chat/Chart.yaml": CHART, "charts/chat/files/site.conf": streams}
    assert loud(lint({**wiki, **elsewhere})) == []
    beside = {"charts/wiki/files/site.conf": streams}
    assert loud(lint(beside)) == ["charts/wiki/templates/ingress.yaml:3 warning short-idle-timeout"]


def test_what_streams_outside_of_any_chart_speaks_for_all(lint: Lint) -> None:
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: wiki }\nspec:\n  ingressClassName: nginx\n"
        "  defaultBackend: { service: { name: wiki, port: { number: 80 } } }\n"
    )
    streams = (
        "server { listen 80; location /events { proxy_pass http://b; proxy_buffering off; proxy_read_timeout 5m; } }\n"
    )
    chart = {"chart/Chart.yaml": CHART, "chart/templates/ingress.yaml": ingress}
    assert loud(lint({**chart, "site.conf": streams})) == ["chart/templates/ingress.yaml:3 warning short-idle-timeout"]


@pytest.mark.parametrize(
    ("line", "is_known"),
    [
        ("docker build -t acme/talk:dev chat", True),
        ("@if true; then docker build --tag=acme/talk -f chat/Dockerfile chat; fi", True),
        ("docker buildx build --platform linux/amd64 \\\n\t  -t ghcr.io/acme/talk:1 ./chat", True),
        ("cd other && docker build -t acme/talk chat", False),
        ("docker build -t acme/talk elsewhere", False),
        ("docker build -t $(IMAGE) chat", False),
        ("docker build chat -t acme/talk", True),
        ("docker build chat -t acme/talk:$(shell git describe) --build-arg 'A=b c;d' --no-cache", True),
        ("docker build -t acme/talk chat >/dev/null 2>&1", True),
        ("docker build -t acme/talk chat  # the chat", True),
        ("docker build $(FLAGS) --platform linux/amd64 -t acme/other -t acme/talk chat", True),
        ("docker build -t acme/other other && docker build -t acme/talk chat", True),
        ("docker build other -t acme/talk --label chat", False),
        ("docker build other -t acme/talk -f chat", False),
        ("docker build -t acme/talk chat other", False),
        ("@cd other && docker build -t acme/talk chat", False),
        ("(cd other && docker build -t acme/talk chat)", False),
        ("# docker build -t acme/talk chat", False),
        ("docker build -t acme/talk - < chat/Dockerfile", False),
        ("docker build -t acme/talk https://github.com/acme/talk -f chat/Dockerfile", False),
    ],
)
def test_a_makefile_says_what_an_image_is_built_of(line: str, is_known: bool, lint: Lint) -> None:
    assert _is_built_by({"Makefile": f"image:\n\t{line}\n"}, lint) is is_known


@pytest.mark.parametrize(
    ("step", "is_known"),
    [
        ("run: docker build -t ghcr.io/acme/talk:${{ github.sha }} -f chat/Dockerfile chat", True),
        ("run: |\n          docker build --push \\\n            -t ghcr.io/acme/talk chat", True),
        ("run: |\n          cd other\n          docker build -t ghcr.io/acme/talk chat", False),
        ("run: docker build -t ghcr.io/acme/talk .\n        working-directory: chat", True),
        ("run: docker build -t ${{ env.IMAGE }} chat", False),
        ("uses: docker/build-push-action@v6\n        with: { context: ./chat, tags: 'ghcr.io/acme/talk:1' }", True),
        (
            "uses: docker/build-push-action@v6\n        with:\n          file: chat/Dockerfile\n          context: chat\n"
            "          tags: |\n            acme/other\n            ghcr.io/acme/talk:${{ github.sha }}",
            True,
        ),
        ("uses: docker/build-push-action@v6\n        with: { context: elsewhere, tags: ghcr.io/acme/talk }", False),
    ],
)
def test_a_workflow_says_what_an_image_is_built_of(step: str, is_known: bool, lint: Lint) -> None:
    workflow = (
        f"on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - name: image\n        {step}\n"
    )
    assert _is_built_by({".github/workflows/image.yml": workflow}, lint) is is_known


@pytest.mark.parametrize(
    ("workflow", "job", "step", "is_known"),
    [
        ("chat", None, None, True),
        ("./other", "chat/", None, True),
        ("other", "other", "chat", True),
        ("chat", "other", None, False),
        ("chat", None, "${{ matrix.folder }}", False),
        (None, None, None, False),
    ],
)
def test_a_workflow_says_in_which_folder_its_steps_run(
    workflow: str | None, job: str | None, step: str | None, is_known: bool, lint: Lint
) -> None:
    """The nearest holds:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunworking-directory"""

    def moved(folder: str | None) -> str:
        return f"defaults: {{ run: {{ working-directory: '{folder}' }} }}" if folder else "env: {}"

    of_step = f"        working-directory: '{step}'\n" if step else ""
    text = (
        f"on: push\n{moved(workflow)}\njobs:\n  image:\n    {moved(job)}\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - run: docker build -t ghcr.io/acme/talk .\n{of_step}"
    )
    assert _is_built_by({".github/workflows/image.yml": text}, lint) is is_known


@pytest.mark.parametrize(("first", "is_known"), [("docker info", True), ("cd other", False)])
def test_a_pipeline_says_what_an_image_is_built_of(first: str, is_known: bool, lint: Lint) -> None:
    script = f"[{first}, 'docker build -t registry.acme.dev:5000/acme/talk:$CI_COMMIT_SHA ./chat']"
    assert _is_built_by({".gitlab-ci.yml": f"image:\n  script: {script}\n"}, lint) is is_known


def _is_built_by(files: dict[str, str], lint: Lint) -> bool:
    """Whether the way to the application is known where only some files say what its image is built of."""
    values = VALUES.replace("ghcr.io/acme/chat", "ghcr.io/acme/talk")
    other = {"other/Dockerfile": "FROM alpine\n", "deploy/values.yaml": values}
    findings = lint({**FILES, **other, **files})["findings"]
    [finding] = [finding for finding in findings if finding["check"] == "short-idle-timeout"]
    guess = "only names and folders speak for a way from ingress-nginx to chat"
    return guess not in finding["trace"]["reasons"]
