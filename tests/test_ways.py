"""A stream's way in reports: the line that people read, and the whole trace for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import run, write

from infralint.reporters import REPORTERS

TIERS = {
    "edge/nginx.conf": """\
events {}
http {
    server {
        server_name chat.example.com;
        location /api/ {
            proxy_pass http://inner:8080/v2/;
            proxy_buffering off;
            proxy_read_timeout 10m;
        }
    }
}
""",
    "inner/nginx.conf": """\
events {}
http {
    server {
        listen 8080;
        location /v2/chat {
            proxy_pass http://app:3000;
            proxy_buffering off;
            proxy_read_timeout 2s;
        }
    }
}
""",
    "compose.yaml": """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./edge/nginx.conf:/etc/nginx/nginx.conf"]
  inner:
    image: nginx:1.27
    volumes: ["./inner/nginx.conf:/etc/nginx/nginx.conf"]
""",
    "infralint.yaml": "streams:\n- path: /api/chat\n  host: chat.example.com\n",
}
WAY = "browser → edge/nginx.conf location /api/ → inner/nginx.conf location /v2/chat → app:3000"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, dict(TIERS))


def trace_of(*options: str) -> dict[str, Any]:
    [finding] = json.loads(run("check", "--format", "json", *options).stdout)["findings"]
    trace: dict[str, Any] = finding["trace"]
    return trace


def test_text_shows_the_way_of_more_than_one_hop(here: Path) -> None:
    assert f"\n  = way: {WAY}\n" in run("check").output
    (here / "edge/nginx.conf").unlink()
    (here / "infralint.yaml").write_text("streams:\n- path: /v2/chat\n")
    output = run("check").output
    assert "location /v2/chat cuts the stream after 2 s" in output
    assert "way:" not in output


@pytest.mark.parametrize("format_", sorted(set(REPORTERS) - {"json"}))
def test_every_report_shows_it(format_: str, here: Path) -> None:
    output = run("check", "--format", format_).output
    shown = output.encode().decode("unicode-escape", "ignore") if format_ == "sarif" else output
    assert WAY in shown.replace("&gt;", ">") or WAY.encode() in shown.encode("latin-1", "ignore")


def test_json_tells_every_leg(here: Path) -> None:
    trace = trace_of()
    assert (trace["position"], trace["certain"], trace["reasons"]) == (1, True, [])
    assert (trace["end"], trace["end_reason"]) == ("leaves the project", "app:3000")
    edge, inner = trace["legs"]
    assert [(leg["node"], leg["hop"]["name"], leg["hop"]["kind"], leg["hop"]["platform"]) for leg in (edge, inner)] == [
        ("edge/nginx.conf", "location /api/", "location", "nginx"),
        ("inner/nginx.conf", "location /v2/chat", "location", "nginx"),
    ]
    assert [leg["hop"]["location"]["path"] for leg in (edge, inner)] == ["edge/nginx.conf", "inner/nginx.conf"]
    assert [leg["link"] for leg in (edge, inner)] == [None, "same address"]
    assert edge["request"] == {"host": "chat.example.com", "path": "/api/chat", "http": "1.1"}
    assert inner["request"] == {"host": "inner:8080", "path": "/v2/chat", "to": "inner:8080", "http": "1.0"}
    clocks = [{clock["phase"]: clock for clock in leg["clocks"]} for leg in (edge, inner)]
    assert [leg["between-bytes"]["seconds"] for leg in clocks] == [600, 2]
    assert clocks[1]["between-bytes"]["location"]["line"] == 8
    assert clocks[1]["connect"]["origin"] == "default"
    assert [leg["buffering"]["value"] for leg in (edge, inner)] == ["never", "never"]
    assert edge["buffering"]["name"] == "proxy_buffering"
    assert edge["upgrade"]["value"] == "dropped"
    assert {"value", "name", "origin", "location"} <= inner["affinity"].keys() or "value" in inner["affinity"]


def test_a_silence_that_is_too_short_shows_what_every_hop_allows_the_shortest_first(here: Path) -> None:
    edge, inner = "edge/nginx.conf location /api/", "inner/nginx.conf location /v2/chat"
    shown = (
        f"  = inner/nginx.conf:8:13: {inner} allows 2 s of silence\n"
        f"  = edge/nginx.conf:8:13: {edge} allows 10 min of silence\n"
    )
    assert shown in run("check").output
    [finding] = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert [(clock["position"], clock["seconds"], clock["name"], clock["origin"]) for clock in finding["clocks"]] == [
        (1, 2, "proxy_read_timeout", "explicit"),
        (0, 600, "proxy_read_timeout", "explicit"),
    ]
    write(here, {"edge/nginx.conf": TIERS["edge/nginx.conf"].replace("proxy_read_timeout 10m", "proxy_redirect off")})
    assert f"{edge} allows 60 s of silence by default" in run("check").output
    write(here, {"edge/nginx.conf": TIERS["edge/nginx.conf"].replace("proxy_read_timeout 10m", "include gone.inc")})
    assert f"what {edge} allows is not known" in run("check").output


def test_where_there_is_only_one_hop_no_chain_is_shown(here: Path) -> None:
    (here / "edge/nginx.conf").unlink()
    (here / "infralint.yaml").write_text("streams:\n- path: /v2/chat\n")
    assert "allows" not in run("check").output


def test_a_declared_stream_that_an_inner_hop_answers_by_itself_is_said_to_come_nowhere(here: Path) -> None:
    write(here, {"inner/nginx.conf": TIERS["inner/nginx.conf"].replace("/v2/chat", "/v2/talk")})
    result = run("check", "--format", "json")
    [unknown] = json.loads(result.stdout)["unknown"]
    assert unknown["message"].endswith(
        "the declared stream /api/chat never comes to what could send it: inner/nginx.conf answers 404:"
        " nothing there hands requests on"
    )
    assert unknown["location"]["path"] == "infralint.yaml"


UPGRADE = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"


@pytest.mark.parametrize(
    ("edge", "inner", "blamed"),
    [
        (UPGRADE, f'{UPGRADE} proxy_set_header Connection "upgrade";', []),
        (UPGRADE, f"{UPGRADE} proxy_set_header Connection $http_connection;", ["edge/nginx.conf"]),
        (UPGRADE, UPGRADE, ["edge/nginx.conf", "inner/nginx.conf"]),
        ("", f'{UPGRADE} proxy_set_header Connection "upgrade";', ["edge/nginx.conf"]),
        (
            UPGRADE.replace("1.1", "1.0") + ' proxy_set_header Connection "upgrade";',
            f'{UPGRADE} proxy_set_header Connection "upgrade";',
            [],
        ),
    ],
)
def test_a_handshake_that_a_hop_behind_makes_whole_again_is_not_lost(
    edge: str, inner: str, blamed: list[str], here: Path
) -> None:
    slow = "proxy_read_timeout 10m;"
    write(
        here,
        {
            "edge/nginx.conf": TIERS["edge/nginx.conf"].replace(slow, f"{slow} {edge}"),
            "inner/nginx.conf": TIERS["inner/nginx.conf"].replace("proxy_read_timeout 2s;", f"{slow} {inner}"),
            "infralint.yaml": TIERS["infralint.yaml"] + "  kind: websocket\n",
        },
    )
    findings = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert [finding["location"]["path"] for finding in findings] == blamed
    assert {finding["check"] for finding in findings} <= {"missing-upgrade-headers"}


APPLICATION = {
    "api/requirements.txt": "fastapi\n",
    "api/main.py": """\
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
@app.get("/rooms/{room}/events")
async def events(room: str):
    async def tokens():
        yield "data: x\\n\\n"
    return StreamingResponse(tokens(), media_type="text/event-stream")
