"""The command line as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Lint, run, write

from infralint import __version__
from infralint.engine import registry, time_limit

HELD = """events {}
http {
    server {
        # SSE
        location /chat {
            proxy_pass http://app;
        }
    }
}
"""
CLEAN = HELD.replace("proxy_pass http://app;", "proxy_pass http://app; proxy_buffering off; proxy_read_timeout 5m;")

CUSTOM = '''
from collections.abc import Iterator
from infralint import Crossing, Finding, Hop, check

@check
def no_plain_backend(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """A check of our own."""
    yield Finding("note", crossing.hop.where, f"{crossing.hop.name} is ours to judge", "nothing")
'''


def test_a_finding_in_text(here: Path) -> None:
    write(here, {"nginx.conf": HELD})
    result = run("check", "--select", "buffered-stream")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "error[buffered-stream] location /chat holds the stream back: nothing sets proxy_buffering, which is on by default, and"
        " nginx before 1.29.7 (no version is named here, so an old one is assumed) speaks HTTP/1.0 to backends, so it holds"
        " an answer until"
        " a buffer is full or the answer ends. Users see nothing, then everything at once",
        " --> nginx.conf:5:9",
        "  |",
        "5 |         location /chat {",
        "  |         ^^^^^^^^^^^^^^",
        "  = stream: SSE /chat, because a comment says so: `# SSE`",
        "  = see it: infralint trace /chat",
        "  = write:",
        "      proxy_http_version 1.1;",
        "      proxy_buffering off;",
        "      proxy_read_timeout 300s;",
        "",
        "Read 1 nginx file with 1 hop to judge: 1 error.",
    ]


def test_nothing_but_the_summary_when_clean(here: Path) -> None:
    write(here, {"nginx.conf": CLEAN})
    result = run("check")
    assert (result.exit_code, result.output) == (0, "Read 1 nginx file with 1 hop to judge: clean.\n")
    assert run("check", "-q").output == ""
    assert run("check", "-v").output.startswith("read nginx.conf\n")


def test_json_has_the_documented_shape(here: Path, lint: Lint) -> None:
    report = lint({"nginx.conf": HELD})
    [finding] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert report["version"] == 1
    assert report["infralint"] == __version__
    assert report["read"] == {"nginx": ["nginx.conf"]}
    assert report["summary"] == {"error": 1, "warning": 1, "note": 0}
    assert finding.keys() == {
        "check",
        "url",
        "severity",
        "message",
        "fix",
        "location",
        "hop",
        "stream",
        "trace",
        "related",
        "fingerprint",
        "fixable",
    }
    assert finding["location"] == {"path": "nginx.conf", "line": 5, "column": 9, "end_line": 5, "end_column": 23}
    assert finding["hop"] == {
        "platform": "nginx",
        "kind": "location",
        "name": "location /chat",
        "location": finding["location"],
    }
    assert finding["stream"] == {
        "kind": "sse",
        "path": "/chat",
        "evidence": "config",
        "because": "a comment says so: `# SSE`",
        "location": {"path": "nginx.conf", "line": 4, "column": 0, "end_line": 0, "end_column": 0},
        "silence": 120,
        "duration": 120,
    }


def test_fingerprints_survive_moved_lines(lint: Lint) -> None:
    before = {one["fingerprint"] for one in lint({"nginx.conf": HELD})["findings"]}
    after = {one["fingerprint"] for one in lint({"nginx.conf": "# moved\n\n" + HELD})["findings"]}
    assert before == after
    assert len(before) == 2


@pytest.mark.parametrize(("limit", "status"), [("error", 1), ("warning", 1), ("note", 1), ("never", 0)])
def test_fail_on(limit: str, status: int, lint: Lint) -> None:
    assert lint({"nginx.conf": HELD}, "--fail-on", limit)["status"] == status


def test_fail_on_error_passes_warnings(lint: Lint) -> None:
    assumed = HELD.replace("# SSE", "").replace("/chat", "/")
    assert lint({"nginx.conf": assumed}, "--assume", "warning", "--fail-on", "error")["status"] == 0
    assert lint({}, "--assume", "warning", "--fail-on", "warning")["status"] == 1


def test_an_assumption_is_a_note_where_nothing_speaks_of_streams(lint: Lint) -> None:
    shop = HELD.replace("# SSE", "").replace("/chat", "/")
    assert {finding["severity"] for finding in lint({"nginx.conf": shop})["findings"]} == {"note"}
    spoken = shop.replace("location / {", "location /chat/completions { proxy_pass http://b; }\n location / {")
    assert "warning" in {finding["severity"] for finding in lint({"nginx.conf": spoken})["findings"]}


@pytest.mark.parametrize(("assume", "severities"), [("warning", {"warning"}), ("note", {"note"}), ("off", set())])
def test_assume(assume: str, severities: set[str], lint: Lint) -> None:
    report = lint({"nginx.conf": HELD.replace("# SSE", "").replace("/chat", "/")}, "--assume", assume)
    assert {one["severity"] for one in report["findings"]} == severities


def test_what_was_assumed_is_said_once_with_how_to_declare(here: Path) -> None:
    write(here, {"nginx.conf": HELD.replace("# SSE", "").replace("/chat", "/")})
    output = run("check").output
    assert output.count("Assumed that 1 catch-all hop may carry an SSE stream") == 1
    assert "- path: /api/chat" in output


def test_findings_at_one_place_merge_in_text_alone(here: Path, lint: Lint) -> None:
    locations = "".join(f"location /sse/{n} {{ proxy_pass http://app; proxy_buffering off; }}\n" for n in range(4))
    files: dict[str, str | bytes] = {
        "nginx.conf": f"events {{}}\nhttp {{\nproxy_read_timeout 9s;\nserver {{\n{locations}}}\n}}\n"
    }
    assert len(lint(files)["findings"]) == 4
    output = run("check").output
    assert output.count("warning[") == 1
    assert "location /sse/0 cuts the stream after 9 s" in output
    assert (
        "= 4 findings, one cause: applies to location /sse/0 (nginx.conf:5:1), location /sse/1 (nginx.conf:6:1)"
        in output
    )


def test_colour_on_request(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, {"nginx.conf": HELD})
    assert "\x1b[" not in run("check").output
    colored = run("check", "--color", "always").output
    assert "\x1b[31;1merror[buffered-stream]\x1b[0m" in colored
    assert "\x1b]8;;https://github.com/infralint/infralint/blob/main/checks/buffered_stream.md\x1b\\" in colored
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("check", "--color", "auto").output


def test_a_file_can_steer_no_terminal(here: Path) -> None:
    write(here, {"nginx.conf": HELD.replace("/chat", "/chat\x1b[2J")})
    output = run("check", "--color", "always").output
    assert "location /chat\\x1b[2J" in output
    assert "\x1b[2J" not in output


def test_output_replaces_a_file_at_once(here: Path) -> None:
    write(here, {"nginx.conf": HELD, "report.json": "old"})
    result = run("check", "--format", "json", "--output", "report.json")
    assert (result.exit_code, result.output) == (1, "")
    assert json.loads((here / "report.json").read_text())["version"] == 1
    assert {path.name for path in here.iterdir()} == {"nginx.conf", "report.json"}
    failed = run("check", "--output", "gone/report.json")
    assert failed.exit_code == 2
    assert "gone/report.json: can't be written: No such file or directory" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nowhere"], "nowhere: no such file or folder"),
        (["check", "--select", "bufered-stream"], "did you mean buffered-stream?"),
        (["check", "--checks", "nowhere"], "nowhere: no such folder of checks"),
        (["check", "--config", "nowhere.yaml"], "nowhere.yaml: can't be read: No such file or directory"),
        (["explain", "short-idle"], "did you mean short-idle-timeout?"),
        (["check", "--format", "xml"], "Invalid value for '--format'"),
    ],
)
def test_a_wrong_call_is_said_so(arguments: list[str], message: str, here: Path) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_nothing_to_read_is_never_green(here: Path) -> None:
    write(here, {"main.py": "print(1)\n"})
    result = run("check")
    assert result.exit_code == 2
    assert result.output.splitlines()[0].startswith("unreadable .: holds nothing to read: nginx configuration, ")
    assert run("check", "--allow-empty").output == "Nothing to read in: .\nRead nothing: nothing was judged.\n"


def test_a_named_file_with_nothing_to_read_is_never_green(here: Path) -> None:
    write(here, {"nginx.conf": CLEAN, "README.md": "# Words\n", "sub/notes.txt": "words\n"})
    for path in ("README.md", "sub"):
        result = run("check", path)
        assert result.exit_code == 2
        assert result.output.startswith(f"unreadable {path}: holds nothing to read: ")
        assert run("check", "--allow-empty", path).exit_code == 0
    result = run("check", "README.md", "nginx.conf")
    assert result.exit_code == 0
    assert "Nothing to read in: README.md\n" in result.output


@pytest.mark.parametrize("text", [b"", b"hello\n"])
def test_standard_input_that_is_no_nginx_is_never_green(text: bytes, here: Path) -> None:
    result = run("check", "-", stdin=text)
    assert result.exit_code == 2
    assert "unreadable <stdin>: holds nothing to read" in result.output


def test_unreadable_beats_findings(lint: Lint) -> None:
    report = lint({"nginx/a.conf": HELD, "nginx/b.conf": "server {\n"})
    assert report["summary"]["error"] == 1
    assert report["status"] == 2


def test_explain_prints_the_page(here: Path) -> None:
    result = run("explain", "buffered-stream")
    assert result.exit_code == 0
    assert result.output.startswith("# buffered-stream\n")
    assert "## How to fix it" in result.output


def test_a_pack_of_ones_own(here: Path, lint: Lint) -> None:
    files: dict[str, str | bytes] = {"nginx.conf": CLEAN, "lint/no_plain_backend.py": CUSTOM}
    report = lint(files, "--checks", "lint")
    assert [(one["check"], one["message"]) for one in report["findings"]] == [
        ("no-plain-backend", "location /chat is ours to judge")
    ]
    assert "no-plain-backend" in run("checks", "--checks", "lint").output
    assert run("explain", "no-plain-backend", "--checks", "lint").output == "A check of our own.\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_of_the_kind", "bad.py: ModuleNotFoundError"),
        ("def f(: pass", "bad.py: SyntaxError"),
        ("raise SystemExit(0)", "bad.py: SystemExit: 0"),
        ("class Skipped(BaseException): ...\nraise Skipped('no')", "bad.py: Skipped: no"),
        (
            CUSTOM.replace("yield Finding", "raise SystemExit(0)\n    yield Finding"),
            "check no-plain-backend failed on location /chat (bad.py, line ",
        ),
        (
            CUSTOM.replace("yield Finding", "raise GeneratorExit\n    yield Finding"),
            "check no-plain-backend failed on location /chat (bad.py, line ",
        ),
        ("x = 1", "bad.py: no function marked @check"),
        (CUSTOM.replace(": Crossing[Hop]", ""), "the argument of check no-plain-backend needs a type"),
        (
            CUSTOM.replace("yield Finding", "raise KeyError('x')\n    yield Finding"),
            "check no-plain-backend failed on location /chat (bad.py, line ",
        ),
    ],
)
def test_a_broken_check_is_named(code: str, message: str, here: Path) -> None:
    write(here, {"nginx.conf": CLEAN, "lint/bad.py": code})
    result = run("check", "--checks", "lint")
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


LOOP = """while True:
        try:
            {}
        except Exception:
            pass
