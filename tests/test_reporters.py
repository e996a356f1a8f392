"""Reports for machines: each is what its reader's own format asks for, and says all that the text says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from conftest import printed, run, write
from schemas import sarif

from infralint.engine.pages import HOME
from infralint.engine.registry import built_in_folder, load_checks
from infralint.reporters import REPORTERS

ROOT = Path(__file__).parent.parent
STACKS = sorted(path.name for path in (ROOT / "fixtures").iterdir())
MIXED = {
    "nginx/site.conf": """\
server {
    include snippets/gone.conf;
    location /sse {
        proxy_pass http://app;
        proxy_buffering off;
    }
}
""",
    "nginx/nginx.conf": """\
events {}
worker_shutdown_timeout 10s;
http {
    proxy_set_header Upgrade $http_upgrade;
    server {
        include headers.inc;
        location /socket.io/ {
            proxy_pass http://app;
        }
        # SSE
        location /chat {
            proxy_pass http://app;
            proxy_buffering off;
            proxy_read_timeout ${LATER};
        }
    }
}
""",
    "nginx/headers.inc": "proxy_set_header Host $host;\n",
    "nginx/broken.conf": "server {\n    proxy_pass http://app;\n",
}
HELD = "events {}\nhttp {\n    server {\n        # SSE\n        location /chat { proxy_pass http://app; }\n    }\n}\n"


def findings(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed("json", *arguments))["findings"]
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_every_format_says_as_much_of_a_stack(stack: str, here: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / stack, here, dirs_exist_ok=True)
    expected = sorted((one["check"], one["severity"], one["location"]["line"]) for one in findings())
    results = sarif()["results"]
    assert expected == sorted(
        (one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]["region"]["startLine"]) for one in results
    )
    issues = [one for one in json.loads(printed("gitlab")) if one["check_name"] != "could-not-tell"]
    assert sorted((check, line) for check, _, line in expected) == sorted(
        (one["check_name"], one["location"]["lines"]["begin"]) for one in issues
    )
    suites = ElementTree.fromstring(printed("junit"))
    assert len(expected) == len(suites.findall(".//failure")) + len(
        [one for one in suites.iter("skipped") if "could not" not in one.get("message", "")]
    ) - len(json.loads(printed("json"))["unknown"])
    assert {check for check, _, _ in expected} == {
        line.partition("title=infralint%3A ")[2].partition("::")[0]
        for line in printed("github").splitlines()
        if "could not tell" not in line
    }


TWO_DEPLOYMENTS = {
    "chat/main.tf": 'resource "aws_lb" "edge" {\n  idle_timeout = var.silence\n}\n'
    'variable "silence" { type = number }\nvariable "later" { type = number }\n'
    'resource "aws_lb" "open" {\n  idle_timeout = var.later\n}\n',
    "chat/prod.tfvars": "silence = 60\n",
    "outer.conf": "events {}\nhttp {\n    server {\n        include lines.inc;\n"
    "        location /chat/sse { proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; }\n    }\n}\n",
    "lines.inc": "proxy_read_timeout 30s;\n",
    "infralint.yaml": "streams:\n  - path: /chat/sse\nterraform:\n  roots:\n    - {path: chat, var_files: [prod.tfvars]}\n",
}


@pytest.mark.parametrize("format_", ["text", "html", "markdown", "github", "gitlab", "junit", "sarif"])
def test_every_format_says_which_environment_where_to_write_and_how_it_could_be_told(format_: str, here: Path) -> None:
    write(here, dict(TWO_DEPLOYMENTS))
    said = printed(format_, "--select", "short-idle-timeout").replace("%3A", ":").lower()
    assert "in the environment prod" in said
    assert "write in location /chat/sse (outer.conf:5:9)" in said
    assert "var.later has no default" in said
    assert "or hand in a plan" in said


def test_html_for_a_repository(here: Path) -> None:
    write(here, dict(MIXED))
    page = printed("html")
    assert "infralint read 4 files." in page
    assert '<span class="faint">nginx/headers.inc:1:1</span>' in page
    assert "<h2>Load balancers" not in page
    assert f'<a href="{HOME}/blob/main/checks/missing_upgrade_headers.md" rel="noreferrer"><code>missing-' in page
    assert "nginx/broken.conf:1: nginx would refuse this file" in page
    assert "<h2>Checks that ran</h2>" in page
    assert all(
        f'id="finding-{finding["fingerprint"]}"' in page for finding in findings("--select", "missing-upgrade-headers")
    )
    assert "Passes on" not in page


def test_html_names_what_is_kept_silent(here: Path) -> None:
    ignored = HELD.replace("# SSE", "# SSE\n        # infralint: ignore because of <this>")
    write(here, {"nginx.conf": ignored})
    page = printed("html")
    assert "<h2>Ignored, or known before</h2>" in page
    assert "nginx.conf:6:9: <code>buffered-stream</code> ignored, because of &lt;this&gt;" in page


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_a_report_is_the_same_every_time(format_: str, here: Path) -> None:
    write(here, dict(MIXED))
    assert printed(format_) == printed(format_)


def test_sarif_rules_are_the_manual(here: Path) -> None:
    write(here, dict(MIXED))
    rules = sarif()["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == [
        check.name for check in load_checks(built_in_folder()) if check.group == "default"
    ]
    [rule] = [one for one in rules if one["id"] == "short-idle-timeout"]
    assert rule["shortDescription"]["text"] == "A hop hangs up while the model is still thinking."
    assert "## How to fix it" in rule["help"]["markdown"]
    assert "## Bad" not in rule["help"]["markdown"]
    assert rule["helpUri"].endswith("/checks/short_idle_timeout.md")
    assert (ROOT / rule["helpUri"].partition("/main/")[2]).is_file()


def test_sarif_only_names_the_checks_that_were_run(here: Path) -> None:
    write(here, dict(MIXED))
    assert [one["id"] for one in sarif("--select", "buffered-stream")["tool"]["driver"]["rules"]] == ["buffered-stream"]


def test_sarif_shows_both_ends_and_why(here: Path) -> None:
    write(here, dict(MIXED))
    [result] = [one for one in sarif()["results"] if one["ruleId"] == "missing-upgrade-headers"]
    place = result["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "nginx/headers.inc", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 28},
    }
    assert place["logicalLocations"][0]["name"] == "location /socket.io/"
    related = {
        one["message"]["text"]: one["physicalLocation"]["region"]["startLine"] for one in result["relatedLocations"]
    }
    assert related["applies to location /socket.io/"] == 7
    assert related["set here, and not inherited"] == 4
    assert "Stream: WebSocket /socket.io/, because " in result["message"]["text"]
    assert "proxy_set_header Upgrade $http_upgrade;" in result["message"]["text"]
    assert "```\nproxy_http_version 1.1;\n" in result["message"]["markdown"]


def test_sarif_says_what_could_not_be_read_or_told(here: Path) -> None:
    write(here, dict(MIXED))
    [invocation] = sarif()["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = {(one["descriptor"]["id"], one["level"]) for one in invocation["toolExecutionNotifications"]}
    assert notes == {("unreadable", "error"), ("could-not-tell", "note")}
    broken = invocation["toolExecutionNotifications"][0]
    assert broken["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "nginx/broken.conf"
    (here / "nginx/broken.conf").unlink()
    assert sarif()["invocations"][0]["executionSuccessful"] is True


def test_nothing_to_read_is_no_success_in_any_format(here: Path) -> None:
    write(here, {"main.py": "print(1)\n"})
    assert sarif()["invocations"][0]["executionSuccessful"] is False
    why = (
        "holds nothing to read: nginx configuration, Kubernetes manifests, compose files, Terraform, CloudFormation, a "
        "Vercel project or code of an application was expected"
    )
    assert printed("github") == f"::error file=.,title=infralint%3A unreadable::.: {why}\n"
    assert json.loads(printed("json"))["unreadable"][0]["message"] == why
    assert ElementTree.fromstring(printed("junit")).find(".//error") is not None
    assert run("check").exit_code == 2
    assert run("check", "--allow-empty").exit_code == 0


def replaced(text: str, replacements: list[dict[str, Any]]) -> str:
    """A file as a viewer would leave it that takes a fix."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for one in sorted(replacements, key=lambda one: list(one["deletedRegion"].values()), reverse=True):
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + one["insertedContent"]["text"] + text[end:]
    return text


