"""Pictures of a stream's way: their words, their geometry at several lengths, and what a browser shows of them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from aws.browser import CHROMIUM, DRIVER, Browser
from aws.test_html import contrast, luminance
from conftest import run, write

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its driver here")
SVG = "{http://www.w3.org/2000/svg}"
HOP = """\
events {}
http {
    server {
        listen %(port)d;
        server_name %(name)s;
        location /%(path)s/ {
            proxy_pass http://%(next)s;
            proxy_buffering off;
            proxy_read_timeout %(timeout)s;
        }
    }
}
"""
LONG = "a-rather-long-folder-name-of-the-platform-team"


def chain(folder: Path, hops: int, culprit: int = 1) -> Path:
    """So many nginx in a row; one of them cuts after 7 s."""
    services, files = "services:\n", {}
    for number in range(1, hops + 1):
        name = f"{LONG}/tier{number}/nginx.conf"
        services += f"  tier{number}:\n    image: nginx:1.27\n    volumes: ['./{name}:/etc/nginx/nginx.conf']\n"
        files[name] = HOP % {
            "port": 8000 + number,
            "name": f"tier{number}" if number > 1 else "chat.example.com",
            "path": "api",
            "next": f"tier{number + 1}:{8001 + number}" if number < hops else "model.example.org",
            "timeout": "7s" if number == culprit else "30m",
        }
    streams = "streams:\n- {path: /api/v1/chat/completions/stream, host: chat.example.com}\n"
    write(folder, {**files, "compose.yaml": services, "infralint.yaml": streams})
    return folder


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path / "profile") as browser:
        yield browser


def picture(folder: Path, monkeypatch: pytest.MonkeyPatch, hops: int, culprit: int = 1) -> ET.Element:
    monkeypatch.chdir(chain(folder, hops, culprit))
    result = run("trace", "--format", "svg")
    assert result.exit_code == 1
    return ET.fromstring(result.stdout)


def words(root: ET.Element) -> str:
    return " ".join("".join(text.itertext()).strip() for text in root.iter(f"{SVG}text"))


def boxes(root: ET.Element, look: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of the boxes of a class."""
    found = [rect for rect in root.iter(f"{SVG}rect") if look in rect.get("class", "").split()]
    sides = [[float(rect.get(name, "0")) for name in ("x", "y", "width", "height")] for rect in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def lines(root: ET.Element) -> list[tuple[float, float, float, float]]:
    """The boxes that lines of text take in a font of 0.61 em, the widest that is usual."""
    found = []
    for text in root.iter(f"{SVG}text"):
        width = len("".join(text.itertext()).rstrip()) * 12 * 0.61
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
        found.append((left, y - 10, left + width, y + 3))
    return found


def overlap(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


@pytest.mark.parametrize("hops", [3, 6, 12])
def test_nothing_overlaps_and_nothing_is_cut_off(hops: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = picture(tmp_path, monkeypatch, hops, culprit=hops - 1)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    cards, texts = boxes(root, "t-card"), lines(root)
    assert len(cards) == hops + 2
    assert [pair for pair in combinations(cards, 2) if overlap(*pair)] == []
    assert [pair for pair in combinations(texts, 2) if overlap(*pair)] == []
    for left, top, right, bottom in (*cards, *texts, *boxes(root, "t-bar"), *boxes(root, "t-track")):
        assert 0 <= left <= right <= width
        assert 0 <= top <= bottom <= height
    for text in texts:
        around = [card for card in cards if overlap(text, card)]
        assert all(text[0] >= card[0] and text[2] <= card[2] and text[3] <= card[3] for card in around)


def test_nothing_overlaps_on_a_phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has a picture of one column, too, on whose axis `10 min` and `60 min` stand close."""
    monkeypatch.chdir(chain(tmp_path, 3, 2))
    configuration = tmp_path / LONG / "tier3/nginx.conf"
    configuration.write_text(configuration.read_text().replace("30m", "1h"))
    page = run("trace", "--format", "html").stdout
    pictures = [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    narrow = [root for root in pictures if float(root.get("width", "0")) < 390]
    assert narrow
    for root in narrow:
        assert [pair for pair in combinations(lines(root), 2) if overlap(*pair)] == []


def test_the_culprit_is_coloured_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = picture(tmp_path, monkeypatch, 3, culprit=2)
    [culprit] = boxes(root, "warning")[:1]
    cards = boxes(root, "t-card")
    assert cards.index(culprit) == 2
    said = words(root)
    assert f"May break at hop 2 of 3, {LONG}/tier2/nginx.conf location /api/" in said
    assert "! cuts it after 7 s" in said
    assert "needs 2 min (silence, length)" in said
    assert "short-idle-timeout" in said


def test_the_axis_is_to_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = picture(tmp_path, monkeypatch, 3, culprit=2)
    bars = boxes(root, "t-bar")
    widths = [right - left for left, _, right, _ in bars]
    assert widths[0] == widths[2] > widths[1]
    need = next(line for line in root.iter(f"{SVG}line") if line.get("class") == "t-need")
    assert bars[1][2] < float(need.get("x1", "0")) < bars[0][2]
    short = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "t-bar warning"]
    assert len(short) == 1


def test_what_is_only_possible_is_dashed_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain(tmp_path, 2)
    inner = tmp_path / LONG / "tier2/nginx.conf"
    inner.write_text(inner.read_text().replace("server_name tier2", "server_name _"))
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    monkeypatch.chdir(tmp_path)
    root = ET.fromstring(run("trace", "--format", "svg").stdout)
    dashed = [path for path in root.iter(f"{SVG}path") if "perhaps" in path.get("class", "")]
    assert (len(dashed), words(root).count("perhaps")) == (1, 1)


def test_names_of_files_are_text_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = 'location "/x</text><script>alert(1)</script>" { proxy_pass http://app:1; proxy_buffering off; }'
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80; {evil} }} }}\n"})
    monkeypatch.chdir(tmp_path)
    root = ET.fromstring(run("trace", "--format", "svg").stdout)
    assert list(root.iter(f"{SVG}script")) == []
    assert "alert(1)" in words(root)
    page = run("trace", "--format", "html").stdout
    assert "<script>alert" not in page
    mermaid = run("trace", "--format", "mermaid").stdout
    assert "<script>" not in mermaid.replace("\\<", "")


def test_mermaid_draws_the_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(chain(tmp_path, 2, culprit=2))
    output = run("trace", "--format", "mermaid").stdout
    [chart] = re.findall(r"```mermaid\n(.*?)```", output, re.DOTALL)
    shown = [line.strip() for line in chart.splitlines()]
    assert shown[0] == "flowchart LR"
    assert any(
        re.fullmatch(r'hop2\["2 location /api/<br/>.*! cuts it after 7 s .*"\]:::doubtful', line) for line in shown
    )
    assert 'hop1 -->|"tier2:8002"| hop2' in shown
    assert output.startswith("**SSE chat.example.com/api/v1/chat/completions/stream** may break at hop 2 of 2")


# In a browser

TEXTS = """
return [...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length).map(text => {
  const box = text.getBBox(), svg = text.ownerSVGElement.viewBox.baseVal;
  return {text: text.textContent, left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height,
    width: svg.width, height: svg.height, svg: [...document.querySelectorAll('svg')].indexOf(text.ownerSVGElement)};
})
"""
ROWS = """
return [...document.querySelectorAll('table.streams tbody tr')].filter(row => !row.hidden)
  .map(row => [...row.cells].map(cell => cell.innerText.trim()))
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three streams: one that is cut, one that flows, one that nobody serves."""
    folder = chain(tmp_path / "project", 3, culprit=2)
    streams = "- {path: /api/quick, host: chat.example.com, silence: 3s, duration: 4s}\n- {path: /gone}\n"
    with (folder / "infralint.yaml").open("a") as config:
        config.write(streams)
    monkeypatch.chdir(folder)
    assert run("trace", "--format", "html", "--output", "trace.html").exit_code == 1
    return folder / "trace.html"


@needs_browser
def test_the_list_reads_back_sorts_and_searches(page: Path, browser: Browser) -> None:
    browser.open(page)
    rows = browser.run(ROWS)
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("not served", "SSE /gone", "0"),
        ("may break", "SSE chat.example.com/api/v1/chat/completions/stream", "3"),
        ("flows", "SSE chat.example.com/api/quick", "3"),
    ]
    assert rows[1][3] == "7 s"
    browser.run("document.querySelectorAll('th button')[1].click()")
    assert [row[1] for row in browser.run(ROWS)] == sorted(row[1] for row in rows)
    browser.run("document.querySelectorAll('th button')[0].click()")
    assert [row[0] for row in browser.run(ROWS)] == ["not served", "may break", "flows"]
    browser.run("document.querySelectorAll('th button')[0].click()")
    assert [row[0] for row in browser.run(ROWS)] == ["flows", "may break", "not served"]
    search = (
        "const field = document.querySelector('input'); field.value = '%s'; field.dispatchEvent(new Event('input'))"
    )
    browser.run(search % "tier2 SHORT-idle")
    assert [row[0] for row in browser.run(ROWS)] == ["may break"]
    assert browser.run("return document.querySelector('output').textContent") == "1 of 3"
    shown = "return [...document.querySelectorAll('section.way')].filter(part => !part.hidden).length"
    assert browser.run(shown) == 1
    browser.run(search % "")
    assert len(browser.run(ROWS)) == 3
    assert browser.console() == []


@needs_browser
@pytest.mark.parametrize(("width", "shown"), [(1280, "wide"), (390, "narrow")])
def test_pictures_fit_the_screen(
    width: int, shown: str, page: Path, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.resize(width, 900)
    browser.open(page)
    seen = browser.run(
        "return [...document.querySelectorAll('figure')].filter(figure => figure.getClientRects().length)"
        ".map(figure => figure.className)"
    )
    assert set(seen) == {f"scroll {shown}"}
    texts: list[dict[str, Any]] = browser.run(TEXTS)
    assert texts
    for text in texts:
        assert -1 <= text["left"] <= text["right"] <= text["width"] + 1, text
        assert -1 <= text["top"] <= text["bottom"] <= text["height"] + 1, text
    for one, other in combinations(texts, 2):
        apart = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
        above = one["bottom"] <= other["top"] + 4 or other["bottom"] <= one["top"] + 4
        assert apart or above or one["svg"] != other["svg"], (one, other)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


@needs_browser
def test_the_page_is_readable_in_light_dark_and_on_paper(page: Path, browser: Browser) -> None:
    colors = (
        "const text = document.querySelector('svg text'), paper = document.querySelector('svg rect');"
        "return [getComputedStyle(text).fill, getComputedStyle(paper).fill, getComputedStyle(document.body).color,"
        " getComputedStyle(document.body).backgroundColor]"
    )
    for media, scheme, is_dark in (("", "light", False), ("", "dark", True), ("print", "dark", False)):
        browser.emulate(media, scheme)
        browser.open(page)
        ink, paper, text, ground = map(luminance, browser.run(colors))
        assert contrast(ink, paper) > 10
        assert contrast(text, ground) > 10
        assert (paper < 0.1) == is_dark


@needs_browser
def test_pictures_fit_on_paper_and_every_hop_is_printed(page: Path, browser: Browser) -> None:
    browser.resize(794, 1123)
    browser.emulate("print")
    browser.open(page)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    heights = browser.run("return [...document.querySelectorAll('dl.facts')].map(list => list.offsetHeight)")
    assert heights
    assert min(heights) > 0


@needs_browser
def test_the_list_of_streams_is_read_on_a_phone_without_scrolling_sideways(page: Path, browser: Browser) -> None:
    browser.resize(390, 900)
    browser.open(page)
    assert browser.run("return document.querySelector('.scroll').scrollWidth <= innerWidth")
    cells = browser.run(
        "return [...document.querySelectorAll('table.streams tbody tr')[0].cells].map(cell => cell.offsetLeft)"
    )
    assert len(set(cells)) == 1


@needs_browser
def test_nothing_is_loaded_from_anywhere(page: Path, browser: Browser) -> None:
    browser.open(page)
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.console() == []
    text = page.read_text()
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text
    assert not re.search(r"<(?:link|img|iframe)\b|src=", text)


@needs_browser
def test_the_report_of_check_contains_the_ways(page: Path, browser: Browser) -> None:
    run("check", "--format", "html", "--output", "report.html")
    report = page.parent / "report.html"
    browser.open(report)
    names = browser.run("return [...document.querySelectorAll('section.way h3')].map(head => head.innerText)")
    assert "SSE chat.example.com/api/v1/chat/completions/stream" in names
    assert browser.run("return document.querySelectorAll('figure.wide svg .t-card').length") >= 5
    browser.resize(390, 900)
    browser.open(report)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.console() == []
