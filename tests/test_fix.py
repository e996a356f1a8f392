"""`--fix` and `--diff`: what they change, what they leave alone, and why."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Lint, problems, run, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infralint import fixing

Files = dict[str, str | bytes]


@pytest.fixture
def fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lay files out, fix them; the JSON report, and each file as it is then."""

    def fixed(files: Files, *options: str) -> tuple[dict[str, Any], dict[str, str]]:
        write(tmp_path, files)
        monkeypatch.chdir(tmp_path)
        result = run("check", "--fix", "--format", "json", *options)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return json.loads(result.stdout), {name: (tmp_path / name).read_bytes().decode() for name in files}

    return fixed


def reasons(report: dict[str, Any]) -> list[str]:
    return [one.get("not_fixed", "") for one in report["findings"]]


def http(text: str) -> str:
    return f"events {{}}\nhttp {{\n{text}\n}}\n"


SSE = "# SSE\nlocation /sse {{ {} }}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "\tserver {\n\t\tlocation /sse {  # tokens\n\t\t\tproxy_pass http://app;  # the model\n\t\t}\n\t}",
            "\tserver {\n\t\tlocation /sse {  # tokens\n\t\t\tproxy_pass http://app;  # the model\n"
            "\t\t\tproxy_buffering off;\n\t\t\tproxy_read_timeout 300s;\n\t\t}\n\t}",
            id="tabs and comments",
        ),
        pytest.param(
            "server { location /sse { proxy_pass http://app; } }",
            "server { location /sse { proxy_pass http://app; proxy_buffering off; proxy_read_timeout 300s; } }",
            id="one line",
        ),
        pytest.param(
            'server {\n location /sse {\n    proxy_buffering "ON" ;\n    proxy_read_timeout\t60;\n    proxy_pass http://app;\n  }\n}',
            "server {\n location /sse {\n    proxy_buffering off ;\n    proxy_read_timeout\t300s;\n    proxy_pass http://app;\n  }\n}",
            id="values replaced where they stand",
        ),
        pytest.param(
            "proxy_buffering on;\nserver {\n  location /sse {\n    if ($arg_x) {\n      proxy_pass http://app;\n    }\n  }\n}",
            "proxy_buffering on;\nserver {\n  location /sse {\n    proxy_buffering off;\n    proxy_read_timeout 300s;\n"
            "    if ($arg_x) {\n      proxy_pass http://app;\n    }\n  }\n}",
            id="inherited values are overridden in the location, outside of if",
        ),
        pytest.param(
            "server {\r\n  location /sse {\r\n    proxy_pass http://app;\r\n  }\r\n}",
            "server {\r\n  location /sse {\r\n    proxy_pass http://app;\r\n    proxy_buffering off;\r\n"
            "    proxy_read_timeout 300s;\r\n  }\r\n}",
            id="line ends",
        ),
    ],
)
def test_lines_go_where_their_author_would_put_them(before: str, after: str, fixed: Any) -> None:
    report, files = fixed({"nginx.conf": http(before)})
    assert files["nginx.conf"] == http(after)
    assert report["findings"] == []


def test_the_map_is_added_once_for_all_that_need_it(fixed: Any) -> None:
    server = (
        "server {{\n  server_name {0}.test;\n  location /ws {{ proxy_pass http://app; proxy_read_timeout 1h; }}\n}}\n"
    )
    report, files = fixed({"conf.d/a.conf": server.format("a"), "conf.d/b.conf": server.format("b")})
    text = files["conf.d/a.conf"] + files["conf.d/b.conf"]
    assert text.count("map $http_upgrade $connection_upgrade {\n  default upgrade;\n  ''      close;\n}\n") == 1
    assert text.count("proxy_set_header Connection $connection_upgrade;") == 2
    assert report["findings"] == []


def test_each_nginx_has_the_map_that_it_needs(fixed: Any) -> None:
    server = "server {\n  location /ws { proxy_pass http://app; proxy_read_timeout 1h; }\n}\n"
    names = ["a/conf.d/default.conf", "b/conf.d/default.conf", "c/api.conf", "c/web.conf"]
    report, files = fixed(dict.fromkeys(names, server))
    assert [files[name].count("map $http_upgrade") for name in names] == [1, 1, 1, 1]
    assert report["findings"] == []


