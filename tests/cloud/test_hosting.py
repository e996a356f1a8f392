"""Fly.io, Heroku, Railway and Render: what the host in front allows a stream, where a file says that it is the host."""

from __future__ import annotations

import pytest
from conftest import Lint, Report, problems
from yardstick import at_most

CODE = (
    "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
    '@app.get("/chat")\ndef chat():\n    return StreamingResponse(words(), media_type="text/event-stream")\n'
)
SSE = "streams: [{path: /chat, silence: SILENCE, generation: LENGTH}]\n"
SOCKET = "streams: [{path: /ws, kind: websocket, heartbeat: 20s, session: socket.io}]\n"
FLY = 'app = "chat"\n\n[http_service]\n  internal_port = 8000\n'
IDLE = "\n  [http_service.http_options]\n    idle_timeout = SECONDS\n"
APP_JSON = '{"formation": {"web": {"quantity": QUANTITY}}}'
PROCFILE = "release: true\nweb: uvicorn app.main:app\n"
RENDER = "services:\n  - type: TYPE\n    name: chat\n    runtime: python\n"


def declared(silence: str = "30s", length: str = "60s") -> str:
    return SSE.replace("SILENCE", silence).replace("LENGTH", length)


@pytest.mark.parametrize(("seconds", "found"), [("60", ["fly.toml:7 error short-idle-timeout"]), ("600", [])])
def test_fly_closes_what_is_silent_for_longer_than_it_is_told(seconds: str, found: list[str], lint: Lint) -> None:
    files = {"fly.toml": FLY + IDLE.replace("SECONDS", seconds), "infralint.yaml": declared("90s", "2m")}
    report = lint(files)
    assert problems(report) == found
    assert [finding["fix"] for finding in report["findings"]] == ["idle_timeout = 300"] * len(found)


def test_what_fly_does_by_itself_is_could_not_tell(lint: Lint) -> None:
    report = lint({"fly.toml": FLY, "infralint.yaml": declared("90s")})
    assert report["findings"] == []
    assert any("idle_timeout = 600" in unknown["remedy"] for unknown in report["unknown"])


@pytest.mark.parametrize(
    "text",
    [
        'app = "db"\n\n[[services]]\n  internal_port = 5432\n  [[services.ports]]\n    port = 5432\n',
        'app = "worker"\n\n[processes]\n  worker = "celery"\n',
    ],
)
def test_an_app_that_speaks_no_http_is_no_hop(text: str, lint: Lint) -> None:
    report = lint({"fly.toml": text, "app/main.py": CODE})
    assert (problems(report, "short-idle-timeout"), report["unknown"]) == ([], [])


def test_older_services_of_fly_are_read_too(lint: Lint) -> None:
    text = (
        'app = "chat"\n\n[[services]]\n  internal_port = 8000\n  [[services.ports]]\n    port = 443\n'
        '    handlers = ["tls", "http"]\n    http_options = { idle_timeout = 45 }\n'
    )
    report = lint({"fly.toml": text, "infralint.yaml": declared("90s")})
    assert problems(report) == ["fly.toml:8 error short-idle-timeout"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"Procfile": PROCFILE, "app.json": APP_JSON.replace("QUANTITY", "2")}, True),
        ({"heroku.yml": "build:\n  docker:\n    web: Dockerfile\n"}, True),
        ({"Procfile": PROCFILE}, False),
        ({"Procfile": PROCFILE, "app.json": '{"expo": {"name": "chat"}}'}, False),
        ({"Procfile": "worker: celery\n", "app.json": APP_JSON.replace("QUANTITY", "2")}, False),
    ],
)
def test_heroku_waits_30_seconds_for_the_first_byte(files: dict[str, str], found: bool, lint: Lint) -> None:
    report = lint({**files, "app/main.py": CODE})
    assert bool(problems(report, "short-idle-timeout")) is found
    assert all("after 30 s of silence" in finding["message"] for finding in report["findings"])


def test_a_procfile_that_nobody_claims_is_named(lint: Lint) -> None:
    report = lint({"Procfile": PROCFILE, "app/main.py": CODE})
    assert report["unsupported"] == ["Heroku (Procfile)"]
    claimed = lint({"Procfile": PROCFILE, "app.json": APP_JSON.replace("QUANTITY", "2"), "app/main.py": CODE})
    assert "unsupported" not in claimed


@pytest.mark.parametrize(("app", "is_refused"), [('{"formation": {', True), ('{"expo": {', False)])
def test_an_app_json_of_heroku_that_is_none_is_unreadable(app: str, is_refused: bool, lint: Lint) -> None:
    report = lint({"Procfile": PROCFILE, "app.json": app, "app/main.py": CODE})
    assert [entry["location"]["path"] for entry in report["unreadable"]] == ["app.json"] * is_refused


