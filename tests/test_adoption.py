"""Switched on in a repository with a past: ignores, the baseline, and what a change brings."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

NGINX = """\
events {}
http {
    server {
        # SSE
        location /sse {
            proxy_pass http://app;
            proxy_buffering off;
        }
    }
}
"""
IDLE = "nginx.conf:5 warning short-idle-timeout"


def with_comment(line: int, comment: str) -> str:
    lines = NGINX.splitlines()
    lines[line - 1 : line - 1] = [comment]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        with_comment(5, "# infralint: ignore[short-idle-timeout] because it pings"),
        with_comment(5, "# infralint: ignore[buffered-stream, short-idle-timeout] because: it pings"),
        with_comment(5, "# infralint: ignore because everything is fine here"),
        with_comment(3, "# infralint: ignore[short-idle-timeout] because all of this server pings"),
        with_comment(5, "# infralint: ignore[short-idle-timeout] because it pings\n\n   # another comment"),
        NGINX.replace("location /sse {", "location /sse {  # infralint: ignore[short-idle-timeout] because it pings"),
    ],
)
def test_an_ignore_silences_what_it_stands_at(text: str, lint: Lint) -> None:
    report = lint({"nginx.conf": text})
    assert problems(report) == []
    assert report["status"] == 0
    assert [one.split()[1:] for one in problems(lint({}, "--no-ignores"))] == [["warning", "short-idle-timeout"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            with_comment(1, "# infralint: ignore[short-idle-timeout] because elsewhere"),
            ["1 warning unused-ignore", "6 warning short-idle-timeout"],
        ),
        (
            with_comment(5, "# infralint: ignore[buffered-stream] because of another"),
            ["5 warning unused-ignore", "6 warning short-idle-timeout"],
        ),
        (with_comment(5, "# infralint: ignore[short-idle-timeout]"), ["5 warning unexplained-ignore"]),
    ],
)
def test_an_ignore_that_is_wrong_is_said_so(text: str, expected: list[str], lint: Lint) -> None:
    assert [one.partition(":")[2] for one in problems(lint({"nginx.conf": text}))] == expected


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("ignored[short-idle-timeout] because typo", "`ignored[short-idle-timeout] because typo` ignores nothing"),
        (
            "ignore short-idle-timeout",
            "`ignore short-idle-timeout` ignores nothing: expected `ignore[CHECK] because …`",
        ),
        (
            "ignore[short-idle-timout] because typo",
            "no check is called short-idle-timout; did you mean short-idle-timeout?",
        ),
        ("stream=sss", "`stream=sss` declares no stream: expected `stream=sse` or `stream=websocket`"),
        ("stream: sse", "`stream: sse` declares no stream"),
        ("ignore[] because typo", "`ignore[] because typo` names no check"),
        ("disable[short-idle-timeout] because typo", "`disable[short-idle-timeout] because typo` ignores nothing"),
    ],
)
@pytest.mark.parametrize("option", ["--fail-on=warning", "--no-ignores"])
def test_a_mistyped_comment_is_never_lost(comment: str, said: str, option: str, lint: Lint) -> None:
    report = lint({"nginx.conf": with_comment(5, f"# infralint: {comment}")}, option)
    [problem] = report["unreadable"]
    assert said in problem["message"]
    assert (problem["location"]["path"], problem["location"]["line"]) == ("nginx.conf", 5)
    assert problems(report) == [IDLE.replace(":5", ":6")]
    assert report["status"] == 2


@pytest.mark.parametrize(
    "comment",
    [
        "infralint: see the wiki",
        "infralint: https://example.com",
        "infralint ignores this file",
        "Infralint: streams well",
    ],
)
def test_comments_that_are_no_instruction_are_left_alone(comment: str, lint: Lint) -> None:
    report = lint({"nginx.conf": with_comment(5, f"# {comment}")})
    assert report["unreadable"] == []


@pytest.mark.parametrize("mark", ["infralint", "Infralint:", "INFRALINT:"])
def test_a_comment_that_does_not_begin_as_it_should_is_told(mark: str, lint: Lint) -> None:
    report = lint({"nginx.conf": with_comment(5, f"# {mark} ignore[short-idle-timeout] because it pings")})
    assert "such a comment begins with `infralint:`" in report["unreadable"][0]["message"]


def test_an_ignore_of_a_check_that_is_not_here_is_unused(lint: Lint) -> None:
    report = lint({"nginx.conf": with_comment(5, "# infralint: ignore[our-own] because of a pack")})
    assert problems(report) == ["nginx.conf:5 warning unused-ignore", IDLE.replace(":5", ":6")]


@pytest.mark.parametrize(
    "comment",
    [
        "{# infralint: ignore[short-idle-timeout] because it pings #}",
        "{#- infralint: ignore[short-idle-timeout] because it pings -#}",
        "{{/* infralint: ignore[short-idle-timeout] because it pings */}}",
        "{{- /* infralint: ignore[short-idle-timeout] because it pings */ -}}",
        "{#\n  infralint: ignore[short-idle-timeout] because it pings\n#}",
        "# infralint: ignore[short-idle-timeout] because it pings\n# every 15 s",
    ],
)
def test_comments_of_templates_ignore(comment: str, lint: Lint) -> None:
    report = lint({"app.conf.j2": with_comment(5, comment)})
    assert (problems(report), report["unreadable"]) == ([], [])


def test_a_comment_of_a_template_without_a_reason_is_told(lint: Lint) -> None:
    report = lint({"app.conf.j2": with_comment(5, "{# infralint: ignore[short-idle-timeout] #}")})
    assert problems(report) == ["app.conf.j2:5 warning unexplained-ignore"]


@pytest.mark.parametrize("odd", [b"\x85", "\u2028".encode(), b"\x0c"])
def test_odd_line_separators_move_no_ignore(odd: bytes, lint: Lint) -> None:
    text = with_comment(5, "# infralint: ignore[short-idle-timeout] because it pings")
    assert problems(lint({"nginx.conf": b"# caf\xe9 " + odd + b" \n" + text.encode()})) == []


def test_a_mistyped_check_in_accept_is_a_wrong_call(lint: Lint) -> None:
    accept = "accept: [{check: short-idle-timout, reason: it pings}]\n"
    report = lint({"nginx.conf": NGINX, "infralint.yaml": accept})
    assert report["status"] == 2
    assert "accept: no check is called short-idle-timout; did you mean short-idle-timeout?" in report["stderr"]


def test_an_ignore_of_a_check_that_did_not_run_is_not_unused(lint: Lint) -> None:
    text = with_comment(5, "# infralint: ignore[short-idle-timeout] because it pings")
    assert problems(lint({"nginx.conf": text}, "--ignore", "short-idle-timeout")) == []


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("{hop: location /sse, check: short-idle-timeout, reason: it pings}", []),
        ("{path: nginx.conf, reason: it pings}", []),
        ("{path: '*.conf', check: short-idle-timeout}", ["infralint.yaml:1 warning unexplained-ignore"]),
        (
            "{hop: location /other, reason: it pings}",
            [IDLE.replace(":5", ""), "infralint.yaml:1 warning unused-ignore"],
        ),
    ],
)
def test_accepted_in_the_configuration(accept: str, expected: list[str], lint: Lint) -> None:
    report = lint({"nginx.conf": NGINX, "infralint.yaml": f"accept: [{accept}]\n"})
    assert sorted(one.replace(":5", "").replace(":0", "") for one in problems(report)) == sorted(expected)


def test_the_summary_counts_what_was_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, {"nginx.conf": with_comment(5, "# infralint: ignore because it pings")}))
    assert run("check").output == "Read 1 nginx file with 1 hop to judge: clean and 1 ignored.\n"


def test_a_baseline_leaves_only_what_is_new(lint: Lint, tmp_path: Path) -> None:
    assert problems(lint({"nginx.conf": NGINX})) == [IDLE]
    written = run("baseline")
    assert written.output == ".infralint-baseline.json: 1 finding that later runs leave out.\n"
    [row] = json.loads((tmp_path / ".infralint-baseline.json").read_text())["findings"]
    assert (row["check"], row["path"], row["hop"]) == ("short-idle-timeout", "nginx.conf", "location /sse")
    moved = "\n\n" + NGINX
    assert lint({"nginx.conf": moved})["status"] == 0
    more = moved.replace(
        "location /sse", "location /events { proxy_pass http://b; proxy_buffering off; }\n        location /sse"
    )
    assert problems(lint({"nginx.conf": more})) == ["nginx.conf:7 warning short-idle-timeout"]
    assert len(problems(lint({}, "--no-baseline"))) == 2


def test_entries_that_are_gone_are_named(lint: Lint) -> None:
    lint({"nginx.conf": NGINX})
    run("baseline")
    lint({"nginx.conf": NGINX.replace("off;", "off; proxy_read_timeout 5m;")})
    output = run("check").output
    assert "Still in the baseline, and no longer found (1 entry" in output
    assert "nginx.conf: short-idle-timeout (location /sse)" in output


def test_the_same_baseline_from_wherever_one_stands(
    lint: Lint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint({"deploy/nginx.conf": NGINX, "infralint.yaml": "assume: warning\n"})
    run("baseline")
    monkeypatch.chdir(tmp_path / "deploy")
    assert run("check").exit_code == 0
    assert run("check", str(tmp_path / "deploy" / "nginx.conf")).exit_code == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{}]}'])
def test_a_broken_baseline_is_named(text: str, lint: Lint) -> None:
    report = lint({"nginx.conf": NGINX, ".infralint-baseline.json": text})
    assert report["status"] == 2
    assert ".infralint-baseline.json" in report["stderr"]


def test_no_baseline_is_written_over_what_can_not_be_read(lint: Lint, tmp_path: Path) -> None:
    lint({"nginx.conf": NGINX, "nginx/broken.conf": "server {\n"})
    result = run("baseline")
    assert result.exit_code == 2
    assert "nothing was written" in result.stderr
    assert not (tmp_path / ".infralint-baseline.json").exists()


def git(folder: Path, *arguments: str) -> None:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **identity})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an old finding in each of two files."""
    write(
        tmp_path,
        {
            "nginx.conf": NGINX,
            "other/nginx.conf": NGINX,
            "main.conf": "events {}\nhttp {\n    include shared/*.conf;\n}\n",
        },
    )
    write(
        tmp_path,
        {
            "shared/site.conf": "server { location /ws/sse { proxy_pass http://c; proxy_buffering off; } }\n",
            "shared/time.conf": "proxy_read_timeout 5m;\n",
        },
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "past")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_changed_nothing_said(repository: Path, lint: Lint) -> None:
    assert len(problems(lint({}))) == 2
    assert lint({}, "--changed-since", "HEAD")["findings"] == []