""",
    "compose.yaml": """\
services:
  edge:
    image: nginx:1.27
    volumes: ["./edge/nginx.conf:/etc/nginx/nginx.conf"]
  inner:
    build: ./api
""",
}


def test_the_stream_is_named_as_the_browser_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    edge = TIERS["edge/nginx.conf"].replace("/v2/", "/").replace("10m", "20s")
    write(tmp_path, {**APPLICATION, "edge/nginx.conf": edge})
    shown = run("check").output
    assert "stream: SSE chat.example.com/api/rooms/*/events (/rooms/*/events at " in shown
    write(tmp_path, {"edge/nginx.conf": edge.replace("location /api/", "location /").replace("8080/;", "8080;")})
    shown = run("check").output
    assert "stream: SSE /rooms/*/events, because" in shown


def test_what_is_unknown_has_a_reason(here: Path) -> None:
    edge = TIERS["edge/nginx.conf"].replace("proxy_read_timeout 10m", "include gone.inc")
    write(here, {"edge/nginx.conf": edge})
    clocks = {clock["phase"]: clock for clock in trace_of()["legs"][0]["clocks"]}
    assert clocks["between-bytes"]["seconds"] is None
    assert "gone.inc" in clocks["between-bytes"]["reason"]


def test_a_way_that_is_only_possible_says_why_on_demand(here: Path) -> None:
    (here / "compose.yaml").unlink()
    text = run("check").output
    assert "→ perhaps inner/nginx.conf location /v2/chat →" in text
    assert "only possible" not in text
    assert "\n  = only possible: " in run("check", "-v").output
    trace = trace_of()
    assert not trace["certain"]
    assert trace["reasons"]
    assert not trace["legs"][1]["certain"]


def test_one_finding_a_hop_in_json_and_one_a_cause_in_text(here: Path) -> None:
    agent = "location /v2/agent { proxy_pass http://app:3000; proxy_buffering off; }"
    site = TIERS["inner/nginx.conf"].replace("            proxy_read_timeout 2s;\n", "")
    site = site.replace("listen 8080;", f"listen 8080; proxy_read_timeout 2s; {agent}")
    write(here, {"inner/nginx.conf": site, "infralint.yaml": "streams:\n- path: /api/chat\n- path: /api/agent\n"})
    found = json.loads(run("check", "--format", "json").stdout)["findings"]
    assert sorted(one["hop"]["name"] for one in found) == ["location /v2/agent", "location /v2/chat"]
    assert run("check").output.count("warning[short-idle-timeout]") == 1


@pytest.mark.parametrize(("host", "way"), [("inner", "browser → inner.conf location /"), ("chat.internal", "")])
def test_a_request_that_the_outer_proxy_gives_another_host_does_not_reach_the_server_of_that_name(
    host: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx asks its default server where no name fits: the stream's own server has only clients that name it."""
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "edge.conf": "server { listen 80; location /api/ { proxy_pass http://inner:8080/; proxy_buffering off; "
            f"proxy_read_timeout 1h; proxy_set_header Host {host}; }} }}\n",
            "inner.conf": "server { listen 8080 default_server; server_name _; return 444; }\n"
            "server { listen 8080; server_name chat.internal; location / { proxy_pass http://app:8000; } }\n",
            "compose.yaml": "services:\n"
            "  edge:\n    image: nginx:1.31\n    volumes: ['./edge.conf:/etc/nginx/conf.d/default.conf']\n"
            "  inner:\n    image: nginx:1.31\n    volumes: ['./inner.conf:/etc/nginx/conf.d/default.conf']\n"
            "  app:\n    build: app\n",
            "app/Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n',
            "app/main.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\n"
            "app = FastAPI()\n@app.get('/chat')\ndef chat():\n"
            "    return StreamingResponse(tokens(), media_type='text/event-stream')\n",
        },
    )
    output = run("check").output
    expected = way or "browser → edge.conf location /api/ → inner.conf location /"
    assert f"way: {expected} → app GET /chat" in output


LOCATION = "location {path} {{ proxy_pass http://app:3000/; proxy_buffering off; {lines} }}"


def inner_nginx(*locations: str) -> str:
    return "events {} http { server { listen 8080; " + " ".join(locations) + " } }\n"