@pytest.mark.parametrize(("quantity", "told"), [("1", False), ("3", True)])
def test_whether_heroku_keeps_a_session_is_not_in_the_files(quantity: str, told: bool, lint: Lint) -> None:
    files = {"Procfile": PROCFILE, "app.json": APP_JSON.replace("QUANTITY", quantity), "infralint.yaml": SOCKET}
    report = lint(files)
    assert problems(report, "missing-sticky-sessions") == []
    assert any("http-session-affinity" in unknown["message"] for unknown in report["unknown"]) is told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("railway.json", '{"deploy": {"startCommand": "uvicorn app.main:app"}}'),
        ("railway.toml", '[deploy]\nstartCommand = "uvicorn app.main:app"\n'),
    ],
)
def test_railway_ends_an_answer_after_a_quarter_of_an_hour(name: str, text: str, lint: Lint) -> None:
    report = lint({name: text, "infralint.yaml": declared("60s", "20m")})
    [finding] = report["findings"]
    assert (finding["check"], finding["severity"]) == ("capped-stream", "error")
    assert "none more than 900 s" in finding["fix"]
    assert lint({name: text, "infralint.yaml": declared("60s", "10m")})["findings"] == []


@pytest.mark.parametrize(("replicas", "found"), [("1", False), ("2", True)])
def test_replicas_on_railway_share_sessions(replicas: str, found: bool, lint: Lint) -> None:
    text = f'{{\n  "deploy": {{ "numReplicas": {replicas} }}\n}}\n'
    report = lint({"railway.json": text, "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found


@pytest.mark.parametrize(("kind", "found"), [("web", True), ("worker", False)])
def test_render_ends_an_answer_after_100_minutes(kind: str, found: bool, lint: Lint) -> None:
    files = {"render.yaml": RENDER.replace("TYPE", kind), "infralint.yaml": declared("60s", "2h")}
    assert bool(problems(lint(files), "capped-stream")) is found
    assert lint({**files, "infralint.yaml": declared("60s", "1h")})["findings"] == []


@pytest.mark.parametrize(
    ("more", "found"), [("    numInstances: 2\n", True), ("    scaling:\n      maxInstances: 3\n", True), ("", False)]
)
def test_instances_on_render_share_sessions(more: str, found: bool, lint: Lint) -> None:
    report = lint({"render.yaml": RENDER.replace("TYPE", "web") + more, "infralint.yaml": SOCKET})
    assert bool(problems(report, "missing-sticky-sessions")) is found


def test_each_of_several_apps_stands_before_the_code_around_its_file(lint: Lint) -> None:
    other = CODE.replace('"/chat"', '"/other"').replace(
        'media_type="text/event-stream"', 'media_type="text/event-stream"'
    )
    files: dict[str, str | bytes] = {
        "chat/fly.toml": FLY + IDLE.replace("SECONDS", "30"),
        "chat/main.py": CODE,
        "chat/requirements.txt": "fastapi\n",
        "other/fly.toml": FLY.replace("chat", "other") + IDLE.replace("SECONDS", "900"),
        "other/main.py": other,
        "other/requirements.txt": "fastapi\n",
    }
    report = lint(files)
    found = [(finding["location"]["path"], finding["stream"]["path"]) for finding in report["findings"]]
    assert found == [("chat/fly.toml", "/chat")]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("fly.toml", "app = \n", "TOML"),
        ("railway.json", "{", "JSON"),
        ("render.yaml", "services: [", "YAML"),
    ],
)
def test_a_broken_file_is_named(name: str, text: str, kind: str, lint: Lint) -> None:
    report = lint({name: text, "app/main.py": CODE})
    assert report["status"] == 2
    assert any(kind in item["message"] for item in report["unreadable"])