def test_what_touches_a_changed_line_is_said(repository: Path, lint: Lint) -> None:
    touched = NGINX.replace("location /sse {", "location /sse/v2 {")
    assert problems(lint({"nginx.conf": touched}, "--changed-since", "HEAD")) == [IDLE]
    assert lint({"nginx.conf": NGINX + "# a comment\n"}, "--changed-since", "HEAD")["findings"] == []


def test_what_another_file_brings_is_said(repository: Path, lint: Lint) -> None:
    """The location is as it was; the timeout that ruled it is gone."""
    report = lint({"shared/time.conf": "# gone\n"}, "--changed-since", "HEAD")
    assert problems(report) == ["shared/site.conf:1 warning short-idle-timeout"]


def test_a_new_file_is_all_new(repository: Path, lint: Lint) -> None:
    assert problems(lint({"new/nginx.conf": NGINX}, "--changed-since", "HEAD")) == [
        "new/nginx.conf:5 warning short-idle-timeout"
    ]


@pytest.mark.parametrize("revision", ["nowhere", "--output=x"])
def test_an_unknown_revision_is_said_so(revision: str, repository: Path, lint: Lint) -> None:
    report = lint({}, f"--changed-since={revision}")
    assert report["status"] == 2
    assert report["stderr"].startswith("infralint: ")
    assert not (repository / "x").exists()


