"""Proxies that containers set up themselves: Traefik's labels, nginx-proxy's variables, caddy-docker-proxy's labels."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

APPLICATION: dict[str, str | bytes] = {
    "api/Dockerfile": 'FROM python:3.12\nCOPY . /app\nEXPOSE 8000\nCMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "api/requirements.txt": "fastapi\nuvicorn\n",
    "api/app.py": (
        "from fastapi import FastAPI, WebSocket\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/api/chat")\ndef chat():\n'
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n'
    ),
}
SOCKET = '@app.websocket("/api/live")\nasync def live(websocket: WebSocket):\n    await websocket.accept()\n'


def judge(lint: Lint, compose: str, **files: str) -> list[str]:
    """What is said of a compose file, apart from notes: `file:line severity check`."""
    report = lint({**APPLICATION, "compose.yaml": f"services:\n{compose}", **files})
    assert not report["unreadable"]
    return [line for line in problems(report) if " note " not in line]


def traefik(*labels: str, command: str = "[--providers.docker]") -> str:
    listed = "".join(f"      - {label}\n" for label in labels)
    return (
        f"  traefik:\n    image: traefik:v3.5\n    command: {command}\n    ports: ['80:80']\n"
        "  api:\n    build: ./api\n    labels:\n"
        "      - traefik.http.routers.api.rule=Host(`chat.example.com`) && PathPrefix(`/api`)\n"
        f"      - traefik.http.services.api.loadbalancer.server.port=8000\n{listed}"
    )


def test_traefik_passes_a_stream_on(lint: Lint) -> None:
    assert judge(lint, traefik()) == []


def test_a_middleware_that_buffers_is_found_at_its_label(lint: Lint) -> None:
    labels = (
        "traefik.http.middlewares.limit.buffering.maxRequestBodyBytes=1000000",
        "traefik.http.routers.api.middlewares=limit@docker",
    )
    assert judge(lint, traefik(*labels)) == ["compose.yaml:11 error buffered-stream"]
    assert judge(lint, traefik(labels[0])) == []


@pytest.mark.parametrize("rule", ["Host(<DOMAIN>) && PathPrefix(`/api`)", "__RULE__"])
def test_what_is_filled_into_a_rule_may_be_anything(rule: str, lint: Lint) -> None:
    limit = (
        "traefik.http.middlewares.limit.buffering.maxRequestBodyBytes=1000000",
        "traefik.http.routers.api.middlewares=limit@docker",
    )
    compose = traefik(*limit).replace("Host(`chat.example.com`) && PathPrefix(`/api`)", rule)
    assert judge(lint, compose) == ["compose.yaml:11 warning buffered-stream"]


def test_a_middleware_that_buffers_is_found_behind_a_chain(lint: Lint) -> None:
    labels = (
        "traefik.http.middlewares.limit.buffering.maxRequestBodyBytes=1000000",
        "traefik.http.middlewares.usual.chain.middlewares=usual, absent, limit@docker",
        "traefik.http.routers.api.middlewares=usual@docker",
    )
    assert judge(lint, traefik(*labels)) == ["compose.yaml:11 error buffered-stream"]
    assert judge(lint, traefik(*labels[1:])) == []


def test_a_write_timeout_of_the_entry_point_ends_answers(lint: Lint) -> None:
    command = "['--entryPoints.web.transport.respondingTimeouts.writeTimeout=%s']"
    assert judge(lint, traefik(command=command % "30s")) == ["compose.yaml:2 warning capped-stream"]
    assert judge(lint, traefik(command=command % "30")) == ["compose.yaml:2 warning capped-stream"]
    assert judge(lint, traefik(command=command % "0m30s")) == ["compose.yaml:2 warning capped-stream"]
    assert judge(lint, traefik(command=command % "0")) == []


def test_a_container_that_opts_out_has_no_route(lint: Lint) -> None:
    labels = (
        "traefik.enable=false",
        "traefik.http.middlewares.limit.buffering.maxRequestBodyBytes=1000000",
        "traefik.http.routers.api.middlewares=limit",
    )
    assert judge(lint, traefik(*labels)) == []


SESSIONS = {
    "api/requirements.txt": "fastapi\nuvicorn\npython-socketio\n",
    "api/app.py": (
        "import socketio\nfrom fastapi import FastAPI\n\napi = FastAPI()\nsio = socketio.AsyncServer(async_mode='asgi')\n"
        "app = socketio.ASGIApp(sio, api)\n"
    ),
}


def test_replicas_need_a_sticky_cookie(lint: Lint) -> None:
    compose = traefik().replace("&& PathPrefix(`/api`)", "")
    many = f"{compose}    deploy: {{ replicas: 3 }}\n"
    assert judge(lint, many, **SESSIONS) == ["compose.yaml:9 warning missing-sticky-sessions"]
    assert judge(lint, compose, **SESSIONS) == []
    cookie = "      - traefik.http.services.api.loadbalancer.sticky.cookie.name=lb\n"
    assert judge(lint, f"{compose}{cookie}    deploy: {{ replicas: 3 }}\n", **SESSIONS) == []


def test_a_prefix_that_is_taken_off_still_leads_to_the_route(lint: Lint) -> None:
    """Browsers ask for /ai/api/chat, and the application serves /api/chat."""
    labels = (
        "traefik.http.middlewares.cut.stripprefix.prefixes=/ai",
        "traefik.http.middlewares.cut2.buffering.memRequestBodyBytes=1",
        "traefik.http.routers.api.middlewares=cut,cut2",
    )
    compose = traefik(*labels).replace("PathPrefix(`/api`)", "PathPrefix(`/ai`)")
    assert judge(lint, compose) == ["compose.yaml:12 error buffered-stream"]


def proxied(image: str, *more: str, volumes: str = "") -> str:
    variables = "".join(f"      {line}\n" for line in more)
    return (
        f"  proxy:\n    image: {image}\n    ports: ['80:80']\n{volumes}"
        f"  api:\n    build: ./api\n    environment:\n      VIRTUAL_HOST: chat.example.com\n{variables}"
    )


def test_nginx_proxy_buffers_since_1_5(lint: Lint) -> None:
    """Its template left `proxy_buffering off` out with 1.5.0; 60 s of silence is nginx's own limit in all of them."""
    idle = "compose.yaml:8 warning short-idle-timeout"
    held = "compose.yaml:8 warning buffered-stream"
    assert judge(lint, proxied("nginxproxy/nginx-proxy:1.4-alpine")) == [idle]
    for image in ("nginxproxy/nginx-proxy:1.5", "nginxproxy/nginx-proxy", "nginxproxy/nginx-proxy:alpine"):
        assert judge(lint, proxied(image)) == [held, idle]