def refused(report: Report) -> list[str]:
    return [
        f"{entry['location']['path']}:{entry['location']['line']} {entry['message']}" for entry in report["unreadable"]
    ]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("fly.toml", "http_service = 5\n", "1 http_service: expected a table"),
        ("fly.toml", "[http_service]\nhttp_options = 5\n", "2 http_service.http_options: expected a table"),
        ("fly.toml", "[[services]]\nports = 5\n", "2 services.ports: expected a table"),
        (
            "fly.toml",
            "[[services]]\n[[services.ports]]\nhandlers = 5\n",
            '3 handlers: expected a list such as ["tls", "http"]',
        ),
        ("fly.toml", f"[{'.'.join('a' * 20000)}]\n", "1 has a key of more names than infralint reads"),
        ("railway.json", "[]", "1 expected an object with build and deploy"),
        ("railway.json", '{\n"deploy": []}', "2 deploy: expected a mapping of settings"),
        ("railway.toml", "deploy = 5\n", "1 deploy: expected a mapping of settings"),
        ("render.yaml", "- web\n", "1 expected a mapping with services"),
        ("render.yaml", "services: {type: web}\n", "1 services: expected a list"),
        ("render.yaml", "services:\n- web\n", "2 services: expected a list of mappings"),
        ("render.yaml", "projects: [{environments: 5}]\n", "1 environments: expected a list"),
        ("netlify.toml", "redirects = 5\n", "1 redirects: expected tables, each under `[[redirects]]`"),
        ("netlify.toml", '[[redirects]]\nto = "/a"\n', "1 redirects: expected from and to, each a text"),
        (
            "netlify.toml",
            '[[edge_functions]]\npath = ["/a"]\nfunction = "a"\n',
            "2 edge_functions: expected function, and path or pattern, each a text",
        ),
        ("netlify.toml", 'build = "dist"\n', "1 build: expected a table"),
        ("netlify.toml", "[build]\ncommand = 5\n", "2 build.command: expected a text"),
        ("netlify.toml", '[functions]\napi = "x"\n', "2 functions.api: expected a table"),
        (
            "netlify.toml",
            '[functions.api]\nincluded_files = "x"\n',
            "2 functions.api.included_files: expected a list of texts",
        ),
        ("netlify.toml", "[[plugins]]\npackage = 5\n", "2 plugins: expected package, a text"),
        ("netlify.toml", "[context]\nproduction = true\n", "2 context.production: expected a table"),
        ("heroku.yml", "build: [\n", "2 is not YAML: did not find expected node content"),
        ("heroku.yml", "- web\n", "1 expected a mapping with build"),
        ("amplify.yml", "- web\n", "1 expected a mapping with frontend"),
        ("amplify.yml", "applications: 5\n", "1 applications: expected a list of mappings"),
        ("amplify.yml", "frontend: {artifacts: {baseDirectory: [a]}}\n", "1 baseDirectory: expected a folder"),
    ],
)
def test_what_a_host_does_not_take_is_unreadable_and_the_rest_is_judged(
    name: str, text: str, why: str, lint: Lint
) -> None:
    files = {f"a/{name}": text, "b/fly.toml": FLY + IDLE.replace("SECONDS", "60"), "infralint.yaml": declared("90s")}
    report = lint(files)
    assert refused(report) == [f"a/{name}:{why}"]
    assert problems(report) == ["b/fly.toml:7 error short-idle-timeout"]


@pytest.mark.parametrize("seconds", ['"60"', "[60]", "true"])
def test_an_idle_timeout_of_another_type_is_refused(seconds: str, lint: Lint) -> None:
    report = lint({"fly.toml": FLY + IDLE.replace("SECONDS", seconds), "infralint.yaml": declared("90s")})
    assert (problems(report), report["unknown"], report["status"]) == ([], [], 2)
    [entry] = report["unreadable"]
    assert (entry["location"]["line"], "takes a number" in entry["message"]) == (7, True)


@pytest.mark.parametrize("seconds", ["nan", "inf", "-5", "1" + "0" * 400])
def test_an_idle_timeout_that_is_no_number_is_could_not_tell(seconds: str, lint: Lint) -> None:
    report = lint({"fly.toml": FLY + IDLE.replace("SECONDS", seconds), "infralint.yaml": declared("90s")})
    assert (problems(report), refused(report)) == ([], [])
    assert [entry["location"]["line"] for entry in report["unknown"]] == [7]


@pytest.mark.parametrize("replicas", ["nan", "inf", "-1", "1" + "0" * 400])
def test_a_number_of_replicas_that_is_none_is_could_not_tell(replicas: str, lint: Lint) -> None:
    report = lint({"railway.toml": f"[deploy]\nnumReplicas = {replicas}\n", "infralint.yaml": SOCKET})
    assert (problems(report), refused(report)) == ([], [])
    assert any(f"numReplicas: {replicas[:40]}" in entry["message"] for entry in report["unknown"])


@pytest.mark.parametrize("replicas", ["1.5", '"two"'])
def test_a_number_of_replicas_of_another_type_is_refused_whoever_asks(replicas: str, lint: Lint) -> None:
    report = lint({"railway.toml": f"[deploy]\nnumReplicas = {replicas}\n"})
    assert [entry["location"]["line"] for entry in report["unreadable"]] == [2]