def test_a_map_that_is_there_is_used_whatever_its_name(fixed: Any) -> None:
    text = "map $http_upgrade $conn { default upgrade; '' close; }\n"
    text += "server {\n location /ws {\n  proxy_pass http://app;\n  proxy_read_timeout 1h;\n }\n}"
    _, files = fixed({"nginx.conf": http(text)})
    assert "proxy_set_header Connection $conn;" in files["nginx.conf"]
    assert files["nginx.conf"].count("map ") == 1


def test_inherited_headers_are_repeated_before_a_new_one_cancels_them(fixed: Any) -> None:
    text = """
        server {
            proxy_set_header Host $host;
            proxy_set_header X-Said "it's \\"so\\"";
            proxy_set_header Connection "";
            location /ws {
                proxy_pass http://app;
                proxy_read_timeout 1h;
            }
        }"""
    report, files = fixed({"nginx.conf": http(text)})
    location = files["nginx.conf"].partition("location")[2]
    assert '\n                proxy_set_header X-Said "it\'s \\"so\\"";\n' in location
    assert "proxy_set_header Host $host;" in location
    assert 'Connection ""' not in location
    assert report["findings"] == []


LEFT = {
    "template condition": (
        {"a.conf.j2": "server {\n{% if chat %}\nlocation /sse { proxy_pass http://app; }\n{% endif %}\n}"},
        "it stands under `if chat` in a template",
    ),
    "a value that rendering gives": (
        {
            "default.conf.template": "server { location /sse { proxy_pass http://app;"
            " proxy_buffering off; proxy_read_timeout ${T}; } }",
            "compose.yaml": "services:\n  nginx:\n    image: nginx:1.27\n    environment:\n      T: 30s\n",
        },
        "depends on how the template is rendered",
    ),
    "a Helm template": (
        {
            "templates/cm.yaml": "data:\n  a.conf: |\n    # {{ .Values.x }}\n"
            "    server {\n      location /sse { proxy_pass http://app; }\n    }\n"
        },
        "the manifest is a template",
    ),
    "a snippet": (
        {
            "nginx.conf": http(
                "server { location /sse { proxy_pass http://app; proxy_buffering off; include s/t.conf; }"
                " location /b/sse { proxy_pass http://app; proxy_buffering off; include s/t.conf; } }"
            ),
            "s/t.conf": "proxy_read_timeout 30s;\n",
        },
        "comes from a file that other locations may include",
    ),
    "a location within": (
        {
            "nginx.conf": http(
                "server { location /sse { proxy_pass http://app; proxy_read_timeout 1h;"
                " location /sse/blog { proxy_pass http://site; } } }"
            )
        },
        "it would also change location /sse/blog",
    ),
    "server-side includes": (
        {"nginx.conf": http("ssi on; server { location /sse { proxy_pass http://app; proxy_read_timeout 1h; } }")},
        "server-side includes are on",
    ),
    "everything goes here": (
        {
            "nginx.conf": http("server { location / { proxy_pass http://app; proxy_read_timeout 1h; } }"),
            "infralint.yaml": "streams:\n- path: /chat\n",
        },
        "give the stream a location of its own",
    ),
    "no http level in sight": (
        {"locations/ws.conf": "location /ws { proxy_pass http://app; proxy_read_timeout 1h; }"},
        "its http level is not in sight",
    ),
    "a map that says something else": (
        {
            "nginx.conf": http(
                "map $http_upgrade $connection_upgrade { default close; }"
                " server { location /ws { proxy_pass http://app; proxy_read_timeout 1h; } }"
            )
        },
        "`map $http_upgrade $connection_upgrade` stands at nginx.conf:3:1, and another would be in its way",
    ),
}


@pytest.mark.parametrize(("files", "why"), LEFT.values(), ids=LEFT)
def test_what_is_not_safe_is_left_alone_and_the_reason_said(files: Files, why: str, fixed: Any) -> None:
    report, after = fixed(files)
    assert after == files
    assert any(why in one for one in reasons(report)), reasons(report)
    assert "not fixed: " in run("check", "--fix").stdout


