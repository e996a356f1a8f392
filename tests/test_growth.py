"""Twice as much to read takes about twice as many steps, not four times as many: counted in calls, never by a clock."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import pytest
from conftest import run, write

from infralint.fixing import search
from infralint.sources.application import routes
from infralint.sources.nginx import build
from infralint.trace import traces

STREAMING = """
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()

async def events():
    yield "data: x\\n\\n"
"""
ROUTE = """
@{router}.get("/chat")
async def chat{number}():
    return StreamingResponse(events(), media_type="text/event-stream")
"""


def services(count: int) -> dict[str, str | bytes]:
    """nginx in front of so many services, each of which is built from an application of its own."""
    names = [f"s{number}" for number in range(count)]
    proxy = "\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
    files: dict[str, str | bytes] = {
        "compose.yaml": "services:\n  nginx:\n    image: nginx:1.27\n    ports: ['80:80']"
        + proxy
        + "".join(f"  {name}:\n    build: ./{name}\n" for name in names),
        "nginx.conf": "events {}\nhttp { server { listen 80;\n"
        + "".join(f"location /{name}/ {{ proxy_pass http://{name}:8000/; }}\n" for name in names)
        + "} }\n",
    }
    for name in names:
        files[f"{name}/Dockerfile"] = "FROM python\nEXPOSE 8000\nCOPY . .\nCMD uvicorn main:app\n"
        files[f"{name}/main.py"] = STREAMING + ROUTE.format(router="app", number=0)
    return files


def routes_behind_locations(count: int) -> dict[str, str | bytes]:
    """One application with so many routes, each behind a location of its own that hands paths on as they are."""
    routes = (
        f"""
@app.get("/part{number}/chat")
async def chat{number}():
    return StreamingResponse(events(), media_type="text/event-stream")
"""
        for number in range(count)
    )
    locations = "".join(f"location /part{number}/ {{ proxy_pass http://api:8000; }}\n" for number in range(count))
    return {
        "compose.yaml": "services:\n  nginx:\n    image: nginx:1.27\n    ports: ['80:80']\n"
        "    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n  api:\n    build: ./api\n",
        "nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80;\n{locations}}} }}\n",
        "api/Dockerfile": "FROM python\nEXPOSE 8000\nCOPY . .\nCMD uvicorn main:app\n",
        "api/main.py": STREAMING + "".join(routes),
    }


def mounted_applications(count: int) -> dict[str, str | bytes]:
    """One file with so many applications, each mounted under a path of its own; it is longer than what is indexed at once."""
    remark = f"# {'what this part is about ' * 3}\n" * 40
    parts = (
        f"part{number} = FastAPI()\n{ROUTE.format(router=f'part{number}', number=number)}"
        f"app.mount('/{number}', part{number})\n{remark}"
        for number in range(count)
    )
    return {"main.py": STREAMING + "".join(parts)}


def returns(count: int) -> dict[str, str | bytes]:
    """One function with so many places at which it answers with a stream."""
    answers = "".join(
        f"    if kind == {number}:\n        return StreamingResponse(events(), media_type='text/event-stream')\n"
        for number in range(count)
    )
    return {"main.py": f"{STREAMING}\n@app.get('/chat')\nasync def chat(kind: int):\n{answers}"}


def overlays(count: int) -> dict[str, str | bytes]:
    """So many overlays, each in a namespace of its own, of one base with many pods behind one Service."""
    pods = "".join(
        f"""---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: api{number} }}
spec:
  selector: {{ matchLabels: {{ app: api }} }}
  template: {{ metadata: {{ labels: {{ app: api }} }}, spec: {{ containers: [{{ name: a, image: api }}] }} }}
"""
        for number in range(20)
    )
    service = """---
apiVersion: v1
kind: Service
metadata: { name: api }
spec: { selector: { app: api }, ports: [{ port: 80, targetPort: 8000 }] }
"""
    files: dict[str, str | bytes] = {
        "api/Dockerfile": "FROM python\nEXPOSE 8000\nCOPY . .\nCMD uvicorn main:app\n",
        "api/main.py": STREAMING + ROUTE.format(router="app", number=0),
        "k8s/base/kustomization.yaml": "resources: [pods.yaml]\n",
        "k8s/base/pods.yaml": pods + service,
    }
    for number in range(count):
        files[f"k8s/o{number}/kustomization.yaml"] = f"resources: [../base]\nnamespace: n{number}\n"
    return files


def balancers(count: int) -> dict[str, str | bytes]:
    """So many load balancers, none of whose targets is here."""
    balancer = """resource "aws_lb" "a{number}" {{ idle_timeout = 60 }}
