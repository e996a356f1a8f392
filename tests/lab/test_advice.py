"""What infralint says to write, nginx takes where it says to write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness import Binary
from .judged import tier_of

MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }"
LOCATIONS = [
    ("", "proxy_http_version 1.1;"),
    ("", "proxy_http_version 1.1; proxy_read_timeout 600s; gzip off;"),
    ("", "proxy_set_header Host app.internal; proxy_set_header X-Api-Key abc;"),
    (MAP, "proxy_set_header Host app.internal;"),
    (MAP, "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"),
    (f"{MAP} proxy_set_header X-Outer 1;", ""),
    ("", ""),
]


@pytest.mark.parametrize(("outside", "inside"), LOCATIONS)
@pytest.mark.parametrize("setting", ["buffers_responses", "forwards_upgrade"])
def test_what_is_to_be_written_is_taken_and_helps(
    outside: str, inside: str, setting: str, binary: Binary, tmp_path: Path
) -> None:
    text = f"""events {{}}
http {{ {outside}
server {{ listen 127.0.0.1:1999; location /x {{ proxy_pass http://127.0.0.1:1; {inside} }} }} }}
"""
    [hop] = tier_of(text, tmp_path, binary).hops
    lines, _, blocks = hop.fix(setting, 30).partition("# once, beside the servers, in http {}:")
    written = text.replace(inside or "127.0.0.1:1;", f"{inside or '127.0.0.1:1;'} {lines}").replace(
        "server {", f"{blocks} server {{"
    )
    assert binary.accepts(written).ok, binary.accepts(written).message
    [hop] = tier_of(written, tmp_path, binary).hops
    value = getattr(hop, setting).value
    assert value == {"buffers_responses": "never", "forwards_upgrade": "forwarded"}[setting]
    assert not {line for line in lines.split("\n") if line} & {f"{one.strip()};" for one in inside.split(";")}


@pytest.mark.parametrize(
    ("method", "backup", "taken"),
    [
        ("ip_hash", "backup", False),
        ("hash $cookie_SESSION consistent", "backup", False),
        ("ip_hash", "", True),
        ("hash $cookie_SESSION consistent", "", True),
        ("sticky cookie srv_id", "backup", True),
    ],
)
def test_which_methods_go_with_a_backup_server(method: str, backup: str, taken: bool, binary: Binary) -> None:
    servers = f"server 127.0.0.1:1; server 127.0.0.1:2; server 127.0.0.1:3 {backup};"
    accepted = binary.accepts(f"events {{}}\nhttp {{ upstream a {{ {method}; {servers} }} }}\n")
    unknown = 'unknown directive "sticky"' in accepted.message and binary.version < (1, 29, 6)
    assert accepted.ok == (taken and not unknown), accepted.message


def test_the_backup_server_is_named(binary: Binary, tmp_path: Path) -> None:
    text = "upstream rt { server a:1; server b:1; %s }\nserver { location /x { proxy_pass http://rt; } }\n"
    [hop] = tier_of(text % "server c:1 backup;", tmp_path, binary).hops
    assert "nginx takes no backup beside ip_hash or hash: leave `server c:1 backup` out" in hop.fix("keeps_affinity")
    [hop] = tier_of(text % "", tmp_path, binary).hops
    assert "backup" not in hop.fix("keeps_affinity")
