"""Messages are for people: how long they are, how they begin, and that one fact is said in the same words everywhere.

Judged are the messages of every example of every check's page, as a user would see them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import run, write

from infralint.engine.pages import examples
from infralint.engine.registry import built_in_folder

LONGEST = 440
"""Characters of a message: what fills more than four lines of a terminal is read by nobody."""
LONGEST_SENTENCE = 340
UNCLEAR = ("This ", "It ", "There ", "That ", "A stream ", "Nothing ", "Something ", "One ")
"""Openings that leave open what is meant: a message begins with what it is about, a hop, a setting or a call."""
RIDDLES = (
    "crosses",
    "is quiet",
    "be quiet",
    "out of play",
    "half of it",
    "is taken, for",
    "says no number",
    "knows no",
    "keeps nobody",
    "what still runs",
    "or it ends",
    "at its end",
    "one may take",
    "more often than that",
    "hangs up",
)
"""Turns that people whose first language is not English stumble over."""
PAGES = sorted(built_in_folder().glob("*.md"))


@cache
def messages(page: Path) -> tuple[str, ...]:
    """What the check of a page says of its examples."""
    found: dict[str, None] = {}
    name = page.stem.replace("_", "-")
    for example in examples(page):
        with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            write(Path(folder), dict(example.files))
            patch.chdir(folder)
            output = run("check", "--format", "json", "--assume", "warning", "--select", name).stdout
        found |= dict.fromkeys(finding["message"] for finding in json.loads(output)["findings"])
    return tuple(found)


def all_messages() -> list[str]:
    return [message for page in PAGES for message in messages(page)]


def plain(message: str) -> str:
    """A message without what it quotes."""
    return re.sub(r"`[^`]*`", "`…`", message)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_message_is_short_and_says_at_once_what_it_is_about(page: Path) -> None:
    for message in messages(page):
        assert len(message) <= LONGEST, message
        assert max(map(len, re.split(r"\. (?=[A-Z])", plain(message)))) <= LONGEST_SENTENCE, message
        assert not message.startswith(UNCLEAR), message
        assert not message.endswith((".", ":", ",", ";", " ")), message


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_message_has_no_riddles(page: Path) -> None:
    for message in messages(page):
        assert not [riddle for riddle in RIDDLES if riddle in plain(message)], message


def test_the_pages_have_messages_to_judge() -> None:
    assert len(all_messages()) > 80


def test_a_library_that_pings_by_itself_is_not_said_to_be_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    location = (
        f"location /socket.io/ {{ proxy_pass http://app; proxy_http_version 1.1; {upgrade} proxy_read_timeout 30s; }}"
    )
    write(
        tmp_path,
        {
            "nginx.conf": f"events {{}}\nhttp {{ server {{ {location} }} }}\n",
            "infralint.yaml": "streams: [{path: /socket.io/, kind: websocket, session: Socket.IO, heartbeat: 25s}]\n",
        },
    )
    output = run("check", "-q", "--select", "short-idle-timeout").output
    assert "and Socket.IO pings every 25 s, so that one lost ping is 50 s of silence." in output


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (r"\d+ (?:s|min|h) of silence", r"cuts (?:the stream|a WebSocket|a connection|it) after (?:.*?) of silence"),
        (r"model may \w+ for", r"a model may think for \d+ (?:s|min|h)|A model may think for \d+ (?:s|min|h)"),
        (r"or send a ping", r"Raise it, or send a ping at least every \d+ (?:s|min)"),
        (r"Vercel refuses", r"Vercel refuses the deploy"),
        (r"everything at once", r"[Uu]sers see nothing, (?:and )?then everything at once"),
        (r"is declared", r"is declared to (?:take|be silent for) \d+ (?:s|min|h)"),
    ],
)
def test_one_fact_has_the_same_words_everywhere(fact: str, words: str) -> None:
    told = [message for message in all_messages() if re.search(fact, message)]
    assert told
    assert [message for message in told if not re.search(words, message)] == []


def test_advice_says_where_to_write_it_where_that_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    location = "location /sse { proxy_pass http://app; proxy_http_version 1.1; proxy_buffering off; }"
    site = f"events {{}}\nhttp {{\n  proxy_read_timeout 9s;\n  server {{\n    {location}\n  }}\n}}\n"
    write(tmp_path, {"nginx.conf": site})
    output = run("check", "--select", "short-idle-timeout").output
    assert " --> nginx.conf:3:3\n" in output
    assert "  = write in location /sse (nginx.conf:5:5):\n      proxy_read_timeout 300s;\n" in output
    write(tmp_path, {"nginx.conf": site.replace("  proxy_read_timeout 9s;\n", "")})
    assert "  = write:\n      proxy_read_timeout 300s;\n" in run("check", "--select", "short-idle-timeout").output


def test_a_ping_that_is_as_frequent_as_advised_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    location = "location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 45s; }"
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ server {{ {location} }} }}\n"})
    advice = re.search(r"send a ping at least every (\d+) s", run("check", "--select", "short-idle-timeout").output)
    assert advice
    pings = int(advice[1])
    for heartbeat, status in ((pings, 0), (pings + 1, 1)):
        write(tmp_path, {"infralint.yaml": f"streams: [{{path: /sse, kind: sse, heartbeat: {heartbeat}s}}]\n"})
        result = run("check", "--select", "short-idle-timeout", "--fail-on", "note")
        assert result.exit_code == status, result.output


def test_a_header_that_is_sent_twice_is_to_be_taken_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = "proxy_set_header Host $host; proxy_set_header Host app.example.com;"
    location = f"location /sse {{ proxy_pass http://app; proxy_buffering off; {hosts} }}"
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ server {{ {location} }} }}\n"})
    output = run("check", "--select", "repeated-host-header").output
    assert "# this one alone: take `proxy_set_header Host app.example.com` out\n" in output