def test_an_if_that_adds_a_header_puts_those_of_its_location_out_of_force(here: Path) -> None:
    edge = "events {} http { server { location /api/ { proxy_pass http://inner:8080/v2/; proxy_read_timeout 10m; } } }"
    accel = "proxy_read_timeout 10m; add_header X-Accel-Buffering no;"
    condition = "if ($uri = /v2/chat) { add_header X-Team a; }"
    write(here, {"edge/nginx.conf": edge, "infralint.yaml": "streams: [{path: /api/chat}]\n"})
    write(here, {"inner/nginx.conf": inner_nginx(LOCATION.format(path="/v2/", lines=accel))})
    assert "buffered-stream" not in run("check").output
    write(here, {"inner/nginx.conf": inner_nginx(LOCATION.format(path="/v2/", lines=condition + accel))})
    assert "error[buffered-stream] location /api/ holds the stream back" in run("check").output
    harmless = "if ($uri = /v2/other) { add_header X-Team a; }"
    write(here, {"inner/nginx.conf": inner_nginx(LOCATION.format(path="/v2/", lines=harmless + accel))})
    assert "buffered-stream" not in run("check").output


def test_a_circle_is_no_clean_way(here: Path) -> None:
    write(
        here,
        {
            "inner/nginx.conf": inner_nginx("location /v2/ { proxy_pass http://edge:80/api/; proxy_buffering off; }"),
            "infralint.yaml": "streams: [{path: /api/chat}]\ngeneration: 10s\n",
        },
    )
    result = run("check", "--strict")
    assert result.exit_code == 2
    assert "the declared stream /api/chat never comes to what could send it" in result.output
    assert "goes round in a circle" in result.output
    shown = run("trace", "/api/chat")
    assert shown.exit_code == 1
    assert "Not served behind hop 2, inner/nginx.conf location /v2/" in shown.output


HIDDEN = {
    "edge/nginx.conf": "events {} http { server { location /api/ { proxy_pass http://inner:8080/slow/;"
    " proxy_buffering off; proxy_read_timeout 10m; } } }",
    "inner/nginx.conf": inner_nginx(
        LOCATION.format(path="/api/", lines="proxy_read_timeout 2s;"),
        LOCATION.format(path="/slow/", lines="proxy_read_timeout 10m;"),
    ),
    "infralint.yaml": "generation: 60s\n",
}


def test_a_location_to_which_nothing_leads_is_a_note_that_says_so(here: Path) -> None:
    write(here, HIDDEN)
    result = run("check")
    assert result.exit_code == 0
    assert "note[short-idle-timeout] location /api/" in result.output
    doubt = "in doubt: clients come to inner/nginx.conf through edge/nginx.conf, which sends nothing there"
    assert doubt in result.output


@pytest.mark.parametrize(
    "change",
    [
        {"compose.yaml": TIERS["compose.yaml"].replace("  inner:", '  inner:\n    ports: ["8080:8080"]')},
        {"infralint.yaml": "generation: 60s\nentry: inner/nginx.conf\n"},
        {"infralint.yaml": "generation: 60s\nentry: [inner/*.conf]\n"},
        {"compose.yaml": TIERS["compose.yaml"].replace("  inner:", "  other:")},
    ],
    ids=["its port is published", "it is declared", "a glob of it is declared", "nothing dials it"],
)
def test_it_is_an_error_where_clients_come_to_it_first(change: dict[str, str], here: Path) -> None:
    write(here, {**HIDDEN, **change})
    result = run("check")
    assert result.exit_code == 1
    assert "error[short-idle-timeout] location /api/" in result.output


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("egde/nginx.conf", "entry: nothing here is called egde/nginx.conf; did you mean edge/nginx.conf?"),
        ("['']", "entry[0]: is empty"),
    ],
)
def test_an_entry_that_is_none_is_an_error(entry: str, message: str, here: Path) -> None:
    write(here, {"infralint.yaml": f"entry: {entry}\n"})
    result = run("check")
    assert result.exit_code == 2
    assert message in result.output


def test_a_declared_stream_that_the_entry_answers_by_itself_is_not_looked_for_behind_it(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /v2/chat, host: chat.example.com}]\n"})
    result = run("check", "--strict")
    assert result.exit_code == 2
    assert "the declared stream /v2/chat meets no hop that was read here: edge/nginx.conf answers 404" in result.output
    assert "stream: SSE chat.example.com/v2/chat" not in result.output


def pool_of(*servers: str, path: str = "/") -> str:
    """An edge that balances over several addresses."""
    upstream = " ".join(f"server {server};" for server in servers)
    location = "location / { proxy_pass http://pool; proxy_buffering off; proxy_read_timeout 10m; }"
    return f"events {{}} http {{ upstream pool {{ {upstream} }} server {{ listen 80; {location} }} }}\n"


SHORT, LONG = (
    LOCATION.format(path="/", lines=f"proxy_read_timeout {limit};").replace("3000/", "3000") for limit in ("2s", "10m")
)
TWO_PORTS = f"events {{}} http {{ server {{ listen 8080; {LONG} }} server {{ listen 8081; {SHORT} }} }}\n"
DECLARED = {"infralint.yaml": "streams: [{path: /api/chat}]\ngeneration: 10s\n"}


@pytest.mark.parametrize(
    ("servers", "is_cut"),
    [(("inner:8080", "inner:8081"), True), (("inner:8081",), True), (("inner:8080",), False)],
)
def test_each_address_of_a_pool_is_followed_to_the_server_that_listens_there(
    servers: tuple[str, ...], is_cut: bool, here: Path
) -> None:
    write(here, {**DECLARED, "edge/nginx.conf": pool_of(*servers), "inner/nginx.conf": TWO_PORTS})
    result = run("check")
    assert ("error[short-idle-timeout] location / cuts the stream after 2 s" in result.output) is is_cut
    assert result.exit_code == int(is_cut)


