"""Which files are read as nginx, how, and what is said of those that can't be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

SSE = "location /sse { proxy_pass http://app; proxy_read_timeout 5m; }"
SERVER = f"server {{\n    {SSE}\n}}\n"
HELD = "2 error buffered-stream"


def buffered(report: dict) -> list[str]:
    return [one.replace(" warning ", " error ") for one in problems(report, "buffered-stream")]


@pytest.mark.parametrize(
    "name",
    [
        "nginx.conf",
        "conf.d/app.conf",
        "sites-available/app",
        "nginx/app.conf.template",
        "app.conf.tpl",
        "app.conf.j2",
        "app.conf.sample",
        "nginx/site.conf.inc.template",
        "docker/app.conf.python",
        "nginx/nginx.template.prod",
        "service.jinja2",
        "vhost",
        "k8s/app.nginx",
    ],
)
def test_configuration_is_found_wherever_people_keep_it(name: str, lint: Lint) -> None:
    assert buffered(lint({name: SERVER})) == [f"{name}:{HELD}"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("httpd.conf", "<VirtualHost *:80>\n  ProxyPass /sse http://app/\n</VirtualHost>\n"),
        ("supervisord.conf", "[program:nginx]\ncommand=nginx -g 'daemon off;'\n"),
        ("application.conf", 'server {\n  port = 8080\n  location = "/sse"\n}\nstream { timeout = 5s }\n'),
        ("redis.conf", "timeout 0\nsave 900 1\n"),
        ("logging.conf", "[loggers]\nkeys=root\n"),
        ("named.conf", 'include "/etc/bind/a";\ninclude "/etc/bind/b";\nzone "x" { type master; };\n'),
        ("syslog-ng.conf", '@include "scl.conf"\nsource s { system(); };\nlog { source(s); };\n'),
        ("Caddyfile", "example.com {\n  reverse_proxy /sse app:80\n}\n"),
        ("haproxy.cfg", "frontend http\n  bind *:80\n  default_backend app\n"),
        ("README.md", f"```nginx\n{SERVER}```\n"),
        ("setup.sh", f"cat > nginx.conf <<EOF\n{SERVER}EOF\n"),
        ("values.yaml", "nginx:\n  location: /sse\n  proxy_pass: http://app\n"),
        ("bootstrap.yaml", f"run: |\n  cat > a.conf <<EOF\n  {SSE}\n  EOF\n"),
    ],
)
def test_what_is_not_nginx_is_left_alone(name: str, content: str, lint: Lint) -> None:
    report = lint({name: content, "nginx.conf": "events {}\n"})
    assert report["findings"] == report["unknown"] == report["unreadable"] == []
    assert report["status"] == 0


def test_a_dump_names_the_original_files(lint: Lint) -> None:
    dump = (
        "nginx: configuration file /etc/nginx/nginx.conf test is successful\n"
        "# configuration file /etc/nginx/nginx.conf:\nevents {}\nhttp {\n  include conf.d/*.conf;\n}\n\n"
        f"# configuration file /etc/nginx/conf.d/app.conf:\n{SERVER}"
    )
    assert buffered(lint({"dump.conf": dump})) == [f"/etc/nginx/conf.d/app.conf:{HELD}"]


def test_standard_input_is_nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("check", "-", stdin=SERVER.encode())
    assert "--> <stdin>:2:5" in result.output
    assert "2 |     location /sse {" in result.output
    assert result.exit_code == 1


def test_a_config_map_keeps_its_lines_and_columns(lint: Lint) -> None:
    manifest = f"apiVersion: v1\nkind: ConfigMap\ndata:\n  default.conf: |\n    server {{\n      {SSE}\n    }}\n"
    report = lint({"k8s/configmap.yaml": manifest})
    assert buffered(report) == ["k8s/configmap.yaml:6 error buffered-stream"]
    [finding] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert finding["location"]["column"] == 7


KEYS = """\
kind: ConfigMap
data:
  nginx.conf: |
    events {}
    http {
      proxy_buffering %s;
      include /etc/nginx/conf.d/*.conf;
    }
  default.conf: |
    server {
      location /sse { proxy_pass http://app; proxy_read_timeout 5m; }
    }
"""


def test_keys_of_one_config_map_include_each_other(lint: Lint) -> None:
    report = lint({"k8s/nginx.yaml": f"{KEYS % 'off'}---\n{KEYS % 'on'}"})
    assert buffered(report) == [f"k8s/nginx.yaml:{len(KEYS.splitlines()) + 7} error buffered-stream"]
    [finding] = report["findings"]
    assert "`proxy_buffering on`" in finding["message"]
    assert report["unknown"] == []


def test_a_config_map_includes_its_own_template_and_not_the_file_of_another_image(lint: Lint) -> None:
    manifest = (KEYS % "off").replace("default.conf:", "default.conf.template:")
    image = "FROM nginx\nCOPY nginx.conf /etc/nginx/conf.d/default.conf\n"
    report = lint({"k8s/nginx.yaml": manifest, "web/Dockerfile": image, "web/nginx.conf": SERVER})
    assert buffered(report) == [f"web/nginx.conf:{HELD}"]


def test_configuration_in_a_quoted_string_is_told(lint: Lint) -> None:
    text = r'  nginx.conf: "events {}\nhttp {\n  server { location /sse { proxy_pass http://app;\n}}}\n"'
    report = lint({"k8s/nginx.yaml": f"kind: ConfigMap\ndata:\n{text}\n", "a.conf": SERVER})
    [unknown] = report["unknown"]
    assert unknown["location"]["line"] == 3
    assert "one quoted string" in unknown["message"]


def test_one_file_handed_over_pulls_in_its_project(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "infralint.yaml": "assume: warning\n",
        "nginx.conf": "events {}\nhttp {\n  proxy_buffering off;\n  include conf.d/*.conf;\n}\n",
        "conf.d/a.conf": SERVER,
        "conf.d/b.conf": "server { location /sse { proxy_pass http://b; proxy_read_timeout 1s; } }\n",
    }
    report = lint(files, paths=("conf.d/a.conf",))
    assert report["findings"] == []
    assert problems(lint({}, paths=("conf.d/b.conf",))) == ["conf.d/b.conf:1 warning short-idle-timeout"]


INCLUDES = {
    "beside the main file": {
        "nginx.conf": "events {}\nhttp { include proxy.conf; %s }",
        "proxy.conf": "proxy_buffering off;",
    },
    "relative to the main file's folder": {
        "etc/nginx.conf": "events {}\nhttp { include conf.d/a.conf; }",
        "etc/conf.d/a.conf": "include proxy.conf;\n%s",
        "etc/proxy.conf": "proxy_buffering off;",
    },
    "a template of that name": {
        "nginx.conf": "events {}\nhttp { include proxy.conf; %s }",
        "proxy.conf.template": "proxy_buffering off;",
    },
    "copied by a Dockerfile": {
        "docker/app.conf": "include /etc/nginx/company/x.conf;\n%s",
        "docker/Dockerfile": "FROM nginx:1.27\nCOPY shared /etc/nginx/company\n",
        "docker/shared/x.conf": "proxy_buffering off;",
    },
    "taken over of an earlier stage by a pattern and a variable": {
        "app.conf": "include /etc/nginx/inc/x.conf;\n%s",
        "Dockerfile": "FROM a AS build\nENV H=/conf\nCOPY cfg/a.conf cfg/x.conf $H/\n"
        "FROM nginx:1.27\nENV H=/conf\nCOPY --from=build ${H}/*.conf /etc/nginx/inc/\n",
        "cfg/a.conf": "",
        "cfg/x.conf": "proxy_buffering off;",
        "other/x.conf": "",
        "other/inc/x.conf": "",
    },
    "mounted by compose": {
        "conf/app.conf": "include /srv/special/x.conf;\n%s",
        "compose.yaml": "services:\n  web:\n    volumes:\n      - ./mounted:/srv/special:ro\n",
        "mounted/x.conf": "proxy_buffering off;",
    },
    "mapped in infralint.yaml": {
        "conf/app.conf": "include /opt/nginx/x.conf;\n%s",
        "infralint.yaml": "nginx:\n  include_paths:\n    /opt/nginx: somewhere/else\n",
        "somewhere/else/x.conf": "proxy_buffering off;",
    },
    "a glob": {"nginx.conf": "events {}\nhttp { include extra/*.conf; %s }", "extra/1.conf": "proxy_buffering off;"},
    "include of an include": {
        "nginx.conf": "events {}\nhttp { include a.conf; %s }",
        "a.conf": "include b.conf;",
        "b.conf": "proxy_buffering off;",
    },
}


@pytest.mark.parametrize("files", INCLUDES.values(), ids=INCLUDES)
def test_includes_are_followed_through_the_repository(files: dict[str, str], lint: Lint) -> None:
    report = lint({name: text.replace("%s", SERVER) for name, text in files.items()})
    assert report["findings"] == []
    assert report["unknown"] == []


@pytest.mark.parametrize(
    "line",
    [
        "include mime.types;",
        "include /etc/nginx/fastcgi_params;",
        "include conf.d/*.conf;",
        "include /etc/letsencrypt/options-ssl-nginx.conf;",
    ],
)
def test_files_that_everybody_leaves_out_are_known_by_heart(line: str, lint: Lint) -> None:
    report = lint({"nginx.conf": f"events {{}}\nhttp {{\n{line}\n{SERVER}}}\n"})
    assert buffered(report) == ["nginx.conf:5 error buffered-stream"]
    assert report["unknown"] == []


def test_the_bare_name_of_a_file_that_every_system_has_is_looked_for_nowhere_else(lint: Lint) -> None:
    """A mime.types of another program's image is none of nginx'."""
    text = f"events {{}}\nhttp {{\ninclude /etc/nginx/mime.types;\n{SERVER}}}\n"
    report = lint({"nginx.conf": text, "other/etc/mime.types": "text/html html\ntext/css css\n"})
    assert not report["unreadable"]
    assert buffered(report) == ["nginx.conf:5 error buffered-stream"]


def test_a_missing_include_is_unknown_once_and_never_a_finding(lint: Lint) -> None:
    locations = "".join(f"location /sse{n} {{ proxy_pass http://app; include gone.conf; }}\n" for n in range(30))
    report = lint({"nginx.conf": f"events {{}}\nhttp {{ server {{\n# SSE\n{locations.replace('/sse', '/sse/')}}} }}\n"})
    assert report["findings"] == []
    [unknown] = report["unknown"]
    assert (
        "`include gone.conf` names a file that is not in the project (here and in 29 more places)" in unknown["message"]
    )
    assert report["status"] == 0
    assert lint({}, "--strict")["status"] == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("events {}\nhttp { server { listen 80; include app/locations.conf; } }\n", False),
        ("events {}\nhttp { include vhosts/all.conf; }\n", False),
        ("events {}\nhttp { server { listen 80; include app/locations.conf; return 301 https://$host; } }\n", True),
        ("events {}\nhttp { server { include snippets/tls.conf; location / { root /srv; } } }\n", True),
        ("events {}\nhttp { include vhosts/*.conf; }\n", True),
        ("events {}\ninclude modules.conf;\n", True),
    ],
)
def test_servers_that_stand_in_what_is_not_here_are_not_called_clean(text: str, told: bool, lint: Lint) -> None:
    report = lint({"nginx.conf": text})
    assert report["findings"] == []
    assert bool(report["unknown"]) != told


def test_a_dump_by_name_is_judged_under_its_inner_names(lint: Lint) -> None:
    dump = f"# configuration file /etc/nginx/nginx.conf:\nevents {{}}\nhttp {{\n{SERVER}}}\n"
    files: dict[str, str | bytes] = {"infralint.yaml": "assume: warning\n", "dump.conf": dump, "other.conf": SERVER}
    assert buffered(lint(files, paths=("dump.conf",))) == ["/etc/nginx/nginx.conf:4 error buffered-stream"]
    assert buffered(lint({}, paths=("other.conf",))) == [f"other.conf:{HELD}"]


def test_what_stands_beside_a_missing_include_holds(lint: Lint) -> None:
    body = "proxy_pass http://app; include gone.conf; proxy_buffering off; proxy_read_timeout 5m;"
    report = lint({"nginx.conf": f"events {{}}\nhttp {{ server {{ location /sse {{ {body} }} }} }}\n"})
    assert report["findings"] == report["unknown"] == []


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{% if tls %}\nlisten 443 ssl;\n{% endif %}\n", 5),
        ("{{- if .Values.tls }}\nlisten 443 ssl;\n{{- end }}\n", 5),
        ("{# a comment\n of two lines #}\n", 4),
        ("server_name ${HOST};\n", 3),
        ("{{ extra }}\n", 0),
        ("{% for name in names %}\nset $a{{ loop.index }} {{ name }};\n{% endfor %}\n", 5),
    ],
)
def test_templates_are_read_and_lines_hold(template: str, line: int, lint: Lint) -> None:
    report = lint({"nginx/app.conf.j2": f"server {{\n{template}{SSE}\n}}\n"})
    assert buffered(report) == ([f"nginx/app.conf.j2:{line} error buffered-stream"] if line else [])
    assert bool(report["unknown"]) == (line == 0)


@pytest.mark.parametrize(
    "directives",
    [
        "{% if a %}proxy_buffering off;{% endif %}",
        "proxy_buffering {{ buffering }};",
        "proxy_buffering ${BUFFERING};",
        "{{ directives }}",
        "${DIRECTIVES}",
        "{% if a %}proxy_buffering on;{% else %}proxy_buffering off;{% endif %}",
    ],
)
def test_what_only_rendering_tells_is_unknown(directives: str, lint: Lint) -> None:
    report = lint({"app.conf.template": f"server {{\nlocation /sse {{\nproxy_pass http://app;\n{directives}\n}}\n}}\n"})
    assert buffered(report) == []
    assert report["unknown"]


@pytest.mark.parametrize(
    "directives",
    [
        "{% if a %}proxy_buffering off;{% else %}proxy_buffering off;{% endif %}",
        "proxy_buffering off; {% if a %}add_header X-A b;{% endif %}",
        "proxy_buffering off;\n{{ more }}",
    ],
)
def test_what_holds_whichever_way_is_known(directives: str, lint: Lint) -> None:
    report = lint(
        {
            "app.conf.j2": f"server {{ location /sse {{ proxy_pass http://app; proxy_read_timeout 5m;\n{directives}\n}} }}\n"
        }
    )
    assert report["findings"] == report["unknown"] == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("server { listen <?= $port ?>; location /sse { proxy_pass http://app; } }", "PHP"),
        ("server {\n<#if tls>\nlisten 443;\n</#if>\nlocation /sse { proxy_pass http://app; } }", "FreeMarker"),
        ("server {\n#if ($tls)\nlisten 443;\n#end\nlocation /sse { proxy_pass http://app; } }", "Velocity"),
        ("server {\n% if tls:\nlisten 443;\n% endif\nlocation /sse { proxy_pass http://app; } }", "Mako"),
        ("%{ if x }\nserver { location /sse { proxy_pass http://app; } }\n%{ endif }", "Terraform"),
    ],
)
def test_other_template_languages_are_named_not_judged(text: str, language: str, lint: Lint) -> None:
    report = lint({"nginx/site.conf.in": text})
    assert report["findings"] == []
    assert language in report["unknown"][0]["message"]


@pytest.mark.parametrize("name", ["%%TIMEOUT%%", "@TIMEOUT@", "__TIMEOUT__"])
def test_what_a_script_fills_in_is_not_known_and_the_rest_is_judged(name: str, lint: Lint) -> None:
    clock = f"location /sse {{ proxy_pass http://app; proxy_buffering off; proxy_read_timeout {name}s; }}"
    report = lint(
        {"nginx/site.conf.in": f"server {{\nlisten 80;\n{clock}\nlocation /ws/ {{ proxy_pass http://app; }}\n}}"}
    )
    assert [entry["location"]["line"] for entry in report["unknown"]] == [3]
    assert f"is only known once {name} is filled in" in report["unknown"][0]["message"]
    assert {(finding["check"], finding["location"]["line"]) for finding in report["findings"]} >= {
        ("missing-upgrade-headers", 4)
    }


@pytest.mark.parametrize("name", ["%%LOCATIONS%%", "@LOCATIONS@", "__LOCATIONS__"])
def test_what_a_script_puts_on_a_line_of_its_own_may_be_anything(name: str, lint: Lint) -> None:
    report = lint(
        {"nginx/site.conf.in": f"server {{\nlisten 80;\n{name}\nlocation /sse {{ proxy_pass http://app; }}\n}}"}
    )
    assert report["findings"] == []
    assert "may stand for any directives" in report["unknown"][0]["message"]


@pytest.mark.parametrize(
    "idle",
    [
        "#if ($host = www.example.com) {\n# return 301 /;\n#}",
        'sub_filter "__CSP_NONCE__" $request_id;',
        "location /__HMR__ { return 204; }",
    ],
)
def test_what_looks_like_another_language_and_is_nginx_hides_nothing(idle: str, lint: Lint) -> None:
    report = lint(
        {"nginx.conf": f"events {{}}\nhttp {{ server {{\n{idle}\nlocation /sse {{ proxy_pass http://app; }}\n}} }}\n"}
    )
    assert {finding["check"] for finding in report["findings"]} == {"buffered-stream", "short-idle-timeout"}
    assert report["unknown"] == report["unreadable"] == []


@pytest.mark.parametrize(
    ("where", "text", "value"),
    [
        ("compose.yaml", "services:\n  web:\n    environment:\n      READ: ${READ:-300s}\n", "300s"),
        ("docker-compose.yml", "services:\n  web:\n    environment:\n      - READ=5s\n", "5s"),
        (".env", "READ=5s  # short\n", "5s"),
        ("Dockerfile", "FROM nginx\nENV READ=5s\n", "5s"),
    ],
)
def test_holes_are_filled_from_defaults_that_stand_plainly_there(where: str, text: str, value: str, lint: Lint) -> None:
    site = "server { location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout ${READ}; } }\n"
    report = lint({"templates/app.conf.template": site, where: text})
    assert report["unknown"] == []
    assert bool(report["findings"]) == (value == "5s")
    if report["findings"]:
        assert f"${{READ}} is 5s by {where}:" in report["findings"][0]["message"]


SERVICES = "services:\n  api:\n    image: api\n    environment: {READ: 5s}\n  web:\n"


@pytest.mark.parametrize(
    ("files", "value"),
    [
        (
            {"compose.yaml": f"{SERVICES}    image: nginx:1.27\n    environment: {{READ: 300s}}\n"},
            "300s by compose.yaml:7",
        ),
        ({"compose.yaml": f"{SERVICES}    image: nginx:1.27\n"}, None),
        (
            {"compose.yaml": f"{SERVICES}    build: templates\n    environment:\n      READ: 300s\n"},
            "300s by compose.yaml:8",
        ),
        (
            {
                "compose.yaml": f"{SERVICES}    image: proxy\n    volumes: [./templates:/x:ro]\n    environment: [READ=9s]\n"
            },
            "9s by compose.yaml:8",
        ),
        (
            {
                "compose.yaml": f"{SERVICES}    image: nginx\n    environment: {{READ: 300s}}\n",
                "Dockerfile": "ENV READ=5s\n",
                ".env": "READ=5s\n",
            },
            "300s by compose.yaml:7",
        ),
        (
            {"compose.yaml": f"{SERVICES}    image: nginx\n    env_file: web.env\n", "web.env": "READ=9s\n"},
            "9s by web.env:1",
        ),
        (
            {"compose.yaml": f"{SERVICES}    image: nginx\n    environment: ['READ=${{T:-5s}}']\n", ".env": "T=9s\n"},
            "9s by .env:1",
        ),
        (
            {
                "compose.yaml": f"{SERVICES}    image: nginx\n    environment: ['READ=${{T:-5s}}']\n",
                ".env.example": "T=9s\n",
            },
            None,
        ),
        (
            {"compose.yaml": f"x-shared: &shared {{READ: 9s}}\n{SERVICES}    image: nginx\n    environment: *shared\n"},
            "9s by compose.yaml:1",
        ),
        ({"Dockerfile": "FROM nginx\nENV OTHER=1 \\\n    READ=9s\n"}, "9s by Dockerfile:3"),
        ({"backend/.env.example": "READ=9s\n"}, None),
        ({"compose.yaml": "services: [\n", "Dockerfile": "ENV READ=9s\n"}, "9s by Dockerfile:1"),
        ({"compose.yaml": f"{SERVICES}    image: nginx\n    environment: {{READ: $OTHER}}\n"}, None),
    ],
)
def test_a_hole_is_filled_by_the_service_that_runs_nginx(files: dict[str, str], value: str | None, lint: Lint) -> None:
    site = "server { location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout ${READ}; } }\n"
    report = lint({"templates/app.conf.template": site, **files})
    assert bool(report["unknown"]) == (value is None)
    said = [one["message"] for one in report["findings"] if one["check"] == "short-idle-timeout"]
    assert bool(said) == (value is not None and not value.startswith("300s"))
    assert all(f"(${{READ}} is {value})" in one for one in said)


def test_a_variable_of_nginx_in_capitals_is_no_hole(lint: Lint) -> None:
    upgrade = POLLING.replace("Connection upgrade", "Connection $CONNECTION")
    own = "map $http_upgrade $CONNECTION { default upgrade; '' close; }"
    report = lint({"nginx.conf": upgrade % (own, "set $TO one; proxy_pass http://$TO;")})
    assert report["unknown"] == []
    assert problems(report, "missing-upgrade-headers") == []


@pytest.mark.parametrize("ending", ["sample", "example", "dist"])
def test_a_sample_beside_the_file_in_use_is_passed_over(ending: str, lint: Lint) -> None:
    name = f"app.conf.{ending}"
    report = lint({"app.conf": SERVER.replace("; }", "; proxy_buffering off; }"), name: SERVER})
    assert report["findings"] == []
    assert buffered(lint({}, paths=(name,))) == [f"{name}:{HELD}"]
    (Path(name)).rename(f"other.conf.{ending}")
    assert buffered(lint({})) == [f"other.conf.{ending}:{HELD}"]


def test_defaults_that_disagree_fill_nothing(lint: Lint) -> None:
    site = "server { location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout ${READ}; } }\n"
    report = lint({"app.conf.template": site, ".env": "READ=5s\n", "Dockerfile": "ENV READ=500s\n"})
    assert report["findings"] == []
    assert "${READ}" in report["unknown"][0]["message"]


@pytest.mark.parametrize(
    ("line", "loud"),
    [
        ('export READ="${READ:-5s}"', True),
        (": ${READ:=5s}", True),
        ("READ=5s  # seconds", True),
        ('export READ="${READ:-500s}"', False),
        ('export READ="$(cat /run/read)"', False),
        ('export OTHER="${OTHER:-5s}"', False),
    ],
)
def test_the_script_that_renders_a_template_says_what_is_taken_by_default(line: str, loud: bool, lint: Lint) -> None:
    site = "server { location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout ${READ}; } }\n"
    script = f"#!/bin/sh\n{line}\nenvsubst '$READ' < app.conf.template > app.conf\n"
    report = lint({"app.conf.template": site, "run.sh": script})
    assert problems(report) == (["app.conf.template:1 warning short-idle-timeout"] if loud else [])
    assert problems(lint({"app.conf.template": site, "run.sh": script.replace("envsubst", "true")})) == []
    set_elsewhere = lint({"app.conf.template": site, "run.sh": script, ".env": "READ=500s\n"})
    assert problems(set_elsewhere) == []


BROKEN = {
    "an open block": ("server {\n  listen 80;\n", 1, 'the block "server" is never closed'),
    "a stray brace": ("server { listen 80; }\n}\n", 2, "closes a block that was never opened"),
    "a missing semicolon": (
        "server {\n  location / {\n    proxy_pass http://a\n  }\n}\n",
        3,
        '";" is missing after "proxy_pass http://a"',
    ),
    "a missing last semicolon": ("server { listen 80; }\nproxy_buffering off", 2, "the file ends"),
    "an open quote": ('server {\n  server_name "a;\n}\n', 2, "a quote is opened here and never closed"),
}


@pytest.mark.parametrize(("text", "line", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_line_and_hides_no_other(
    text: str, line: int, message: str, lint: Lint
) -> None:
    report = lint({"nginx/broken.conf": text, "nginx/good.conf": SERVER})
    [unreadable] = report["unreadable"]
    assert (unreadable["location"]["path"], unreadable["location"]["line"]) == ("nginx/broken.conf", line)
    assert message in unreadable["message"]
    assert buffered(report) == [f"nginx/good.conf:{HELD}"]
    assert report["status"] == 2


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(lint: Lint) -> None:
    report = lint({"nginx.conf": b"\xef\xbb\xbf" + SERVER.replace("\n", "\r\n").encode()})
    assert buffered(report) == [f"nginx.conf:{HELD}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(SERVER.encode("utf-16"), "UTF-16"), (b"\x7fELF\0\0\0" + os.urandom(100), "binary"), (b"x" * (11 << 20), "11 MB")],
)
def test_what_is_no_text_is_unreadable_where_it_claims_to_be_nginx(content: bytes, message: str, lint: Lint) -> None:
    report = lint({"nginx.conf": content, "blob": content, "data.conf": content})
    assert [one["location"]["path"] for one in report["unreadable"]] == ["nginx.conf"]
    assert message in report["unreadable"][0]["message"]
    assert report["status"] == 2


def test_a_huge_file_on_one_line_is_said_to_be_too_large(lint: Lint) -> None:
    report = lint({"site.conf": SERVER.replace("\n", " ").encode() * (50 << 14), "other.conf": b"x y z " * (2 << 20)})
    assert [one["location"]["path"] for one in report["unreadable"]] == ["site.conf"]
    assert "such files are read up to 10 MB" in report["unreadable"][0]["message"]


def test_a_dump_on_standard_input_names_the_original_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dump = f"# configuration file /etc/nginx/nginx.conf:\nevents {{}}\nhttp {{\n{SERVER}}}\n"
    result = run("check", "-", stdin=dump.encode())
    assert "--> /etc/nginx/nginx.conf:4:5" in result.output
    assert "4 |     location /sse {" in result.output


def test_100_000_nested_blocks_are_refused_politely(lint: Lint) -> None:
    report = lint({"nginx.conf": "events {}\n" + "location /a {\n" * 100_000})
    assert report["unreadable"][0]["message"] == "is nested deeper than infralint reads"
    assert report["status"] == 2


def test_a_long_line_is_shown_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(
        write(
            tmp_path,
            {
                "nginx.conf": "events {} "
                + "# " * 10
                + "\n"
                + "server { listen 80; } " * 3000
                + SERVER.replace("\n", " ")
            },
        )
    )
    result = run("check", "--color", "never")
    assert "buffered-stream" in result.output
    assert max(map(len, result.output.splitlines())) < 400


def test_includes_in_a_circle_are_named(lint: Lint) -> None:
    report = lint(
        {
            "nginx.conf": "events {}\nhttp { include a.conf; }\n",
            "a.conf": "include b.conf;\n",
            "b.conf": "include a.conf;\n",
        }
    )
    assert [entry["message"] for entry in report["unreadable"]] == [
        "files include each other for ever: b.conf -> a.conf -> b.conf"
    ]
    assert report["status"] == 2


def test_links_lead_neither_out_nor_round(tmp_path: Path, lint: Lint) -> None:
    outside = write(tmp_path.parent / f"{tmp_path.name}-outside", {"secret.conf": SERVER})
    write(tmp_path, {"conf.d/a.conf": "include secret.conf;\n" + SERVER})
    (tmp_path / "conf.d/secret.conf").symlink_to(outside / "secret.conf")
    (tmp_path / "conf.d/round").symlink_to(tmp_path)
    (tmp_path / "conf.d/dangling.conf").symlink_to("nowhere")
    report = lint({})
    assert {one["location"]["path"] for one in report["findings"]} <= {"conf.d/a.conf"}
    assert {one["location"]["path"]: one["message"] for one in report["unreadable"]} == {
        "conf.d/dangling.conf": "is a link to nothing",
        "conf.d/secret.conf": "is a link that leads out of the project; infralint does not follow it",
    }


def test_a_folder_called_like_a_file_is_walked(lint: Lint) -> None:
    assert buffered(lint({"x.conf/inner.conf": SERVER})) == [f"x.conf/inner.conf:{HELD}"]


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"nginx.conf": SERVER, "nginx/good.conf": SERVER})
    real = os.open

    def vanished(path: object, *rest: object, **more: object) -> int:
        if str(path).endswith("/nginx.conf"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("infralint.project.walking.os.open", vanished)
    report = lint({})
    assert report["unreadable"][0]["message"] == "can't be read: Permission denied"
    assert buffered(report) == [f"nginx/good.conf:{HELD}"]
    assert report["status"] == 2


def test_lua_blocks_are_no_configuration(lint: Lint) -> None:
    lua = 'content_by_lua_block {\n  ngx.say("proxy_pass {{ x }};")\n  if a then b = { c = 1 } end\n}\n'
    assert buffered(lint({"nginx.conf": f"server {{\nlocation /lua {{\n{lua}}}\n{SSE}\n}}\n"})) == [
        "nginx.conf:8 error buffered-stream"
    ]


@pytest.mark.parametrize(
    ("files", "old"),
    [
        ({"nginx/Dockerfile": "FROM nginx:1.27-alpine\n"}, True),
        ({"nginx/Dockerfile": "FROM nginx:1.31.2\n"}, False),
        ({"nginx/Dockerfile": "FROM nginx@sha256:abc\n"}, True),
        ({"nginx/Dockerfile": "FROM nginx:1.29\n"}, True),
        ({"compose.yaml": "services:\n  web:\n    image: docker.io/nginxinc/nginx-unprivileged:1.30-alpine\n"}, False),
        ({"nginx/Dockerfile": "ARG NGINX_VERSION=1.31.2\nFROM nginx:${NGINX_VERSION}-alpine\n"}, False),
        ({"nginx/Dockerfile": "ARG NGINX_VERSION=1.27.1\nFROM nginx:$NGINX_VERSION\n"}, True),
        ({"nginx/Dockerfile": "ARG NGINX_VERSION\nFROM nginx:${NGINX_VERSION}\n"}, True),
        ({"compose.yaml": "services:\n  web:\n    image: nginx:${NGINX_TAG:-1.31.0}\n"}, False),
        ({"compose.yaml": "services: {web: {image: nginx:1.31.0}}\n"}, False),
        ({"compose.yaml": 'services: {web: {image: "nginx:1.25", restart: always}}\n'}, True),
        ({"k8s/deployment.yaml": "containers:\n  - image: nginx:1.31.0@sha256:abc\n"}, False),
        ({"infralint.yaml": "nginx: {version: 1.30.1}\n", "Dockerfile": "FROM nginx:1.20\n"}, False),
        ({"other/Dockerfile": "FROM nginx:1.31\n", "Dockerfile": "FROM nginx:1.20\n"}, True),
        ({}, True),
    ],
)
def test_the_nginx_version_decides_the_default(files: dict[str, str], old: bool, lint: Lint) -> None:
    report = lint({"nginx/app.conf": SERVER.replace("location", "# SSE\n    location"), **files})
    [finding] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
    assert finding["severity"] == ("error" if old else "warning")
    assert ("HTTP/1.0" in finding["message"]) == old


@pytest.mark.parametrize(
    "image",
    [
        "nginx",
        "nginx:latest",
        "nginx:stable",
        "nginx:mainline",
        "nginx:alpine",
        "nginx:stable-alpine",
        "nginx:1-alpine",
        "nginx:alpine-slim",
        "nginx:mainline-bookworm",
        "docker.io/nginxinc/nginx-unprivileged:stable",
    ],
)
def test_a_tag_without_a_number_may_be_either_side_of_a_change(image: str, lint: Lint) -> None:
    sockets = "location /ws { proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }"
    text = f"server {{\n# SSE\n{SSE}\n{sockets}\n}}\n"
    for file in ({"nginx/Dockerfile": f"FROM {image}\n"}, {"compose.yaml": f"services:\n  web:\n    image: {image}\n"}):
        report = lint({"nginx/app.conf": text, "nginx/Dockerfile": "", "compose.yaml": "", **file})
        [held] = [one for one in report["findings"] if one["check"] == "buffered-stream"]
        assert held["severity"] == "warning"
        assert f"`{image}` names no version: nginx before 1.29.7 speaks HTTP/1.0 to backends" in held["message"]
        assert "later ones hold events larger than a buffer" in held["message"]
        assert [one["location"]["path"] for one in held["related"]] == [next(iter(file))]
        [shaken] = [one for one in report["findings"] if one["check"] == "missing-upgrade-headers"]
        assert f"`{image}` names no version: nginx before 1.29.7 speaks" in shaken["message"]
        assert "none is named" not in held["message"] + shaken["message"]


PLAIN = "location /plain { proxy_pass http://app; proxy_buffering on; }"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (f"# infralint: stream=sse\n{PLAIN}", ["3"]),
        (f"# infralint: stream=sse\n\n# the tokens\n\n{PLAIN}", ["6"]),
        (f"{PLAIN[:-1]}  # infralint: stream=sse\n}}", ["2"]),
        (
            f"# infralint: stream=sse\nlocation /try {{ try_files $uri @app; }}\n{PLAIN.replace('/plain', '@app')}",
            ["4"],
        ),
        ("location /outer {\nproxy_pass http://app;\n# infralint: stream=sse\n\n" + PLAIN + "\n}", ["6"]),
        (f"{PLAIN}  # infralint: stream=sse\n{PLAIN.replace('/plain', '/other')}", ["2"]),
    ],
)
def test_a_comment_declares_the_stream_of_its_location(text: str, held: list[str], lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{\n{text}\n}}\n"}, "--assume", "off")
    assert buffered(report) == [f"nginx.conf:{line} error buffered-stream" for line in held]
    assert report["unknown"] == []


@pytest.mark.parametrize("kind", ["ws", "websocket", "WebSocket"])
def test_a_comment_declares_a_websocket(kind: str, lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{\n# infralint: stream={kind}\n{PLAIN}\n}}\n"})
    assert "nginx.conf:3 error missing-upgrade-headers" in problems(report)


@pytest.mark.parametrize(
    "text",
    [
        f"# infralint: stream=sse\nserver {{\n{PLAIN}\n}}\n",
        f"server {{\n# infralint: stream=sse\nlocation /static/ {{ root /srv; }}\n{PLAIN}\n}}\n",
        f"server {{\n{PLAIN}\n# infralint: stream=sse\n}}\n",
    ],
)
def test_a_declaration_that_no_location_takes_is_told(text: str, lint: Lint) -> None:
    report = lint({"nginx.conf": text}, "--assume", "off")
    assert buffered(report) == []
    [unknown] = report["unknown"]
    assert unknown["location"]["line"] == text[: text.index("infralint")].count("\n") + 1
    assert "the comment `# infralint: stream=sse` declares a stream, and no location" in unknown["message"]


POLLING = """
upstream one { server a; }
upstream other { server a; }
upstream two { server a; server b; }
upstream also { server a; server b; }
%s
server {
    location /socket.io/ {
        %s
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }
}
"""


@pytest.mark.parametrize(
    ("outside", "inside", "verdict"),
    [
        ("", "proxy_pass http://one;", "kept"),
        ("", "proxy_pass http://two;", "lost"),
        ("", "proxy_pass $scheme://two;", "lost"),
        ("", "set $where two; proxy_pass http://$where;", "lost"),
        ("", "set $where one; if ($cookie_x) { set $where other; } proxy_pass http://$where;", "kept"),
        ("map $host $where { default one; b.com other; }", "proxy_pass http://$where;", "kept"),
        ("map $host $where { hostnames; default two; b.com http://also; }", "proxy_pass $where;", "lost"),
        ("map $host $where { default one; b.com two; }", "proxy_pass http://$where;", "unknown"),
        ("map $host $where { default one; b.com $cookie_where; }", "proxy_pass http://$where;", "unknown"),
        ("", "proxy_pass http://$cookie_where;", "unknown"),
        ("", "proxy_pass http://$host:8000;", "unknown"),
    ],
)
def test_a_variable_may_choose_the_upstream(outside: str, inside: str, verdict: str, lint: Lint) -> None:
    report = lint({"nginx.conf": POLLING % (outside, inside)})
    said = [one["message"] for one in report["unknown"] if "leads where a variable says" in one["message"]]
    assert bool(problems(report, "missing-sticky-sessions")) == (verdict == "lost")
    assert bool(said) == (verdict == "unknown")


@pytest.mark.parametrize(
    "inside",
    [
        "{% if a %}\nproxy_buffering on;\n{% else %}\nproxy_buffering off;\n{% endif %}",
        "{% if a %}\nlocation /sse/b { return 200; }\n{% else %}\nlocation /sse/b { return 204; }\n{% endif %}",
        "location {{ a }} { return 200; }\nlocation {{ b }} { return 204; }",
        "include headers.inc;\ninclude headers.inc;",
        "my_module_buffering on;\nmy_module_buffering on;",
    ],
)
def test_what_may_stand_once_after_rendering_is_not_refused(inside: str, lint: Lint) -> None:
    text = f"server {{\nlocation /sse {{\nproxy_pass http://app;\n{inside}\n}}\n}}\n"
    report = lint({"app.conf.j2": text, "headers.inc": "proxy_set_header Host $host;\n"})
    assert report["unreadable"] == []


def test_a_mistyped_directive_names_the_right_one(lint: Lint) -> None:
    report = lint({"nginx.conf": SERVER.replace("proxy_pass", "proxy_bufering off; proxy_pass")})
    [problem] = report["unreadable"]
    assert problem["message"].endswith('unknown directive "proxy_bufering"; did you mean proxy_buffering?')
    assert problem["location"]["line"] == 2
    assert report["status"] == 2


def test_a_mapped_folder_that_is_not_there_is_told(lint: Lint) -> None:
    settings = "nginx: {include_paths: {/etc/nginx/snippets: deploy/snipets}}\n"
    report = lint({"nginx.conf": SERVER, "deploy/snippets/x.conf": "gzip on;\n", "infralint.yaml": settings})
    [problem] = report["unreadable"]
    assert problem["location"]["path"] == "infralint.yaml"
    assert "/etc/nginx/snippets is mapped to deploy/snipets, which is not in the project" in problem["message"]
    (Path("infralint.yaml")).write_text(settings.replace("snipets", "snippets"))
    assert lint({})["unreadable"] == []


DECLARED = "streams: [{path: /chat}]\n"
OFF = "location /chat { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 5m; }"
ON = "location /chat { proxy_pass http://app; proxy_buffering on; proxy_read_timeout 5m; }"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"{ON}", ["3 error"]),
        (f"{{% if a %}}\n{OFF}\n{{% else %}}\n{ON}\n{{% endif %}}", ["6 warning"]),
        (f"{{% if a %}}\n{ON}\n{{% else %}}\n{OFF}\n{{% endif %}}", ["4 warning"]),
        (f"{{% if a %}}\n{OFF}\n{{% endif %}}\n{ON.replace('/chat', '/')}", ["6 warning"]),
        (f"{{% if a %}}\n{OFF}\n{{% else %}}\n{OFF}\n{{% endif %}}\n{ON.replace('/chat', '/')}", []),
        (f"{{% if a %}}\n{OFF}\n{{% elif b %}}\n{OFF}\n{{% endif %}}\n{ON.replace('/chat', '/')}", ["8 warning"]),
        (f"{{% if a %}}\n{ON}\n{{% endif %}}", ["4 warning"]),
    ],
)
def test_a_location_under_a_template_condition_is_only_possible(inside: str, expected: list[str], lint: Lint) -> None:
    report = lint({"app.conf.j2": f"server {{\n\n{inside}\n}}\n", "infralint.yaml": DECLARED})
    assert problems(report) == [f"app.conf.j2:{one} buffered-stream" for one in expected]
    for finding in report["findings"] if expected != ["3 error"] else []:
        assert finding["trace"]["reasons"][0].endswith("is there is only known once the template is rendered")


@pytest.mark.parametrize(
    ("rewrite", "line"),
    [
        ("", 5),
        ("rewrite ^/chat$ /backend/chat last;", 6),
        ("rewrite ^/chat$ /backend/chat;", 6),
        ("rewrite ^/other$ /backend/chat last;", 5),
        ("rewrite ^/chat$ https://elsewhere.test/ permanent;", None),
    ],
)
def test_a_rewrite_of_the_server_comes_before_its_locations(rewrite: str, line: int | None, lint: Lint) -> None:
    locations = f"{ON}\n{ON.replace('/chat', '/backend/')}"
    report = lint({"nginx.conf": f"server {{\n\n{rewrite}\n\n{locations}\n}}\n", "infralint.yaml": DECLARED})
    assert problems(report) == ([f"nginx.conf:{line} error buffered-stream"] if line else [])
    assert bool(report["unknown"]) == (line is None)


SHARED = "proxy_set_header Host $host;\nproxy_read_timeout 60s;\nproxy_buffering on;\n"


def test_what_an_include_sets_beside_the_location_is_refused_once(lint: Lint) -> None:
    locations = "".join(
        f"location /sse/{n} {{ include proxy.conf; {PASS_ON} proxy_buffering off; }}\n" for n in range(3)
    )
    report = lint({"nginx.conf": f"server {{\n{locations}}}\n", "proxy.conf": SHARED})
    [problem] = report["unreadable"]
    said = 'nginx would refuse this file: "proxy_buffering" directive is duplicate; the first stands at proxy.conf:3:1'
    assert problem["message"] == said
    assert (problem["location"]["path"], problem["location"]["line"]) == ("nginx.conf", 2)
    assert report["unknown"] == []
    assert report["status"] == 2


PASS_ON = "proxy_pass http://app;"


@pytest.mark.parametrize(
    ("files", "unknown"),
    [
        ({"nginx.conf": "proxy_buffering on; include conf.d/*.conf;"}, True),
        ({"nginx.conf": "include proxy.conf; proxy_buffering off;"}, True),
        ({"nginx.conf": "proxy_buffering off; include conf.d/*.conf;"}, False),
        ({"nginx.conf": "proxy_buffering off; gzip on; include gzip.conf;"}, True),
    ],
)
def test_files_that_contradict_each_other_at_the_http_level_are_both_named(
    files: dict[str, str], unknown: bool, lint: Lint
) -> None:
    [start] = files.values()
    main = f"events {{}}\nhttp {{ {start}\nserver {{ location /sse {{ {PASS_ON} proxy_read_timeout 5m; }} }} }}\n"
    others = {"proxy.conf": "proxy_buffering on;\n", "gzip.conf": "gzip on;\n"}
    report = lint({"nginx.conf": main, "conf.d/a.conf": "proxy_buffering off;\n", **others})
    assert report["unreadable"] == report["findings"] == []
    said = [one["message"] for one in report["unknown"]]
    assert len(said) == unknown
    assert all("nginx.conf:2" in one and "both apply here, and nginx takes one" in one for one in said)


def test_locations_that_a_glob_brings_may_be_meant_one_instead_of_the_other(lint: Lint) -> None:
    place = f"location /sse {{ {PASS_ON} proxy_buffering off; proxy_read_timeout 5m; }}\n"
    report = lint({"nginx.conf": "server { include apps/*.conf; }\n", "apps/a.conf": place, "apps/b.conf": place})
    assert report["unreadable"] == []


def test_a_condition_that_stands_second_is_named(lint: Lint) -> None:
    text = f"server {{\nlocation /sse {{\n{PASS_ON}\nproxy_buffering on;\n{{% if a %}}\nproxy_buffering off;\n{{% endif %}}\n}}\n}}\n"
    report = lint({"app.conf.j2": text})
    assert "`proxy_buffering off` stands only under `if a`" in report["unknown"][0]["message"]


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("listen 80; server_name a.test; proxy_pass http://app;", '"proxy_pass" directive is not allowed here'),
        ("listen 80; location / { root /srv; } proxy_pass http://app;", '"proxy_pass" directive is not allowed here'),
        ("listen 80; uwsgi_pass app:1;", '"uwsgi_pass" directive is not allowed here'),
        ("listen 443; proxy_pass app:8443;", ""),
        ("listen 443; server_name a.test; proxy_pass app:8443;", ""),
        ("location ~ ^/sse { proxy_pass http://app/v1/; }", '"proxy_pass" cannot have URI part'),
        ("location ~ ^/sse { proxy_pass http://${APP}; }", ""),
        ("location ~ ^/${PREFIX} { proxy_pass http://app/v1/; }", ""),
    ],
)
def test_a_file_of_its_own_is_refused_where_it_is_surely_http(server: str, said: str, lint: Lint) -> None:
    report = lint({"conf.d/app.conf": f"server {{ {server} }}\n"})
    assert [said in one["message"] for one in report["unreadable"]] == ([True] if said else [])


VARIABLE = "proxy_read_timeout $t;", "proxy_buffering $t;"


@pytest.mark.parametrize("line", VARIABLE)
def test_a_variable_where_nginx_takes_none_is_refused(line: str, lint: Lint) -> None:
    text = f"map $uri $t {{ default 5m; }}\nserver {{ location /sse {{ {PASS_ON} {line} }} }}\n"
    report = lint({"nginx.conf": text})
    [problem] = report["unreadable"]
    said = f"nginx would refuse this file: `{line[:-1]}` is not a value that nginx takes, for {line.split()[0]} knows no variables"
    assert problem["message"] == said
    assert report["unknown"] == []


@pytest.mark.parametrize("name", ["app.conf.template", "app.conf.j2", "nginx/app.conf.tpl"])
def test_a_variable_of_a_template_may_be_rendered(name: str, lint: Lint) -> None:
    report = lint({name: f"server {{ location /sse {{ {PASS_ON} proxy_read_timeout $t; proxy_buffering off; }} }}\n"})
    assert report["unreadable"] == report["findings"] == []
    assert "`proxy_read_timeout $t` is only known once the file is rendered" in report["unknown"][0]["message"]


@pytest.mark.parametrize(
    ("image", "method", "refused"),
    [
        ("nginx:1.25", "sticky cookie srv_id", True),
        ("nginx:1.29.5", "sticky cookie srv_id", True),
        ("nginx:1.29.6", "sticky cookie srv_id", False),
        ("nginx:alpine", "sticky cookie srv_id", False),
        ("other:1.25", "sticky cookie srv_id", False),
        ("nginx:1.25", "sticky name=srv expires=1h", False),
        ("nginx:1.25", "ip_hash", False),
    ],
)
def test_sticky_is_refused_by_a_version_that_is_named_and_does_not_know_it(
    image: str, method: str, refused: bool, lint: Lint
) -> None:
    compose = f"services:\n  web:\n    image: {image}\n"
    text = (
        f"upstream a {{\n{method};\nserver a:1; server b:1;\n}}\nserver {{ location / {{ proxy_pass http://a; }} }}\n"
    )
    report = lint({"nginx.conf": text, "compose.yaml": compose})
    said = [(one["location"]["line"], 'unknown directive "sticky"' in one["message"]) for one in report["unreadable"]]
    assert said == ([(2, True)] if refused else [])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/generate", "sse"),
        ("/v1/messages", "sse"),
        ("/v1/responses", "sse"),
        ("/v1/realtime", "websocket"),
        ("/_stcore/stream", "websocket"),
        ("/app/_stcore/stream", "websocket"),
        ("/api/messages", None),
        ("/generate", None),
        ("/v2/responses", None),
    ],
)
def test_paths_that_only_apis_of_models_have(path: str, kind: str | None, lint: Lint) -> None:
    report = lint({"nginx.conf": f"server {{ location {path} {{ proxy_pass http://app; }} }}\n"}, "--assume", "off")
    assert {one["stream"]["kind"] for one in report["findings"]} == ({kind} if kind else set())
    assert {one["severity"] for one in report["findings"]} <= {"warning"}


@pytest.mark.parametrize("level", ["server", "location"])
def test_what_checks_requests_carries_no_stream(level: str, lint: Lint) -> None:
    check = "auth_request /chat/verify;"
    text = "server {\n%s\nlocation = /chat/verify { proxy_pass http://auth; }\nlocation /x/ { proxy_pass http://app; %s }\n}\n"
    report = lint({"nginx.conf": text % ((check, "") if level == "server" else ("", check))}, "--assume", "off")
    assert report["findings"] == []


def test_fastcgi_that_keeps_its_connection_passes_records_on(lint: Lint) -> None:
    text = (
        "server {\n# SSE\nlocation /sse { fastcgi_pass app:9000; fastcgi_keep_conn %s; fastcgi_read_timeout 5m; }\n}\n"
    )
    assert problems(lint({"nginx.conf": text % "on"})) == []
    assert problems(lint({"nginx.conf": text % "off"})) == ["nginx.conf:3 error buffered-stream"]


@pytest.mark.parametrize(
    ("folder", "content", "expected"),
    [
        ("edge", "map $http_upgrade $upgrade {\n  default upgrade;\n  '' close;\n}\n", []),
        ("edge", "map $http_upgrade $upgrade { default close; }\n", ["edge/site.conf:1 error missing-upgrade-headers"]),
        ("conf.d", "map $http_upgrade $upgrade {\n  default upgrade;\n  '' close;\n}\n", []),
    ],
)
def test_a_file_that_holds_a_map_alone_is_read(folder: str, content: str, expected: list[str], lint: Lint) -> None:
    """`conf.d/websocket.conf` beside the site that uses its variable."""
    headers = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade; proxy_http_version 1.1;"
    site = f"server {{ listen 80; location /ws/ {{ proxy_pass http://app; {headers} proxy_read_timeout 1h; }} }}\n"
    report = lint(
        {
            f"{folder}/00-map.conf": content,
            f"{folder}/site.conf": site,
            "infralint.yaml": "streams: [{path: /ws/, kind: websocket}]\n",
        }
    )
    assert (problems(report, "missing-upgrade-headers"), report["unknown"]) == (expected, [])


@pytest.mark.parametrize(
    ("folder", "others", "expected"),
    [
        ("conf.d", {}, []),
        ("edge", {"compose.yaml": "services: {web: {image: nginx:1.25, volumes: ['./edge:/etc/nginx/conf.d']}}\n"}, []),
        ("edge", {"Dockerfile": "FROM nginx:1.25\nCOPY edge/*.conf /etc/nginx/conf.d/\n"}, []),
        ("edge", {"Dockerfile": "FROM nginx:1.25\nCOPY edge /etc/nginx/conf.d\n"}, []),
        ("snippets", {}, ["error", "error"]),
        (
            "edge",
            {"compose.yaml": "services: {web: {image: nginx:1.25, volumes: ['./edge:/etc/nginx/parts']}}\n"},
            ["error", "error"],
        ),
    ],
)
def test_files_of_conf_d_set_what_holds_for_each_other(
    folder: str, others: dict[str, str], expected: list[str], lint: Lint
) -> None:
    """The nginx.conf of nginx's image includes them all in one `http {}`; what another folder holds is included elsewhere."""
    settings = {f"{folder}/proxy.conf": "proxy_buffering off;\nproxy_read_timeout 1h;\n"}
    site = {f"{folder}/site.conf": "server { listen 80; location / { proxy_pass http://app; } }\n"}
    report = lint({**settings, **site, **others, "infralint.yaml": "streams: [{path: /chat, generation: 5m}]\n"})
    assert [one["severity"] for one in report["findings"] if one["severity"] != "note"] == expected


def test_compression_that_a_file_beside_the_server_sets_holds_a_stream_back(lint: Lint) -> None:
    site = (
        "server { listen 80; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_read_timeout 1h; } }\n"
    )
    files = {"conf.d/gzip.conf": "gzip on;\ngzip_types text/event-stream;\n", "conf.d/site.conf": site}
    report = lint({**files, "infralint.yaml": "streams: [{path: /chat}]\n"})
    assert problems(report) == ["conf.d/gzip.conf:2 error buffered-stream"]