def test_a_version_that_can_not_be_told_is_not_guessed(lint: Lint) -> None:
    compose = proxied("jwilder/nginx-proxy")
    assert judge(lint, compose) == ["compose.yaml:8 warning short-idle-timeout"]
    unknown = lint({**APPLICATION, "compose.yaml": f"services:\n{compose}"})["unknown"]
    assert any("depends on its version" in entry["message"] for entry in unknown)


VHOST = "    volumes: ['./vhost.d:/etc/nginx/vhost.d:ro']\n"


@pytest.mark.parametrize(
    ("name", "problems_left"),
    [("chat.example.com_location", 0), ("chat.example.com", 0), ("default_location", 0), ("other.example.com", 2)],
)
def test_a_file_of_the_host_puts_both_right(name: str, problems_left: int, lint: Lint) -> None:
    compose = proxied("nginxproxy/nginx-proxy:1.7", volumes=VHOST)
    lines = "proxy_buffering off;\nproxy_read_timeout 10m;\n"
    assert len(judge(lint, compose, **{f"vhost.d/{name}": lines})) == problems_left
    rooted = proxied("nginxproxy/nginx-proxy:1.7", volumes=VHOST.replace("./vhost.d:", "./:"))
    assert len(judge(lint, rooted, **{name: lines})) == problems_left


def test_a_short_time_is_found_in_the_file_that_says_it(lint: Lint) -> None:
    files = {"vhost.d/default": "# slow\nproxy_buffering off;\nproxy_read_timeout 20s;\n"}
    compose = proxied("nginxproxy/nginx-proxy:1.7", volumes=VHOST)
    assert judge(lint, compose, **files) == ["vhost.d/default:3 warning short-idle-timeout"]


def test_conf_d_holds_for_every_host(lint: Lint) -> None:
    volumes = "    volumes: ['./long.conf:/etc/nginx/conf.d/long.conf']\n"
    compose = proxied("nginxproxy/nginx-proxy:1.7", volumes=volumes)
    assert judge(lint, compose, **{"long.conf": "proxy_buffering off;\nproxy_read_timeout 10m;\n"}) == []


