"""The documentation: it builds without a warning, is complete, leads nowhere wrong, and needs no network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from aws.browser import CHROMIUM, DRIVER, Browser
from readme import ROOT

from infralint.docs.facts import platform_tables
from infralint.docs.generators import config_reference, report_reference
from infralint.docs.transcripts import NotRun, filled_in, workspace
from infralint.engine.registry import built_in_folder, load_checks
from infralint.project.config import json_schema
from infralint.reporters.json_types import json_schema as report_schema

PAGES = ROOT / "infralint/docs/pages"
CHECKS = load_checks(built_in_folder())
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}
"""What a browser fetches by itself to show a page."""
needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its driver here")


@dataclass
class Seen:
    """What one page holds: links, what is fetched by itself, anchors, text."""

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    text: str = ""


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()
        self.skipped = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.skipped += tag in ("script", "style")
        for name, value in attributes:
            if name == "id" and value:
                self.seen.anchors.add(value)
            if (tag, name) in LOADED and value:
                self.seen.fetched.append(value)
            if (tag, name) == ("a", "href") and value:
                self.seen.links.append(value)

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.seen.text += "" if self.skipped else data


def read(page: Path) -> Seen:
    reader = Reader()
    reader.feed(page.read_text())
    return reader.seen


def words(page: Path) -> str:
    return " ".join(read(page).text.split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly, as anybody would build it."""
    target = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout
    return target


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Seen]:
    return {page: read(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_link_leads_somewhere(pages: dict[Path, Seen]) -> None:
    wrong = []
    for page, seen in pages.items():
        for link in seen.links:
            parts = urlsplit(link)
            if parts.scheme in ("https", "http", "mailto"):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                wrong.append(f"{page.name}: {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{page.name}: {link}: no such anchor")
    assert wrong == []


def test_nothing_is_fetched_from_elsewhere(site: Path, pages: dict[Path, Seen]) -> None:
    for page, seen in pages.items():
        for address in seen.fetched:
            assert not re.match(r"(https?:)?//", address), f"{page.name} fetches {address}"
            if address.startswith("data:"):
                continue
            assert (page.parent / unquote(urlsplit(address).path)).is_file(), f"{page.name}: {address}"
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", sheet.read_text()) == []


def test_every_page_of_the_sources_is_there_and_filled_in(pages: dict[Path, Seen], site: Path) -> None:
    expected = {str(page.relative_to(PAGES).with_suffix(".html")) for page in PAGES.rglob("*.md")}
    expected |= {f"checks/{check.page.stem}.html" for check in CHECKS} | {"checks/index.html"}
    assert {str(page.relative_to(site)) for page in pages} == expected
    for page, seen in pages.items():
        assert "<!-- " not in seen.text, page.name
        assert "Traceback" not in seen.text, page.name
        assert not re.search(r"^```console", seen.text, re.MULTILINE), page.name


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_has_its_page_with_its_examples(check, site: Path) -> None:  # type: ignore[no-untyped-def]
    page = read(site / f"checks/{check.page.stem}.html")
    for title in re.findall(r'title="([^"]+)"', check.page.read_text()):
        assert title in page.text
    assert f"{check.page.stem}.html" in read(site / "checks/index.html").links


def test_references_are_complete(site: Path) -> None:
    config, report = words(site / "reference/configuration.html"), words(site / "reference/report.html")
    for schema, text in ((json_schema(), config), (report_schema(), report)):
        for definition in schema["$defs"].values():
            assert [key for key in definition["properties"] if key not in text] == []
    for name, schema in (("schema.json", json_schema()), ("report.schema.json", report_schema())):
        assert json.loads((site / name).read_text()) == schema
    commands = words(site / "reference/command-line.html")
    for name in ("infralint check", "infralint audit snapshot", "--changed-since REV", "infralint test-checks"):
        assert name in commands


@pytest.mark.parametrize("reference", [config_reference, report_reference])
def test_every_key_says_what_it_means(reference: Callable[[], str]) -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", reference(), re.MULTILINE)
    assert len(rows) > 30
    assert [key for key, cells in rows if not cells.partition("|")[0].strip()] == []


def test_a_field_that_may_be_null_says_so() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(?:.*)\|(.*)\|$", report_reference(), re.MULTILINE))
    assert rows["http"].strip() == "text or `null`; always there"
    assert "null" not in rows["path"]


def test_platforms_show_their_defaults_with_the_vendors_page() -> None:
    tables = platform_tables()
    for row in (
        "| [`proxy_read_timeout`](https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout) | 60 |",
        "| HTTP/1.1 since | 1.29.7 | ([nginx.org](https://nginx.org/en/CHANGES)): proxy_http_version is 1.1 by default. |",
        "/application/edit-load-balancer-attributes.html) | 60 | 1 | 4000 |",
        "| `enterprise` | 300 | 800 | 1800 |",
        "| TLS idle | 350 s |",
    ):
        assert row in tables
    assert [line for line in tables.splitlines() if re.search(r"\bobject at 0x|MappingProxyType|<function", line)] == []


def outputs(page: str) -> list[str]:
    """What the commands of a page print, one after the other."""
    text = (PAGES / page).read_text()
    with workspace("clone: true" in text) as folder:
        printed = filled_in(text, folder, "clone: true" in text)
    found = re.findall(r"^```+console\n(.*?)^```+$", printed, re.MULTILINE | re.DOTALL)
    return [part for block in found for part in re.split(r"(?m)^\$ infralint ", block) if part]


def test_the_first_page_shows_a_finding_with_its_way() -> None:
    finding, way, written = outputs("index.md")
    assert "warning[short-idle-timeout] location /api/ cuts the stream after 60 s of silence" in finding
    assert "way: browser → nginx.conf location /api/ → api POST /chat" in finding
    assert way.startswith("trace /api/chat --compact\nSSE /api/chat: may break at hop 1 of 2, nginx.conf")
    assert written == "trace /api/chat --format svg --output way.svg\n"


def test_pages_show_what_is_printed_in_copies_of_whole_stacks() -> None:
    [way] = outputs("trace.md")
    assert way.startswith("trace /chat/stream\nSSE /chat/stream\nMay break at hop 1 of 2, module.alb.aws_lb.this[0]\n")
    init, diff, fix = outputs("findings.md")
    assert init.endswith("infralint.yaml: 5 streams found.\n")
    assert "+        proxy_buffering off;" in diff
    assert "Would fix 3 findings in the folder chat-stack, and leave 0." in diff
    assert "\nFixed 4 findings:\n" in fix


def test_the_hook_page_ends_clean() -> None:
    first, init, declared, diff, fix, last = outputs("start/hook.md")
    assert "error[buffered-stream] location /api/chat" in first
    assert "infralint.yaml: 1 stream found." in init
    assert "error[short-idle-timeout]" in declared
    assert "+            proxy_read_timeout 300s;" in diff
    assert "Fixed 2 findings" in fix
    assert last == "check\nRead 1 nginx file with 1 hop to judge: clean.\n"


def test_the_gate_lets_the_past_be() -> None:
    first, _, second = outputs("start/gate.md")
    assert "warning[short-idle-timeout] location /events" in first
    assert second == "check\nRead 1 nginx file with 1 hop to judge: clean and 1 in the baseline.\n"


def test_the_audit_page_judges_its_snapshot() -> None:
    policy, first, second = outputs("start/audit.md")
    assert "elasticloadbalancing:DescribeLoadBalancers" in policy
    assert "warning[short-idle-timeout] chat cuts the stream after 60 s of silence" in first
    assert second.endswith("1 load balancer (1 good): clean.\n")


def test_the_first_check_is_written_tested_and_caught_when_its_page_is_forgotten() -> None:
    finding, passing, failing = outputs("tutorials/check.md")
    assert "warning[house-silence] location /events allows 5 min of silence, and this house needs 10 min" in finding
    assert passing.endswith("1 check with 4 examples: 4 passed, 0 failed.\n")
    assert "aws_lb.main allows 10 min of silence, and this house needs 15 min" in failing
    assert failing.endswith("3 passed, 1 failed.\n")


def test_a_new_framework_is_followed_to_the_edge() -> None:
    before, after = outputs("tutorials/framework.md")
    assert "nothing says what streams here" in before
    assert "stream: SSE /answers/*, because shop/app.py:8 returns events(…)" in after
    assert "short-idle-timeout" not in after


def test_a_new_platform_is_judged_by_the_checks_there_are() -> None:
    [found] = outputs("tutorials/platform.md")
    assert '`"silence": 30`, and a model may think for 2 min' in found
    assert 'route / holds the stream back: `"hold": true` makes Weir keep a response until it is complete' in found
    assert "Read 1 weir file with 2 hops to judge" in found


@pytest.mark.parametrize("page", ["framework", "platform"])
def test_what_a_tutorial_adds_passes_the_projects_own_tests(page: str) -> None:
    text = (PAGES / f"tutorials/{page}.md").read_text()
    commands = {
        "framework": [
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/application/test_rules.py",
            "-k",
            "rivulet",
        ],
        "platform": ["-m", "ruff", "check", "--no-cache", "infralint/platforms/weir.py", "infralint/sources/weir.py"],
    }
    with workspace(is_clone=True) as folder:
        filled_in(text, folder, is_clone=True)
        environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *commands[page]], cwd=folder, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stdout + done.stderr
    if page == "framework":
        assert "pytest -q tests/application/test_rules.py -k rivulet" in text
        assert re.search(r"\b3 passed\b", done.stdout)


def test_a_page_can_run_nothing_else_and_write_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(NotRun, match="only infralint is run, not `rm -rf /`"):
        filled_in("```console\n$ rm -rf /\n```\n", tmp_path)
    with pytest.raises(NotRun, match="leads out"):
        filled_in('```text title="../there"\nx\n```\n', tmp_path)
    with pytest.raises(NotRun, match="no command of the page writes way"):
        filled_in('<!-- picture: way.svg "a way" -->\n', tmp_path)
    (tmp_path / "file").write_text("present\n")
    with pytest.raises(NotRun, match="has no `missing`"):
        filled_in('<!-- insert: file after "missing" -->\n```text\nx\n```\n', tmp_path)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        yield browser


@needs_browser
def test_pages_fit_a_phone(site: Path, pages: dict[Path, Seen], browser: Browser) -> None:
    browser.resize(390, 844)
    wide = []
    for page in sorted(pages):
        browser.open(page)
        if browser.run("return document.documentElement.scrollWidth") > 390:
            wide.append(page.name)
    assert wide == []


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str, site: Path, browser: Browser) -> None:
    """WCAG's contrast of at least 4.5: https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    browser.resize(1280, 900)
    browser.emulate(scheme=scheme)
    browser.open(site / "index.html")
    chosen = ".md-content p, .md-content a:not(.headerlink), .md-content h1, .way-harm, .way-harm b, .way-setting"
    found = browser.run(CONTRASTS.replace("CHOSEN", f"{chosen}, .md-tabs__link"))
    assert len(found) > 20
    assert [one for one in found if one["contrast"] < 4.5] == []


@needs_browser
def test_it_is_searched_without_a_server(site: Path, browser: Browser, tmp_path: Path) -> None:
    moved = shutil.copytree(site, tmp_path / "somewhere else")
    browser.resize(1280, 900)
    browser.open(moved / "index.html")
    browser.run(
        "const box = document.querySelector('[data-md-component=search-query]'); box.focus();"
        " box.value = 'worker_shutdown_timeout'; box.dispatchEvent(new Event('keyup')); box.dispatchEvent(new Event('input'))"
    )
    results = browser.wait("return [...document.querySelectorAll('.md-search-result__link')].map(a => a.href)")
    assert any("checks/stream_cut_on_reload.html" in address for address in results)
    assert browser.console() == []


CONTRASTS = """
const part = (value) => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const over = (top, ground) => [0, 1, 2].map(i => top[i] * (top[3] ?? 1) + ground[i] * (1 - (top[3] ?? 1)));
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(numbers(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
};
return [...document.querySelectorAll('CHOSEN')].filter(element => element.innerText.trim()).map(element => {
  const below = ground(element), style = getComputedStyle(element);
  const color = numbers(style.color);
  for (let at = element; at; at = at.parentElement) color[3] = (color[3] ?? 1) * Number(getComputedStyle(at).opacity);
  const levels = [light(over(color, below)), light(below)].sort((a, b) => b - a);
  return {text: element.innerText.slice(0, 40), contrast: (levels[0] + 0.05) / (levels[1] + 0.05)};
});
"""
