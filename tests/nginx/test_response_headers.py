"""Headers that a hop makes of what the response says: what the hop in front does with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, run, write

ALLOW = "proxy_read_timeout 10m;"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(here: Path, word: str, stream: str = "", http: str = "") -> str:
    """What is said of an edge that buffers, in front of a server that adds X-Accel-Buffering."""
    inner = f"proxy_pass http://10.0.0.3:3000; proxy_buffering off; {ALLOW} add_header X-Accel-Buffering {word};"
    servers = (
        f"server {{ listen 80; server_name a.test; location / {{ proxy_pass http://127.0.0.1:8081; {ALLOW} }} }}\n"
        f"server {{ listen 8081; location / {{ {inner} }} }}"
    )
    streams = f"streams: [{{path: /chat, kind: sse, host: a.test, heartbeat: 15s{stream}}}]\n"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {http}\n{servers}\n}}\n", "infralint.yaml": streams})
    return " ".join(run("check").output.split())


BY_TYPE = 'map $sent_http_content_type $accel { default ""; ~text/event-stream no; }'
TO_OTHERS = 'map $upstream_http_content_type $accel { default ""; ~json no; }'


@pytest.mark.parametrize(
    ("word", "stream", "http"),
    [
        ("$upstream_http_x_accel_buffering", ', headers: {X-Accel-Buffering: "no"}', ""),
        ("$accel", ", content_type: text/event-stream", BY_TYPE),
    ],
)
def test_a_header_that_surely_says_no_lets_the_stream_through(word: str, stream: str, http: str, here: Path) -> None:
    assert "clean" in report(here, word, stream, http)


@pytest.mark.parametrize(
    ("word", "stream", "http"),
    [
        ("$upstream_http_x_accel_buffering", ', headers: {X-Accel-Buffering: "yes"}', ""),
        ("$accel", ", content_type: text/event-stream", TO_OTHERS),
        ('""', "", ""),
    ],
)
def test_a_header_that_surely_does_not_say_no_holds_it(word: str, stream: str, http: str, here: Path) -> None:
    assert "[buffered-stream]" in report(here, word, stream, http)


@pytest.mark.parametrize(("word", "http"), [("$upstream_http_x_accel_buffering", ""), ("$accel", BY_TYPE)])
def test_a_header_that_depends_on_an_answer_nobody_knows_can_not_be_told(word: str, http: str, here: Path) -> None:
    output = report(here, word, http=http)
    assert "Could not tell 1 thing: nginx.conf" in output
    assert f"add_header: `add_header X-Accel-Buffering {word}`" in output
    assert "buffered-stream" not in output


@pytest.mark.parametrize(
    ("http", "server", "location", "is_held"),
    [
        ("", "add_header X-Accel-Buffering no;", "add_header X-Foo 1;", True),
        ("add_header_inherit merge;", "add_header X-Accel-Buffering no;", "add_header X-Foo 1;", False),
        ("", "add_header X-Accel-Buffering no;", "add_header_inherit off;", True),
        ("", 'more_set_headers "X-Accel-Buffering: no";', 'more_set_headers "X-Foo: 1";', False),
        ("", "", 'more_set_headers "X-Accel-Buffering: no" "X-Foo: 1";', False),
        ("", "", "more_set_headers -s 200 'X-Accel-Buffering: no';", False),
        ("", 'more_set_headers "X-Accel-Buffering: no";', 'more_set_headers "X-Accel-Buffering: yes";', True),
    ],
)
def test_which_headers_of_several_levels_go_out(
    http: str, server: str, location: str, is_held: bool, here: Path
) -> None:
    inner = f"location / {{ proxy_pass http://10.0.0.3:3000; proxy_buffering off; {ALLOW} {location} }}"
    servers = (
        f"server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:8081; {ALLOW} }} }}\n"
        f"server {{ listen 127.0.0.1:8081; {server} {inner} }}"
    )
    write(here, {"infralint.yaml": "streams: [{path: /chat, heartbeat: 15s}]\nnginx: {version: 1.31.3}\n"})
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ {http}\n{servers}\n}}\n"})
    assert ("[buffered-stream]" in run("check").output) is is_held


@pytest.mark.parametrize(("target", "is_cut"), [("8443", True), ("9443", False)])
def test_a_wildcard_in_front_comes_before_one_at_the_end(target: str, is_cut: bool, here: Path) -> None:
    """Longer masks do not: https://nginx.org/en/docs/http/ngx_http_map_module.html#map"""
    other = "9443" if target == "8443" else "8443"
    table = f"map $host $to {{ hostnames; *.test {target}; www.example.* {other}; default 1; }}"
    edge = f"server {{ listen 80; location / {{ proxy_pass http://127.0.0.1:$to; proxy_buffering off; {ALLOW} }} }}"
    cut = "server { listen 127.0.0.1:8443; location / { proxy_pass http://10.0.0.3:1; proxy_buffering off; proxy_read_timeout 5s; } }"
    fine = f"server {{ listen 127.0.0.1:9443; location / {{ proxy_pass http://10.0.0.3:1; proxy_buffering off; {ALLOW} }} }}"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{\n{table}\n{edge}\n{cut}\n{fine}\n}}\n"})
    output = run("trace", "/chat", "--host", "www.example.test").output
    assert ("silence    5 s" in output) is is_cut