def test_a_rendered_configmap_is_edited_within_its_indentation(fixed: Any) -> None:
    text = "data:\n  a.conf: |\n    server {\n      location /sse {\n        proxy_pass http://app;\n      }\n    }\n  b: c\n"
    report, files = fixed({"cm.yaml": text})
    assert files["cm.yaml"] == text.replace(
        "http://app;\n", "http://app;\n        proxy_buffering off;\n        proxy_read_timeout 300s;\n"
    )
    assert report["findings"] == []


def test_dumps_and_standard_input_are_not_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = http("server { location /sse { proxy_pass http://app; } }")
    write(tmp_path, {"dump.conf": f"# configuration file nginx.conf:\n{text}"})
    for arguments, stdin in ((["."], None), (["-"], text.encode())):
        report = json.loads(run("check", "--fix", "--format", "json", *arguments, stdin=stdin).stdout)
        assert set(reasons(report)) == {"it was not read from a file of the project"}
    assert "proxy_buffering" not in (tmp_path / "dump.conf").read_text()


def test_only_what_is_reported_is_fixed(fixed: Any, tmp_path: Path) -> None:
    text = http(
        "server {\nlocation /sse { proxy_pass http://app; }\n"
        "# infralint: ignore[buffered-stream, short-idle-timeout] because a proxy before it streams\n"
        "location /b/sse { proxy_pass http://app; }\n}"
    )
    _, files = fixed({"nginx.conf": text, "other/nginx.conf": text}, "--select", "buffered-stream", "nginx.conf")
    assert files["nginx.conf"] == text.replace("http://app; }", "http://app; proxy_buffering off; }", 1)
    assert files["other/nginx.conf"] == text


EXAMPLE = http("server {\n  location /sse {\n    proxy_pass http://app;\n  }\n}")