def test_a_number_of_json_that_is_endless_is_could_not_tell(lint: Lint) -> None:
    report = lint({"railway.json": '{"deploy": {"numReplicas": 1e999}}', "infralint.yaml": SOCKET})
    assert (problems(report), refused(report)) == ([], [])
    assert any("numReplicas: inf" in entry["message"] for entry in report["unknown"])


@pytest.mark.parametrize(
    ("deploy", "found", "unknown"),
    [
        ('{"deploy": {"multiRegionConfig": {"a": {"numReplicas": 1}, "b": {"numReplicas": 1}}}}', True, False),
        ('{"deploy": {"multiRegionConfig": {"a": {"numReplicas": 1}}}}', False, False),
        ('{"deploy": {"multiRegionConfig": 5}}', False, True),
        ('{"environments": {"a": {"deploy": {"numReplicas": 3}}}}', False, True),
        ('{"environments": {"a": {"deploy": {"startCommand": "b"}}}}', False, False),
    ],
)
def test_replicas_are_counted_in_all_regions_and_environments(
    deploy: str, found: bool, unknown: bool, lint: Lint
) -> None:
    report = lint({"railway.json": deploy, "infralint.yaml": SOCKET})
    assert (bool(problems(report, "missing-sticky-sessions")), bool(report["unknown"])) == (found, unknown)


@pytest.mark.parametrize(
    ("rest", "unknown"),
    [
        ("scaling: 5", True),
        ("scaling: {minInstances: 1}", True),
        ("numInstances: 1", False),
    ],
)
def test_instances_that_are_set_and_can_not_be_read_are_not_one(rest: str, unknown: bool, lint: Lint) -> None:
    report = lint({"render.yaml": RENDER.replace("TYPE", "web") + f"    {rest}\n", "infralint.yaml": SOCKET})
    assert (problems(report), bool(report["unknown"])) == ([], unknown)


def test_services_of_projects_are_read(lint: Lint) -> None:
    service = "{type: web, name: chat, runtime: python}"
    text = f"projects: [{{name: a, environments: [{{name: b, services: [{service}]}}]}}]\n"
    for blueprint in (text, f"ungrouped: {{services: [{service}]}}\n"):
        report = lint({"render.yaml": blueprint, "infralint.yaml": declared(length="2h")})
        assert problems(report) == ["render.yaml:1 error capped-stream"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("render.yaml", "services: [{type: wbe}]\n", "infralint knows no `type: wbe` of a service"),
        ("render.yaml", "services: [{name: a}]\n", "it has no `type`"),
        ("amplify.yml", "frontend: {artifacts: {baseDirectory: $OUT}}\n", "`$OUT` may be what is built for a server"),
    ],
)
def test_what_may_hide_a_host_is_not_called_clean(name: str, text: str, why: str, lint: Lint) -> None:
    report = lint({name: text, "other/fly.toml": FLY})
    assert [why in entry for entry in report["unfollowed"]] == [True]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "fly.toml",
            "[http_servce]\ninternal_port = 80\n",
            "Fly.io knows no `http_servce`; did you mean `http_service`?",
        ),
        ("render.yaml", "service: [{type: web}]\n", "Render knows no `service`; did you mean `services`?"),
        (
            "fly.toml",
            FLY.rstrip() + "\n  [http_service.http_option]\n",
            "knows no `http_service.http_option`; did you mean",
        ),
        (
            "railway.toml",
            "[deploy]\nnumReplica = 2\n",
            "Railway knows no `deploy.numReplica`; did you mean `numReplicas`?",
        ),
        ("render.yaml", "services: [{type: webb}]\n", "Render knows no `type: webb`; did you mean web?"),
        ("netlify.toml", '[[redirect]]\nto = "/a"\n', "Netlify knows no `redirect`; did you mean `redirects`?"),
    ],
)
def test_what_a_host_would_pass_over_is_not_clean(name: str, text: str, why: str, lint: Lint) -> None:
    report = lint({name: text, "other/fly.toml": FLY})
    assert ([why in entry["message"] for entry in report["unreadable"]], report["status"]) == ([True], 2)


def test_services_of_fly_may_be_one_table(lint: Lint) -> None:
    text = '[services]\n[services.ports]\nhandlers = ["http"]\n[services.ports.http_options]\nidle_timeout = 60\n'
    report = lint({"fly.toml": text, "infralint.yaml": declared("90s")})
    assert problems(report) == ["fly.toml:5 error short-idle-timeout"]


def test_lines_that_look_like_headers_take_no_longer(lint: Lint) -> None:
    text = f'a = """\n{("[" + " " * 200 + chr(10)) * 400}"""\n'
    with at_most(40):
        assert lint({"fly.toml": text + FLY.removeprefix('app = "chat"')})["findings"] == []