def test_without_git_it_is_said_so(lint: Lint) -> None:
    report = lint({"nginx.conf": NGINX}, "--changed-since", "HEAD")
    assert report["status"] == 2
    assert "not a git repository" in report["stderr"].lower()


def commit(folder: Path, files: dict[str, str | bytes]) -> None:
    """Commit files over what is there."""
    write(folder, files)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "more")


TWO = NGINX.replace(
    "}\n    }\n}", "}\n        location /other { proxy_pass http://b; proxy_read_timeout 5m; }\n    }\n}"
)


@pytest.mark.parametrize("settings", ["infralint.yaml", "pyproject.toml"])
def test_a_stream_that_a_change_declares_brings_its_findings(settings: str, repository: Path, lint: Lint) -> None:
    before: dict[str, str | bytes] = {
        "infralint.yaml": "streams: [{path: /sse, silence: 50s}]\n",
        "pyproject.toml": '[tool.infralint]\nstreams = [{path = "/sse", silence = "50s"}]\n',
    }
    commit(repository, {"nginx.conf": TWO, settings: before[settings]})
    assert problems(lint({}, "--changed-since", "HEAD")) == []
    after = {
        "infralint.yaml": "streams: [{path: /sse, silence: 50s}, {path: /other}]\n",
        "pyproject.toml": '[tool.infralint]\nstreams = [{path = "/sse", silence = "50s"}, {path = "/other"}]\n',
    }
    assert "nginx.conf:9 error buffered-stream" in problems(
        lint({settings: after[settings]}, "--changed-since", "HEAD")
    )