def test_bytes_permissions_and_links_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    latin = "# r\xe9glage\n".encode("latin-1")
    site = b"server {\n  location /sse {\n    proxy_pass http://app;\n  }\n}"
    write(tmp_path, {"sites-available/app": latin + site, "bom.conf": b"\xef\xbb\xbf" + site})
    os.chmod(tmp_path / "sites-available/app", 0o640)
    (tmp_path / "sites-enabled").mkdir()
    (tmp_path / "sites-enabled/app").symlink_to("../sites-available/app")
    assert run("check", "--fix").exit_code == 0
    site = site.replace(b"app;", b"app;\n    proxy_buffering off;\n    proxy_read_timeout 300s;")
    assert (tmp_path / "sites-available/app").read_bytes() == latin + site
    assert (tmp_path / "bom.conf").read_bytes() == b"\xef\xbb\xbf" + site
    assert (tmp_path / "sites-available/app").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "sites-enabled/app").is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["app", "app", "bom.conf"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a/nginx.conf": EXAMPLE, "b/nginx.conf": EXAMPLE})
    writing = fixing.write_fixes

    def late(*arguments: Any) -> Any:
        (tmp_path / "a/nginx.conf").write_text("# somebody else's")
        return writing(*arguments)

    monkeypatch.setattr("infralint.fixing.write_fixes", late)
    result = run("check", "--fix")
    assert result.exit_code == 2
    assert "a/nginx.conf: changed while infralint was reading it: nothing was written" in result.stdout
    assert (tmp_path / "a/nginx.conf").read_text() == "# somebody else's"
    assert (tmp_path / "b/nginx.conf").read_text() == EXAMPLE
    assert len(list(tmp_path.rglob("*"))) == 4


def test_a_disk_that_is_full_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a/nginx.conf": EXAMPLE, "b/nginx.conf": EXAMPLE})

    def full(*arguments: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "chmod", full)
    result = run("check", "--fix")
    assert result.exit_code == 2
    assert "No space left on device" in result.stdout
    assert [path.read_text() for path in tmp_path.rglob("*.conf")] == [EXAMPLE, EXAMPLE]
    assert len(list(tmp_path.rglob("*"))) == 4


PATCHED: Files = {
    "nginx.conf": EXAMPLE,
    "my sites/app.conf": "server {\r\n  location /ws {\r\n    proxy_pass http://app;\r\n  }\r\n}",
    "latin.conf": "# \xe9\nserver { location /sse { proxy_pass http://app; } }".encode("latin-1"),
}


@pytest.mark.parametrize("where", [".", "deploy"])
def test_a_patch_changes_nothing_and_git_applies_it(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / where
    write(folder, PATCHED)
    monkeypatch.chdir(folder)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    result = run("check", "--diff", ".")
    assert result.exit_code == 1
    assert "Would fix" in result.stderr
    assert {name: (folder / name).read_bytes() for name in PATCHED} == {
        name: one if isinstance(one, bytes) else one.encode() for name, one in PATCHED.items()
    }
    subprocess.run(["git", "apply"], input=result.stdout_bytes, check=True)
    patched = {name: (folder / name).read_bytes() for name in PATCHED}
    write(folder, PATCHED)
    run("check", "--fix", ".")
    assert {name: (folder / name).read_bytes() for name in PATCHED} == patched
    assert run("check", "--diff", ".").stdout_bytes == b""


def test_a_patch_says_what_it_leaves_alone_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, reason = LEFT["a snippet"]
    write(tmp_path, {**files, "more/nginx.conf": http("server { location /chats { proxy_pass http://app; } }")})
    monkeypatch.chdir(tmp_path)
    said = run("check", "--diff").stderr.splitlines()
    left = json.loads(run("check", "--fix", "--format", "json").stdout)["findings"]
    assert len(said) == 1 + len(left)
    assert all(f"{one['check']} is left: {one['not_fixed']}" in "\n".join(said) for one in left)
    assert any(reason in line for line in said)


def test_diff_stands_alone() -> None:
    result = run("check", "--diff", "--fix")
    assert result.exit_code == 2
    assert "--diff prints a patch alone" in result.stderr


SPACE = st.sampled_from(["", " ", "\n", "\n\n  ", "\t", " # note; {\n", "\r\n    "])
SETTINGS = st.sampled_from(
    [
        "proxy_buffering on;",
        "proxy_read_timeout 30s;",
        "proxy_set_header Host $host;",
        'proxy_set_header Connection "";',
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_http_version 1.0;",
        "add_header X-Accel-Buffering no;",
        "gzip on;",
        "# SSE: a comment\n",
        "include snippets/here.conf;",
        "include gone.conf;",
    ]
)
BLOCK = st.lists(st.tuples(SPACE, SETTINGS), max_size=4, unique_by=lambda pair: pair[1].split()[0:2].__repr__())
PATHS = ["/sse", "/ws", "/", "/api/chat", "~ ^/v1/stream"]


@st.composite
def configurations(draw: st.DrawFn) -> str:
    def block() -> str:
        return "".join(space + text for space, text in draw(BLOCK))

    def location(path: str) -> str:
        return f"{draw(SPACE)}location {path} {{{block()}{draw(SPACE)}proxy_pass http://app;{block_if(draw(st.booleans()))}{draw(SPACE)}}}"

    def block_if(more: bool) -> str:
        return f"{draw(SPACE)}proxy_send_timeout 1h;" if more else ""

    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True))
    inner = "".join(map(location, paths))
    return f"events {{}}{draw(SPACE)}http {{{block()}{draw(SPACE)}server {{{block()}{inner}{draw(SPACE)}}}{draw(SPACE)}}}\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=configurations())