resource "aws_lb_target_group" "t{number}" {{ port = 80 }}
resource "aws_lb_listener" "l{number}" {{
  load_balancer_arn = aws_lb.a{number}.arn
  default_action {{
    type = "forward"
    target_group_arn = aws_lb_target_group.t{number}.arn
  }}
}}
"""
    return {"main.tf": "".join(balancer.format(number=number) for number in range(count))}


def count_calls(folder: Path, files: dict[str, str | bytes], command: tuple[str, ...]) -> Counter[str]:
    """How often each function is called, and resumed, while a command runs in a folder with these files."""
    write(folder, files)
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1
        elif event == "c_call":
            calls[getattr(argument, "__name__", "")] += 1

    sys.setprofile(note)
    try:
        result = run(*command, str(folder))
    finally:
        sys.setprofile(None)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return calls


CHECK = ("check", "--no-cache")


def count_twice(
    folder: Path,
    files: Callable[[int], dict[str, str | bytes]],
    count: int,
    command: tuple[str, ...] = CHECK,
) -> tuple[Counter[str], Counter[str]]:
    """How often each function is called for so many of something, and for twice as many, once all is loaded."""
    count_calls(folder / "first", files(2), command)
    few = count_calls(folder / "few", files(count), command)
    return few, count_calls(folder / "many", files(2 * count), command)


@pytest.mark.parametrize("command", [CHECK, ("init",)])
def test_many_services_take_as_long_as_they_are_many(tmp_path: Path, command: tuple[str, ...]) -> None:
    few, many = count_twice(tmp_path, services, 60, command)
    assert many.total() < 2.15 * few.total()


def denied_addresses(count: int) -> dict[str, str | bytes]:
    denied = "".join(f"deny 192.{number}.0.1; " for number in range(count))
    locations = "".join(f"location /p{number}/ {{ proxy_pass http://10.0.0.1; }} " for number in range(count))
    return {"nginx.conf": f"events {{}} http {{ {denied} server {{ listen 80; {locations} }} }}"}


def test_addresses_that_are_turned_away_are_read_once_for_all_locations(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, denied_addresses, 60)
    assert few["ip_network"] < 70
    assert many.total() < 2.15 * few.total()


def test_locations_are_chosen_once_for_each_route(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, routes_behind_locations, 40)
    for name in ("choose_locations", "_forwards", "parse_dockerfile"):
        assert 0 < many[name] <= 2 * few[name], name


def test_many_parts_of_one_file_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, mounted_applications, 100)
    assert many.total() < 2.15 * few.total()


def images_of_nginx(count: int) -> dict[str, str | bytes]:
    """So many folders, each with an nginx.conf, and a Dockerfile that puts a server where that looks for it."""
    files: dict[str, str | bytes] = {}
    for number in range(count):
        copies = "COPY nginx.conf /etc/nginx/nginx.conf\nCOPY site/a.conf /etc/nginx/conf.d/a.conf\n"
        files[f"s{number}/Dockerfile"] = f"FROM nginx:1.25\n{copies}"
        files[f"s{number}/nginx.conf"] = "events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n"
        files[f"s{number}/site/a.conf"] = "server { listen 80; location /sse { proxy_pass http://10.0.0.1; } }\n"
    return files


def test_what_images_put_where_an_include_looks_is_found_once_for_all_includes(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, images_of_nginx, 30)
    assert many["matches_path"] < 2.15 * few["matches_path"]


def one_name(count: int) -> dict[str, str | bytes]:
    """So many routes whose functions bear one name, as those that they answer with."""
    part = ROUTE.format(router="app", number="") + 'async def events():\n    yield "data: x\\n\\n"\n\n'
    return {"main.py": STREAMING + part * count}


def test_functions_of_one_name_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, one_name, 100)
    assert many.total() < 2.15 * few.total()


def phoenix_actions(count: int) -> dict[str, str | bytes]:
    """Ten actions of a controller, each of which streams, and calls the others so many times, with a header."""
    routes = "".join(f'  get "/a{number}", Chat, :a{number}\n' for number in range(10))
    actions = ""
    for number in range(10):
        names = (f"a{(number + 1 + step % 9) % 10}" for step in range(count))
        calls = "".join(f'    conn |> put_resp_header("x-accel-buffering", "no") |> {name}(p)\n' for name in names)
        stream = '    conn |> put_resp_content_type("text/event-stream") |> send_chunked(200)\n'
        actions += f"  def a{number}(conn, p) do\n{calls}{stream}  end\n"
    return {
        "mix.exs": 'defp deps do\n  [{:phoenix, "~> 1.7"}]\nend\n',
        "lib/router.ex": f"defmodule Router do\n  use Talk, :router\n{routes}end\n",
        "lib/chat.ex": f"defmodule Chat do\n{actions}end\n",
    }


def test_actions_that_call_each_other_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, phoenix_actions, 20)
    assert many.total() < 2.15 * few.total()


DJANGO: dict[str, str | bytes] = {
    "requirements.txt": "django\n",
    "manage.py": "",
    "proj/settings.py": 'ROOT_URLCONF = "proj.urls"\n',
}
VIEW = "from django.http import StreamingHttpResponse\ndef view(request): return StreamingHttpResponse(words())\n"


def included_urls(count: int) -> dict[str, str | bytes]:
    """So many applications of Django, each below a path of its own."""
    includes = "".join(f'    path("a{number}/", include("a{number}.urls")),\n' for number in range(count))
    files = {**DJANGO, "proj/urls.py": f"from django.urls import include, path\nurlpatterns = [\n{includes}]\n"}
    for number in range(count):
        files[f"a{number}/urls.py"] = (
            "from django.urls import path\nfrom . import views\nurlpatterns = [path('events', views.view)]\n"
        )
        files[f"a{number}/views.py"] = VIEW
    return files


def controllers(count: int) -> dict[str, str | bytes]:
    """So many classes of NestJS in one file, each below a path of its own."""
    part = '@Controller("c{0}")\nexport class C{0} {{ @Sse("events") events() {{ return words; }} }}\n'
    return {
        "package.json": '{"dependencies": {"@nestjs/core": "11"}}',
        "app.ts": 'import { Controller, Sse } from "@nestjs/common";\n' + "".join(map(part.format, range(count))),
    }


EXPRESS: dict[str, str | bytes] = {"package.json": '{"dependencies": {"express": "5"}}'}
ANSWER = 'res.setHeader("Content-Type", "text/event-stream");'


def functions_around_routes(count: int) -> dict[str, str | bytes]:
    """So many functions that run around the routes of one application."""
    use = 'app.use((req, res, next) => { res.setHeader("X-Accel-Buffering", "no"); next(); });\n'
    route = f'app.get("/events", (req, res) => {{ {ANSWER} }});\n'
    return {**EXPRESS, "app.js": 'const app = require("express")();\n' + use * count + route}


def shared_headers(count: int) -> dict[str, str | bytes]:
    """So many routes that send the same headers, which are as many."""
    headers = "".join(f'    "X-{number}": "a",\n' for number in range(count))
    routes = "".join(
        f'@app.get("/{number}")\ndef chat{number}(): return StreamingResponse(events(), headers=HEADERS)\n'
        for number in range(count)
    )
    return {"main.py": f"{STREAMING}HEADERS = {{\n{headers}}}\n{routes}"}


def spread_headers(count: int) -> dict[str, str | bytes]:
    """So many routes, each with a header of its own beside as many that they share."""
    files = shared_headers(count)
    return {"main.py": str(files["main.py"]).replace("headers=HEADERS", "headers={**HEADERS, 'X-A': 'a'}")}


def views_of_a_module(count: int) -> dict[str, str | bytes]:
    """So many views of one module of Django, each with a path of its own."""
    paths = "".join(f"    path('e{number}', views.view{number}),\n" for number in range(count))
    views = "".join(f"def view{number}(request): return StreamingHttpResponse(words())\n" for number in range(count))
    return {
        **DJANGO,
        "proj/urls.py": f"from django.urls import path\nfrom . import views\nurlpatterns = [\n{paths}]\n",
        "proj/views.py": f"from django.http import StreamingHttpResponse\n{views}",
    }


def files_of_a_package(count: int) -> dict[str, str | bytes]:
    """So many files of one Go package, which bind each its route in a function of the same name."""
    part = """package main

