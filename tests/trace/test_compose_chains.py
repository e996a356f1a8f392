"""Two nginx of one compose file, by the names and the ports that lead from the outer one to the inner one."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

LONG = "proxy_buffering off; proxy_read_timeout 1h;"
CUT = "proxy_http_version 1.1; proxy_read_timeout 2s;"
STREAM = "streams: [{path: /api/chat}]\ngeneration: 10s\n"
CHECK = "short-idle-timeout"


def served(port: int, lines: str) -> str:
    return f"server {{ listen {port}; location / {{ proxy_pass http://app:8000; {lines} }} }}\n"


def stack(
    edge: str,
    inner: str = served(8080, CUT),
    *,
    of_edge: str = "",
    of_inner: str = "",
    top: str = "",
    settings: str = STREAM,
    ports: str = "80:80",
) -> dict[str, str]:
    """Files of an outer nginx and an inner one. of_edge, of_inner: more lines of their services; top: of the file."""
    compose = f"""{top}
services:
  edge:
    image: nginx:1.27
    volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf:ro"]
    ports: ["{ports}"]
    {of_edge}
  inner:
    image: nginx:1.27
    volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf:ro"]
    {of_inner}
"""
    return {"compose.yaml": compose, "edge.conf": edge, "inner.conf": inner, "infralint.yaml": settings}


def to(target: str) -> str:
    return f"server {{ listen 80; location / {{ proxy_pass http://{target}; {LONG} }} }}\n"


ON_NET = "networks: {net: {}}"
NETWORK = "networks: {net: {ipam: {config: [{subnet: 172.28.0.0/16}]}}}"


@pytest.mark.parametrize(
    ("files", "link"),
    [
        (stack(to("inner.:8080")), "same address"),
        (stack(to("INNER:8080")), "same address"),
        (stack(to("tasks.inner:8080"), of_inner="deploy: {replicas: 2}"), "same address"),
        (stack(to("shop-inner-1:8080"), top="name: shop"), "same address"),
        (stack(to("shop_inner_1:8080"), top="name: shop"), "same address"),
        ({**stack(to("shop-inner-1:8080")), ".env": "COMPOSE_PROJECT_NAME=shop\n"}, "same address"),
        (stack(to("front:8080"), of_inner="container_name: front"), "same address"),
        (
            stack(
                to("172.28.0.9:8080"),
                of_edge=ON_NET,
                of_inner="networks: {net: {ipv4_address: 172.28.0.9}}",
                top=NETWORK,
            ),
            "same address",
        ),
        (
            stack(
                to("[fd00::9]:8080"), of_edge=ON_NET, of_inner='networks: {net: {ipv6_address: "fd00::9"}}', top=NETWORK
            ),
            "same address",
        ),
        (
            stack(to("gw:9000"), of_edge='extra_hosts: ["gw:host-gateway"]', of_inner='ports: ["9000:8080"]'),
            "same address",
        ),
        (
            stack(to("gw:9000"), of_edge='extra_hosts: ["gw=host-gateway"]', of_inner='ports: ["9000:8080"]'),
            "same address",
        ),
        (
            stack(to("gw:9000"), of_edge="extra_hosts: {gw: host-gateway}", of_inner='ports: ["9000:8080"]'),
            "same address",
        ),
        (
            stack(
                to("gw:8080"),
                of_edge='extra_hosts: ["gw:172.28.0.9"]\n    ' + ON_NET,
                of_inner="networks: {net: {ipv4_address: 172.28.0.9}}",
                top=NETWORK,
            ),
            "same address",
        ),
    ],
)
def test_a_service_is_found_by_every_name_that_compose_gives_it(files: dict[str, str], link: str, lint: Lint) -> None:
    report = lint(files)
    assert problems(report, CHECK) == ["inner.conf:1 error short-idle-timeout"]
    finding = next(finding for finding in report["findings"] if finding["check"] == CHECK)
    assert [leg["link"] for leg in finding["trace"]["legs"][1:]] == [link]


@pytest.mark.parametrize(
    "files",
    [
        stack(to("other-inner-1:8080"), top="name: shop"),
        stack(to("shop-inner-2:8080"), top="name: shop"),
        stack(to("gw:9000"), of_inner='extra_hosts: ["gw:host-gateway"]\n    ports: ["9000:8080"]'),
        stack(to("172.28.0.9:8080"), of_inner="networks: {net: {ipv4_address: 172.28.0.9}}", top=NETWORK),
    ],
)
def test_a_name_that_is_not_the_services_own_leads_nowhere(files: dict[str, str], lint: Lint) -> None:
    findings = lint(files)["findings"]
    assert all(len(finding["trace"]["legs"]) == 1 for finding in findings)


def test_one_container_of_several_shares_its_requests_with_none(lint: Lint) -> None:
    session = "streams: [{path: /mcp, session: MCP}]\ngeneration: 10s\n"
    app = "  app:\n    image: acme/mcp\n    deploy: {replicas: 3}\n"
    for name, found in (("shop-app-1", []), ("app", ["edge.conf:1 warning missing-sticky-sessions"])):
        files = stack(to(f"{name}:8080"), top="name: shop", settings=session)
        files["compose.yaml"] += app
        assert problems(lint(files), "missing-sticky-sessions") == found


@pytest.mark.parametrize(
    ("backend", "found"),
    [("app:8000", []), ("127.0.0.1:8000", ["edge.conf:1 warning missing-sticky-sessions"])],
)
def test_copies_of_a_proxy_split_no_session(backend: str, found: list[str], lint: Lint) -> None:
    """Both hand on to one application; each with an application of its own beside it splits what clients see."""
    upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    site = f"server {{ listen 80; location / {{ proxy_pass http://inner; {upgrade} }} }}\n"
    files = {
        "edge.conf": f"upstream inner {{ server one:8080; server two:8080; }}\n{site}",
        "inner.conf": f"server {{ listen 8080; location / {{ proxy_pass http://{backend}; {upgrade} }} }}\n",
        "compose.yaml": """services:
  edge: {image: nginx, ports: ["80:80"], volumes: ["./edge.conf:/etc/nginx/conf.d/default.conf"]}
  one: {image: nginx, volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf"]}
  two: {image: nginx, volumes: ["./inner.conf:/etc/nginx/conf.d/default.conf"]}
  app: {build: ./app}
""",
        "app/package.json": '{"dependencies": {"socket.io": "4"}}',
        "app/server.js": 'const { Server } = require("socket.io");\nnew Server(8000);\n',
    }
    assert problems(lint(files), "missing-sticky-sessions") == found


def test_what_a_deployment_keeps_inside_makes_nothing_doubtful_that_it_publishes(lint: Lint) -> None:
    files = stack(to("inner:8080"))
    other = "  other:\n    image: nginx:1.27\n    volumes: ['./other.conf:/etc/nginx/conf.d/default.conf:ro']\n"
    files |= {"compose.yaml": files["compose.yaml"] + other, "other.conf": served(8080, LONG)}
    assert problems(lint(files), CHECK) == ["inner.conf:1 error short-idle-timeout"]
    files["compose.yaml"] += "    ports: ['81:8080']\n"
    assert problems(lint(files), CHECK) == ["inner.conf:1 warning short-idle-timeout"]


# Ports

BY_PORT = f"""
map $server_port $app {{ 8443 http://inner:8080; default http://inner:8081; }}
server {{ listen 8443 ssl; listen 80; ssl_certificate a; ssl_certificate_key b;
    location / {{ proxy_pass $app; {LONG} }} }}
"""
TWO_SERVERS = served(8080, LONG) + served(8081, CUT)


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ("443:8443", []),
        ("8080:80", ["inner.conf:2 error short-idle-timeout"]),
        ('443:8443", "80:80', ["inner.conf:2 warning short-idle-timeout"]),
    ],
)
def test_the_port_that_nginx_sees_is_the_one_that_is_published(ports: str, found: list[str], lint: Lint) -> None:
    assert problems(lint(stack(BY_PORT, TWO_SERVERS, ports=ports)), CHECK) == found


@pytest.mark.parametrize(("tenant", "found"), [("t0", []), ("t1", ["inner.conf:2 error short-idle-timeout"])])
def test_a_port_that_the_name_of_the_host_decides_leads_to_one_server(
    tenant: str, found: list[str], lint: Lint
) -> None:
    edge = (
        r"server { listen 80; server_name ~^t(?<n>\d)\.example\.com$; location / { proxy_pass http://inner:808$n;"
        f" {LONG} }} }}\n"
    )
    settings = f"streams: [{{path: /api/chat, host: {tenant}.example.com}}]\ngeneration: 10s\n"
    assert problems(lint(stack(edge, TWO_SERVERS, settings=settings)), CHECK) == found


def test_a_backup_server_gets_a_stream_only_perhaps(lint: Lint) -> None:
    pool = "upstream pool {{ server inner:8080; server inner:8081{}; }}\n"
    for word, severity in ((" backup", "warning"), ("", "error")):
        report = lint(stack(pool.format(word) + to("pool"), TWO_SERVERS))
        assert problems(report, CHECK) == [f"inner.conf:2 {severity} short-idle-timeout"]
    only = pool.replace("server inner:8080;", "").format("")
    assert problems(lint(stack(only + to("pool"), TWO_SERVERS)), CHECK) == ["inner.conf:2 error short-idle-timeout"]


# Declared chains


def test_a_declared_chain_is_refused_where_another_port_is_dialled_than_the_next_listens_on(lint: Lint) -> None:
    settings = f"{STREAM}chains:\n  - [edge.conf, inner.conf]\n"
    report = lint(stack(to("gw.example.com:9999"), settings=settings))
    [refused] = report["unreadable"]
    assert (refused["location"]["path"], refused["location"]["line"], report["status"]) == ("infralint.yaml", 4, 2)
    assert "edge.conf dials gw.example.com:9999, and inner.conf listens on 8080 alone" in refused["message"]


@pytest.mark.parametrize("port", ["8080", "$port"])
def test_a_declared_chain_holds_where_its_port_is_dialled_or_not_known(port: str, lint: Lint) -> None:
    settings = f"{STREAM}chains:\n  - [edge.conf, inner.conf]\n"
    report = lint(stack(to(f"gw.example.com:{port}"), settings=settings))
    assert report["unreadable"] == []
    assert problems(report, CHECK) == ["inner.conf:1 error short-idle-timeout"]


# Replicas


@pytest.mark.parametrize(
    ("inner", "app", "found"),
    [
        ("deploy: {replicas: 3}", "", []),
        ("", "deploy: {replicas: 3}", ["inner.conf:1 warning missing-sticky-sessions"]),
        ("deploy: {replicas: 2}", "deploy: {replicas: 2}", ["inner.conf:1 warning missing-sticky-sessions"]),
    ],
)
def test_a_session_is_split_over_the_replicas_that_keep_it(inner: str, app: str, found: list[str], lint: Lint) -> None:
    """A proxy keeps no session: all of its replicas hand on alike."""
    upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    edge = f"server {{ listen 80; location / {{ proxy_pass http://inner:8080; {upgrade} }} }}\n"
    files = stack(edge, served(8080, upgrade), of_inner=inner, settings="")
    files["compose.yaml"] += f"  app:\n    build: ./app\n    {app}\n"
    files |= {
        "app/package.json": '{"dependencies": {"socket.io": "4"}}',
        "app/server.js": 'const { Server } = require("socket.io");\nnew Server(8000);\n',
    }
    assert problems(lint(files), "missing-sticky-sessions") == found
