"""Streams that scripts in pages open, and plain scripts that are sent beside them."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

SITE = """server {
    listen 80;
    location / { proxy_pass http://app:8000; }
    location /live/ { proxy_pass http://app:8000; }
}
"""
PAGE = "<html>\n<body>\n<script%s>\n%s\n</script>\n</body></html>\n"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("templates/chat.html", PAGE % ("", "const s = new WebSocket(`wss://${location.host}/live/chat`);")),
        ("web/index.html", PAGE % (' type="module"', 'new WebSocket("/live/chat");')),
        ("views/chat.ejs", PAGE % ("", "<% if (user) { %>\nnew WebSocket('/live/chat?u=<%= user %>');\n<% } %>")),
        ("app/views/chat.html.erb", PAGE % ("", "new WebSocket('/live/chat');\n<%= yield %>")),
        ("templates/room.html", PAGE % ("", 'const id = {{ room|tojson }};\nnew WebSocket("/live/{{ room }}");')),
        ("index.php", "<?php $x = 1; ?>\n" + PAGE % ("", "new WebSocket('/live/<?= $x ?>');")),
        ("shop.php", PAGE % ("", "// {% <? <?php {{ are not closed\nnew WebSocket('/live/chat');")),
        ("views/chat.ejs", PAGE % ("", "<%# {{ %>\nnew WebSocket('/live/chat'); // }} <% all %>")),
        ("static/js/chat.js", "const s = new WebSocket('ws://' + location.host + '/live/chat');\n"),
        ("public/app.js", "const s = new WebSocket('/live/chat');\n"),
    ],
)
def test_a_page_opens_a_stream(path: str, content: str, lint: Lint) -> None:
    report = lint({"nginx/site.conf": SITE, path: content})
    found = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert [(finding["severity"], finding["location"]["line"]) for finding in found] == [("error", 4)]
    assert f"{path}:" in found[0]["stream"]["because"]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("web/index.html", PAGE % (' type="text/template"', 'new WebSocket("/live/chat");')),
        ("web/index.html", "<p>new WebSocket('/live/chat')</p>\n"),
        ("docs/index.html", PAGE % ("", "new WebSocket('/live/chat');")),
        ("test-client.html", PAGE % ("", "new WebSocket('/live/chat');")),
        ("static/vendor/live.js", "new WebSocket('/live/chat');\n"),
        ("static/live.min.js", "new WebSocket('/live/chat');\n"),
        ("web/index.html", PAGE % ("", "new WebSocket({{ url }});")),
    ],
)
def test_what_opens_nothing(path: str, content: str, lint: Lint) -> None:
    report = lint({"nginx/site.conf": SITE, path: content})
    assert problems(report, "missing-upgrade-headers") == []


def test_socket_io_from_a_script_tag(lint: Lint) -> None:
    page = '<script src="/socket.io/socket.io.js"></script>\n' + PAGE % ("", "const socket = io();")
    report = lint({"nginx/site.conf": SITE, "templates/index.html": page})
    found = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert [finding["stream"]["path"] for finding in found] == ["/socket.io/"]


def test_a_template_that_does_not_parse_is_no_problem(lint: Lint) -> None:
    page = PAGE % ("", "{% for x in y %} let a = {{ x }} { new EventSource('/live/x') {% endfor %}")
    report = lint({"nginx/site.conf": SITE, "templates/index.html": page})
    assert report["unknown"] == []
    assert report["unreadable"] == []