def test_fixing_is_idempotent_and_keeps_every_other_byte(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write(
        tmp_path_factory.mktemp("fix"), {"nginx.conf": text, "snippets/here.conf": "proxy_send_timeout 2h;\n"}
    )
    before = json.loads(run("check", "--format", "json", str(folder)).stdout)
    report = json.loads(run("check", "--fix", "--format", "json", str(folder)).stdout)
    after = (folder / "nginx.conf").read_bytes().decode()
    kept = iter(_without_values(after))
    assert all(character in kept for character in _without_values(text))
    if "fixed" not in report:
        assert after == text
    again = json.loads(run("check", "--fix", "--format", "json", str(folder)).stdout)
    assert "fixed" not in again
    assert (folder / "nginx.conf").read_bytes().decode() == after
    assert (folder / "snippets/here.conf").read_text() == "proxy_send_timeout 2h;\n"
    plain = json.loads(run("check", "--format", "json", str(folder)).stdout)
    assert len(plain["findings"]) == len(report["findings"])
    assert len(report["findings"]) + len(report.get("fixed", [])) == len(before["findings"])
    assert plain["unreadable"] == before["unreadable"]


def _without_values(text: str) -> str:
    """A text without the values that may be replaced."""
    return re.sub(
        r"(proxy_buffering|proxy_read_timeout|proxy_http_version|proxy_set_header (?:Connection|Upgrade)) [^;]*;",
        r"\1;",
        text,
    )


SITE = "server {\n    # SSE\n    location /chat {\n        proxy_pass http://a;\n    }\n}\n"


@pytest.fixture
def linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site in sites-available, switched on by a link in sites-enabled."""
    write(tmp_path, {"nginx/sites-available/app": SITE, ".git/keep": ""})
    (tmp_path / "nginx/sites-enabled").mkdir()
    (tmp_path / "nginx/sites-enabled/app").symlink_to("../sites-available/app")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("named", [".", "nginx/sites-available/app", "nginx/sites-enabled", "nginx/sites-enabled/app"])
def test_a_site_is_put_right_under_either_of_its_names(named: str, linked: Path) -> None:
    result = run("check", "--fix", "--fail-on", "never", named)
    assert "not fixed" not in result.stdout
    assert "proxy_buffering off;" in (linked / "nginx/sites-available/app").read_text()
    assert (linked / "nginx/sites-enabled/app").is_symlink()
    assert run("check").exit_code == 0


@pytest.mark.parametrize("named", [".", "nginx/sites-available", "nginx/sites-enabled"])
def test_a_patch_names_the_file_and_not_its_link(named: str, linked: Path) -> None:
    (linked / ".git/keep").unlink()
    (linked / ".git").rmdir()
    subprocess.run(["git", "init", "-q"], check=True)
    patch = run("check", "--diff", named).stdout_bytes
    assert b"+++ b/nginx/sites-available/app" in patch
    subprocess.run(["git", "apply"], input=patch, check=True)
    assert run("check").exit_code == 0


@pytest.mark.parametrize("name", ['a "q" b.conf', "new\nline.conf", "back\\slash.conf", "tab\there.conf"])
def test_git_takes_a_patch_of_a_file_with_an_odd_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {name: SITE})
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply"], input=run("check", "--diff").stdout_bytes, check=True)
    assert "proxy_buffering off;" in (tmp_path / name).read_text()


def test_a_fix_after_which_the_hop_may_hold_another_stream_is_none(lint: Lint) -> None:
    text = (
        "events {}\nhttp { server { include gone.conf; location /sse { proxy_buffering on;"
        " proxy_set_header Upgrade $http_upgrade; proxy_pass http://app; } } }\n"
    )
    report = lint({"nginx.conf": text}, "--fix")
    assert [line.split()[-1] for line in problems(report)] == ["missing-upgrade-headers"]
    assert "fixed" not in report
    [finding] = report["findings"]
    assert "one edit would not be enough" in finding["not_fixed"]


def test_a_note_on_what_a_stream_depends_on_then_does_not_keep_it_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, str | bytes] = {
        "nginx.conf": "events {}\nhttp {\n    server {\n        listen 80;\n        location /chat {\n"
        "            proxy_pass http://api:8000;\n            proxy_http_version 1.0;\n"
        "            proxy_read_timeout 300s;\n        }\n    }\n}\n",
        "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
        "  api:\n    build: api\n",
        "api/requirements.txt": "fastapi\n",
        "api/main.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
        '@app.post("/chat")\nasync def chat():\n'
        '    return StreamingResponse(words(), media_type="text/event-stream")\n',
    }
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    assert run("check", "--fix").exit_code == 0
    assert "proxy_buffering off;" in (tmp_path / "nginx.conf").read_text()
    left = json.loads(run("check", "--format", "json").stdout)
    assert {finding["check"] for finding in left["findings"]} == {"missing-accel-header", "missing-heartbeat"}
