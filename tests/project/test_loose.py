"""Single files that stand outside any project: what is read with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import run, write

Files = dict[str, str | bytes]
SITE = "location /api/chat { proxy_pass http://app; }\n"
ROOT = 'resource "aws_lb" "front" {\n  idle_timeout = var.idle\n}\n'


@pytest.mark.parametrize(
    ("files", "named", "expected"),
    [
        pytest.param(
            {"broken.conf": "server {", "other.conf": f"server {{ {SITE} }}", "deep/er/nginx.conf": "http {"},
            ["broken.conf"],
            ["broken.conf"],
            id="the folder around it is not looked through",
        ),
        pytest.param(
            {
                "nginx.conf": "events {}\nhttp { include conf.d/*.conf; server { include 'snippets/chat.inc'; } }\n",
                "conf.d/a.conf": "gzip on;\n",
                "snippets/chat.inc": f"{SITE}include more.inc;\n",
                "snippets/more.inc": "# more\n",
                "conf.d/b.txt": "",
                "other.conf": "http {",
            },
            ["nginx.conf"],
            ["nginx.conf", "conf.d/a.conf", "snippets/chat.inc", "snippets/more.inc"],
            id="what it includes is, whatever that includes",
        ),
        pytest.param(
            {"main.tf": ROOT, "vars.tf": 'variable "idle" {\n  default = 10\n}\n', "site.conf": "http {"},
            ["main.tf"],
            ["main.tf", "vars.tf"],
            id="Terraform's folder is one unit",
        ),
        pytest.param(
            {
                "main.tf": 'module "lb" {\n  source = "./modules/lb"\n}\n',
                "modules/lb/main.tf": 'resource "aws_lb" "front" {\n  idle_timeout = 10\n}\n',
                "modules/other/main.tf": "resource {",
            },
            ["main.tf"],
            ["main.tf", "modules/lb/main.tf"],
            id="modules that it calls",
        ),
        pytest.param(
            {"a.conf": f"server {{ {SITE} }}", "b.conf": f"server {{ {SITE} }}", "c.conf": "http {"},
            ["a.conf", "b.conf"],
            ["a.conf", "b.conf"],
            id="several that are named",
        ),
        pytest.param(
            {
                "a.conf": "include ../outside.conf; include /etc/passwd; include */*/x.conf; server {}\n",
                "x/y/x.conf": "",
            },
            ["a.conf"],
            ["a.conf"],
            id="nothing above, nothing at large",
        ),
    ],
)
def test_a_file_is_read_with_what_it_names(files: Files, named: list[str], expected: list[str], here: Path) -> None:
    write(here, files)
    report = json.loads(run("check", "--format", "json", *named).stdout)
    heard = {path for paths in report["read"].values() for path in paths}
    heard |= {one["location"]["path"] for one in report["unreadable"]}
    assert heard - {"."} == set(expected)


def test_in_a_repository_the_whole_of_it_is_read(here: Path) -> None:
    write(here, {"a.conf": f"server {{ {SITE} }}", "b.conf": f"server {{ {SITE} }}", ".git/HEAD": ""})
    report = json.loads(run("check", "--format", "json", "a.conf").stdout)
    assert report["read"]["nginx"] == ["a.conf", "b.conf"]
    assert {one["location"]["path"] for one in report["findings"]} == {"a.conf"}


def test_a_folder_is_read_whole(here: Path) -> None:
    write(here, {"site/a.conf": f"server {{ {SITE} }}", "site/b.conf": f"server {{ {SITE} }}"})
    report = json.loads(run("check", "--format", "json", "site").stdout)
    assert report["read"]["nginx"] == ["site/a.conf", "site/b.conf"]