@pytest.mark.parametrize(("target", "is_cut"), [("8080", False), ("8081", True)])
def test_a_published_port_leads_to_the_containers_own(target: str, is_cut: bool, here: Path) -> None:
    site = "server { listen 80; location /api/ { proxy_pass http://127.0.0.1:9000; proxy_buffering off; %s } }\n"
    write(here, {**DECLARED, "inner/nginx.conf": TWO_PORTS})
    write(here, {"host/sites-enabled/site.conf": site % "proxy_read_timeout 10m;"})
    (here / "edge/nginx.conf").unlink()
    volume = "./inner/nginx.conf:/etc/nginx/nginx.conf"
    service = f'image: nginx:1.27, ports: ["127.0.0.1:9000:{target}"], volumes: ["{volume}"]'
    write(here, {"compose.yaml": f"services:\n  inner: {{{service}}}\n"})
    assert ("error[short-idle-timeout] location / cuts the stream after 2 s" in run("check").output) is is_cut
    shown = run("trace", "/api/chat", "--from", "host/sites-enabled/site.conf").output
    assert "location /  inner/nginx.conf" in shown


@pytest.mark.parametrize(("network", "severity"), [("    network_mode: service:edge\n", "error"), ("", "")])
def test_a_loopback_address_leads_to_what_shares_the_network(network: str, severity: str, here: Path) -> None:
    edge = "location /api/ { proxy_pass http://127.0.0.1:8081/v2/; proxy_buffering off; proxy_read_timeout 10m; }"
    inner = LOCATION.format(path="/v2/", lines="proxy_read_timeout 2s;").replace("proxy_buffering off;", "")
    write(here, {**DECLARED, "edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {edge} }} }}\n"})
    write(here, {"inner/nginx.conf": f"events {{}} http {{ server {{ listen 8081; {inner} }} }}\n"})
    write(here, {"compose.yaml": TIERS["compose.yaml"] + network})
    assert (f"{severity or 'error'}[short-idle-timeout] location /v2/" in run("check").output) is bool(severity)


def test_where_a_variable_decides_a_way_is_only_possible_and_says_why(here: Path) -> None:
    location = "resolver 127.0.0.11; location / { proxy_pass http://inner:$port; proxy_buffering off; proxy_read_timeout 10m; }"
    by_cookie = "map $cookie_beta $port { default 8080; on 8081; }"
    edge = f"events {{}} http {{ {by_cookie} server {{ listen 80; {location} }} }}\n"
    write(here, {**DECLARED, "edge/nginx.conf": edge, "inner/nginx.conf": TWO_PORTS})
    output = run("check", "-v").output
    assert "warning[short-idle-timeout] location / cuts the stream after 2 s" in output
    assert "only possible: where `proxy_pass http://inner:$port` leads differs" in output


def test_a_path_that_grows_round_by_round_is_a_circle(here: Path) -> None:
    grow = "events {{}} http {{ server {{ listen {}; location / {{ proxy_pass http://{}/x/; proxy_buffering off; }} }} }}\n"
    files = {"edge/nginx.conf": grow.format(80, "inner:8080"), "inner/nginx.conf": grow.format(8080, "edge:80")}
    write(here, {**DECLARED, **files})
    result = run("check", "--strict")
    assert result.exit_code == 2
    assert "goes round in a circle" in result.output


def test_a_server_that_no_published_port_leads_to_is_a_note(here: Path) -> None:
    (here / "inner/nginx.conf").unlink()
    write(here, {"infralint.yaml": "generation: 10s\n"})
    write(here, {"edge/nginx.conf": TWO_PORTS, "compose.yaml": TIERS["compose.yaml"].replace("80:80", "80:8080")})
    result = run("check")
    assert "note[short-idle-timeout]" in result.output
    assert "of edge/nginx.conf only port 8080 is published (as 80), and no request there comes here" in result.output
    write(here, {"compose.yaml": TIERS["compose.yaml"].replace("80:80", "80:8081")})
    assert "error[short-idle-timeout]" in run("check").output


@pytest.mark.parametrize("query", ["", "$is_args$args", "?$args"])
def test_a_query_that_is_put_in_hides_no_way_to_the_code(query: str, here: Path) -> None:
    passed = f"proxy_pass http://inner:8080/$rest{query}; proxy_read_timeout 1h;"
    location = f"resolver 127.0.0.11; location ~ ^/svc/(?<rest>.*)$ {{ {passed} }}"
    write(here, {**APPLICATION, "edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {location} }} }}\n"})
    output = run("check").output
    assert "stream: SSE /svc/rooms/*/events (/rooms/*/events at " in output


@pytest.mark.parametrize(
    ("scheme", "listen", "words"),
    [
        ("http", "8080 ssl", "answers 400: port 8080 speaks TLS, and is sent plain HTTP"),
        ("https", "8080", "answers 502: port 8080 takes plain HTTP, and TLS is spoken to it"),
        ("http", "8080 proxy_protocol", "answers 502: port 8080 expects the PROXY protocol"),
        ("http", "8080", ""),
        ("https", "8080 ssl", ""),
    ],
)
def test_a_port_that_speaks_another_protocol_serves_nothing(scheme: str, listen: str, words: str, here: Path) -> None:
    inner = f"server {{ listen {listen}; {LONG} }}"
    edge = f"location / {{ proxy_pass {scheme}://inner:8080; proxy_buffering off; proxy_read_timeout 10m; }}"
    write(here, {**DECLARED, "inner/nginx.conf": f"events {{}} http {{ {inner} }}\n"})
    write(here, {"edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {edge} }} }}\n"})
    result = run("check", "--strict")
    assert result.exit_code == (2 if words else 0)
    assert words in result.output


