"""netlify.toml: functions end after a minute, edge functions begin within 40 s."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SSE = "streams: [{path: /api/chat, silence: SILENCE, generation: LENGTH}]\n"
REDIRECT = '[[redirects]]\nfrom = "FROM"\nto = "TO"\nstatus = STATUS\n'
EDGE = '[[edge_functions]]\npath = "/api/*"\nfunction = "chat"\n'


def declared(silence: str = "30s", length: str = "90s") -> str:
    return SSE.replace("SILENCE", silence).replace("LENGTH", length)


def redirect(path: str = "/api/*", to: str = "/.netlify/functions/:splat", status: str = "200") -> str:
    return REDIRECT.replace("FROM", path).replace("TO", to).replace("STATUS", status)


@pytest.mark.parametrize(
    ("text", "length", "found"),
    [
        (redirect(), "90s", True),
        (redirect(), "60s", False),
        (redirect("/api/chat", "/.netlify/functions/chat"), "90s", True),
        (redirect("/other/*"), "90s", False),
        (redirect(to="https://api.example.com/:splat"), "90s", False),
        (redirect(status="301"), "90s", False),
    ],
)
def test_a_function_ends_after_a_minute(text: str, length: str, found: bool, lint: Lint) -> None:
    report = lint({"netlify.toml": text, "infralint.yaml": declared(length=length)})
    assert problems(report) == (["netlify.toml:2 error capped-stream"] if found else [])


@pytest.mark.parametrize(("silence", "found"), [("60s", True), ("30s", False)])
def test_an_edge_function_begins_within_forty_seconds(silence: str, found: bool, lint: Lint) -> None:
    report = lint({"netlify.toml": EDGE, "infralint.yaml": declared(silence, "10m")})
    assert bool(problems(report, "short-idle-timeout")) is found
    assert problems(report, "capped-stream") == []


def test_no_function_takes_websockets(lint: Lint) -> None:
    socket = "streams: [{path: /api/ws, kind: websocket, heartbeat: 20s}]\n"
    report = lint({"netlify.toml": redirect(), "infralint.yaml": socket})
    assert [finding["check"] for finding in report["findings"]] == ["missing-upgrade-headers"]


def test_a_site_that_names_no_function_is_seen_and_not_judged(lint: Lint) -> None:
    report = lint({"netlify.toml": '[build]\npublish = "dist"\n', "infralint.yaml": declared()})
    assert report["findings"] == []
    assert report["unsupported"] == ["Netlify (netlify.toml)"]


def test_each_redirect_has_its_own_line_and_conditions(lint: Lint) -> None:
    text = (
        '[[redirects]]\nfrom = "/old"\nto = "/new"\n\n[[redirects]]\norigin = "/a"\ndestination = "/b"\n\n'
        '[[redirects]]\nto = "/.netlify/functions/chat"\nstatus = "200!"\nfrom = "https://chat.test/api/chat"\n'
    )
    settings = "streams: [{path: /api/chat, silence: 10s, generation: 90s}]\n"
    report = lint({"netlify.toml": text, "infralint.yaml": settings})
    assert problems(report) == ["netlify.toml:12 error capped-stream"]


def test_an_edge_function_by_a_pattern_may_take_a_request(lint: Lint) -> None:
    text = '[[edge_functions]]\npattern = "/api/.*"\nfunction = "chat"\n'
    settings = "streams: [{path: /api/chat, silence: 90s, generation: 2m}]\n"
    report = lint({"netlify.toml": text, "infralint.yaml": settings})
    assert problems(report) == ["netlify.toml:2 warning short-idle-timeout"]


def test_marks_that_end_a_line_elsewhere_end_none_of_toml(lint: Lint) -> None:
    report = lint({"netlify.toml": f"# \u2028\u2028\u2028\x85\n{redirect()}", "infralint.yaml": declared()})
    assert problems(report) == ["netlify.toml:3 error capped-stream"]


def test_sites_of_one_kind_are_named_on_one_line(lint: Lint) -> None:
    sites = {f"{name}/netlify.toml": '[build]\npublish = "dist"\n' for name in "abcd"}
    assert lint(dict(sites))["unsupported"] == ["Netlify (a/netlify.toml and 3 more)"]


@pytest.mark.parametrize(
    "text",
    [
        '[functions]\ndirectory = "f"\nincluded_files = ["a"]\nnode_bundler = "esbuild"\n\n[functions."api*"]\n'
        'external_node_modules = ["b"]\n',
        '[functions.directory]\nincluded_files = ["a"]\n',
        '[build]\nbase = ""\npublish = "dist"\n\n[build.environment]\nA = 5\n\n[context.production]\ncommand = "x"\n',
        '[[plugins]]\npackage = "a"\n\n[plugins.inputs]\nx = 1\n',
    ],
)
def test_what_netlify_builds_with_is_taken(text: str, lint: Lint) -> None:
    assert [entry for entry in lint({"netlify.toml": text})["unreadable"] if entry["location"]["path"] != "."] == []
