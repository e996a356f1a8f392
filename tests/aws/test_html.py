"""The page to hand on, as a browser shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from aws.browser import CHROMIUM, DRIVER, Browser
from aws.world import Answer, World

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its driver here")

READ_TABLE = """
return [...document.querySelectorAll('#balancers tbody tr')].map(row => ({
  cells: [...row.cells].map(cell => cell.innerText.trim()),
  bar: row.querySelector('.bar i')?.getBoundingClientRect().width ?? null,
  need: row.querySelector('.bar b') ? row.querySelector('.bar b').getBoundingClientRect().left
    - row.querySelector('.bar').getBoundingClientRect().left : null,
  color: row.querySelector('.bar i') ? getComputedStyle(row.querySelector('.bar i')).backgroundColor : null,
}))
"""
COLORS = "return [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def page(world: World, audit: Callable[..., Result], home: Path) -> Path:
    """An audit of everything there is: short, long, denied, several kinds, names that want to be markup."""
    (home / "infralint.yaml").write_text("streams:\n  - {path: /ws, kind: websocket, silence: 200s}\n")
    for name, idle in (("chat", "60"), ("patient", "800"), ("secret", "60")):
        tags = {"aws:cloudformation:stack-name": "<script>alert(1)</script>"} if name == "chat" else {}
        balancer = world.balancer(name, tags=tags, **{"idle_timeout.timeout_seconds": idle})
        world.listener(balancer, world.group(f"{name}-web", balancer))
    network = world.balancer("edge", "network")
    world.listener(network, world.group("edge", network), protocol="TLS")
    world.classic("old")
    world.faults = lambda region, operation, sent: (
        Answer("InternalFailure", 400, "oops")
        if operation == "DescribeLoadBalancerAttributes" and "/secret/" in sent.get("LoadBalancerArn", "")
        else None
    )
    audit("--format", "html", "--mask", "--output", "report.html", exit_code=2)
    return home / "report.html"


@needs_browser
def test_the_table_reads_back(page: Path, browser: Browser) -> None:
    browser.open(page)
    rows: list[dict[str, Any]] = browser.run(READ_TABLE)
    found = {row["cells"][0].splitlines()[0]: row for row in rows}
    assert {name: (row["cells"][2], row["cells"][4]) for name, row in found.items()} == {
        "chat": ("60 s, 200 s needed", "warning\nmissing-sticky-sessions\nshort-idle-timeout"),
        "old": ("60 s, 200 s needed", "warning\nmissing-sticky-sessions\nshort-idle-timeout"),
        "patient": ("800 s, 200 s needed", "note\nmissing-sticky-sessions"),
        "edge": ("350 s, 200 s needed", "note\nmissing-sticky-sessions"),
        "secret": (
            "not known: elasticloadbalancing:DescribeLoadBalancerAttributes failed: oops",
            "note\nmissing-sticky-sessions",
        ),
    }
    assert found["chat"]["cells"][1] == "eu-west-1 account-1"
    assert found["chat"]["cells"][3] == "none"
    assert "made by the CloudFormation stack <script>alert(1)</script>" in found["chat"]["cells"][0]


@needs_browser
def test_bars_are_to_scale(page: Path, browser: Browser) -> None:
    browser.open(page)
    rows = {row["cells"][0].splitlines()[0]: row for row in browser.run(READ_TABLE)}
    assert rows["chat"]["bar"] / (rows["chat"]["need"] + 2) == pytest.approx(60 / 200, abs=0.02)
    assert rows["patient"]["bar"] / (rows["patient"]["need"] + 2) == pytest.approx(800 / 200, abs=0.1)
    assert rows["chat"]["color"] != rows["patient"]["color"]


@needs_browser
def test_it_is_readable_in_light_dark_and_on_paper(page: Path, browser: Browser, tmp_path: Path) -> None:
    shown = {}
    for name, media, scheme in (("light", "", "light"), ("dark", "", "dark"), ("paper", "print", "dark")):
        browser.emulate(media, scheme)
        browser.open(page)
        ink, paper = browser.run(COLORS)
        shown[name] = (luminance(ink), luminance(paper))
        browser.screenshot(tmp_path / f"{name}.png")
        assert contrast(*shown[name]) > 10
    assert shown["light"][1] > 0.9 > 0.1 > shown["dark"][1]
    assert shown["paper"][1] > 0.9


@needs_browser
def test_nothing_is_loaded_and_only_the_pages_own_script_runs(page: Path, browser: Browser) -> None:
    browser.open(page)
    assert browser.console() == []
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.run("return [...document.scripts].map(script => script.src)") == [""]
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_the_page_holds_everything_itself(page: Path) -> None:
    text = page.read_text()
    assert text.count("<script") == 1
    assert re.search(r"script-src 'sha256-[\w+/]+={0,2}'\"", text)
    assert "<link" not in text
    assert "src=" not in text
    assert "123456789012" not in text


@pytest.mark.parametrize(
    ("idle", "title"),
    [
        ("300", "Nothing stands in the way of a stream"),
        ("a while", "not everything could be told"),
        ("60", "1 warning"),
    ],
)
def test_the_title_says_no_more_than_is_known(
    idle: str, title: str, world: World, audit: Callable[..., Result], home: Path
) -> None:
    world.balancer("chat", **{"idle_timeout.timeout_seconds": idle})
    assert f"<title>infralint: {title}</title>" in audit("--format", "html").output


SHOWN = (
    "return [...document.querySelectorAll('[data-item]:not([data-out]) :is(td.name b, p)')].map(item => item.innerText)"
)
NAMES = "return [...document.querySelectorAll('#balancers tr:not([data-out]) td.name b')].map(item => item.innerText)"


def type_into(browser: Browser, name: str, value: str) -> None:
    browser.run(
        f"const field = document.querySelector('[name={name}]'); field.value = '{value}';"
        " field.dispatchEvent(new Event('input', {bubbles: true}))"
    )


@needs_browser
def test_a_search_leaves_what_holds_its_words(page: Path, browser: Browser) -> None:
    browser.open(page)
    assert set(browser.run(NAMES)) == {"chat", "old", "patient", "edge", "secret"}
    type_into(browser, "search", "PATIENT eu-west-1")
    assert browser.run(NAMES) == ["patient"]
    assert re.fullmatch(r"\d+ of \d+ shown", browser.run("return document.querySelector('.tools output').textContent"))
    type_into(browser, "search", "no such thing")
    assert browser.run(SHOWN) == []
    type_into(browser, "search", "")
    assert len(browser.run(NAMES)) == 5


@needs_browser
def test_a_check_and_a_severity_can_be_chosen(page: Path, browser: Browser) -> None:
    browser.open(page)
    type_into(browser, "check", "short-idle-timeout")
    assert set(browser.run(NAMES)) == {"chat", "old"}
    browser.run("document.querySelector('[value=warning]').click()")
    assert browser.run(NAMES) == []


@needs_browser
def test_an_account_and_a_region_can_be_chosen(
    world: World, audit: Callable[..., Result], home: Path, browser: Browser
) -> None:
    for region in ("eu-west-1", "us-east-1"):
        world.balancer(f"chat-{region}", region=region)
    audit("--format", "html", "--all-regions", "--output", "report.html", exit_code=1)
    browser.open(home / "report.html")
    regions = browser.run(
        "return [...document.querySelectorAll('[name=region] option')].map(option => option.innerText)"
    )
    assert regions == ["every region", "eu-west-1 123456789012", "us-east-1 123456789012"]
    type_into(browser, "region", regions[2])
    assert browser.run(NAMES) == ["chat-us-east-1"]
    articles = "return [...document.querySelectorAll('#findings article:not([data-out])')].map(item => item.innerText)"
    assert browser.run(articles)
    assert all("chat-us-east-1" in text for text in browser.run(articles))
    type_into(browser, "region", "")
    assert len(browser.run(NAMES)) == 2


@needs_browser
def test_a_table_is_sorted_by_its_heads(page: Path, browser: Browser) -> None:
    browser.open(page)
    click = "document.querySelectorAll('#balancers th button')[0].click()"
    browser.run(click)
    assert browser.run(NAMES) == sorted(browser.run(NAMES))
    browser.run(click)
    assert browser.run(NAMES) == sorted(browser.run(NAMES), reverse=True)
    assert browser.run("return document.querySelector('#balancers th').getAttribute('aria-sort')") == "descending"


@needs_browser
def test_findings_are_sorted_as_asked(page: Path, browser: Browser) -> None:
    browser.open(page)
    checks = "return [...document.querySelectorAll('#findings article')].map(item => item.dataset.checks)"
    before = browser.run(checks)
    type_into(browser, "sort", "checks")
    assert browser.run(checks) == sorted(before)


@needs_browser
@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_shows_it_without_scrolling_sideways(width: int, page: Path, browser: Browser, tmp_path: Path) -> None:
    browser.resize(width, 900)
    browser.open(page)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    outside = "return [...document.querySelectorAll('td, p, article, .tools *')].filter(item => item.offsetParent"
    assert browser.run(f"{outside} && item.getBoundingClientRect().right > innerWidth + 1).length") == 0
    assert browser.run("return getComputedStyle(document.querySelector('#balancers td')).display") == "block"


@needs_browser
def test_the_tools_are_not_printed(page: Path, browser: Browser) -> None:
    browser.emulate("print")
    browser.open(page)
    assert browser.run("return getComputedStyle(document.querySelector('.tools')).display") == "none"


def test_every_check_that_ran_is_listed_with_what_it_passes(page: Path) -> None:
    text = page.read_text()
    part = text[text.index("Checks that ran") :]
    row = next(row for row in part.split("<tr>") if "short-idle-timeout" in row)
    assert "A hop hangs up while the model is still thinking." in row
    assert '<td data-label="Findings">2</td><td data-label="Passes on">2</td>' in row


def luminance(color: str) -> float:
    """Relative luminance of `rgb(1, 2, 3)`, after WCAG."""
    parts = [int(one) / 255 for one in color[color.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