def fingerprints(results: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["partialFingerprints"]["infralint/v1"] for one in results)


@pytest.mark.parametrize("stack", STACKS)
def test_each_sarif_fix_alone_puts_its_finding_right(stack: str, here: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / stack, here, dirs_exist_ok=True)
    results = sarif()["results"]
    for result in results:
        for fix in result.get("fixes", ()):
            before = {}
            for change in fix["artifactChanges"]:
                path = here / unquote(change["artifactLocation"]["uri"])
                before[path] = path.read_bytes()
                path.write_bytes(replaced(before[path].decode(), change["replacements"]).encode())
            gone = fingerprints(results) - fingerprints(sarif()["results"])
            assert result["partialFingerprints"]["infralint/v1"] in gone
            assert not fingerprints(sarif()["results"]) - fingerprints(results)
            for path, content in before.items():
                path.write_bytes(content)


def test_sarif_has_fixes_for_what_is_safe_alone(here: Path) -> None:
    shutil.copytree(ROOT / "fixtures/chat-stack", here, dirs_exist_ok=True)
    fixed = {one["ruleId"] for one in sarif()["results"] if "fixes" in one}
    assert {"buffered-stream", "missing-upgrade-headers", "foreign-family-directive"} <= fixed
    assert not fixed & {"serverless-stream", "missing-sticky-sessions"}
    [change] = sarif("--select", "missing-upgrade-headers")["results"][0]["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "nginx/conf.d/default.conf.template"


def test_sarif_fingerprints_survive_moved_lines(here: Path) -> None:
    write(here, dict(MIXED))
    before = [one["partialFingerprints"] for one in sarif()["results"]]
    write(here, {name: "# moved\n\n" + text for name, text in MIXED.items()})
    assert [one["partialFingerprints"] for one in sarif()["results"]] == before
    assert [one["infralint/v1"] for one in before] == [one["fingerprint"] for one in findings()]


def test_sarif_paths_are_uris(here: Path) -> None:
    name = "conf.d/ü #1 100%: [a].conf"
    write(here, {name: HELD})
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif()["results"]}
    assert {unquote(one) for one in uris} == {name}
    assert uris == {"conf.d/%C3%BC%20%231%20100%25%3A%20%5Ba%5D.conf"}


