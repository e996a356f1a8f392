"""What is known of a product that a deployment file runs, at the hops in front of it."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

COMPOSE = """\
services:
  edge:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
  web:
    image: %s
"""
PLAIN = "server { listen 80; location / { proxy_pass http://web:8080; } }\n"
WHOLE = """\
map $http_upgrade $connection_upgrade { default upgrade; '' close; }
server {
    listen 80;
    location / {
        proxy_pass http://web:8080;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 75s;
    }
}
"""


@pytest.mark.parametrize(
    "image",
    ["linuxserver/plex", "ghcr.io/open-webui/open-webui:main", "lscr.io/linuxserver/sonarr", "grafana/grafana:11.1"],
)
def test_the_hop_in_front_of_a_product_that_opens_sockets_has_to_upgrade(image: str, lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % image, "site.conf": PLAIN})
    [finding] = [finding for finding in report["findings"] if finding["check"] == "missing-upgrade-headers"]
    assert finding["severity"] == "warning"
    assert "compose.yaml:6 runs " in finding["stream"]["because"]


@pytest.mark.parametrize("image", ["lscr.io/linuxserver/sonarr", "vaultwarden/server:latest", "grafana/grafana:11.1"])
def test_the_pings_of_a_product_are_known(image: str, lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % image, "site.conf": WHOLE})
    assert problems(report, "short-idle-timeout") == []


def test_a_product_that_does_not_stream_is_silent(lint: Lint) -> None:
    report = lint({"compose.yaml": COMPOSE % "ghcr.io/mealie-recipes/mealie:v2", "site.conf": PLAIN})
    assert {finding["severity"] for finding in report["findings"]} <= {"note"}
