"""Formats for reviews, tables and editors, and what GitHub takes of SARIF."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import printed, run, write
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from schemas import sarif

SITE = """\
events {}
http {
    server {
        listen 80;
        # SSE
        location /chat { proxy_pass http://app; proxy_http_version 1.1; proxy_buffering off; }
        # infralint: ignore[short-idle-timeout] because the backend pings
        location /sse { proxy_pass http://app; proxy_http_version 1.1; proxy_buffering off; }
    }
}
"""
BROKEN = "server {\n    proxy_pass http://app;\n"


def hostile(name: str) -> str:
    """A site whose location is called so."""
    return f'events {{}}\nhttp {{ server {{\n# SSE\nlocation "{name}" {{ proxy_pass http://app; proxy_http_version 1.1; }} }} }}\n'


def test_a_table_has_a_line_a_finding_and_what_else_is_known(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "broken.conf": BROKEN})
    rows = list(csv.DictReader(io.StringIO(printed("csv"))))
    assert [(row["status"], row["check"], row["path"], row["line"]) for row in rows] == [
        ("fail", "short-idle-timeout", "nginx.conf", "6"),
        ("suppressed", "short-idle-timeout", "nginx.conf", "8"),
        ("unreadable", "", "broken.conf", "1"),
    ]
    assert rows[0]["stream"] == "SSE /chat"
    assert rows[0]["write"] == "proxy_read_timeout 300s;"
    assert rows[1]["reason"] == "the backend pings"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_no_cell_is_a_formula(name: str, here: Path) -> None:
    write(here, {f"{name}/nginx.conf": SITE})
    rows = list(csv.reader(io.StringIO(printed("csv"))))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert any(f"'{name}/nginx.conf" in row for row in rows)


def test_events_of_a_repository_are_ocsf(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "broken.conf": BROKEN})
    events = json.loads(printed("ocsf"))
    assert len(events) == 3
    for event in events:
        ComplianceFinding.model_validate(event)
    assert [event["status"] for event in events] == ["New", "Suppressed", "New"]
    assert events[0]["resources"] == [{"uid": "nginx.conf:6:9", "type": "location", "name": "location /chat"}]


def test_checkstyle_is_a_file_with_its_errors(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "broken.conf": BROKEN})
    root = ElementTree.fromstring(printed("checkstyle"))
    assert root.tag == "checkstyle"
    found = {
        file.get("name"): [(error.get("line"), error.get("severity"), error.get("source")) for error in file]
        for file in root
    }
    assert found == {
        "broken.conf": [("1", "error", "infralint.unreadable")],
        "nginx.conf": [("6", "warning", "infralint.short-idle-timeout")],
    }
    assert "Write: proxy_read_timeout 300s;" in (root.findall("file/error")[1].get("message") or "")


def test_checkstyle_is_xml_whatever_a_file_holds(here: Path) -> None:
    write(here, {"nginx.conf": hostile("/<&'>\x08\x1b]]>")})
    root = ElementTree.fromstring(printed("checkstyle"))
    assert any("/<&'>\\x08\\x1b]]>" in (error.get("message") or "") for error in root.iter("error"))


def test_diagnostics_for_reviewdog(here: Path) -> None:
    write(here, {"nginx.conf": SITE.replace("        location /chat", "        location /chät"), "broken.conf": BROKEN})
    result = json.loads(printed("rdjson"))
    assert result["source"]["name"] == "infralint"
    broken, finding = result["diagnostics"]
    assert (broken["severity"], broken["code"]) == ("ERROR", {"value": "unreadable"})
    assert finding["severity"] == "WARNING"
    assert finding["code"]["value"] == "short-idle-timeout"
    assert finding["code"]["url"].endswith("/checks/short_idle_timeout.md")
    assert finding["location"] == {
        "path": "nginx.conf",
        # The end is counted in bytes, of which ä has two.
        "range": {"start": {"line": 6, "column": 9}, "end": {"line": 6, "column": 24}},
    }
    assert "Write:\nproxy_read_timeout 300s;" in finding["message"]


def test_a_review_suggests_what_fix_would_write(here: Path) -> None:
    text = SITE.replace("proxy_buffering off; }", "proxy_buffering off; proxy_read_timeout 9s; }", 1)
    write(here, {"nginx.conf": text})
    [finding] = json.loads(printed("rdjson"))["diagnostics"]
    lines = text.encode().split(b"\n")
    for suggestion in finding["suggestions"]:
        start, end = suggestion["range"]["start"], suggestion["range"]["end"]
        assert start["line"] == end["line"]
        line = lines[start["line"] - 1]
        lines[start["line"] - 1] = line[: start["column"] - 1] + suggestion["text"].encode() + line[end["column"] - 1 :]
    write(here, {"nginx.conf": b"\n".join(lines)})
    assert json.loads(printed("rdjson"))["diagnostics"] == []


def test_markdown_is_a_table_and_each_cause_in_full(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "broken.conf": BROKEN})
    text = printed("markdown")
    assert text.startswith("### infralint: 1 warning and 1 file unreadable\n")
    [row] = [line for line in text.splitlines() if line.startswith("| 🟠")]
    assert row.startswith("| 🟠 warning | `short-idle-timeout` | `nginx.conf:6:9` | location /chat cuts the stream")
    assert row.count(" | ") == 3
    assert "* `broken.conf:1`: nginx would refuse" in text
    assert "Write:\n\n```\nproxy_read_timeout 300s;\n```" in text
    assert text.count("<details>") == text.count("</details>") > 0


def test_markdown_says_what_is_wrong_before_what_is_not_known(here: Path) -> None:
    site = "server { listen 80; location /ws { proxy_pass http://app; proxy_buffering off; proxy_read_timeout {{ t }}; } }\n"
    other = site.replace("80", "81").replace("{{ t }}", "9s")
    write(here, {"a.conf.j2": site, "b.conf": other, "Caddyfile": "chat.example.com {\n  reverse_proxy app:8000\n}\n"})
    text = printed("markdown")
    parts = (
        "| | check | where |",
        "<summary>short-idle-timeout",
        "Could not be told (1)",
        "Seen, and not read yet (1)",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_markdown_of_what_is_clean(here: Path) -> None:
    write(here, {"nginx.conf": SITE.replace("/chat {", "/chat { proxy_read_timeout 1h;")})
    assert printed("markdown") == "### infralint: clean\n"


@pytest.mark.parametrize(
    "name",
    [
        "/@octocat",
        "/#1",
        "/<img src=x>",
        "/![x](https://e.example/p.png)",
        "/a|b",
        "/**b**",
        "/`x",
        "https://e.example",
    ],
)
def test_no_name_acts_in_a_comment(name: str, here: Path) -> None:
    write(here, {"nginx.conf": hostile(name)})
    prose = re.sub(r"```.*?```", "", printed("markdown"), flags=re.DOTALL)
    outside = re.sub(r"`[^`\n]*`", "", prose).replace("\\|", "")
    outside = re.sub(r"</?(?:details|summary)>|\]\(https://github\.com/infralint/[^)]*\)", "", outside)
    assert not re.search(r"@octocat|#1\b|<img|!\[x|\*\*b|https://e\.ex", outside)
    assert all(line.count(" | ") == 3 for line in prose.splitlines() if line.startswith("| 🔴"))


def test_a_comment_is_no_longer_than_github_takes(here: Path) -> None:
    locations = "".join(
        f"location /sse/{number} {{ proxy_pass http://app; proxy_buffering off; proxy_read_timeout {number + 1}s; }}\n"
        for number in range(100)
    )
    write(here, {f"{folder}/nginx.conf": f"events {{}}\nhttp {{ server {{\n{locations}}} }}\n" for folder in "abcd"})
    text = printed("markdown")
    assert len(text) < 65_536
    assert re.search(r"… and \d+ more causes: see the whole report\.", text)
    assert text.count("<details>") == text.count("</details>") > 5


def test_sarif_marks_what_is_ignored_with_the_reason(here: Path) -> None:
    write(here, {"nginx.conf": SITE})
    counted, silent = sarif()["results"]
    assert "suppressions" not in counted
    [mark] = silent["suppressions"]
    assert (mark["kind"], mark["status"], mark["justification"]) == ("inSource", "accepted", "the backend pings")
    assert mark["location"]["physicalLocation"]["region"]["startLine"] == 7
    assert "baselineState" not in counted


def test_sarif_marks_what_is_accepted(here: Path) -> None:
    settings = "accept: [{hop: location /chat, check: short-idle-timeout, reason: known}]\n"
    write(here, {"nginx.conf": SITE, "infralint.yaml": settings})
    kinds = {result["suppressions"][0]["kind"] for result in sarif()["results"]}
    assert kinds == {"inSource", "external"}


def test_sarif_says_what_is_new_where_a_baseline_is(here: Path) -> None:
    write(here, {"nginx.conf": SITE})
    run("baseline")
    write(here, {"other.conf": SITE.replace("/chat", "/late")})
    states = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: result["baselineState"]
        for result in sarif()["results"]
        if "suppressions" not in result
    }
    assert states == {"nginx.conf": "unchanged", "other.conf": "new"}
    assert {result["baselineState"] for result in sarif()["results"]} == {"new", "unchanged"}


def test_what_is_suppressed_can_be_left_out(here: Path) -> None:
    write(here, {"nginx.conf": SITE})
    assert len(sarif("--hide-suppressed")["results"]) == 1
    assert "suppressed" not in json.loads(printed("json", "--hide-suppressed"))
    assert "1 ignored." in printed("text", "--hide-suppressed")


def test_sarif_is_what_github_documents(here: Path) -> None:
    """https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support."""
    write(here, {"nginx.conf": SITE, "broken.conf": BROKEN})
    log = sarif()
    assert re.fullmatch(r"infralint/\d{4}-\d\d-\d\dT[\d:]+Z", log["automationDetails"]["id"])
    assert log["tool"]["driver"]["semanticVersion"]
    for rule in log["tool"]["driver"]["rules"]:
        assert len(rule["id"]) <= 255
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert 0 < len(rule["properties"]["tags"]) <= 20
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert rule["properties"]["problem.severity"] in ("error", "warning", "recommendation")
        assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
    for result in log["results"]:
        assert len(result["locations"]) == 1
        assert len(result.get("relatedLocations", ())) <= 1000
        place = result["locations"][0]["physicalLocation"]
        assert not re.match(r"\w+:", place["artifactLocation"]["uri"])
        assert place["region"].keys() == {"startLine", "startColumn", "endLine", "endColumn"}
        assert place["region"]["startLine"] >= 1
        assert result["partialFingerprints"]
        assert log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