def test_sarif_outside_of_here_is_absolute(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = write(tmp_path_factory.mktemp("elsewhere"), {"nginx.conf": HELD})
    place = sarif(str(elsewhere))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": (elsewhere / "nginx.conf").as_uri()}


def test_github_annotations(here: Path) -> None:
    write(here, {"a,b:c/nginx.conf": MIXED["nginx/nginx.conf"].replace("include headers.inc;", "")})
    lines = printed("github", "--select", "short-idle-timeout,stream-cut-on-reload").splitlines()
    assert lines[0].startswith(
        "::warning file=a%2Cb%3Ac/nginx.conf,line=2,endLine=2,col=1,endColumn=28,title=infralint%3A stream-cut-on-reload::"
    )
    assert "%0Awrite:%0A" in lines[0]
    assert lines[-1].startswith("::notice file=a%2Cb%3Ac/nginx.conf,line=")
    assert "title=infralint%3A could not tell::" in lines[-1]
    assert all(line.startswith("::") for line in lines)


def test_github_levels_and_what_can_not_be_read(here: Path) -> None:
    write(here, dict(MIXED))
    lines = printed("github").splitlines()
    assert lines[0].startswith("::error file=nginx/broken.conf,line=1,endLine=1")
    assert {line.partition(" ")[0] for line in lines} == {"::error", "::warning", "::notice"}
    assert any("applies to location /socket.io/ (nginx/nginx.conf:7:9)%0A" in line for line in lines)


def test_github_says_once_what_holds_for_several_hops(here: Path) -> None:
    locations = "".join(f"location /sse/{n} {{ proxy_pass http://app; proxy_buffering off; }}\n" for n in range(12))
    write(here, {"nginx.conf": f"events {{}}\nhttp {{\nproxy_read_timeout 9s;\nserver {{\n{locations}}}\n}}\n"})
    [line] = printed("github", "--select", "short-idle-timeout").splitlines()
    assert "location /sse/0 cuts the stream after 9 s" in line
    assert "the same at location /sse/1 (nginx.conf:6:1), location /sse/10 (nginx.conf:15:1)" in line
    assert "and 7 more" in line


def test_gitlab_code_quality(here: Path) -> None:
    write(here, dict(MIXED))
    issues = json.loads(printed("gitlab"))
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= issue.keys()
        assert issue["location"]["lines"]["begin"] >= 1
    assert {one["severity"] for one in issues} == {"blocker", "critical", "major", "info"}
    assert issues[0]["check_name"] == "unreadable"
    assert issues[0]["location"]["path"] == "nginx/broken.conf"
    assert any("Hop: location /socket.io/" in one.get("content", {}).get("body", "") for one in issues)


def test_gitlab_fingerprints_are_distinct_and_stable(here: Path) -> None:
    server = "server {\n listen 80;\n location /sse { proxy_pass http://app; proxy_buffering off; }\n}\n"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{\n{server * 3}}}\n"})
    known = [one["fingerprint"] for one in json.loads(printed("gitlab"))]
    assert len(known) >= 3
    assert len(set(known)) == len(known)
    write(here, {"nginx.conf": f"events {{}}\n\n\nhttp {{\n{server * 3}}}\n"})
    assert [one["fingerprint"] for one in json.loads(printed("gitlab"))] == known