def test_what_a_change_makes_louder_is_said(repository: Path, lint: Lint) -> None:
    text = "server {\n    location /api { proxy_pass http://b; proxy_read_timeout 5m; }\n}\n"
    commit(repository, {"api.conf": text})
    assert problems(lint({}, "--changed-since", "HEAD")) == []
    louder = text.replace("    location", "    # infralint: stream=sse\n    location")
    assert problems(lint({"api.conf": louder}, "--changed-since", "HEAD")) == ["api.conf:3 error buffered-stream"]


@pytest.mark.parametrize("setting", ["diff.mnemonicPrefix", "diff.noprefix", "core.quotePath"])
@pytest.mark.parametrize("name", ["plain.conf", 'a "q" b.conf', "ü.conf", "tab\there.conf"])
def test_changes_are_seen_whatever_git_is_set_to(setting: str, name: str, repository: Path, lint: Lint) -> None:
    commit(repository, {name: NGINX.replace("off;", "off; proxy_read_timeout 30s;")})
    git(repository, "config", setting, "true")
    report = lint({name: NGINX.replace("off;", "off; proxy_read_timeout 20s;")}, "--changed-since", "HEAD")
    assert problems(report) == [f"{name}:7 warning short-idle-timeout"]


def test_a_change_begins_where_its_branch_left_the_other(repository: Path, lint: Lint) -> None:
    git(repository, "branch", "-m", "feature")
    git(repository, "branch", "main")
    git(repository, "checkout", "-q", "main")
    commit(repository, {"nginx.conf": NGINX.replace("off;", "off; proxy_read_timeout 5m;")})
    git(repository, "checkout", "-q", "feature")
    assert problems(lint({"README.md": "words\n"}, "--changed-since", "main")) == []


@pytest.mark.parametrize("has_commit", [False, True])
def test_a_branch_without_a_common_past_is_held_against_the_other_itself(
    has_commit: bool, repository: Path, lint: Lint
) -> None:
    git(repository, "branch", "-m", "main")
    git(repository, "checkout", "-q", "--orphan", "new")
    if has_commit:
        commit(repository, {})
    assert problems(lint({"README.md": "words\n"}, "--changed-since", "main")) == []


def test_where_a_branch_left_another_is_no_guess_if_its_commit_is_broken(repository: Path, lint: Lint) -> None:
    git(repository, "branch", "past")
    commit(repository, {"nginx.conf": NGINX.replace("off;", "off; proxy_read_timeout 5m;")})
    name = (repository / ".git/HEAD").read_text().split()[-1]
    head = (repository / ".git" / name).read_text().strip()
    (repository / ".git/objects" / head[:2] / head[2:]).unlink()
    report = lint({}, "--changed-since", "past")
    assert report["status"] == 2
    assert report["stderr"].startswith("infralint: git merge-base: ")


def test_a_renamed_file_brings_nothing_new(repository: Path, lint: Lint) -> None:
    git(repository, "mv", "nginx.conf", "renamed.conf")
    assert problems(lint({}, "--changed-since", "HEAD")) == []


def test_a_strict_gate_sees_no_old_ignored_findings_as_new(repository: Path, lint: Lint) -> None:
    commit(repository, {"nginx.conf": with_comment(5, "# infralint: ignore[short-idle-timeout] because it pings")})
    assert problems(lint({"README.md": "words\n"}, "--changed-since", "HEAD", "--no-ignores")) == []