def test_headers_of_a_file_do_away_with_those_of_the_template(lint: Lint) -> None:
    quick = "proxy_buffering off;\nproxy_read_timeout 10m;\n"
    socket = {"api/app.py": f"{APPLICATION['api/app.py']!s}\n\n{SOCKET}"}
    compose = proxied("nginxproxy/nginx-proxy:1.7", volumes=VHOST)
    headers = {**socket, "vhost.d/default_location": f"proxy_set_header X-A b;\n{quick}"}
    assert judge(lint, compose, **headers) == ["vhost.d/default_location:1 error missing-upgrade-headers"]
    assert judge(lint, compose, **{**socket, "vhost.d/default_location": quick}) == []


def test_a_virtual_path_is_the_way_of_its_container_alone(lint: Lint) -> None:
    image = "nginxproxy/nginx-proxy:1.4"
    assert judge(lint, proxied(image, "VIRTUAL_PATH: /api")) == ["compose.yaml:8 warning short-idle-timeout"]
    assert judge(lint, proxied(image, "VIRTUAL_PATH: /docs")) == []
    moved = proxied(image, "VIRTUAL_PATH: /ai/", "VIRTUAL_DEST: /")
    assert judge(lint, moved) == ["compose.yaml:8 warning short-idle-timeout"]


def test_a_host_of_a_variable_is_called_by_it(lint: Lint) -> None:
    compose = proxied("nginxproxy/nginx-proxy:1.4").replace("chat.example.com", "${HOST:?must be set}")
    report = lint({**APPLICATION, "compose.yaml": f"services:\n{compose}"})
    names = {finding["hop"]["name"] for finding in report["findings"] if finding["check"] == "short-idle-timeout"}
    assert names == {"virtual host ${HOST}"}


def test_a_port_on_which_nothing_of_the_application_listens_leads_nowhere(lint: Lint) -> None:
    image = "nginxproxy/nginx-proxy:1.4"
    assert judge(lint, proxied(image, "VIRTUAL_PORT: 8000")) == ["compose.yaml:8 warning short-idle-timeout"]


def caddy(*labels: str) -> str:
    listed = "".join(f"      {label}\n" for label in labels)
    return (
        "  caddy:\n    image: lucaslorentz/caddy-docker-proxy:2.9\n    ports: ['80:80']\n"
        f"  api:\n    build: ./api\n    labels:\n      caddy: chat.example.com\n{listed}"
    )


def test_a_site_of_caddy_without_a_name_stops_nothing(lint: Lint) -> None:
    nameless = caddy('caddy.reverse_proxy: "{{upstreams 8000}}"').replace("caddy: chat.example.com", 'caddy: ","')
    assert not lint({**APPLICATION, "compose.yaml": f"services:\n{nameless}"})["unreadable"]


def test_caddy_passes_a_stream_on_and_waits(lint: Lint) -> None:
    assert judge(lint, caddy('caddy.reverse_proxy: "{{upstreams 8000}}"')) == []


@pytest.mark.parametrize("within", ["", "0_"])
def test_a_read_timeout_of_caddy_is_found(within: str, lint: Lint) -> None:
    """Also within a `handle`, whose labels are numbered."""
    proxy = f"caddy.handle.{within}reverse_proxy" if within else "caddy.reverse_proxy"
    labels = (
        "caddy.handle: /api/*" if within else "caddy.tls: internal",
        f'{proxy}: "{{{{upstreams 8000}}}}"',
        f'{proxy}.transport.read_timeout: "30s"',
    )
    assert judge(lint, caddy(*labels)) == ["compose.yaml:11 warning short-idle-timeout"]


def test_another_path_of_caddy_is_no_way(lint: Lint) -> None:
    labels = (
        'caddy.reverse_proxy: "/docs/* {{upstreams 8000}}"',
        'caddy.reverse_proxy.transport.read_timeout: "30s"',
    )
    assert judge(lint, caddy(*labels)) == []