"""


def test_a_pack_whose_code_does_not_end_is_stopped_and_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "SECONDS", 0.05)
    write(
        here, {"nginx.conf": CLEAN.replace("location /chat", "location /more { proxy_pass http://b; }\nlocation /chat")}
    )
    write(here, {"lint/bad.py": CUSTOM.replace("yield Finding", LOOP.format("len('x')") + "    yield Finding")})
    result = run("check", "--checks", "lint")
    assert result.exit_code == 2
    assert "check no-plain-backend failed on location /more and is asked no more (bad.py, line " in result.output
    assert result.output.count("it has not ended after 0.05 s of processor time, and was stopped") == 1
    write(here, {"lint/bad.py": "if True:\n    " + LOOP.format("len('x')")})
    result = run("check", "--checks", "lint")
    assert result.exit_code == 2
    assert "bad.py: it has not ended after 0.05 s of processor time, and was stopped" in result.stderr


def test_a_pack_is_loaded_before_anything_is_judged(here: Path) -> None:
    broken = CUSTOM.replace("Hop", "NginxLocation").replace("@check", "import nothing_of_the_kind\n@check")
    write(here, {"nginx.conf": CLEAN, "lint/bad.py": broken})
    result = run("check", "--checks", "lint")
    assert result.exit_code == 2
    assert result.stderr.startswith("infralint: lint/bad.py: ModuleNotFoundError: ")


def test_a_repository_cannot_load_code_by_itself(here: Path, lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "nginx.conf": CLEAN,
        "checks/evil.py": "raise SystemExit('run')\n",
        "infralint.yaml": "checks: [checks]\n",
    }
    report = lint(files)
    assert report["status"] == 2
    assert "checks: unknown key" in report["stderr"]


def test_version_loads_nothing_else() -> None:
    code = "import sys; sys.argv = ['infralint', '--version']; from infralint.__main__ import main; main(); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, modules = result.stdout.splitlines()
    assert version.startswith("infralint ")
    assert not {"click", "crossplane", "msgspec", "yaml", "dataclasses"} & set(modules.split())


@pytest.mark.parametrize(("file", "is_loaded"), [("nginx.conf", True), ("main.tf", False)])
def test_what_reads_nginx_is_loaded_where_there_is_some(file: str, is_loaded: bool, tmp_path: Path) -> None:
    (tmp_path / file).write_text(CLEAN if file == "nginx.conf" else 'variable "name" {}\n')
    words = [sys.executable, "-X", "importtime", "-m", "infralint", "check", "--no-cache", "--allow-empty", "."]
    result = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode in (0, 1), result.stderr
    assert ("infralint.sources.nginx.build" in result.stderr) == is_loaded


def test_checks_are_loaded_where_there_is_something_to_ask_them_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    load = registry._load_file
    monkeypatch.setattr(registry, "_load_file", lambda path: loaded.append(path.stem) or load(path))
    (tmp_path / "main.tf").write_text('variable "name" {}\n')
    assert run("check", "--no-cache", "--allow-empty", str(tmp_path)).exit_code == 0
    assert not loaded
    (tmp_path / "nginx.conf").write_text(CLEAN)
    run("check", "--no-cache", str(tmp_path))
    assert {"buffered_stream", "cacheable_stream"} <= set(loaded)
    assert "drift" not in loaded


@pytest.mark.parametrize(
    "path", ["tests/nginx.conf", "deploy/examples/nginx.conf", "nginx.dev.conf", "nginx-local.conf"]
)
def test_what_is_no_deployment_is_a_note_unless_it_is_asked_about(path: str, lint: Lint) -> None:
    report = lint({path: HELD})
    assert {finding["severity"] for finding in report["findings"]} == {"note"}
    assert "error" in {finding["severity"] for finding in lint({path: HELD}, paths=(path,))["findings"]}


@pytest.mark.parametrize("path", ["latest/nginx.conf", "develop/nginx.conf", "testing.example.com.conf.d/nginx.conf"])
def test_a_name_that_only_sounds_like_a_trial_is_a_deployment(path: str, lint: Lint) -> None:
    assert "error" in {finding["severity"] for finding in lint({path: HELD})["findings"]}


def test_where_two_streams_meet_one_problem_the_worst_speaks_and_the_other_is_named(lint: Lint) -> None:
    first, second = "{path: /rt/a, generation: 60s}", "{path: /rt/b, generation: 10m}"
    site = "events {}\nhttp { server { location /rt/ { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 9s; } } }\n"
    said = []
    for streams in (f"[{first}, {second}]", f"[{second}, {first}]"):
        [finding] = lint({"nginx.conf": site, "infralint.yaml": f"streams: {streams}\n"})["findings"]
        assert "10 min" in finding["message"]
        assert [stream["path"] for stream in finding["streams"]] == ["/rt/a"]
        assert "; also SSE /rt/a\n" in run("check").output
        said.append((finding["message"], finding["stream"], finding["streams"]))
    assert said[0] == said[1]


def test_streams_alike_are_told_in_one_order(lint: Lint) -> None:
    site = "events {}\nhttp { server { location /rt/ { proxy_pass http://app; } } }\n"
    kinds = ["{path: /rt/a}", "{path: /rt/b, kind: websocket}", "{path: /rt/c, kind: websocket, session: Socket.IO}"]
    answers = []
    for streams in (kinds, kinds[::-1]):
        report = lint({"nginx.conf": site, "infralint.yaml": f"streams: [{', '.join(streams)}]\n"})
        answers.append([(one["check"], one["message"], one["stream"]["path"]) for one in report["findings"]])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--select", ","], "--select names no check"),
        (["--select", "buffered-stream", "--ignore", "buffered-stream"], "no check is left to run"),
    ],
)
def test_a_run_without_checks_is_no_clean_one(options: list[str], message: str, here: Path) -> None:
    write(here, {"nginx.conf": CLEAN})
    result = run("check", *options)
    assert result.exit_code == 2
    assert message in result.stderr