@pytest.mark.parametrize(
    ("edge", "inner", "is_linked"),
    [
        ("", "", True),
        ("[front]", "[front, back]", True),
        ("[front, default]", "", True),
        ("[front]", "{front: {aliases: [other]}}", True),
        ("[front]", "[back]", False),
        ("[front]", "", False),
        ("", "{back: {aliases: [inner]}}", False),
    ],
)
def test_a_service_is_known_by_its_name_in_its_own_networks(edge: str, inner: str, is_linked: bool, here: Path) -> None:
    compose = TIERS["compose.yaml"]
    if edge:
        compose = compose.replace('    ports: ["80:80"]', f'    ports: ["80:80"]\n    networks: {edge}')
    if inner:
        compose += f"    networks: {inner}\n"
    write(here, {"compose.yaml": compose + "networks: {front: {}, back: {}}\n"})
    output = run("trace", "/api/chat", "--host", "chat.example.com").output
    assert ("2 location /v2/chat  inner/nginx.conf" in output) is is_linked
    apart = "edge/nginx.conf shares no network with inner/nginx.conf, so that inner:8080 leads nowhere"
    assert (apart in " ".join(output.split())) is not is_linked


@pytest.mark.parametrize(
    ("header", "proxied", "is_held"),
    [
        ("", "", True),
        ("proxy_set_header Via edge;", "", False),
        ("proxy_set_header Via edge;", "gzip_proxied any;", True),
    ],
)
def test_gzip_spares_what_a_proxy_asks_for_that_says_so(header: str, proxied: str, is_held: bool, here: Path) -> None:
    edge = f"location / {{ proxy_pass http://inner:8080; proxy_http_version 1.1; {header} proxy_buffering off; }}"
    inner = "location / { proxy_pass http://app:3000; proxy_http_version 1.1; }"
    squeezing = f"listen 8080; gzip on; gzip_types text/event-stream; {proxied}"
    write(here, {**DECLARED, "edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {edge} }} }}\n"})
    write(here, {"inner/nginx.conf": f"events {{}} http {{ server {{ {squeezing} {inner} }} }}\n"})
    assert (
        "error[buffered-stream] location / holds the stream back: gzip compresses" in run("check").output
    ) is is_held


def check_loopback(here: Path, edge: str, inner: str) -> str:
    """What a check says where the edge dials port 8081 of its own host, with lines for each of the two services."""
    location = "location /api/ { proxy_pass http://127.0.0.1:8081/v2/; proxy_buffering off; proxy_read_timeout 10m; }"
    compose = TIERS["compose.yaml"].replace('    ports: ["80:80"]', f'    ports: ["80:80"]\n{edge}').rstrip("\n")
    write(here, {**DECLARED, "edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {location} }} }}\n"})
    write(here, {"inner/nginx.conf": TIERS["inner/nginx.conf"].replace("8080", "8081").replace("/v2/chat", "/v2/")})
    write(here, {"compose.yaml": f"{compose}\n{inner}"})
    return run("trace", "/api/chat").output


@pytest.mark.parametrize(
    ("edge", "inner", "is_linked"),
    [
        ("bridge", "bridge", False),
        ("none", "none", False),
        ("default", "default", False),
        ("host", "host", True),
        ("host", "bridge", False),
        ("", "service:edge", True),
        ("", "container:front", True),
        ("", "container:another", False),
    ],
)
def test_only_some_modes_share_the_network_address(edge: str, inner: str, is_linked: bool, here: Path) -> None:
    modes = [f"    network_mode: {mode}\n" if mode else "" for mode in (edge, inner)]
    output = check_loopback(here, modes[0] + "    container_name: front\n", modes[1])
    assert ("2 location /v2/  inner/nginx.conf" in output) is is_linked


def test_a_neighbour_in_the_same_network_whose_port_nobody_wrote_is_only_possible(here: Path) -> None:
    code = (
        "const app = require('express')()\napp.get('/v2/chat', (req, res) => res.type('text/event-stream').write(''))\n"
    )
    location = "location /api/ { proxy_pass http://127.0.0.1:8081/v2/; proxy_buffering off; proxy_read_timeout 10m; }"
    compose = TIERS["compose.yaml"].split("  inner:")[0] + "  app: {build: ./app, network_mode: 'service:edge'%s}\n"
    write(here, {**DECLARED, "edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {location} }} }}\n"})
    write(here, {"app/package.json": '{"dependencies": {"express": "4"}}'})
    for listening, ports, link in (
        ("", "", "the only one"),
        ("", ", expose: [8081]", "same address"),
        ("app.listen(8081)\n", "", "same address"),
        ("app.listen(8082)\n", "", ""),
    ):
        write(here, {"compose.yaml": compose % ports, "app/server.js": code + listening})
        streams = json.loads(run("trace", "/api/chat", "--format", "json").stdout)["streams"]
        links = [leg["link"] for stream in streams for way in stream["ways"] for leg in way["legs"][1:]]
        assert links == ([link] if link else []), (listening, ports)


@pytest.mark.parametrize(
    ("location", "is_told"),
    [
        ("location / { return 404; }", False),
        ("location / { root /srv; }", False),
        ("location = /v2/chat { return 404; }", True),
    ],
)
def test_a_refusal_beside_an_include_that_is_not_here_is_not_told_as_one(
    location: str, is_told: bool, here: Path
) -> None:
    inner = f"events {{}} http {{ server {{ listen 8080; include /etc/nginx/more.conf; {location} }} }}\n"
    write(here, {**DECLARED, "inner/nginx.conf": inner})
    output = " ".join(run("check").output.split())
    assert ("never comes to what could send it: inner/nginx.conf answers 404" in output) is is_told
    unknown = (
        "inner/nginx.conf gets /v2/chat, and `include /etc/nginx/more.conf` names a file that is not in the project"
    )
    assert (unknown in output) is not is_told


def test_an_address_of_a_pool_outside_of_the_project_keeps_a_way_open(here: Path) -> None:
    pool = "upstream pool { server inner:8080; server 203.0.113.7:8080; }"
    edge = f"events {{}} http {{ {pool} server {{ listen 80; location /api/ {{ proxy_pass http://pool/v2/; }} }} }}\n"
    inner = "events {} http { server { listen 8080; return 404; } }\n"
    write(here, {**DECLARED, "edge/nginx.conf": edge, "inner/nginx.conf": inner})
    assert "does not always come to what could send it: inner/nginx.conf answers 404" in run("check").output
    write(here, {"edge/nginx.conf": edge.replace("server 203.0.113.7:8080; ", "")})
    assert "never comes to what could send it: inner/nginx.conf answers 404" in run("check").output