def test_a_load_balancer_is_an_entry_of_its_own_beside_containers_with_routes(lint: Lint) -> None:
    """What a browser opens comes to Traefik where compose deploys it, and to the load balancer where Terraform does."""
    report = lint(
        {
            "compose.yaml": "services:\n  traefik:\n    image: traefik:v3.3\n    ports: ['80:80']\n"
            "  web:\n    image: nginx:1.31\n    labels:\n      - traefik.http.routers.web.rule=PathPrefix(`/api`)\n",
            "infra/main.tf": 'resource "aws_lb" "main" {\n  load_balancer_type = "application"\n}\n',
            "web/package.json": '{"dependencies": {"react": "19"}}',
            "web/src/log.js": "const log = new EventSource('/api/logs');\nlog.onmessage = show;\n",
        }
    )
    assert [line for line in problems(report, "short-idle-timeout") if "infra/main.tf" in line]


GZIP = ("traefik.http.middlewares.gzip.compress=true", "traefik.http.routers.api.middlewares=gzip")


def test_an_old_traefik_that_compresses_keeps_the_first_kilobyte(lint: Lint) -> None:
    old = traefik(*GZIP).replace("v3.5", "v3.3.2")
    assert judge(lint, old) == ["compose.yaml:11 warning compressed-stream"]
    assert judge(lint, traefik(*GZIP)) == []
    spared = "traefik.http.middlewares.gzip.compress.excludedcontenttypes=text/event-stream"
    assert judge(lint, traefik(*GZIP, spared).replace("v3.5", "v3.3.2")) == []
    assert judge(lint, traefik(GZIP[0].replace("true", "false"), GZIP[1]).replace("v3.5", "v3.3.2")) == []


@pytest.mark.parametrize(
    ("version", "plain", "spared"),
    [("v2.2.1", True, True), ("v2.4.2", True, True), ("v2.4.8", True, False), ("v2.11", False, False)],
)
def test_the_second_series_of_traefik_keeps_the_first_bytes_until_2_5(
    version: str, plain: bool, spared: bool, lint: Lint
) -> None:
    """And heeds the types of answers from 2.4.3 on: https://github.com/traefik/traefik/issues/7882"""
    excluded = "traefik.http.middlewares.gzip.compress.excludedcontenttypes=text/event-stream"
    loud = ["compose.yaml:11 warning compressed-stream"]
    assert judge(lint, traefik(*GZIP).replace("v3.5", version)) == (loud if plain else [])
    assert judge(lint, traefik(*GZIP, excluded).replace("v3.5", version)) == (loud if spared else [])


def test_traefik_may_hang_up_while_the_backend_thinks(lint: Lint) -> None:
    command = "['--serversTransport.forwardingTimeouts.responseHeaderTimeout=%s']"
    assert judge(lint, traefik(command=command % "20s")) == ["compose.yaml:2 warning short-idle-timeout"]
    assert judge(lint, traefik(command=command % "0")) == []


def test_response_buffers_of_caddy_hold_a_stream(lint: Lint) -> None:
    buffers = 'caddy.reverse_proxy.response_buffers: "%s"'
    usual = 'caddy.reverse_proxy: "{{upstreams 8000}}"'
    assert judge(lint, caddy(usual, buffers % "4KB")) == ["compose.yaml:10 error buffered-stream"]
    assert judge(lint, caddy(usual, buffers % "0")) == []


def test_a_stream_timeout_of_caddy_ends_sockets(lint: Lint) -> None:
    app = (
        "from fastapi import FastAPI, WebSocket\n\napp = FastAPI()\n\n\n@app.websocket('/api/live')\n"
        "async def live(websocket: WebSocket):\n    await websocket.accept()\n"
    )
    usual = 'caddy.reverse_proxy: "{{upstreams 8000}}"'
    limit = 'caddy.reverse_proxy.stream_timeout: "30s"'
    files = {"api/app.py": app, "api/requirements.txt": "fastapi\n"}
    assert judge(lint, caddy(usual, limit), **files) == ["compose.yaml:10 warning capped-stream"]
    assert judge(lint, caddy(usual, limit.replace("30s", "0")), **files) == []


def test_a_reload_of_caddy_ends_sockets_that_are_declared_to_last(lint: Lint) -> None:
    usual = 'caddy.reverse_proxy: "{{upstreams 8000}}"'
    declared = {"infralint.yaml": "streams: [{ path: /api/live, kind: websocket, duration: 1h }]\n"}

    def cut(*labels: str) -> list[str]:
        report = lint({**APPLICATION, "compose.yaml": f"services:\n{caddy(*labels)}", **declared})
        return problems(report, "stream-cut-on-reload")

    assert cut(usual) == ["compose.yaml:9 note stream-cut-on-reload"]
    assert cut(usual, 'caddy.reverse_proxy.stream_close_delay: "5m"') == [
        "compose.yaml:10 warning stream-cut-on-reload"
    ]
    assert cut(usual, 'caddy.reverse_proxy.stream_close_delay: "2h"') == []


