"""Which service runs an nginx decides its version, its environment and where its includes lie."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SERVER = """\
server {
  location /ws {
    proxy_pass http://app;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
  }
}
"""
"""A WebSocket fails here on an nginx that speaks HTTP/1.0 to upstreams by default: one before 1.29.7."""

OLD, NEW = "nginx:1.25", "nginx:1.31"


def mounting(name: str, image: str) -> str:
    return f"  {name}:\n    image: {image}\n    volumes: ['./{name}.conf:/etc/nginx/conf.d/default.conf']\n"


def refused(lint: Lint, files: dict[str, str]) -> set[str]:
    """The files whose WebSocket is said to fail."""
    found = problems(lint({**files}), "missing-upgrade-headers")
    return {line.partition(":")[0] for line in found}


@pytest.mark.parametrize(
    ("inner", "outer", "files"), [(OLD, NEW, {"inner.conf"}), (NEW, OLD, {"outer.conf"}), (NEW, NEW, set())]
)
def test_each_nginx_has_the_version_of_the_service_that_mounts_it(
    inner: str, outer: str, files: set[str], lint: Lint
) -> None:
    compose = "services:\n" + mounting("inner", inner) + mounting("outer", outer)
    assert refused(lint, {"compose.yml": compose, "inner.conf": SERVER, "outer.conf": SERVER}) == files


@pytest.mark.parametrize(
    "volume",
    [
        "- {type: bind, source: ./a.conf, target: /etc/nginx/conf.d/a.conf}",
        "- type: bind\n        source: ./a.conf\n        target: /etc/nginx/conf.d/a.conf\n        read_only: true",
        "- ${PWD}/a.conf:/etc/nginx/conf.d/a.conf:ro",
        "- ./:/etc/nginx/conf.d",
    ],
)
def test_every_form_of_a_volume_counts(volume: str, lint: Lint) -> None:
    web = f"  web:\n    image: {NEW}\n    volumes:\n      {volume}\n"
    other = f"  other:\n    image: {OLD}\n"
    assert refused(lint, {"compose.yml": f"services:\n{web}{other}", "a.conf": SERVER}) == set()


def test_a_dockerfile_that_copies_the_file_has_its_version(lint: Lint) -> None:
    compose = f"services:\n  web:\n    build: {{context: ., dockerfile: docker/web, args: {{TAG: 1.31.0}}}}\n  old: {{image: {OLD}}}\n"
    docker = "ARG TAG=1.25\nFROM nginx:${TAG}\nCOPY a.conf /etc/nginx/conf.d/\n"
    assert refused(lint, {"compose.yml": compose, "docker/web": docker, "a.conf": SERVER}) == set()


def test_an_override_file_may_raise_the_version(lint: Lint) -> None:
    files = {"compose.yml": "services:\n" + mounting("web", OLD), "web.conf": SERVER}
    assert refused(lint, files) == {"web.conf"}
    assert refused(lint, files | {"compose.override.yml": f"services:\n  web: {{image: {NEW}}}\n"}) == set()


@pytest.mark.parametrize(("tag", "files"), [("1.31", set()), ("1.25", {"web.conf"})])
def test_the_tag_may_stand_in_the_env_file(tag: str, files: set[str], lint: Lint) -> None:
    compose = "services:\n" + mounting("web", "nginx:${TAG}-alpine")
    assert refused(lint, {"compose.yml": compose, ".env": f"TAG={tag}\n", "web.conf": SERVER}) == files


@pytest.mark.parametrize(("copy", "loud"), [("COPY . .", False), ("COPY nginx.conf /etc/nginx/conf.d/", True)])
def test_an_image_that_takes_its_whole_folder_does_not_run_the_nginx_that_lies_there(
    copy: str, loud: bool, lint: Lint
) -> None:
    """Pages that are served by a development server in one image, and by nginx in another that is not deployed here."""
    inner = "server { listen 3000; location /ws { proxy_pass http://api:1; proxy_read_timeout 5s; } }\n"
    edge = """\
server {
  location /ws {
    proxy_pass http://client:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
  }
}
"""
    files = {
        "compose.yml": "services:\n  client: {build: ./client}\n" + mounting("edge", NEW),
        "edge.conf": edge,
        "client/Dockerfile": f"FROM node\nWORKDIR /app\n{copy}\nCMD npm start\n",
        "client/nginx.conf": inner,
        "client/package.json": '{"name": "client", "dependencies": {"react": "18"}}',
        "client/src/index.js": "import React from 'react'\n",
    }
    found = problems(lint(files), "short-idle-timeout")
    assert ("edge.conf:2 warning short-idle-timeout" in found) == loud


@pytest.mark.parametrize(("tag", "files"), [("1.31.0", set()), ("1.25", {"k8s.yaml"})])
def test_the_image_of_a_manifest_runs_the_nginx_of_its_config_map(tag: str, files: set[str], lint: Lint) -> None:
    configuration = "".join(f"    {line}\n" for line in SERVER.splitlines())
    manifest = f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: web}}
data:
  web.conf: |
{configuration}---
apiVersion: v1
kind: Pod
metadata: {{name: web}}
spec:
  containers: [{{name: web, image: "nginx:{tag}"}}]
"""
    assert {path.partition("#")[0] for path in refused(lint, {"k8s.yaml": manifest})} == files


EDGE = "server { listen 80; location / { proxy_pass http://inner; proxy_buffering off; proxy_read_timeout 1h; } }"
CUTTING = (
    "server { listen 80; location / { proxy_pass http://10.0.0.3:1; proxy_buffering off; proxy_read_timeout 5s; } }"
)
MINUTE = "streams: [{path: /chat, generation: 1m}]\n"


def test_two_dockerfiles_that_copy_from_one_folder_run_two_nginx(lint: Lint) -> None:
    services = "".join(
        f"  {name}: {{build: {{context: ./nginx, dockerfile: {name}.Dockerfile}}{ports}}}\n"
        for name, ports in (("edge", ', ports: ["80:80"]'), ("inner", ""))
    )
    files = {
        f"nginx/{name}.Dockerfile": f"FROM nginx:1.27\nCOPY {name}.conf /etc/nginx/conf.d/default.conf\n"
        for name in ("edge", "inner")
    }
    files |= {"nginx/edge.conf": EDGE, "nginx/inner.conf": CUTTING, "infralint.yaml": MINUTE}
    found = problems(lint(files | {"compose.yaml": f"services:\n{services}"}), "short-idle-timeout")
    assert found == ["nginx/inner.conf:1 error short-idle-timeout"]


def test_two_config_maps_of_one_file_run_two_nginx(lint: Lint) -> None:
    def deployed(name: str, server: str, kind: str = "ClusterIP") -> str:
        mount = "{name: c, mountPath: /etc/nginx/conf.d}"
        container = f'{{name: nginx, image: "nginx:1.27", ports: [{{containerPort: 80}}], volumeMounts: [{mount}]}}'
        volume = f"{{name: c, configMap: {{name: {name}}}}}"
        pod = f"{{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{container}], volumes: [{volume}]}}}}"
        return f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data:
  default.conf: |
    {server}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec: {{selector: {{matchLabels: {{app: {name}}}}}, template: {pod}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{type: {kind}, selector: {{app: {name}}}, ports: [{{port: 80}}]}}
"""

    manifest = f"{deployed('edge', EDGE, 'LoadBalancer')}---\n{deployed('inner', CUTTING)}"
    found = problems(lint({"k8s.yaml": manifest, "infralint.yaml": MINUTE}), "short-idle-timeout")
    assert found == ["k8s.yaml:23 error short-idle-timeout"]