func answer{0}(w http.ResponseWriter, r *http.Request) {{ w.Header().Set("Content-Type", "text/event-stream") }}
func bind() {{ http.HandleFunc("/s{0}", answer{0}) }}
"""
    return {"go.mod": "module talk\n", **{f"f{number}.go": part.format(number) for number in range(count)}}


def passed_on(count: int) -> dict[str, str | bytes]:
    """So many files in a circle, each with a handler of its own, which pass on all that the next one has."""
    part = 'export * from "./m{1}";\nexport function answer{0}(req, res) {{ ' + ANSWER + " }}\n"
    return {**EXPRESS, **{f"m{number}.js": part.format(number, (number + 1) % count) for number in range(count)}}


def named_by_texts(count: int) -> dict[str, str | bytes]:
    """So many files of Laravel's routes, each of which names a method of one class, and so many classes of one file, whose
    methods bear one name."""
    method = "function {0}() {{ return response()->eventStream(fn); }}\n"
    methods = "".join(method.format(f"answer{number}") for number in range(count))
    classes = "".join(f"class C{number} {{ {method.format('answer')} }}\n" for number in range(count))
    routes = "".join(f"Route::get('/c{number}', [C{number}::class, 'answer']);\n" for number in range(count))
    files: dict[str, str | bytes] = {
        "composer.json": '{"require": {"laravel/framework": "^12"}}',
        "app/Talk.php": f"<?php\nclass Talk {{\n{methods}}}\n",
        "app/Classes.php": f"<?php\n{classes}",
        "routes/web.php": f"<?php\n{routes}",
    }
    for number in range(count):
        files[f"routes/r{number}.php"] = f"<?php\nRoute::get('/{number}', [Talk::class, 'answer{number}']);\n"
    return files


@pytest.mark.parametrize(
    "files",
    [
        passed_on,
        included_urls,
        controllers,
        functions_around_routes,
        shared_headers,
        spread_headers,
        views_of_a_module,
        files_of_a_package,
        named_by_texts,
    ],
)
def test_many_routes_of_code_take_as_long_as_they_are_many(
    files: Callable[[int], dict[str, str | bytes]], tmp_path: Path
) -> None:
    few, many = count_twice(tmp_path, files, 60)
    assert many.total() < 2.15 * few.total()


def test_headers_that_are_shared_are_looked_through_once(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, spread_headers, 60)
    assert 0 < many["lower"] <= 2.2 * few["lower"]


def test_headers_spread_into_headers_many_times_over_are_looked_through_once(tmp_path: Path) -> None:
    headers = 'H0 = {"X-Accel-Buffering": "no"}\n'
    headers += "".join(f"H{level} = {{{f'**H{level - 1}, ' * 20}}}\n" for level in range(1, 10))
    write(
        tmp_path,
        {
            "main.py": f"{STREAMING}{headers}{ROUTE.format(router='app', number=0)}".replace(
                "media_type=", "headers=H9, media_type="
            )
        },
    )
    calls = count_calls(tmp_path, {}, CHECK)
    assert 0 < calls["_find_pairs"] < 1_000


def test_routes_below_more_prefixes_than_are_followed_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_ROUTES", 100)

    def files(count: int) -> dict[str, str | bytes]:
        """So many routes of a router, which is mounted as often."""
        parts = "".join(
            ROUTE.format(router="router", number=number).replace("/chat", f"/chat{number}") for number in range(count)
        )
        mounts = "".join(f"app.include_router(router, prefix='/p{number}')\n" for number in range(count))
        return {"main.py": STREAMING.replace("app =", "router = APIRouter()\napp =") + parts + mounts}

    few, many = count_twice(tmp_path, files, 20)
    assert 0 < few["_make_found"] <= 100
    assert 0 < many["_make_found"] <= 100
    assert "streams in more places, or leads to more, than are followed" in run("check", str(tmp_path / "many")).stdout


def test_a_function_is_searched_once_however_often_it_answers(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, returns, 40)
    assert many["find_all"] == few["find_all"]


def test_many_overlays_of_one_base_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, overlays, 20)
    assert many.total() < 2.15 * few.total()
    assert many["_stages_of"] <= few["_stages_of"] <= 4


def conditions(count: int) -> dict[str, str | bytes]:
    """One location with so many conditions, each of which hands requests to a backend of its own."""
    lines = "".join(f"if ($arg_a{number} = 1) {{ proxy_pass http://u{number}; }}\n" for number in range(count))
    return {
        "nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; location /sse {{\n{lines}proxy_pass http://a; }} }} }}\n"
    }


def test_conditions_are_followed_once_for_all_that_they_hand_on(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, conditions, 30)
    assert 0 < many["_execute"] <= 2.2 * few["_execute"]


def templated_locations(count: int) -> dict[str, str | bytes]:
    """A template with so many locations, each of which can be put right."""
    lines = "".join(f"location /l{number}/sse {{ proxy_pass ${{UPSTREAM_{number}}}; }}\n" for number in range(count))
    return {"default.conf.template": f"server {{ listen ${{PORT}};\n{lines}}}\n"}


def test_offsets_in_a_template_are_worked_out_once(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, templated_locations, 40)
    assert many.total() < 2.15 * few.total()


def servers_and_routes(count: int) -> dict[str, str | bytes]:
    """So many servers of nginx, all in front of an application with as many routes."""
    servers = "".join(
        f"server {{ listen 80; server_name s{number}.example; location / {{ proxy_pass http://api:8000; }} }}\n"
        for number in range(count)
    )
    files = routes_behind_locations(count)
    return {**files, "nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n"}


def test_of_many_ways_of_many_streams_few_are_followed_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "MOST_ASKED", 100)
    few, many = count_twice(tmp_path, servers_and_routes, 20)
    assert many["find_front"] <= 2.2 * few["find_front"]
    report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path / "many")).stdout)
    [unknown] = report["unknown"]
    assert "not all of their ways are followed" in unknown["message"]


def one_upstream(count: int) -> dict[str, str | bytes]:
    """An upstream of so many servers, some of them backups, and as many locations that dial it, each of a declared stream."""
    servers = "".join(f"server 10.0.{number}.1:80 {'backup' * (number % 9 == 1)};\n" for number in range(count))
    locations = "".join(f"location /c{number}/chat {{ proxy_pass http://all; }}\n" for number in range(count))
    return {
        "nginx.conf": f"events {{}}\nhttp {{ upstream all {{\n{servers}}}\nserver {{ listen 80;\n{locations}}} }}\n",
        "infralint.yaml": "streams: [{path: /c*/chat}]\n",
    }


def test_locations_of_one_upstream_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, one_upstream, 60)
    assert many.total() < 2.2 * few.total()


def methods_of_one_name(count: int) -> dict[str, str | bytes]:
    """A type of Go that sets its routes so many times over, by handlers that are methods of its fields."""
    head = (
        'package main\nimport "github.com/gin-gonic/gin"\ntype Rooms struct{}\ntype Server struct { rooms Rooms }\n'
        'func (r Rooms) Handle(c *gin.Context) { c.SSEvent("message", 1) }\n'
    )
    again = (
        'func (s *Server) Engine() *gin.Engine {\n  r := gin.New()\n  r.GET("/rooms", s.rooms.Handle)\n  return r\n}\n'
    )
    return {
        "go.mod": "module example.org/talk\nrequire github.com/gin-gonic/gin v1.9.0\n",
        "main.go": head + again * count,
    }


def test_methods_of_one_name_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, methods_of_one_name, 40)
    assert 0 < many["span_of"] <= 2.2 * few["span_of"]
    assert many.total() <= 2.2 * few.total()


def test_many_load_balancers_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, balancers, 30)
    assert many["only_other"] <= 2 * few["only_other"]
    assert many["_of_one_kind"] <= 2 * few["_of_one_kind"]
    assert many.total() < 2.15 * few.total()


def servers_and_declared_streams(count: int) -> dict[str, str | bytes]:
    """So many servers of one nginx, and as many declared streams that name no host."""
    servers = "".join(
        f"server {{ listen {8000 + number}; server_name s{number}; location / {{ proxy_pass http://api:8000; }} }}\n"
        for number in range(count)
    )
    streams = "".join(f"  - path: /r{number}\n" for number in range(count))
    return {"nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n", "infralint.yaml": f"streams:\n{streams}"}


def test_of_many_servers_few_are_asked_about_many_streams_without_a_host_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "MOST_ASKED", 100)
    monkeypatch.setattr(traces, "MOST_ASKED", 100)
    few, many = count_twice(tmp_path, servers_and_declared_streams, 30)
    assert 0 < many["_find_ways"] <= 2.2 * few["_find_ways"]
    assert many["_leg"] <= 2.2 * few["_leg"]
    report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path / "many")).stdout)
    messages = [unknown["message"] for unknown in report["unknown"]]
    assert any("any of the 60 servers of" in text and "only 4 of these are asked" in text for text in messages)
    assert any("not all of them are followed from" in text for text in messages)


def test_an_nginx_that_passes_nothing_on_is_named_by_its_file_where_few_of_its_servers_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "MOST_ASKED", 100)
    files = servers_and_declared_streams(60)
    files["nginx.conf"] = str(files["nginx.conf"]).replace("location / { proxy_pass http://api:8000; }", "return 204;")
    write(tmp_path, files)
    report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path)).stdout)
    assert report["unreadable"] == []
    [unasked] = [entry for entry in report["unknown"] if entry["message"].startswith("streams: so many requests")]
    assert unasked["location"]["path"].endswith("nginx.conf")


def test_of_many_nginxes_few_are_asked_about_many_streams_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files(count: int) -> dict[str, str | bytes]:
        site = "events {}\nhttp { server { listen 80; location / { proxy_pass http://api:8000; } } }\n"
        streams = "".join(f"  - path: /r{number}\n" for number in range(count))
        return {
            **{f"n{number:02}/nginx.conf": site for number in range(count)},
            "infralint.yaml": f"streams:\n{streams}",
        }

    monkeypatch.setattr(traces, "MOST_ASKED", 100)
    few, many = count_twice(tmp_path, files, 20)
    assert 0 < many["_leg"] <= 2.2 * few["_leg"]
    report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path / "many")).stdout)
    [message] = [unknown["message"] for unknown in report["unknown"] if "are followed" in unknown["message"]]
    assert "and 34 more" in message
    assert all(finding["severity"] != "error" for finding in report["findings"])


def packages_of_clients(count: int) -> dict[str, str | bytes]:
    """So many packages, each of which opens a stream."""
    files: dict[str, str | bytes] = {}
    for number in range(count):
        files[f"p{number}/package.json"] = "{}"
        files[f"p{number}/page.js"] = f'new EventSource("/e{number}");\n'
    return files


def test_of_many_packages_few_are_asked_for_what_each_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_ASKED", 100)
    few, many = count_twice(tmp_path, packages_of_clients, 60)
    assert 0 < many["id"] <= 2.2 * few["id"]
    assert many.total() < 2.2 * few.total()


def servers_in_a_chain(count: int) -> dict[str, str | bytes]:
    """Servers of one nginx, each of which dials the next."""
    servers = "".join(
        f"server {{ listen {8000 + number}; location / {{ proxy_pass http://127.0.0.1:{8001 + number}; }} }}\n"
        for number in range(count)
    )
    return {"nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n"}


def test_servers_that_dial_each_other_are_asked_by_the_address_that_is_dialled(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, servers_in_a_chain, 30)
    # Ways are followed over twelve hops: those of the last servers of a chain are the longest.
    assert 0 < many["find_front"] <= 2.4 * few["find_front"]


def test_what_a_location_sends_on_is_worked_out_once_for_all_ways_that_pass_it(tmp_path: Path) -> None:
    files = servers_in_a_chain(40)
    files["nginx.conf"] = str(files["nginx.conf"]).replace("location /", "location /sse")
    calls = count_calls(tmp_path, files, CHECK)
    assert calls["request_out"] > 400
    assert 0 < calls["_request_out"] <= 2 * 40


def test_edits_of_one_file_are_held_against_their_neighbours_alone(tmp_path: Path) -> None:
    def files(count: int) -> dict[str, str | bytes]:
        lines = "".join(f"location /l{number}/sse {{ proxy_pass http://app:8000; }}\n" for number in range(count))
        return {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80;\n{lines}}} }}\n"}

    few, many = count_twice(tmp_path, files, 40, ("check", "--no-cache", "--fix"))
    assert many.total() < 2.15 * few.total()
    assert (tmp_path / "many/nginx.conf").read_text().count("proxy_buffering off") == 80


def routers(count: int) -> dict[str, str | bytes]:
    """A service with so many of Traefik's routers and middlewares."""
    labels = "".join(
        f"      traefik.http.routers.r{number}.rule: Host(`h{number}.example`)\n"
        f"      traefik.http.routers.r{number}.middlewares: m{number}\n"
        f"      traefik.http.middlewares.m{number}.compress: 'true'\n"
        for number in range(count)
    )
    return {"compose.yaml": f"services:\n  api:\n    image: api\n    labels:\n{labels}"}


