"""Whom a template dials that names its backend by something to fill in."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

APPLICATION = {
    "app/requirements.txt": "fastapi\nuvicorn\n",
    "app/main.py": (
        'from fastapi import FastAPI, WebSocket\n\napp = FastAPI()\n\n\n@app.websocket("/live")\n'
        "async def live(socket: WebSocket):\n    await socket.accept()\n"
    ),
}


def found(lint: Lint, template: str, name: str = "nginx/default.conf.template") -> list[str]:
    return problems(lint({**APPLICATION, name: template}), "missing-upgrade-headers")


@pytest.mark.parametrize(
    ("passed", "is_led"),
    [
        ("http://${BACKEND_HOST}:${BACKEND_PORT}", True),
        ("${BACKEND_URL}", True),
        ("http://127.0.0.1:${PORT}", True),
        ("http://localhost:${PORT}", True),
        ("http://${BUCKET}.s3.amazonaws.com", False),
        ("https://${STAGE}-api", False),
    ],
)
def test_what_is_filled_in_for_a_whole_host_is_the_only_application(passed: str, is_led: bool, lint: Lint) -> None:
    told = found(lint, f"server {{ listen 80; location /live {{ proxy_pass {passed}; }} }}\n")
    assert told == ["nginx/default.conf.template:1 warning missing-upgrade-headers"] * is_led


def test_a_template_of_ansible_may_name_it_in_an_upstream(lint: Lint) -> None:
    text = (
        "upstream app { server 127.0.0.1:{{ port }}; }\nserver { listen 80; location / { proxy_pass http://app; } }\n"
    )
    path = "roles/web/templates/site.conf.j2"
    assert found(lint, text, path) == [f"{path}:2 warning missing-upgrade-headers"]


@pytest.mark.parametrize(
    ("path", "passed"),
    [("nginx.conf.sigil", "http://{{ $.APP }}-8000"), ("nginx.conf.tftpl", "http://${backend}")],
)
def test_templates_of_dokku_and_terraform_are_filled_in_too(path: str, passed: str, lint: Lint) -> None:
    text = f"server {{ listen 80; location / {{ proxy_pass {passed}; proxy_set_header Host $host; }} }}\n"
    assert found(lint, text, path) == [f"{path}:1 warning missing-upgrade-headers"]


def test_of_several_backends_to_fill_in_none_is_taken(lint: Lint) -> None:
    text = "server { listen 80; location /live { proxy_pass ${API}; } location /auth { proxy_pass ${AUTH}; } }\n"
    assert found(lint, text) == []


def test_a_prefix_is_taken_off_there_too(lint: Lint) -> None:
    text = "server {{ listen 80; location /api/ {{ proxy_pass http://${{BACKEND}}{}; }} }}\n"
    assert found(lint, text.format("/")) == ["nginx/default.conf.template:1 warning missing-upgrade-headers"]
    assert found(lint, text.format("")) == []
