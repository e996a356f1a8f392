"""Hosts as SWAG and Nginx Proxy Manager lay them down: the files that these bring along are known without being here."""

from __future__ import annotations

from conftest import Lint, problems

APPLICATION = {
    "app/requirements.txt": "fastapi\n",
    "app/app.py": (
        "from fastapi import FastAPI, WebSocket\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/chat")\ndef chat():\n    return StreamingResponse(tokens(), media_type="text/event-stream")\n\n\n'
        '@app.websocket("/live")\nasync def live(websocket: WebSocket):\n    await websocket.accept()\n'
    ),
}


def swag(*more: str) -> dict[str, str | bytes]:
    lines = "".join(f"        {line}\n" for line in more)
    host = (
        "server {\n    listen 443 ssl;\n    server_name chat.*;\n    include /config/nginx/ssl.conf;\n    location / {\n"
        f"        include /config/nginx/proxy.conf;\n        include /config/nginx/resolver.conf;\n{lines}"
        "        set $upstream_app chat;\n        proxy_pass http://$upstream_app:8000;\n    }\n}\n"
    )
    return {**APPLICATION, "swag/nginx/proxy-confs/chat.subdomain.conf": host}


def managed(*more: str) -> dict[str, str | bytes]:
    lines = "".join(f"  {line}\n" for line in more)
    host = (
        'server {\n  set $forward_scheme http;\n  set $server "chat";\n  set $port 8000;\n  listen 80;\n'
        f"  server_name chat.example.com;\n  include conf.d/include/block-exploits.conf;\n{lines}  location / {{\n"
        "    include conf.d/include/proxy.conf;\n  }\n  include /data/nginx/custom/server_proxy[.]conf;\n}\n"
    )
    return {**APPLICATION, "data/nginx/proxy_host/1.conf": host}


def test_what_every_host_includes_shows_no_socket(lint: Lint) -> None:
    """Of a host without an application to read, nothing says that it opens one."""
    files = swag()
    report = lint({"swag/nginx/proxy-confs/chat.subdomain.conf": files["swag/nginx/proxy-confs/chat.subdomain.conf"]})
    assert not any(finding["stream"]["kind"] == "websocket" for finding in report["findings"])


def loud(lint: Lint, files: dict[str, str | bytes]) -> list[str]:
    report = lint(files)
    assert report["unknown"] == []
    return [line.rpartition("/")[2] for line in problems(report) if " note " not in line]


def test_swag_opens_sockets_and_waits_four_minutes(lint: Lint) -> None:
    assert loud(lint, swag()) == ["chat.subdomain.conf:5 warning buffered-stream"]
    assert loud(lint, swag("proxy_buffering off;")) == []


def test_a_proxy_conf_of_the_project_counts_before_the_one_known_by_heart(lint: Lint) -> None:
    files = {
        **swag("proxy_buffering off;"),
        "swag/nginx/proxy.conf": "proxy_http_version 1.1;\nproxy_read_timeout 30;\n",
    }
    assert "proxy.conf:2 warning short-idle-timeout" in loud(lint, files)


def test_nginx_proxy_manager_waits_90_seconds_and_opens_no_socket_unless_told(lint: Lint) -> None:
    sockets = ("proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $http_connection;")
    assert sorted(loud(lint, managed())) == [
        "1.conf:8 warning buffered-stream",
        "1.conf:8 warning missing-upgrade-headers",
        "1.conf:9 warning short-idle-timeout",
    ]
    inside = managed()
    text = str(inside["data/nginx/proxy_host/1.conf"])
    inside["data/nginx/proxy_host/1.conf"] = text.replace("location / {\n", f"location / {{\n    {' '.join(sockets)}\n")
    assert "1.conf:8 warning missing-upgrade-headers" not in loud(lint, inside)


def test_what_a_host_says_itself_counts_before_the_managers_own_settings(lint: Lint) -> None:
    told = managed("proxy_read_timeout 600;", "proxy_buffering off;")
    assert [line for line in loud(lint, told) if "upgrade" not in line] == []