def test_one_of_a_pool_in_another_network_leaves_the_ways_through_the_others(here: Path) -> None:
    pool = "upstream pool { server apart:8080; server inner:8080; }"
    edge = TIERS["edge/nginx.conf"].replace("http://inner:8080", "http://pool").replace("http {", f"http {{ {pool}", 1)
    apart = '  apart:\n    image: nginx:1.27\n    networks: [elsewhere]\n    volumes: ["./apart.conf:/etc/nginx/nginx.conf"]\n'
    apart_conf = "events {} http { server { listen 8080; location / { proxy_pass http://other:3000; } } }\n"
    networks = "networks: {elsewhere: {}}\n"
    write(
        here,
        {"edge/nginx.conf": edge, "apart.conf": apart_conf, "compose.yaml": TIERS["compose.yaml"] + apart + networks},
    )
    output = " ".join(run("trace", "/api/chat", "--host", "chat.example.com").output.split())
    assert "location /v2/chat inner/nginx.conf" in output
    assert "edge/nginx.conf shares no network with apart.conf, so that apart:8080 leads nowhere" in output


def test_what_the_only_other_node_answers_is_no_refusal(here: Path) -> None:
    edge = TIERS["edge/nginx.conf"].replace("inner:8080", "backend:8080")
    inner = "events {} http { server { listen 8080; return 404; } }\n"
    write(here, {"edge/nginx.conf": edge, "inner/nginx.conf": inner})
    (here / "compose.yaml").unlink()
    output = run("trace", "/api/chat", "--host", "chat.example.com").output
    assert "Not served" not in output
    assert "perhaps inner/nginx.conf answers 404" in output


def test_a_default_server_may_not_be_meant_by_who_asks_for_another_host(here: Path) -> None:
    shop = "server { listen 80; server_name shop.example.com; return 404; }"
    write(here, {"edge/nginx.conf": f"events {{}} http {{ {shop} }}\n"})
    write(here, {"infralint.yaml": "streams:\n- path: /api/chat\n  host: chat.example.com\n"})
    (here / "inner/nginx.conf").unlink()
    output = " ".join(run("check").output.split())
    assert (
        "/api/chat ends can't be told: perhaps edge/nginx.conf answers 404: no server_name is chat.example.com"
        in output
    )
    assert "Could not tell 1 thing:" in output
    assert "Not served" not in run("trace", "/api/chat", "--host", "chat.example.com").output


def test_init_offers_no_piece_of_an_expression_as_a_path(here: Path) -> None:
    (here / "infralint.yaml").unlink()
    write(here, {"inner/nginx.conf": TIERS["inner/nginx.conf"].replace("/v2/chat", "~ ^/v2/(chat|ask)/.*$")})
    assert run("init").exit_code == 0
    written = (here / "infralint.yaml").read_text()
    assert "no plain path leads to ^/v2/(chat|ask)/.*$ alone" in written
    assert "- path: /api/c" not in written
    assert ".*$\n" not in written


def test_a_declared_host_is_the_one_that_browsers_ask_for(here: Path) -> None:
    inner = TIERS["inner/nginx.conf"].replace("listen 8080;", "listen 8080; server_name inner;")
    write(here, {"inner/nginx.conf": inner, "edge/nginx.conf": TIERS["edge/nginx.conf"]})
    (here / "infralint.yaml").unlink()
    run("init")
    written = (here / "infralint.yaml").read_text()
    assert "host: inner" not in written
    assert "path: /api/chat\n    host: chat.example.com\n" in written


def compose_of(service: str, rest: str, top: str = "") -> str:
    """A compose file with one nginx of TIERS."""
    volume = f"./{service}/nginx.conf:/etc/nginx/nginx.conf"
    return f"services:\n  {service}:\n    image: nginx:1.27\n    volumes: ['{volume}']\n{rest}{top}"


def judge_two_projects(here: Path, edge: str = "", inner: str = "", top: str = "", name: str = "inner:8080") -> str:
    """What a check says where the edge and what it dials stand in compose files of two folders."""
    for file in ("compose.yaml", "edge/nginx.conf", "inner/nginx.conf"):
        (here / file).unlink(missing_ok=True)
    write(here, {"a/edge/nginx.conf": TIERS["edge/nginx.conf"].replace("inner:8080", name)})
    write(here, {"b/inner/nginx.conf": TIERS["inner/nginx.conf"], "a/compose.yaml": compose_of("edge", edge, top)})
    write(here, {"b/compose.yaml": compose_of("inner", inner, top)})
    return run("check").output


WEB = "networks: {web: {external: true}}\n"
IN_WEB = "    networks: [web]\n"


@pytest.mark.parametrize(
    ("edge", "inner", "top", "is_sure"),
    [
        (IN_WEB, IN_WEB, WEB, True),
        (IN_WEB, IN_WEB, "networks: {web: {name: shared}}\n", True),
        (IN_WEB, IN_WEB, "networks: {web: {}}\n", False),
        ("", "", "networks: {default: {external: true, name: shared}}\n", True),
        ("", "", "", False),
        (IN_WEB, "", WEB, False),
    ],
)
def test_projects_of_compose_see_each_other_in_a_network_that_both_join(
    edge: str, inner: str, top: str, is_sure: bool, here: Path
) -> None:
    output = judge_two_projects(here, edge, inner, top)
    assert (
        "location /api/ → inner/nginx.conf" in output.replace("a/edge", "edge").replace("b/inner", "inner")
    ) is is_sure
    assert ("→ perhaps b/inner/nginx.conf location /v2/chat" in output) is not is_sure


