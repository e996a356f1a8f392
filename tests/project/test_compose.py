"""What compose files say of who runs what."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from conftest import Lint, write
from yardstick import at_most

from infralint.model import Known, Service, Unknown
from infralint.project import Project
from infralint.project.compose import ComposeService, Port, VolumeMount, read_compose, services_of
from infralint.project.compose.service import FIELDS
from infralint.project.config import Settings

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


def laid_out(folder: Path, files: dict[str, str | bytes]) -> Project:
    write(folder, files)
    return Project(folder, Settings(), base=folder)


def service_in(folder: Path, text: str, name: str = "web", **files: str) -> ComposeService:
    """One service of `app/compose.yml`."""
    project = laid_out(folder, {"app/compose.yml": text, **files})
    return next(service for service in read_compose(project).services if service.name == name)


def web(folder: Path, lines: str, **files: str) -> ComposeService:
    """The service `web` with some lines, in `app/compose.yml`."""
    body = "\n".join(f"    {line}" for line in lines.splitlines())
    return service_in(folder, f"services:\n  web:\n    image: x\n{body}\n", **files)


def topology(folder: Path, files: dict[str, str | bytes]) -> dict[str, Service]:
    return {service.name: service for service in services_of(laid_out(folder, files))}


def test_every_form_of_a_service(tmp_path: Path) -> None:
    project = laid_out(tmp_path, {"docker-compose.yml": STACK})
    edge, api, worker = read_compose(project).services
    assert edge.image is not None
    assert (edge.image.text, edge.image.line) == ("nginx:1.27", 7)
    assert edge.names == {"edge", "front"}
    assert edge.ports == (Port(8080, 80), Port(443, 8443, is_local=True), Port(9000, 9001), Port(3000), Port(3001))
    assert edge.mounts == (
        VolumeMount("nginx.conf", "/etc/nginx/nginx.conf"),
        VolumeMount("deploy/snip", "/etc/nginx/extra"),
        VolumeMount("nginx/default.conf", "/etc/nginx/conf.d/default.conf"),
    )
    assert edge.environment["PROXY_READ_TIMEOUT"].line == 3
    assert api.build is not None
    assert (api.context, api.build.dockerfile, api.names) == (
        "services/api",
        "prod.Dockerfile",
        {"api", "llm", "tasks.api"},
    )
    assert {name: value.text for name, value in api.environment.items()} == {"MODE": "prod", "PORT": "8000"}
    assert api.env_files == (".env.api",)
    assert isinstance(api.replicas, Known)
    assert (api.replicas.value, api.replicas.where.line) == (3, 27)
    assert isinstance(worker.replicas, Unknown)


def test_variables_of_the_env_file_beside_it(tmp_path: Path) -> None:
    project = laid_out(tmp_path, {"docker-compose.yml": STACK, ".env": "NGINX_TAG=1.29\nWORKERS=2 # two\n"})
    edge, _, worker = read_compose(project).services
    assert edge.image is not None
    assert edge.image.text == "nginx:1.29"
    assert isinstance(worker.replicas, Known)
    assert worker.replicas.value == 2


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("['80']", (Port(80, 0),)),
        ("[80]", (Port(80, 0),)),
        ("['8080:80']", (Port(80, 8080),)),
        ("['[::1]:8080:80']", (Port(80, 8080, is_local=True),)),
        ("['127.0.0.1::80']", (Port(80, 0, is_local=True),)),
        ("['8000-8001:80-81']", (Port(80, 8000), Port(81, 8001))),
        ("['8000-8002:80']", (Port(80, 8000), Port(80, 8001), Port(80, 8002))),
        ("['5353:53/udp']", ()),
        ("['${PORT}:80']", (Port(80, 0),)),
        ("['${PORT:-8080}:80']", (Port(80, 8080),)),
        ("['127.0.0.1:${PORT:?set it}:80']", (Port(80, 0, True),)),
        ("['8080:${INSIDE}']", (Port(0, 8080),)),
        ("[{target: 80}]", (Port(80, 0),)),
        ("[{target: 53, published: 53, protocol: udp}]", ()),
        ("[{target: 80, published: 8080-8081}]", (Port(80, 8080), Port(80, 8081))),
        ("['٨٠:80', '9999999999999:80', 'web:80']", (Port(80, 0),)),
        ("[]", ()),
    ],
)
def test_ports(ports: str, expected: tuple[Port, ...], tmp_path: Path) -> None:
    assert web(tmp_path, f"ports: {ports}").ports == expected


@pytest.mark.parametrize(
    ("volume", "mounts"),
    [
        ('"../outside:/x"', (VolumeMount("outside", "/x"),)),
        ('"../../outside:/x"', ()),
        ('"/etc/nginx:/x"', ()),
        ('"~/nginx:/x"', ()),
        ('"data:/x"', ()),
        ('"./c:/x:ro,z"', (VolumeMount("app/c", "/x"),)),
        ('".:/x"', (VolumeMount("app", "/x"),)),
        ('"${ROOT:-.}/conf:/x"', (VolumeMount("app/conf", "/x"),)),
        ('"${PWD}/conf:/x"', (VolumeMount("app/conf", "/x"),)),
        ('"$PWD/conf:/x"', (VolumeMount("app/conf", "/x"),)),
        ('"${SOMEWHERE}/conf:/x"', ()),
        ('"conf/nginx.conf:/x"', (VolumeMount("app/conf/nginx.conf", "/x"),)),
        ('"C:\\\\conf:/x"', ()),
        ('"/x"', ()),
        ("{type: bind, source: ./a, target: /x, read_only: true}", (VolumeMount("app/a", "/x"),)),
        ("{type: bind, src: ./a, dst: /x}", (VolumeMount("app/a", "/x"),)),
        ("{type: volume, source: data, target: /x}", ()),
        ("{type: tmpfs, target: /x}", ()),
        ("{type: volume, source: bound, target: /x}", (VolumeMount("app/here", "/x"),)),
        ('"bound:/x"', (VolumeMount("app/here", "/x"),)),
    ],
)
def test_what_a_volume_shows_of_the_project(volume: str, mounts: tuple[VolumeMount, ...], tmp_path: Path) -> None:
    bound = "volumes:\n  data: {}\n  bound:\n    driver_opts: {type: none, o: bind, device: ./here}\n"
    text = f"services:\n  web:\n    image: x\n    volumes: [{volume}]\n{bound}"
    assert service_in(tmp_path, text).mounts == mounts


@pytest.mark.parametrize(
    ("lines", "top", "mounts"),
    [
        ("configs: [site]", "configs: {site: {file: ./a.conf}}", (VolumeMount("app/a.conf", "/site"),)),
        ("secrets: [site]", "secrets: {site: {file: ./a.key}}", (VolumeMount("app/a.key", "/run/secrets/site"),)),
        (
            "configs: [{source: site, target: /x}]",
            "configs: {site: {content: 'a'}}",
            (VolumeMount("app/compose.yml", "/x"),),
        ),
        ("configs: [site]", "configs: {site: {external: true}}", ()),
        ("configs: [other]", "", ()),
    ],
)
def test_files_that_are_brought_in_by_name(
    lines: str, top: str, mounts: tuple[VolumeMount, ...], tmp_path: Path
) -> None:
    assert service_in(tmp_path, f"services:\n  web:\n    image: x\n    {lines}\n{top}\n").mounts == mounts


@pytest.mark.parametrize(
    ("build", "context"),
    [
        (".", "app"),
        ("..", ""),
        ("../..", None),
        ("{dockerfile: docker/web.Dockerfile}", "app"),
        ("{context: ./web, target: prod}", "app/web"),
        ("https://example.com/a.git#main", None),
        ("git@example.com:a.git", None),
        ("${CONTEXT:-web}", "app/web"),
        ("${CONTEXT}", None),
    ],
)
def test_where_an_image_is_built(build: str, context: str | None, tmp_path: Path) -> None:
    assert web(tmp_path, f"build: {build}").context == context


@pytest.mark.parametrize(
    ("environment", "values"),
    [
        ("{A: 1, B: two, C: }", {"A": "1", "B": "two", "C": "${C}"}),
        ("[A=1, 'B=a=b', C]", {"A": "1", "B": "a=b", "C": "${C}"}),
        ("{A: '${A:-5s}'}", {"A": "${A:-5s}"}),
        ("{A: [1]}", {"A": "${A}"}),
        ("", {}),
    ],
)
def test_environment(environment: str, values: dict[str, str], tmp_path: Path) -> None:
    found = web(tmp_path, f"environment: {environment}").environment
    assert {name: value.text for name, value in found.items()} == values


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("deploy: {replicas: 3}", 3),
        ("scale: 2", 2),
        ("deploy: {replicas: '${N:-4}'}", 4),
        ("deploy: {replicas: '${N}'}", "`replicas: ${N}` is only known once it is filled in"),
        ("deploy: {mode: global}", "`mode: global` runs one on each machine"),
        ("deploy: {replicas: 3.5}", "`replicas: 3.5` is only known once it is filled in"),
        ("deploy: {resources: {}}", None),
        ("restart: always", None),
    ],
)
def test_replicas(lines: str, expected: int | str | None, tmp_path: Path) -> None:
    found = web(tmp_path, lines).replicas
    assert (found.value if isinstance(found, Known) else found.why if isinstance(found, Unknown) else None) == expected


def test_words_labels_and_profiles(tmp_path: Path) -> None:
    lines = "entrypoint: /run.sh\ncommand: [uvicorn, '${APP:-main:app}']\nlabels: [a=1]\nprofiles: [dev]"
    service = web(tmp_path, f"{lines}\ndeploy: {{labels: {{b: 2}}}}")
    assert (service.entrypoint, service.command) == (("/run.sh",), ("uvicorn", "main:app"))
    assert ({name: label.text for name, label in service.labels.items()}, service.profiles) == (
        {"a": "1", "b": "2"},
        {"dev"},
    )


class TestFilesOverEachOther:
    @pytest.mark.parametrize(
        ("base", "over"),
        [
            ("compose.yaml", "compose.override.yaml"),
            ("docker-compose.yml", "docker-compose.override.yml"),
            ("docker-compose.yml", "docker-compose.override.yaml"),
            ("compose.yaml", "docker-compose.override.yml"),
            ("docker-compose.prod.yml", "docker-compose.prod.override.yml"),
        ],
    )
    def test_an_override_file(self, base: str, over: str, tmp_path: Path) -> None:
        text = "services:\n  api:\n    ports: ['9000:8000']\n    environment: {MODE: dev}\n  extra: {image: x}\n"
        project = laid_out(tmp_path, {base: STACK, over: text})
        services = {service.name: service for service in read_compose(project).services}
        assert list(services) == ["edge", "api", "worker", "extra"]
        api = services["api"]
        assert (api.path, api.line, api.context) == (base, 23, "services/api")
        assert (api.ports, api.environment["PORT"].text) == ((Port(8000, 9000),), "8000")
        assert (api.environment["MODE"].text, api.environment["MODE"].path) == ("dev", over)

    def test_what_is_replaced_and_what_is_added(self, tmp_path: Path) -> None:
        base = """\
            image: a
            command: first
            entrypoint: [sh]
            volumes: ['./a:/x', './b:/y']
            ports: ['80:80']
            build: {context: web, args: {A: 1, B: 1}}
            labels: {k: 1}
        """
        over = (
            "image: b\ncommand: second\nvolumes: ['./c:/x']\nports: ['8080:80']\nbuild: {args: {B: 2}}\nlabels: [l=2]"
        )
        files = {
            "compose.yml": "services:\n  web:\n" + base.replace("            ", "    "),
            "compose.override.yml": "services:\n  web:\n" + "\n".join(f"    {line}" for line in over.splitlines()),
        }
        [service] = read_compose(laid_out(tmp_path, {**files})).services
        assert service.image is not None
        assert (service.image.text, service.command, service.entrypoint) == ("b", ("second",), ("sh",))
        assert service.mounts == (VolumeMount("b", "/y"), VolumeMount("c", "/x"))
        assert service.ports == (Port(80, 80), Port(80, 8080))
        assert service.build is not None
        assert service.build.arguments == {"A": "1", "B": "2"}
        assert {name: label.text for name, label in service.labels.items()} == {"k": "1", "l": "2"}

    @pytest.mark.parametrize(
        ("over", "context"),
        [
            ("{target: dev}", "api"),
            ("{dockerfile: Dockerfile.dev}", "api"),
            ("{context: web}", "web"),
            ("web", "web"),
            ("https://example.org/talk.git", None),
        ],
    )
    def test_the_folder_that_an_override_builds_from(self, over: str, context: str | None, tmp_path: Path) -> None:
        files = {
            "compose.yml": "services:\n  web:\n    build: ./api\n",
            "compose.override.yml": f"services:\n  web:\n    build: {over}\n",
        }
        [service] = read_compose(laid_out(tmp_path, files)).services
        assert service.context == context

    def test_reset_and_override(self, tmp_path: Path) -> None:
        base = "services:\n  web: {image: a, ports: ['80:80'], environment: {A: 1}, volumes: ['./a:/a']}\n"
        over = "services:\n  web:\n    ports: !override ['8080:80']\n    environment: !reset {}\n    volumes: !reset null\n"
        [service] = read_compose(laid_out(tmp_path, {"compose.yml": base, "compose.override.yml": over})).services
        assert (service.ports, service.environment, service.mounts) == ((Port(80, 8080),), {}, ())

    def test_a_file_that_says_only_part_of_a_service_is_a_variant_of_it(self, tmp_path: Path) -> None:
        base = "services:\n  web: {build: ./web, ports: ['80:80']}\n  db: {image: postgres}\n"
        prod = "services:\n  web:\n    deploy: {replicas: 3}\n"
        services = read_compose(
            laid_out(tmp_path, {"docker-compose.yml": base, "docker-compose.prod.yml": prod})
        ).services
        assert [(service.name, service.path, service.context) for service in services] == [
            ("web", "docker-compose.yml", "web"),
            ("db", "docker-compose.yml", None),
            ("web", "docker-compose.prod.yml", "web"),
        ]
        assert [isinstance(service.replicas, Known) for service in services] == [False, False, True]

    def test_a_file_that_stands_alone_is_no_variant(self, tmp_path: Path) -> None:
        base = "services:\n  web: {build: ./web, ports: ['80:80']}\n"
        prod = "services:\n  web: {image: web}\n"
        services = read_compose(
            laid_out(tmp_path, {"docker-compose.yml": base, "docker-compose.prod.yml": prod})
        ).services
        assert [(service.path, service.context) for service in services] == [
            ("docker-compose.prod.yml", None),
            ("docker-compose.yml", "web"),
        ]

    def test_files_that_the_env_file_names(self, tmp_path: Path) -> None:
        base, more = "services:\n  web: {image: a}\n", "services:\n  web: {image: b}\n  db: {image: c}\n"
        env = "COMPOSE_FILE=compose.yml:compose.tls.yml\n"
        services = read_compose(
            laid_out(tmp_path, {"compose.yml": base, "compose.tls.yml": more, ".env": env})
        ).services
        assert [(service.name, service.image and service.image.text) for service in services] == [
            ("web", "b"),
            ("db", "c"),
        ]


class TestExtending:
    def test_a_service_of_the_same_file(self, tmp_path: Path) -> None:
        text = "services:\n  base: {image: app, expose: [80], environment: {A: 1}}\n"
        service = service_in(
            tmp_path, f"{text}  web: {{extends: {{service: base}}, expose: [8000], environment: {{B: 2}}}}\n"
        )
        assert service.image is not None
        assert (service.image.text, service.ports, set(service.environment)) == (
            "app",
            (Port(80), Port(8000)),
            {"A", "B"},
        )
        assert service.names == {"web"}

    def test_a_service_of_another_file_and_its_paths(self, tmp_path: Path) -> None:
        common = "services:\n  base:\n    build: .\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
        text = "services:\n  web:\n    extends: {file: ../common/services.yml, service: base}\n    ports: ['80:80']\n"
        service = service_in(tmp_path, text, **{"common/services.yml": common})
        assert (service.context, service.mounts) == (
            "common",
            (VolumeMount("common/nginx.conf", "/etc/nginx/nginx.conf"),),
        )
        assert (service.path, service.line, service.ports) == ("app/compose.yml", 2, (Port(80, 80),))

    @pytest.mark.parametrize(
        "extends",
        [
            "web",
            "other",
            "{file: missing.yml, service: a}",
            "{file: ../../../etc/passwd, service: a}",
            "[1]",
            "{file: 1}",
        ],
    )
    def test_what_leads_nowhere_changes_nothing(self, extends: str, tmp_path: Path) -> None:
        service = web(tmp_path, f"extends: {extends}\nports: ['80:80']")
        assert service.ports == (Port(80, 80),)

    def test_a_circle_ends(self, tmp_path: Path) -> None:
        text = "services:\n  web: {extends: api, expose: [1]}\n  api: {extends: web, expose: [2]}\n"
        assert set(service_in(tmp_path, text).ports) == {Port(1), Port(2)}


class TestIncluding:
    def test_services_of_other_files_belong_to_the_same_group(self, tmp_path: Path) -> None:
        files = {
            "compose.yaml": "include:\n  - infra/edge.yml\n  - path: [app/services.yml, app/tuning.yml]\nservices: {db: {image: x}}\n",
            "infra/edge.yml": "services:\n  edge: {image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf']}\n",
            "app/services.yml": "services:\n  api: {build: .}\n",
            "app/tuning.yml": "services:\n  api: {deploy: {replicas: 2}}\n",
        }
        found = topology(tmp_path, {**files})
        assert {name: service.group for name, service in found.items()} == {"db": "", "edge": "", "api": ""}
        assert (found["edge"].files, found["api"].context) == ({"infra/nginx.conf"}, "app")
        assert isinstance(found["api"].replicas, Known)

    def test_an_included_compose_file_is_read_once(self, tmp_path: Path) -> None:
        files = {
            "compose.yaml": "include: [app/compose.yaml]\nservices: {db: {image: x}}\n",
            "app/compose.yaml": "include: [../compose.yaml]\nservices: {api: {build: .}}\n",
        }
        services = read_compose(laid_out(tmp_path, {**files})).services
        assert sorted(service.name for service in services) == ["api", "db"]

    def test_paths_may_be_relative_to_another_folder(self, tmp_path: Path) -> None:
        files = {
            "compose.yaml": "include:\n  - {path: infra/a.yml, project_directory: .}\nservices: {db: {image: x}}\n",
            "infra/a.yml": "services:\n  web: {build: ./web}\n",
        }
        assert topology(tmp_path, {**files})["web"].context == "web"


class TestTopology:
    def test_names_files_and_ports(self, tmp_path: Path) -> None:
        docker = 'FROM python:3.12\nCOPY app/ /srv/\nEXPOSE 8000\nCMD ["uvicorn", "main:app"]\n'
        text = "services:\n  api: {build: ., image: me/api}\n"
        api = topology(tmp_path, {"compose.yml": text, "Dockerfile": docker})["api"]
        assert (api.context, api.ports, api.files, api.image) == ("", (8000,), {"app"}, "me/api")

    def test_the_stage_that_is_built(self, tmp_path: Path) -> None:
        docker = "FROM a AS dev\nEXPOSE 3000\nFROM a AS prod\nCOPY nginx.conf /etc/nginx/\nEXPOSE 80\n"
        text = "services:\n  web: {build: {context: ., target: dev}}\n"
        found = topology(tmp_path, {"compose.yml": text, "Dockerfile": docker})["web"]
        assert (found.ports, found.files) == ((3000,), frozenset())

    def test_a_dockerfile_that_is_written_out(self, tmp_path: Path) -> None:
        text = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM nginx\n        COPY a.conf /etc/nginx/\n"
        assert topology(tmp_path, {"compose.yml": text})["web"].files == {"a.conf"}

    def test_links_are_names(self, tmp_path: Path) -> None:
        text = "services:\n  edge: {image: nginx, links: ['api:backend', 'api:db', api]}\n  api: {build: .}\n  db: {image: x}\n"
        found = topology(tmp_path, {"compose.yml": text})
        assert (found["api"].names, found["db"].names) == ({"api"}, {"db"})
        assert dict(found["edge"].links) == {"backend": "api", "db": "api", "api": "api"}

    def test_who_shares_a_network_is_reached_by_its_name(self, tmp_path: Path) -> None:
        text = "services:\n  vpn: {image: x, container_name: tunnel}\n  api: {image: y, network_mode: 'service:vpn'}\n"
        assert topology(tmp_path, {"compose.yml": text})["api"].names == {"api", "vpn", "tunnel"}

    def test_in_the_network_of_the_host_every_port_is_published(self, tmp_path: Path) -> None:
        text = "services:\n  api: {image: y, network_mode: host, expose: [8000]}\n"
        assert topology(tmp_path, {"compose.yml": text})["api"].published == ((8000, 8000),)

    def test_a_port_of_the_host_that_is_not_known_is_none(self, tmp_path: Path) -> None:
        text = "services:\n  api: {image: y, ports: ['${PORT}:80']}\n"
        api = topology(tmp_path, {"compose.yml": text})["api"]
        assert (api.ports, api.published) == ((80,), ())


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("docker-compose.yml", "services: {a: {image: x}}\n", 1),
        ("deploy/compose.prod.yaml", "services: {a: {image: x}}\n", 1),
        ("stack.yml", "services: {a: {image: x}}\n", 1),
        ("production.yml", "services: {a: {image: x}}\n", 1),
        ("stack.yaml", "Resources: {A: {Type: 'AWS::S3::Bucket'}}\n", 0),
        ("compose.yml", "- services\n", 0),
        ("compose.yml", "", 0),
        ("stack.yml", "services: {a: , b: 1, c: [x]}\n", 3),
    ],
)
def test_which_files_are_compose_files(name: str, text: str, count: int, tmp_path: Path) -> None:
    found = read_compose(laid_out(tmp_path, {name: text}))
    assert (len(found.services), found.unreadable) == (count, [])


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    found = read_compose(laid_out(tmp_path, {"compose.yml": "services:\n  web: {image: [\n"}))
    assert [(problem.where.path, problem.where.line > 0) for problem in found.unreadable] == [("compose.yml", True)]


@pytest.mark.parametrize("hole", ["{{ if .Values.a }}", "{% if a %}"])
def test_a_template_is_passed_over_by_name(hole: str, lint: Lint) -> None:
    report = lint({"docker-compose.yml": f"services:\n  {hole}\n  web: {{image: x}}\n", "main.tf": "locals {}\n"})
    assert (report["status"], report["unreadable"]) == (0, [])


def test_merges_that_multiply_are_refused_by_name(tmp_path: Path) -> None:
    keys = "\n".join(f"    k{number}: 1" for number in range(100))
    lines = [f"x-0: &a0\n{keys}"] + [
        f"x-{number}: &a{number}\n  <<: [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, 40)
    ]
    found = read_compose(laid_out(tmp_path, {"compose.yml": "\n".join(lines) + "\nservices: {web: {image: x}}\n"}))
    assert ["stand for more" in problem.message for problem in found.unreadable] == [True]


def test_whatever_stands_where_nothing_breaks(tmp_path: Path) -> None:
    chance = random.Random(7)
    keys = [
        *FIELDS,
        "extends",
        "networks",
        "network_mode",
        "container_name",
        "hostname",
        "<<",
        "context",
        "target",
        "source",
    ]
    scalars = ["", "a", "~", "1", "-1", "${A}", "${A:-./b}", "./x:/y", "80:80", "1-9:1-9", "service:web", "a=b", "{}"]

    def value(depth: int) -> object:
        if depth == 0 or chance.random() < 0.4:
            return chance.choice(scalars)
        if chance.random() < 0.5:
            return [value(depth - 1) for _ in range(chance.randrange(4))]
        return {chance.choice([*keys, "file", "path", "service", "published"]): value(depth - 1) for _ in range(4)}

    for number in range(300):
        services = {name: value(3) for name in ("web", "api")}
        root = {"services": services, "include": value(2), "configs": value(2), "volumes": value(2)}
        folder = tmp_path / str(number)
        text = json.dumps(root).replace('"<<"', "<<")
        project = laid_out(folder, {"compose.yml": text, "compose.override.yml": text, "a": text})
        assert len(services_of(project)) in (0, 2)


def test_many_files_and_long_ranges_take_little_time(tmp_path: Path) -> None:
    wide = "services:\n" + "".join(f"  s{number}: {{image: x, ports: ['1-65535:1-65535']}}\n" for number in range(50))
    files = {f"a{number}/docker-compose.yml": "services: {a: {image: x}}\n" for number in range(300)}
    project = laid_out(tmp_path, {**files, "compose.yml": wide})
    with at_most(200):
        assert len(services_of(project)) == 350


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("80:abc", "names no port of the container: abc is none"),
        ("80:", "names no port of the container"),
        ("99999:80", "names no port of the host: 99999 is none"),
        ("127.0.0.1:80", "names no port of the host: 127.0.0.1 is none"),
        ("80-82:90-91", "has ranges of two lengths"),
        ("9-3", "names no port of the container: 9-3 is none"),
        ("80:80/xyz", "names the protocol xyz, and there are tcp, udp and sctp"),
        ("localhost:80:80", "names no address of the host: localhost is none"),
        *((port, "") for port in ("80", "8000-8002", "8000-8001:80", ":80", "127.0.0.1::80", "0:80", "[::1]:80:80")),
        *(
            (port, "")
            for port in (
                "127.0.0.1:5000-5010:5000-5010",
                "6060:6060/UDP",
                "${PORT}:80",
                "__PORT__:80",
                "<PORT>:80",
                "::1:80:80",
            )
        ),
    ],
)
def test_ports_that_are_none_are_refused(port: str, why: str, lint: Lint) -> None:
    """https://pkg.go.dev/github.com/docker/go-connections/nat#ParsePortSpec"""
    report = lint({"compose.yaml": f"services:\n  a:\n    image: nginx\n    ports: ['{port}']\n"})
    messages = [entry["message"] for entry in report["unreadable"]]
    assert messages == ([f"services.a.ports: `{port}` {why}"] if why else [])


def test_ports_without_quotes_are_numbers_of_yaml(lint: Lint) -> None:
    """https://github.com/compose-spec/compose-go/blob/main/transform/ports.go: whole numbers are written as decimals, and
    others are of an invalid type."""
    ports = "services:\n  a:\n    image: nginx\n    ports: [0x1F90, 8_081, 0o17620, 8083, 8080.0, '0x1F90']\n"
    messages = [entry["message"] for entry in lint({"compose.yaml": ports})["unreadable"]]
    assert messages == [
        f"services.a.ports: `{port}` names no port of the container: {port} is none" for port in ("8080.0", "0x1F90")
    ]


def test_files_that_include_each_other_are_refused(lint: Lint) -> None:
    services = "services:\n  {0}: {{image: nginx}}\n"
    files = {
        "compose.yaml": "include: [b/compose.yaml]\n" + services.format("a"),
        "b/compose.yaml": "include:\n  - path: [../c.yaml, over.yaml]\n" + services.format("b"),
        "c.yaml": "include: [./compose.yaml]\n" + services.format("c"),
    }
    [entry] = lint(files)["unreadable"]
    assert "includes itself through" in entry["message"]
    assert lint({**files, "c.yaml": services.format("c")})["unreadable"] == []