def caddy_sites(count: int) -> dict[str, str | bytes]:
    """A service with so many of Caddy's sites."""
    labels = "".join(
        f"      caddy_{number}: h{number}.example\n      caddy_{number}.reverse_proxy: '{{{{upstreams 80}}}}'\n"
        for number in range(count)
    )
    return {"compose.yaml": f"services:\n  api:\n    image: api\n    labels:\n{labels}"}


def virtual_hosts(count: int) -> dict[str, str | bytes]:
    """A service with so many hosts of nginx-proxy's, which has as many files mounted, one of as many lines."""
    mounts = "".join(f"      - ./p.conf:/etc/nginx/vhost.d/h{number}.example\n" for number in range(count))
    hosts = ",".join(f"h{number}.example" for number in range(count))
    return {
        "compose.yaml": f"services:\n  proxy:\n    image: nginxproxy/nginx-proxy:1.7\n    volumes:\n{mounts}"
        f"  api:\n    image: api\n    environment:\n      VIRTUAL_HOST: {hosts}\n",
        "p.conf": "proxy_set_header X-A b;\n" * count,
    }


def extended_services(count: int) -> dict[str, str | bytes]:
    """So many services, each of which is made of the next one."""
    services = "".join(f"  s{number}: {{extends: {{service: s{number + 1}}}}}\n" for number in range(count))
    return {"compose.yaml": f"services:\n{services}  s{count}: {{image: nginx}}\n"}