def test_a_name_of_two_projects_means_none_of_them_for_sure(here: Path) -> None:
    for file in ("compose.yaml", "inner/nginx.conf"):
        (here / file).unlink()
    for folder, timeout in (("dev", "2s"), ("prod", "10m")):
        inner = TIERS["inner/nginx.conf"].replace("proxy_read_timeout 2s", f"proxy_read_timeout {timeout}")
        write(here, {f"{folder}/inner/nginx.conf": inner, f"{folder}/compose.yaml": compose_of("inner", "")})
    assert "error[" not in run("check").output
    assert "→ perhaps dev/inner/nginx.conf location /v2/chat" in run("check").output
    ports = "    ports: ['9000:8080']\n"
    for folder in ("dev", "prod"):
        write(here, {f"{folder}/compose.yaml": compose_of("inner", ports)})
    write(here, {"edge/nginx.conf": TIERS["edge/nginx.conf"].replace("inner:8080", "127.0.0.1:9000")})
    assert "→ perhaps dev/inner/nginx.conf location /v2/chat" in run("check").output


@pytest.mark.parametrize(
    ("edge", "inner", "worker", "is_linked"),
    [
        ("", "    networks: {default: {aliases: [gateway]}}\n", "", True),
        ("    networks: [front]\n", "    networks: {front: {}, back: {aliases: [gateway]}}\n", "", False),
        ("    networks: [front, back]\n", "    networks: {front: {}, back: {aliases: [gateway]}}\n", "", True),
        ("    links: ['inner:gateway']\n", "", "", True),
        ("    network_mode: bridge\n    links: ['inner:gateway']\n", "    network_mode: bridge\n", "", True),
        ("    network_mode: bridge\n", "    network_mode: bridge\n    container_name: gateway\n", "", False),
        ("    network_mode: host\n", "    container_name: gateway\n", "", False),
        ("", "", "  worker: {image: x, links: ['inner:gateway']}\n", False),
    ],
)
def test_a_name_leads_only_where_it_is_known(edge: str, inner: str, worker: str, is_linked: bool, here: Path) -> None:
    write(here, {"edge/nginx.conf": TIERS["edge/nginx.conf"].replace("inner:8080", "gateway:8080")})
    services = TIERS["compose.yaml"].replace('    ports: ["80:80"]\n', edge) + inner + worker
    write(here, {"compose.yaml": f"{services}networks: {{front: {{}}, back: {{}}}}\n"})
    output = run("trace", "/api/chat", "--host", "chat.example.com").output
    assert ("2 location /v2/chat  inner/nginx.conf" in output) is is_linked


def test_a_way_into_another_environment_ends_outside(here: Path) -> None:
    """Two Terraform roots, of which one dials a name that the other one has: each is judged by itself."""
    for file in TIERS:
        (here / file).unlink()
    cdn = """\
resource "aws_cloudfront_distribution" "cdn" {
  aliases = ["%s"]
  origin {
    origin_id   = "api"
    domain_name = "%s"
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  default_cache_behavior {
    target_origin_id       = "api"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
  }
  ordered_cache_behavior {
    path_pattern           = "/api/chat/stream"
    target_origin_id       = "api"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
  }
}
"""
    write(here, {"cdn/main.tf": cdn % ("www.example.com", "api.example.com")})
    write(here, {"api/main.tf": cdn % ("api.example.com", "app.example.org")})
    result = run("check")
    assert result.exit_code == 1
    assert "aws_cloudfront_distribution.cdn cuts the stream after 30 s" in result.output


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        ("location / { return 404; }", "does not always come to what could send it: apart/nginx.conf answers 404"),
        ("location / { proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 10m; }", ""),
    ],
)
def test_a_pool_that_is_dead_in_part_is_said(apart: str, words: str, here: Path) -> None:
    pool = "upstream pool { server apart:8080; server inner:8080; }"
    passing = "proxy_buffering off; proxy_read_timeout 10m;"
    edge = f"{pool} server {{ listen 80; location /api/ {{ proxy_pass http://pool/v2/; {passing} }} }}"
    inner = TIERS["inner/nginx.conf"].replace("2s", "10m")
    services = compose_of("apart", "").replace("services:\n", "")
    write(here, {**DECLARED, "edge/nginx.conf": f"events {{}} http {{ {edge} }}\n", "inner/nginx.conf": inner})
    write(here, {"apart/nginx.conf": f"events {{}} http {{ server {{ listen 8080; {apart} }} }}\n"})
    write(here, {"compose.yaml": TIERS["compose.yaml"] + services})
    output = run("check").output
    assert words in " ".join(output.split())
    assert ("Could not tell" in output) is bool(words)


@pytest.mark.parametrize(
    ("listen", "rest", "is_refused"),
    [
        ("listen 8080 ssl;", "", True),
        ("listen 8080 ssl;", "include /etc/nginx/tls.conf;", False),
        ("listen 8080;", "", False),
        ("listen 8080 ssl;", "}} server {{ listen {{ port }}; server_name other;", False),
    ],
)
def test_tls_is_refused_only_where_every_listen_was_seen(listen: str, rest: str, is_refused: bool, here: Path) -> None:
    location = "location / { proxy_pass http://app:3000; proxy_buffering off; proxy_read_timeout 10m; }"
    server = f"server {{ {listen} {location} {rest} }}".replace("}}", "}").replace("{{ listen", "{ listen")
    name = "inner/nginx.conf.j2" if "{{" in server else "inner/nginx.conf"
    (here / "inner/nginx.conf").unlink()
    write(here, {name: f"events {{}} http {{ {server} }}\n"})
    write(here, {"compose.yaml": TIERS["compose.yaml"].replace("./inner/nginx.conf:", f"./{name}:")})
    output = run("check").output
    assert ("answers 400: port 8080 speaks TLS, and is sent plain HTTP" in output) is is_refused


def test_a_name_that_can_not_be_searched_says_nothing_of_its_groups(here: Path) -> None:
    """Python's engine has no `\\K`: what the group took is not known, and nothing breaks."""
    edge = TIERS["edge/nginx.conf"].replace("chat.example.com", '"~^(?<app>\\\\w++)\\\\K\\\\.example\\\\.com$"')
    write(here, {"edge/nginx.conf": edge.replace("http://inner:8080", "http://$app:8080")})
    output = run("check").output
    assert "Traceback" not in output
    assert "please report it" not in output