def test_junit_as_jenkins_reads_it(here: Path) -> None:
    write(here, dict(MIXED))
    root = ElementTree.fromstring(printed("junit"))
    assert root.tag == "testsuites"
    suites = {one.get("name"): one for one in root}
    for suite in suites.values():
        assert int(suite.get("tests", "")) == len(suite) > 0
        for outcome, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(total, "")) == len(suite.findall(f"testcase/{outcome}"))
    [case] = suites["infralint.missing-upgrade-headers"]
    assert case.get("name") == "nginx/headers.inc: location /socket.io/"
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("type") == "error"
    assert failure.get("message", "").startswith("nginx/headers.inc:1:1: location /socket.io/ opens no WebSocket")
    assert "nginx/nginx.conf:4:5: set here, and not inherited\n" in (failure.text or "")
    assert [one.get("name") for one in suites["infralint.foreign-family-directive"]] == ["no finding"]
    read = {one.get("name"): [child.tag for child in one] for one in suites["infralint.read"]}
    assert read["nginx/nginx.conf"] == []
    assert read["nginx/broken.conf"] == ["error"]
    assert ["skipped"] in read.values()


def test_junit_counts_at_the_root_what_its_suites_count(here: Path) -> None:
    write(here, dict(MIXED))
    root = ElementTree.fromstring(printed("junit"))
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root) > 0
    assert int(root.attrib["tests"]) == len(root.findall(".//testcase"))


def test_junit_notes_are_skipped_and_names_differ(here: Path) -> None:
    write(here, {"nginx.conf": MIXED["nginx/nginx.conf"].replace("# SSE", "").replace("/chat", "/")})
    root = ElementTree.fromstring(printed("junit", "--assume", "note"))
    skipped = [case for case in root.iter("testcase") if case.find("skipped") is not None]
    assert skipped
    names = [(one.get("classname"), one.get("name")) for one in root.iter("testcase")]
    assert len(set(names)) == len(names)


def test_junit_is_xml_whatever_a_file_holds(here: Path) -> None:
    write(here, {"nginx.conf": HELD.replace("/chat", "/<&'>\x08\x1b")})
    root = ElementTree.fromstring(printed("junit"))
    assert any("location /<&'>\\x08\\x1b" in (one.get("name") or "") for one in root.iter("testcase"))