@pytest.mark.parametrize("files", [routers, caddy_sites, virtual_hosts, extended_services])
def test_many_services_and_routes_of_containers_take_as_long_as_they_are_many(
    files: Callable[[int], dict[str, str | bytes]], tmp_path: Path
) -> None:
    few, many = count_twice(tmp_path, files, 40)
    assert many.total() < 2.15 * few.total()


WEB = """apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 8000 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: web }] } }
---
"""


def traefik_routes(count: int, match: str) -> dict[str, str | bytes]:
    """So many routes of Traefik, each of them a hop, in front of one application with one stream."""
    routes = "".join(
        f"  - match: '{match.format(number=number)}'\n    kind: Rule\n    services: [{{ name: web, port: 8000 }}]\n"
        for number in range(count)
    )
    return {
        "compose.yaml": "services:\n  web: { image: web, build: . }\n",
        "Dockerfile": "FROM python\nEXPOSE 8000\nCOPY . .\nCMD uvicorn main:app\n",
        "main.py": STREAMING + ROUTE.format(router="app", number=0),
        "k8s.yaml": WEB + "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: { name: routes }\n"
        f"spec:\n  routes:\n{routes}",
    }


@pytest.mark.parametrize("match", ["PathPrefix(`/a{number}`)", "Headers(`X-Part`, `{number}`)", "Host(`h{number}`)"])
def test_routes_of_one_application_take_as_long_as_they_are_many(tmp_path: Path, match: str) -> None:
    few, many = count_twice(tmp_path, partial(traefik_routes, match=match), 80)
    assert 0 < many["takes"] <= 2.2 * few["takes"]
    assert many.total() < 2.15 * few.total()