@pytest.mark.parametrize(
    ("edge", "inner", "is_sure"),
    [
        ('    ports: ["80:80"]\n', "", False),
        ('    ports: ["80:80"]\n', "    ports: ['127.0.0.1:9090:8080']\n", False),
        ("    network_mode: host\n", "", False),
        ("", "    ports: ['9090:8080']\n", True),
        ("    ports: ['127.0.0.1:80:80']\n", "    ports: ['9090:8080']\n", True),
    ],
)
def test_what_clients_can_not_reach_is_not_meant_by_its_path(edge: str, inner: str, is_sure: bool, here: Path) -> None:
    """An edge that takes everything, and an inner nginx that names the path and that nobody dials."""
    services = TIERS["compose.yaml"].replace('    ports: ["80:80"]\n', edge) + inner
    passing = "location / { proxy_pass http://elsewhere.example.org; proxy_buffering off; proxy_read_timeout 10m; }"
    named = "location /api/ { proxy_pass http://app:3000; proxy_read_timeout 2s; }"
    write(here, {**DECLARED, "compose.yaml": services})
    write(here, {"edge/nginx.conf": f"events {{}} http {{ server {{ listen 80; {passing} }} }}\n"})
    write(here, {"inner/nginx.conf": f"events {{}} http {{ server {{ listen 8080; {named} }} }}\n"})
    assert ("error[short-idle-timeout] location /api/" in run("check").output) is is_sure


def test_a_service_of_another_file_is_not_said_to_be_out_of_reach(here: Path) -> None:
    """What is started for debugging has a service of the same name, on another network."""
    files = {
        "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    networks: [front]\n"
        '    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]\n    ports: ["80:80"]\n'
        "  api:\n    image: example/api\n    networks: [front]\nnetworks: {front: {}}\n",
        "compose-debug.yaml": "services:\n  api:\n    build: api\n",
        "api/requirements.txt": "flask\n",
        "api/main.py": "from flask import Flask\napp = Flask(__name__)\n",
        "nginx.conf": "server { listen 80; location / { proxy_pass http://api:8000; } }\n",
    }
    write(here, files)
    output = run("trace", "/chat").output
    assert "shares no network" not in output
    assert "▼ api:8000 as api:8000/chat" in output


def test_a_route_that_code_and_client_both_name_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the pattern that both know it by, whichever path stands for it."""
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n"
            "    volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf:ro']\n  api:\n    build: api\n",
            "nginx.conf": "server { listen 80; location /api { proxy_pass http://api:8000; proxy_buffering off; } }\n",
            "api/requirements.txt": "fastapi\n",
            "api/main.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
            "@app.get('/api/chat/{room}')\ndef chat(room):\n    return StreamingResponse(answer(room))\n",
            "web/package.json": "{}",
            "web/chat.js": "const source = new EventSource(`/api/chat/${room}`);\n",
        },
    )
    lines = run("trace", "--compact").output.splitlines()
    assert [line for line in lines if line.startswith(("SSE", "WebSocket"))] == [
        "SSE /api/chat/*: may break at hop 1 of 2, nginx.conf location /api"
    ]
    assert "SSE /api/chat/7: may break" in run("trace", "/api/chat/7", "--compact").output


def test_code_of_both_kinds_is_not_asked_what_only_one_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The location passes WebSockets on, and the route behind it is known to send events."""
    upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    upgrade += " proxy_read_timeout 9m;"
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {
            "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n"
            "    volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf:ro']\n  api:\n    build: api\n",
            "nginx.conf": f"server {{ listen 80; location /api {{ proxy_pass http://api:8000; {upgrade} }} }}\n",
            "api/requirements.txt": "flask\n",
            "api/main.py": "from flask import Flask, Response\napp = Flask(__name__)\n@app.get('/api/chat')\ndef chat():\n"
            "    return Response(answer(), mimetype='text/event-stream')\n@app.get('/api/health')\ndef health():\n    return 'ok'\n",
        },
    )
    assert "WebSocket" not in run("trace", "/api/chat", "--compact").output
    output = " ".join(run("trace", "/api/health", "--kind", "websocket").output.split())
    assert "Could not tell at nginx.conf location /api every hop passes it on to api: its code was read" in output


@pytest.mark.parametrize("line", ["", 'if ($http_upgrade = "") { add_header X-Accel-Buffering no; }'])
def test_a_route_behind_a_rewrite_that_ends_what_is_run_is_carried_to_the_edge(line: str, here: Path) -> None:
    body = f"rewrite ^/api/(.*)$ /$1 break; {line} proxy_pass http://app:3000; proxy_buffering off;"
    inner = "  inner:\n    image: nginx\n    volumes: ['./inner.conf:/etc/nginx/conf.d/default.conf:ro']\n"
    code = "const s = require('http').createServer((q, r) => {\n  if (q.url === '/chat') {\n"
    stream = "    r.writeHead(200, { 'Content-Type': 'text/event-stream' });\n    r.write('data: 1');\n  }\n});\ns.listen(3000);\n"
    edge = "  edge:\n    image: nginx\n    ports: ['80:80']\n    volumes: ['./edge.conf:/etc/nginx/conf.d/default.conf:ro']\n"
    files: dict[str, str | bytes] = {
        "compose.yaml": f"services:\n{edge}{inner}  app:\n    build: ./app\n",
        "edge.conf": "server { listen 80; location /edge/ { proxy_pass http://inner:8080/; proxy_buffering off; } }\n",
        "inner.conf": f"server {{ listen 8080; location /api/ {{ {body} }} }}\n",
        "app/server.js": code + stream,
        "app/package.json": '{"name": "app", "main": "server.js"}\n',
    }
    write(here, files)
    assert "SSE /edge/api/chat" in run("trace", "--compact").output
    assert "/edge/api/chat" in run("check").output