def test_what_was_broken_before_a_change_is_not_its_fault(repository: Path, lint: Lint) -> None:
    broken = "server {\n    location / {\n"
    commit(repository, {"old.conf": broken + "# proxy_pass http://b;\nproxy_pass http://b;\n"})
    report = lint({"README.md": "words\n"}, "--changed-since", "HEAD")
    assert (report["unreadable"], report["status"]) == ([], 0)
    report = lint({"new.conf": broken + "proxy_pass http://b;\n"}, "--changed-since", "HEAD")
    assert [one["location"]["path"] for one in report["unreadable"]] == ["new.conf"]
    assert report["status"] == 2


SCRIPTED = 'locals { a = file("${path.module}/a.sh") }\nresource "aws_lb" "a" {}\n'


def test_a_file_that_is_deleted_and_that_terraform_still_reads_is_missed(repository: Path, lint: Lint) -> None:
    commit(repository, {"main.tf": SCRIPTED, "a.sh": "true\n"})
    (repository / "a.sh").unlink()
    [missed] = lint({}, "--changed-since", "HEAD")["unreadable"]
    assert "file() reads a.sh, which is not here" in missed["message"]


def test_a_file_that_terraform_reads_and_that_was_never_there_is_nothing_new(repository: Path, lint: Lint) -> None:
    commit(repository, {"main.tf": SCRIPTED})
    assert lint({"README.md": "words\n"}, "--changed-since", "HEAD")["unreadable"] == []


def test_the_baseline_tells_settings_of_one_place_apart(lint: Lint, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "vercel.json": '{"functions": {"api/gone.ts": {"maxDuration": 30}}}',
        "api/chat.ts": "export const GET = () => new Response('x');\n",
    }
    assert problems(lint(files)) == ["vercel.json:1 error invalid-vercel-functions"]
    run("baseline")
    assert problems(lint({})) == []
    more = '{"functions": {"api/gone.ts": {"maxDuration": 30}, "api/other.ts": {"maxDuration": 30}}}'
    assert problems(lint({"vercel.json": more})) == ["vercel.json:1 error invalid-vercel-functions"]


TWICE = "server {\n    listen 80;\n    # SSE\n    location / { proxy_pass http://b; proxy_read_timeout 5m; }\n}\n"


def test_fingerprints_of_servers_alike_differ_and_stay_when_other_files_come(lint: Lint) -> None:
    two = TWICE + TWICE.replace("80", "81")
    known = [one["fingerprint"] for one in lint({"conf.d/b.conf": two})["findings"]]
    assert len(set(known)) == 2
    report = lint({"conf.d/a.conf": TWICE.replace("80", "82")})
    assert set(known) < {one["fingerprint"] for one in report["findings"]}


def test_servers_alike_are_all_put_right(lint: Lint, tmp_path: Path) -> None:
    lint({"nginx.conf": TWICE + TWICE.replace("80", "81")}, "--fix")
    assert (tmp_path / "nginx.conf").read_text().count("proxy_buffering off;") == 2
    assert problems(lint({})) == []


REGEX = "server {\n    location ~ ^/v[12]/sse { proxy_pass http://b; proxy_buffering off; }\n}\n"