@pytest.mark.parametrize("value", ['"/inside/chat"', "place_of(request)", 'f"/inside/{name}"'])
def test_an_answer_that_nginx_drops_for_a_path_of_its_own_is_no_stream(value: str, lint: Lint) -> None:
    """https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers"""
    code = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.get("/api/chat")\ndef chat(request):\n'
        '    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Redirect": VALUE})\n'
    )
    location = "proxy_pass http://app:8000; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 1h;"
    nginx = f"events {{}}\nhttp {{ server {{ listen 80; location /api/chat {{ {location} }} }} }}\n"
    files = {"main.py": code.replace("VALUE", value), "nginx.conf": nginx, "requirements.txt": "fastapi\n"}
    report = lint(files)
    [entry] = report["unknown"]
    assert "nginx drops what it sends" in entry["message"]
    ignoring = nginx.replace("proxy_pass", "proxy_ignore_headers X-Accel-Redirect; proxy_pass")
    assert lint({**files, "nginx.conf": ignoring})["unknown"] == []


@pytest.mark.parametrize(
    ("value", "is_known"),
    [('"/inside/chat"', True), ('f"/inside/{name}"', False), ('"/inside/" + name', False), ("place_of(name)", False)],
)
def test_a_path_of_nginx_that_is_known_in_part_names_no_location(value: str, is_known: bool, lint: Lint) -> None:
    """`/inside/…` may be the location of whole answers as well as that of the streams."""
    passing = "proxy_http_version 1.1; proxy_read_timeout 1h;"
    inside = f"internal; proxy_pass http://app:8000; {passing} proxy_ignore_headers X-Accel-Redirect;"
    places = [
        f"location /api/chat {{ proxy_pass http://app:8000; {passing} proxy_buffering off; }}",
        f"location /inside/ {{ {inside} proxy_buffering off; }}",
        f"location /inside/whole/ {{ {inside} }}",
    ]
    report = lint(
        {
            "nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {' '.join(places)} }} }}\n",
            "main.py": STARLETTE.replace("NAMING", f'answer.headers["X-Accel-Redirect"] = {value}').replace(
                "def chat()", "def chat(name: str)"
            ),
            "requirements.txt": "fastapi\n",
        }
    )
    assert report["findings"] == []
    assert ["nginx drops what it sends" in entry["message"] for entry in report["unknown"]] == [True] * (not is_known)