def expressions_of_a_gateway(count: int) -> dict[str, str | bytes]:
    """So many rules of the Gateway API, each with an expression that does not fit the one stream behind them."""
    rules = "".join(
        f"  - matches: [{{ path: {{ type: RegularExpression, value: '.*/a{number}/(x|y)+' }} }}]\n"
        "    backendRefs: [{ name: web, port: 8000 }]\n"
        for number in range(count)
    )
    gateway = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: front }
spec: { gatewayClassName: istio, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: routes }
spec:
  parentRefs: [{ name: front }]
  rules:
"""
    return {**traefik_routes(0, ""), "k8s.yaml": WEB + gateway + rules}


def test_each_expression_of_a_gateway_is_tried_once_for_a_stream(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, expressions_of_a_gateway, 40)
    assert 0 < many["spend"] <= 2.2 * few["spend"]


def incomplete_compose_files(count: int) -> dict[str, str | bytes]:
    """So many compose files, each of them named with one that declares the network that it lacks."""
    part = "services:\n  web: { image: nginx, networks: [front] }\n"
    command = "docker compose -f shop/compose.yaml -f {0}/compose.yaml up\n"
    files: dict[str, str | bytes] = {f"web{number}/compose.yaml": part for number in range(count)}
    commands = "".join(command.format(f"web{number}") for number in range(count))
    return {**files, "shop/compose.yaml": "networks: { front: {} }\n", "up.sh": commands}


def test_incomplete_compose_files_take_as_long_as_they_are_many(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, incomplete_compose_files, 100)
    assert many.total() < 2.15 * few.total()


def locations_of_two_kinds(count: int) -> dict[str, str | bytes]:
    """So many locations that an edit puts right, each followed by one whose edit would change what stands in it, too."""
    lines = "".join(
        f"location /a{number}/sse {{ proxy_pass http://app:8000; }}\n"
        f"location /b{number}/sse {{ proxy_pass http://app:8000;"
        f" location /b{number}/sse/blog {{ proxy_pass http://site:80; }} }}\n"
        for number in range(count)
    )
    return {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80;\n{lines}}} }}\n"}


def test_edits_that_work_are_found_among_those_that_do_not_by_what_speaks_against_these(tmp_path: Path) -> None:
    few = count_calls(tmp_path / "few", locations_of_two_kinds(4), ("check", "--no-cache", "--fix"))
    many = count_calls(tmp_path / "many", locations_of_two_kinds(40), ("check", "--no-cache", "--fix"))
    assert (tmp_path / "few/nginx.conf").read_text().count("proxy_buffering off") == 4
    assert (tmp_path / "many/nginx.conf").read_text().count("proxy_buffering off") == 40
    assert (tmp_path / "many/nginx.conf").read_text().count("proxy_read_timeout") == 40
    assert few["judge"] < 40
    assert many["judge"] < 60


def test_edits_that_are_not_tried_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_JUDGED", 100)
    monkeypatch.setattr(search, "MOST_JUDGED_PER_KILOBYTE", 0)
    write(tmp_path, locations_of_two_kinds(10))
    report = json.loads(run("check", "--no-cache", "--fix", "--format", "json", str(tmp_path)).stdout)
    assert (tmp_path / "nginx.conf").read_text().count("proxy_read_timeout") == 10
    assert search.UNTRIED in {finding["not_fixed"] for finding in report["findings"]}


def test_a_hop_behind_many_is_passed_though_few_hops_are_followed(tmp_path: Path) -> None:
    servers = "".join(
        f"server {{ listen {8000 + number}; location /chat {{ proxy_pass http://127.0.0.1:{8001 + number}; }} }}\n"
        for number in range(600)
    )
    write(
        tmp_path, {"nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n", "infralint.yaml": "streams: [{path: /chat}]\n"}
    )
    report = json.loads(run("check", "--no-cache", "--format", "json", str(tmp_path)).stdout)
    assert report["unreadable"] == []
    assert any("not all of their ways are followed" in entry["message"] for entry in report["unknown"])


def locations_by_expression(count: int) -> dict[str, str | bytes]:
    """So many locations, every other one by an expression, each of which is the way of a stream."""
    lines = "".join(
        f"location {'~ ^' * (number % 2)}/l{number}/sse {{ proxy_pass http://b{number}; }}\n" for number in range(count)
    )
    return {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80;\n{lines}}} }}\n"}


def test_why_a_location_is_chosen_is_told_without_trying_all_others(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, locations_by_expression, 40, ("trace", "--in"))
    assert 0 < many["spend"] <= 2 * few["spend"]
    assert 0 < many["_start_of"] <= 2 * few["_start_of"]
    assert 0 < many["near"] <= 2 * few["near"]


def one_line_of_locations(count: int) -> dict[str, str | bytes]:
    """So many locations on one line."""
    lines = " ".join(f"location /l{number}/sse {{ proxy_pass http://app:8000; }}" for number in range(count))
    return {"nginx.conf": f"events {{}} http {{ server {{ listen 80; {lines} }} }}"}


def test_places_of_edits_are_looked_up(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, one_line_of_locations, 40, ("check", "--no-cache", "--diff"))
    assert 0 < many["_line_and_column"] <= 2 * few["_line_and_column"]
    for calls in (few, many):
        assert calls["unprepared_line_ends"] == 2, "once for the file as it is, and once as it would be"


def test_what_holds_at_a_hop_is_worked_out_once_for_all_pictures_of_it(tmp_path: Path) -> None:
    calls = count_calls(tmp_path, locations_by_expression(20), ("trace", "--format", "html", "--in"))
    assert calls["_hop_card"] == calls["explain_choice"] == 20


def one_name_of_many_streams(count: int) -> dict[str, str | bytes]:
    """A name that is set so many times, and answered with as often."""
    lines = "const body = wrap(other);\nconst { a } = body.parts();\nif (a) return new Response(body);\n" * count
    route = f"export async function GET() {{\n{lines}\nreturn new Response(new ReadableStream({{}}));\n}}\n"
    return {"package.json": '{"dependencies": {"next": "15.0.0"}}', "app/api/chat/route.ts": route}


def test_whether_a_name_is_a_stream_is_found_out_once(tmp_path: Path) -> None:
    few, many = count_twice(tmp_path, one_name_of_many_streams, 40)
    assert 0 < many["is_stream"] <= 2.05 * few["is_stream"]
    assert 0 < many["call_of"] <= 2.2 * few["call_of"]
