"""What compose files and Dockerfiles say of who runs what."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import write

from infralint.model import Known, Unknown
from infralint.project import Project
from infralint.project.compose import Mount, read_compose, services_of
from infralint.project.config import Settings
from infralint.project.dockerfile import parse_dockerfile

STACK = """\
x-common: &common
  environment: &env
    PROXY_READ_TIMEOUT: 90s
services:
  edge:
    <<: *common
    image: nginx:${NGINX_TAG:-1.27}
    container_name: front
    ports:
      - "80:8080"
      - "127.0.0.1:8443:443/tcp"
      - {target: 9000, published: "9001", protocol: tcp}
    expose: ["3000-3001"]
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
      - type: bind
        source: ./deploy/snip
        target: /etc/nginx/extra
      - logs:/var/log
    configs:
      - source: site
        target: /etc/nginx/conf.d/default.conf
  api:
    build: {context: services/api, dockerfile: prod.Dockerfile}
    environment: [MODE=prod, "PORT=8000"]
    env_file: [.env.api]
    deploy: {replicas: 3}
    networks:
      back: {aliases: [llm]}
  worker:
    build: ./worker
    scale: ${WORKERS}
configs:
  site: {file: ./nginx/default.conf}
"""


def compose(folder: Path, files: dict[str, str | bytes]) -> Project:
    write(folder, files)
    return Project(folder, Settings(), base=folder)


def test_every_form_of_a_service(tmp_path: Path) -> None:
    project = compose(tmp_path, {"docker-compose.yml": STACK})
    edge, api, worker = read_compose(project).services
    assert edge.image == "nginx:1.27"
    assert edge.names == {"edge", "front"}
    assert (edge.published, edge.ports) == ((80, 8443, 9001), (8080, 443, 9000, 3000, 3001))
    assert edge.mounts == (
        Mount("nginx.conf", "/etc/nginx/nginx.conf"),
        Mount("deploy/snip", "/etc/nginx/extra"),
        Mount("nginx/default.conf", "/etc/nginx/conf.d/default.conf"),
    )
    assert edge.environment["PROXY_READ_TIMEOUT"].line == 3
    assert (api.context, api.dockerfile, api.names) == ("services/api", "prod.Dockerfile", {"api", "llm"})
    assert {name: value.text for name, value in api.environment.items()} == {"MODE": "prod", "PORT": "8000"}
    assert api.env_files == (".env.api",)
    assert isinstance(api.replicas, Known)
    assert (api.replicas.value, api.replicas.where.line) == (3, 27)
    assert isinstance(worker.replicas, Unknown)


def test_variables_of_the_env_file_beside_it(tmp_path: Path) -> None:
    project = compose(tmp_path, {"docker-compose.yml": STACK, ".env": "NGINX_TAG=1.29\nWORKERS=2 # two\n"})
    edge, _, worker = read_compose(project).services
    assert edge.image == "nginx:1.29"
    assert isinstance(worker.replicas, Known)
    assert worker.replicas.value == 2


def test_an_override_file_is_laid_over_its_base(tmp_path: Path) -> None:
    over = "services:\n  api:\n    ports: ['9000:8000']\n    environment: {MODE: dev}\n"
    project = compose(tmp_path, {"compose.yaml": STACK, "compose.override.yaml": over})
    api = next(service for service in read_compose(project).services if service.name == "api")
    assert (api.published, api.environment["MODE"].text, api.environment["PORT"].text) == ((9000,), "dev", "8000")
    assert len(read_compose(project).services) == 3


def test_what_a_service_extends_lies_beneath_it(tmp_path: Path) -> None:
    text = "services:\n  base: {image: app, expose: [80]}\n  web: {extends: {service: base}, expose: [8000]}\n"
    web = read_compose(compose(tmp_path, {"compose.yml": text})).services[1]
    assert (web.image, web.ports) == ("app", (8000,))


@pytest.mark.parametrize(
    ("volume", "mounts"),
    [
        ("../outside:/x", ()),
        ("/etc/nginx:/x", ()),
        ("data:/x", ()),
        (".:/app", (Mount("", "/app"),)),
        ("${ROOT:-.}/conf:/x", (Mount("conf", "/x"),)),
        ("{type: volume, source: a/b, target: /x}", ()),
    ],
)
def test_what_a_volume_shows_of_the_project(volume: str, mounts: tuple[Mount, ...], tmp_path: Path) -> None:
    written = volume if volume.startswith("{") else f'"{volume}"'
    text = f"services:\n  web:\n    image: x\n    volumes: [{written}]\n"
    assert read_compose(compose(tmp_path, {"compose.yml": text})).services[0].mounts == mounts


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    found = read_compose(compose(tmp_path, {"compose.yml": "services:\n  web: {image: [\n"}))
    assert [(problem.where.path, problem.where.line > 0) for problem in found.unreadable] == [("compose.yml", True)]


def test_merges_that_multiply_are_refused_by_name(tmp_path: Path) -> None:
    keys = "\n".join(f"    k{number}: 1" for number in range(100))
    lines = [f"x-0: &a0\n{keys}"] + [
        f"x-{number}: &a{number}\n  <<: [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 40)
    ]
    found = read_compose(compose(tmp_path, {"compose.yml": "\n".join(lines) + "\nservices: {web: {image: x}}\n"}))
    assert ["stand for more" in problem.message for problem in found.unreadable] == [True]


def test_the_topology_gets_names_files_and_ports(tmp_path: Path) -> None:
    docker = 'FROM python:3.12\nCOPY app/ /srv/\nEXPOSE 8000\nCMD ["uvicorn", "main:app"]\n'
    text = "services:\n  api: {build: ., image: me/api}\n"
    [service] = services_of(compose(tmp_path, {"compose.yml": text, "Dockerfile": docker}))
    assert (service.name, service.context, service.ports, service.files) == ("api", "", (8000,), {"app"})


def test_a_dockerfile_of_several_stages() -> None:
    found = parse_dockerfile(
        "ARG TAG=1.27\nFROM node:20 AS build\nCOPY web web\n\nFROM nginx:${TAG}\n# no\nENV A=1 \\\n  B=two\n"
        "RUN <<EOF\nEXPOSE 1\nEOF\nCOPY --from=build /web/dist /usr/share/nginx/html\n"
        "COPY nginx.conf /etc/nginx/\nEXPOSE 80 443/tcp $PORT\nENTRYPOINT [\"nginx\"]\nCMD -g 'daemon off;'\n"
    )
    assert (found.base, found.base_line, found.exposed) == ("nginx:1.27", 5, (80, 443))
    assert [(copied.sources, copied.target) for copied in found.copied] == [
        (("web",), "/usr/share/nginx/html"),
        (("nginx.conf",), "/etc/nginx/"),
    ]
    assert found.environment == {"A": "1", "B": "two"}
    assert found.command == ("nginx", "-g", "daemon off;")