def test_a_rule_of_many_hosts_and_paths_is_taken_for_all_of_their_paths(lint: Lint) -> None:
    hosts = ",".join(f"`h{number}.example`" for number in range(1500))
    paths = ",".join(f"`/p{number}`" for number in range(1500))
    labels = (
        f"traefik.http.routers.wide.rule=Host({hosts}) && PathPrefix({paths})",
        "traefik.http.routers.wide.middlewares=limit",
        "traefik.http.middlewares.limit.buffering.memRequestBodyBytes=1",
    )
    wide = "  api:\n    build: ./api\n    labels:\n" + "".join(f"      - {label}\n" for label in labels)
    assert judge(lint, wide) == ["compose.yaml:7 warning buffered-stream"]


def test_of_a_site_with_many_hosts_and_upstreams_no_host_is_told_apart(lint: Lint) -> None:
    hosts = " ".join(f"h{number}.example" for number in range(3000))
    labels = "".join(
        f"      caddy.handle_{number}: /p{number}/*\n"
        f"      caddy.handle_{number}.reverse_proxy: '{{{{upstreams 8000}}}}'\n"
        for number in range(600)
    )
    site = f"  api:\n    build: ./api\n    labels:\n      caddy: {hosts}\n{labels}"
    assert judge(lint, site) == []


def test_hosts_beyond_those_that_are_read_are_named(lint: Lint) -> None:
    hosts = ",".join(f"h{number}.example" for number in range(2100))
    compose = "  web: {image: 'nginxproxy/nginx-proxy:1.7'}\n  api:\n    image: api\n    environment:\n"
    report = lint({"compose.yaml": f"services:\n{compose}      VIRTUAL_HOST: {hosts}\n"})
    [unfollowed] = report["unfollowed"]
    assert unfollowed.startswith("compose.yaml:6: of its 2100 hosts only 2000 are read")


def test_remarks_of_variables_that_never_end_are_judged(lint: Lint) -> None:
    rule = "${HOST:?" * 10_000
    report = lint(
        {
            "compose.yaml": f"services:\n  api:\n    image: api\n    labels:\n      traefik.http.routers.a.rule: '{rule}'\n"
        }
    )
    assert "HOST" in report["unreadable"][0]["message"]


CADDY = (
    "  edge:\n    image: lucaslorentz/caddy-docker-proxy:2.9\n  api:\n    build: ./api\n"
    '    labels: { caddy: chat.example.com, caddy.reverse_proxy: "{{upstreams 8000}}" }\n'
)
NGINX_PROXY = (
    "  edge:\n    image: nginxproxy/nginx-proxy:1.6\n  api:\n    build: ./api\n"
    "    environment: { VIRTUAL_HOST: chat.example.com, VIRTUAL_PORT: '8000' }\n"
)
TRAEFIK = traefik().replace("  traefik:\n", "  edge:\n").replace("    ports: ['80:80']\n", "")
UPGRADE = 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


@pytest.mark.parametrize("proxy", [TRAEFIK, CADDY, NGINX_PROXY], ids=["Traefik", "Caddy", "nginx-proxy"])
@pytest.mark.parametrize("headers", ["", UPGRADE], ids=["without", "with"])
def test_a_proxy_is_dialled_by_the_service_that_runs_it(headers: str, proxy: str, lint: Lint) -> None:
    front = (
        "  front:\n    image: nginx:1.25\n    ports: ['80:80']\n"
        "    volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf']\n"
    )
    code = str(APPLICATION["api/app.py"]).partition("@app.post")[0] + SOCKET
    conf = (
        f"server {{ listen 80; location / {{ {headers}\nproxy_set_header Host $host; proxy_pass http://edge:80; }} }}"
    )
    report = lint({**APPLICATION, "api/app.py": code, "compose.yaml": f"services:\n{front}{proxy}", "nginx.conf": conf})
    found = problems(report, "missing-upgrade-headers")
    assert found == ([] if headers else ["nginx.conf:1 error missing-upgrade-headers"])
    assert not [line for line in problems(report) if "compose.yaml" in line]
