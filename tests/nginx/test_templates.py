"""Templates are read for what nginx would be given: values are holes, statements are conditions."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from yardstick import at_most

from infralint.sources.nginx.templates import HOLE, prepare

EJS = """\
<%
if (s.redirects) {
%>
server {
  listen 80;
  return 302 https://$host$request_uri;
}
<%
}
%>
server {
  <%
  if (s.tls) {
  %>
  listen 443 ssl;
  ssl_certificate <%-s.certificate%>;
  <%
  } else {
  %>
  listen 80;
  <%
  }
  %>
  server_name <%= s.domain %>;
  location /api/chat {
    proxy_pass http://<%-s.container%>:<%-s.port%>;
    BUFFERING
  }
}
"""
ERB = """\
<%# the edge -%>
<% @sites.each do |site| -%>
server {
  listen <%= site['port'] %>;
  location /api/chat {
    proxy_pass http://<%= site.app %>;
<% if site.streams? -%>
    SETTING
<% else -%>
    OTHER
<% end -%>
    <%- unless site.plain? -%>
    gzip on;
    <%- end -%>
  }
}
<% end -%>
"""
EPP = """\
<%- | Integer $port, Boolean $fast | -%>
server {
  listen <%= $port %>;
  location /api/chat {
    proxy_pass http://app;
    <% if $fast { -%>
    SETTING
    <% } else { -%>
    OTHER
    <% } -%>
  }
}
"""
HANDLEBARS = """\
{{#each sites}}
server {
  listen {{port}};
  location /api/chat {
    proxy_pass http://{{app}};
    {{#if fast}}
    SETTING
    {{else}}
    OTHER
    {{/if}}
    {{^plain}}gzip on;{{/plain}}
  }
}
{{/each}}
"""


@pytest.mark.parametrize(("line", "count"), [("proxy_buffering off;", 0), ("", 1)])
def test_ejs_is_read(line: str, count: int, lint: Lint) -> None:
    report = lint({"captain/nginx.conf.ejs": EJS.replace("BUFFERING", line)})
    assert len(problems(report, "buffered-stream")) == count
    assert report["unreadable"] == []


@pytest.mark.parametrize(
    ("name", "text"), [("site.conf.erb", ERB), ("site.conf.epp", EPP), ("nginx.conf.hbs", HANDLEBARS)]
)
class TestBranches:
    """A setting in every branch is known; in one of them it stands under a condition."""

    def test_a_setting_in_every_branch_holds(self, name: str, text: str, lint: Lint) -> None:
        off = "proxy_buffering off;"
        report = lint({f"nginx/{name}": text.replace("SETTING", off).replace("OTHER", off)})
        assert problems(report, "buffered-stream") == []
        assert not any("buffering" in entry["message"] for entry in report["unknown"])

    def test_a_setting_in_one_branch_is_not_known(self, name: str, text: str, lint: Lint) -> None:
        report = lint({f"nginx/{name}": text.replace("SETTING", "proxy_buffering off;").replace("OTHER", "")})
        assert any("stands only under" in entry["message"] for entry in report["unknown"])

    def test_a_setting_in_no_branch_is_the_default(self, name: str, text: str, lint: Lint) -> None:
        report = lint({f"nginx/{name}": text.replace("SETTING", "").replace("OTHER", "")})
        assert problems(report, "buffered-stream")


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("a <%= x %>;", "a H;"),
        ("a <%- x %>;", "a H;"),
        ("<%- x = 1 -%>a;", "a;"),
        ("<%# a %>a;", "a;"),
        ("<% x = 1 if y %>a;", "a;"),
        ("<%_ if (a) { _%>b;<%_ } _%>", "b;"),
        ("a; <% never closed", "a; <% never closed"),
        ("{# a #}b; {# never closed", "b; {# never closed"),
        ("{{/* a */}}b {{ c }};", "b H;"),
        ("a {{ never closed", "a {{ never closed"),
    ],
)
def test_what_is_left_of_a_template(text: str, rendered: str) -> None:
    prepared = HOLE.sub("H", prepare(text).text)
    assert " ".join(prepared.split()) == rendered


@pytest.mark.parametrize(
    "mark", ["{#", "{%", "{{", "{{'", "{{`", "<%", "<%=", "${A:-", "map ", "geo $A ", "{{/*", "{# #", "<%% "]
)
def test_marks_that_are_never_closed_take_no_time(mark: str) -> None:
    with at_most(100):
        prepare(mark * (90_000 // len(mark)))


def test_words_under_conditions_are_not_counted_as_arguments(lint: Lint) -> None:
    chosen = "set $kept {{ if .keep }}true{{ else }}false{{ end }};"
    site = "server { listen 80; location /api/chat { %s proxy_pass http://app:8000; } }\n"
    assert not lint({"nginx.tmpl": site % chosen})["unreadable"]
    refused = "{{ if .keep }}set $kept true false;{{ end }}"
    [problem] = lint({"nginx.tmpl": site % refused})["unreadable"]
    assert 'invalid number of arguments in "set"' in problem["message"]


def test_the_snapshot_of_a_charts_test_is_no_configuration(lint: Lint) -> None:
    rendered = (
        "renders:\n  1: |\n    data:\n      nginx.conf: |\n        server {\n          proxy_pass http://app;\n"
        "    kind: ConfigMap\n"
    )
    live = "server { listen 80; location / { return 200; } }\n"
    report = lint({"chart/tests/__snapshot__/web_test.yaml.snap": rendered, "nginx.conf": live})
    assert not report["unreadable"]


def test_advice_for_a_template_shows_its_own_placeholders(lint: Lint) -> None:
    target = "http://localhost:{{ port }}/api/{{ project }}/"
    report = lint({"nginx.conf.j2": f"server {{\n  location / {{ proxy_pass {target}; }}\n}}\n"}, "--assume", "warning")
    [finding] = [finding for finding in report["findings"] if finding["check"] == "buffered-stream"]
    assert f"`location /…` with `proxy_pass {target}…`" in finding["fix"]


@pytest.mark.parametrize(("block", "refused"), [('{{ define "PLACE" }}', False), ("{{ if .Values.on }}", True)])
def test_what_a_named_template_holds_may_stand_anywhere(block: str, refused: bool, lint: Lint) -> None:
    text = "events {}\nhttp { server { listen 80; location / { root /srv; } } }\n" + block
    report = lint({"nginx.tmpl": f"{text}\nlocation /a/ {{ proxy_pass http://app; }}\n{{{{ end }}}}\n"})
    assert any("not allowed here" in entry["message"] for entry in report["unreadable"]) == refused


@pytest.mark.parametrize(("environment", "is_told"), [("environment: {APP: app}", True), ("environment: {}", False)])
def test_a_server_that_the_environment_fills_in_is_one(environment: str, is_told: bool, lint: Lint) -> None:
    config = (
        "upstream app { server ${APP}:3000; }\nserver { listen 80; location /socket.io/ {\n"
        "proxy_pass http://app; proxy_http_version 1.1; proxy_read_timeout 300s; proxy_buffering off;\n"
        'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; } }\n'
    )
    compose = (
        f"services:\n  web:\n    image: nginx:1.27\n    ports: ['80:80']\n    {environment}\n"
        "    volumes: ['./templates:/etc/nginx/templates']\n"
    )
    streams = "streams: [{path: /socket.io/, kind: websocket, session: Socket.IO}]\n"
    report = lint({"templates/a.conf.template": config, "compose.yaml": compose, "infralint.yaml": streams})
    told = [entry["message"] for entry in report["unknown"]]
    assert any("how many servers upstream app has" in text for text in told) is not is_told, told