def test_several_outputs_in_one_run(here: Path) -> None:
    write(here, dict(MIXED))
    result = run("check", "--output", "sarif=out.sarif", "--output", "junit=out.xml", "--output", "gitlab=q.json")
    assert result.exit_code == 2
    assert result.stdout == printed("text")
    for name, format_ in (("out.sarif", "sarif"), ("out.xml", "junit"), ("q.json", "gitlab")):
        assert (here / name).read_text() == printed(format_)


def test_a_plain_output_takes_the_place_of_what_is_printed(here: Path) -> None:
    write(here, dict(MIXED))
    result = run("check", "--format", "sarif", "--output", "out.sarif", "--output", "json=out.json")
    assert result.stdout == ""
    assert json.loads((here / "out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((here / "out.json").read_text())["version"] == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["srif=out"], "no format is called srif; did you mean sarif? (a file of that name is ./srif=out)"),
        (["sarif="], "sarif=: names no file"),
        (["sarif=out", "json=out"], "out: two reports can't be written to one file"),
        (["one", "two"], "two: say which format goes there, as in sarif=two"),
        (["sarif=gone/out"], "gone/out: can't be written: No such file or directory"),
    ],
)
def test_an_output_that_can_not_be_meant(given: list[str], message: str, here: Path) -> None:
    write(here, dict(MIXED))
    result = run("check", *(word for one in given for word in ("--output", one)))
    assert result.exit_code == 2
    assert message in result.stderr
    assert sorted(path.name for path in here.iterdir()) == ["nginx"]


def test_a_replaced_report_keeps_its_permissions(here: Path) -> None:
    write(here, {**MIXED, "out.sarif": "old"})
    (here / "out.sarif").chmod(0o640)
    run("check", "--output", "sarif=out.sarif")
    assert (here / "out.sarif").stat().st_mode & 0o777 == 0o640


def test_a_link_or_a_pipe_stays_what_it_is(here: Path) -> None:
    write(here, {**MIXED, "reports/old.json": "old"})
    (here / "latest.json").symlink_to("reports/old.json")
    run("check", "--output", "json=latest.json")
    assert (here / "latest.json").is_symlink()
    assert json.loads((here / "reports/old.json").read_text())["version"] == 1
    command = [sys.executable, "-m", "infralint", "check", "-q", "--output", "json=/dev/stderr"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert json.loads(done.stderr)["version"] == 1


def test_statistics(here: Path) -> None:
    write(here, dict(MIXED))
    head, *rows = run("check", "--statistics", "-q").stdout.rpartition("\n\n")[2].splitlines()
    assert head.split() == ["errors", "warnings", "notes", "check", "in"]
    assert [row.split() for row in rows] == [
        ["1", "-", "-", "missing-upgrade-headers", "1", "file"],
        ["-", "2", "-", "stream-cut-on-reload", "1", "file"],
    ]


def test_one_report_that_can_not_be_written_keeps_no_other_back(here: Path) -> None:
    write(here, dict(MIXED))
    result = run("check", "--output", "sarif=gone/x", "--output", "junit=ok.xml")
    assert result.exit_code == 2
    assert "gone/x: can't be written: No such file or directory" in result.stderr
    assert "missing-upgrade-headers" in result.stdout
    assert (here / "ok.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_a_name_that_is_no_text_is_still_reported(format_: str, here: Path) -> None:
    (here / os.fsdecode(b"a\xff.conf")).write_text(HELD)
    result = run("check", "--format", format_)
    assert result.exit_code == 1
    assert "buffered-stream" in result.stdout


def test_what_is_no_file_is_not_waited_for(here: Path) -> None:
    write(here, {"nginx.conf": HELD})
    os.mkfifo(here / "site.conf")
    assert run("check").exit_code == 1
    result = run("check", "site.conf")
    assert (result.exit_code, result.stderr) == (2, "infralint: site.conf: neither a file nor a folder\n")