EXPRESS = """import express from "express";
const app = express();
app.get("/api/chat", (req, res) => {
  NAMING
  res.setHeader("Content-Type", "text/event-stream");
  res.write("data: x\\n\\n");
});
app.listen(8000);
"""
STARLETTE = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/api/chat")
async def chat():
    answer = StreamingResponse(events(), media_type="text/event-stream")
    NAMING
    return answer
"""


@pytest.mark.parametrize(
    ("code", "naming", "is_set"),
    [
        (STARLETTE, 'answer.headers["X-Accel-Redirect"] = place_of(answer)', True),
        (STARLETTE, 'answer.headers.append("X-Accel-Redirect", place_of(answer))', True),
        (STARLETTE, 'del answer.headers["X-Accel-Redirect"]', False),
        (STARLETTE, 'answer.headers.pop("X-Accel-Redirect", None)', False),
        (STARLETTE, 'path = answer.headers["X-Accel-Redirect"]', False),
        (STARLETTE, 'logger.info("X-Accel-Redirect", answer)', False),
        (STARLETTE, 'inner = [name for name in names if "x-accel-redirect" != name]', False),
        (STARLETTE, 'inner = ["x-accel-redirect", place_of(answer)]', False),
        (STARLETTE, 'inner = ("x-accel-redirect", "/x-accel-charset")', False),
        (STARLETTE, 'inner = {"x-accel-redirect", place_of(answer)}', False),
        (STARLETTE, 'inner = frozenset(["x-accel-redirect", place_of(answer)])', False),
        (STARLETTE, 'inner, outer = "x-accel-redirect", place_of(answer)', False),
        (STARLETTE, 'answer.headers.update([("X-Accel-Redirect", place_of(answer))])', True),
        (STARLETTE, 'answer.init_headers(dict([("X-Accel-Redirect", "/inside")]))', True),
        (EXPRESS, 'res.setHeader("X-Accel-Redirect", placeOf(req));', True),
        (EXPRESS, 'res.set({"X-Accel-Redirect": placeOf(req)});', True),
        (EXPRESS, 'res.setHeader("X-Accel-Redirect", `/inside/${req.id}`);', True),
        (EXPRESS, 'res.removeHeader("X-Accel-Redirect");', False),
        (EXPRESS, 'const drop = new Set(["x-accel-redirect"]);', False),
        (EXPRESS, 'const drop = new Set(["x-accel-redirect", "te"]);', False),
        (EXPRESS, 'const drop = new Set(["x-accel-redirect", nameOf(req)]);', False),
        (EXPRESS, 'const drop = ["x-accel-redirect", nameOf(req)];', False),
        (EXPRESS, 'res.writeHead(200, ["X-Accel-Redirect", placeOf(req)]);', True),
        (EXPRESS, 'res.setHeaders(new Map([["X-Accel-Redirect", placeOf(req)]]));', True),
        (EXPRESS, 'const hit = names.some((name) => "x-accel-redirect" === name);', False),
        (EXPRESS, 'switch (req.query.a) { case "x-accel-redirect": forget(req); }', False),
        (EXPRESS, 'const path = upstream.headers["x-accel-redirect"];', False),
    ],
)
def test_only_an_answer_that_sets_a_path_of_nginx_is_dropped(code: str, naming: str, is_set: bool, lint: Lint) -> None:
    location = "proxy_pass http://app:8000; proxy_buffering on; proxy_read_timeout 1h;"
    files = {
        "nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; location /api/chat {{ {location} }} }} }}\n",
        "main.py" if code is STARLETTE else "server.ts": code.replace("NAMING", naming),
        "requirements.txt": "fastapi\n",
        "package.json": '{"dependencies": {"express": "^4"}}',
    }
    report = lint(files)
    assert [finding["check"] for finding in report["findings"]] == ([] if is_set else ["buffered-stream"])
    assert ["nginx drops what it sends" in entry["message"] for entry in report["unknown"]] == [True] * is_set