@pytest.mark.parametrize("path", ["nginx/site.conf", "./nginx/site.conf", "nginx", "nginx/", "*.conf", "site.conf"])
@pytest.mark.parametrize("place", [".", "nginx"])
def test_accepted_paths_are_those_of_the_project(
    path: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx/site.conf": NGINX, "infralint.yaml": f"accept: [{{path: '{path}', reason: it pings}}]\n"})
    monkeypatch.chdir(tmp_path / place)
    assert run("check").exit_code == 0


def test_a_hop_is_accepted_by_the_name_that_is_printed(lint: Lint) -> None:
    accept = "accept: [{hop: 'location ~ ^/v[12]/sse', reason: it pings}]\n"
    assert problems(lint({"nginx.conf": REGEX, "infralint.yaml": accept})) == []


def test_a_baseline_names_as_gone_what_was_looked_for(lint: Lint) -> None:
    lint({"nginx.conf": NGINX})
    run("baseline")
    assert "gone" not in lint({}, "--select", "buffered-stream")
    fixed = lint({"nginx.conf": NGINX.replace("off;", "off; proxy_read_timeout 5m;")})
    assert fixed["gone"] == ["nginx.conf: short-idle-timeout (location /sse)"]


VARIABLE = 'variable "t" {\n  default = 60\n}\nresource "aws_lb" "web" {\n  idle_timeout = var.t\n}\n'


def test_a_file_of_values_is_judged_by_what_it_decides(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "infra/main.tf": VARIABLE,
        "infra/terraform.tfvars": "t = 4000\n",
        "other/x.tfvars": "",
        "infralint.yaml": "assume: warning\n",
    }
    assert lint(files, paths=("infra/terraform.tfvars",))["status"] == 0
    gone = lint({"infra/terraform.tfvars": ""}, paths=("infra/terraform.tfvars",))
    assert problems(gone) == ["infra/main.tf:5 warning short-idle-timeout"]
    assert problems(lint({}, paths=("other/x.tfvars",))) == []


INCLUDING = """\
events {}
http {
    include conf.d/*.conf;
    server {
        # SSE
        location /sse {
            proxy_pass http://b;
            include snippets/sse.conf;
        }
        # SSE
        location /other { proxy_pass http://b; proxy_buffering off; proxy_read_timeout 1s; }
    }
}
"""


PROJECT: dict[str, str | bytes] = {"infralint.yaml": "assume: warning\n"}


@pytest.mark.parametrize("left", ["# nothing\n", "", "proxy_set_header Host $host;\n"])
def test_an_included_file_is_judged_by_what_it_leaves_out(left: str, lint: Lint) -> None:
    snippet = "proxy_buffering off;\nproxy_read_timeout 5m;\n"
    files: dict[str, str | bytes] = {**PROJECT, "nginx.conf": INCLUDING, "snippets/sse.conf": snippet}
    assert problems(lint(files, paths=("snippets/sse.conf",))) == []
    report = lint({"snippets/sse.conf": left}, paths=("snippets/sse.conf",))
    assert problems(report) == ["nginx.conf:6 error buffered-stream", "nginx.conf:6 warning short-idle-timeout"]


def test_a_site_says_nothing_of_the_others(lint: Lint) -> None:
    site = TWICE.replace("http://b;", "http://b; proxy_buffering off;")
    files = {**PROJECT, "nginx.conf": INCLUDING, "snippets/sse.conf": "", "conf.d/a.conf": site}
    report = lint(files, paths=("conf.d/a.conf",))
    assert problems(report) == []
    report = lint({"conf.d/times.conf": "proxy_read_timeout 2s;\n"}, paths=("conf.d/times.conf",))
    assert "nginx.conf:6 error buffered-stream" in problems(report)


STREAMING = """import { streamText } from "ai";
export const POST = async () => streamText({}).toUIMessageStreamResponse();
"""


def test_vercel_json_is_judged_by_what_it_leaves_out(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "package.json": '{"dependencies": {"next": "16.0.0"}}',
        "app/api/chat/route.ts": STREAMING,
        "vercel.json": '{"functions": {"app/api/chat/route.ts": {"maxDuration": 300}}}',
    }
    assert lint(files, paths=("vercel.json",))["status"] == 0
    report = lint({"vercel.json": '{"fluid": false}'}, paths=("vercel.json",))
    assert [one.split()[-1] for one in problems(report)] == ["serverless-stream"]


def test_an_accepted_drift_is_no_unused_ignore_where_no_account_is_compared(lint: Lint) -> None:
    files = {"nginx.conf": NGINX, "infralint.yaml": "accept: [{check: drift, reason: known}]\n"}
    assert problems(lint(files), "unused-ignore") == []
    stale = files | {"infralint.yaml": "accept: [{check: stream-cut-on-reload, reason: known}]\n"}
    assert problems(lint(stale), "unused-ignore") == ["infralint.yaml:1 warning unused-ignore"]


@pytest.mark.parametrize(
    "before", ["# infralint", "# infralint: ignore", "# infralint: ignore[a]", "# infralint: ignore because"]
)
def test_a_line_of_spaces_behind_a_comment_takes_no_longer_than_others(before: str, lint: Lint) -> None:
    """What looks for the end of a comment goes through such a line once: twenty thousand spaces took more than ten seconds."""
    report = lint({"nginx.conf": f"events {{}}\nhttp {{}} {before}{' ' * 20_000}x\n"})
    assert (report["status"], report["findings"]) == (2 if report["unreadable"] else 0, [])
