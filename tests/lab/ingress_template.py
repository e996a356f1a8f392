"""What ingress-nginx writes for an Ingress: the directives of its template at controller v1.15.0, the last release but
patches, that decide what becomes of a stream (rootfs/etc/nginx/template/nginx.tmpl at dbb11b92d), with the controller's
defaults (internal/ingress/controller/config/config.go) where no annotation says otherwise.

What needs its own modules is left out: Lua that picks a pod (a plain upstream stands for it), GeoIP, ModSecurity.
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = "controller-v1.15.0"
DEFAULTS: Mapping[str, str] = {
    "connection-proxy-header": "$connection_upgrade",
    "proxy-buffering": "off",
    "proxy-connect-timeout": "5",
    "proxy-http-version": "1.1",
    "proxy-read-timeout": "60",
    "proxy-request-buffering": "on",
    "proxy-send-timeout": "60",
    "configuration-snippet": "",
}
"""Annotations, without their prefix, that the template below takes, and what stands there without them."""

_CONFIGURATION = """\
events {}
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    map $http_x_request_id $req_id { default $http_x_request_id; "" $request_id; }
    upstream upstream_balancer { server chat:80; keepalive 320; }
    proxy_pass_header Server;
    server {
        listen 80;
        server_name chat.example.com;
        set $best_http_host $http_host;
        location / {
            proxy_set_header Host $best_http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection @connection-proxy-header@;
            proxy_set_header X-Request-ID $req_id;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $best_http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Scheme $scheme;
            proxy_set_header X-Original-Forwarded-For $http_x_forwarded_for;
            proxy_set_header Proxy "";
            proxy_connect_timeout @proxy-connect-timeout@s;
            proxy_send_timeout @proxy-send-timeout@s;
            proxy_read_timeout @proxy-read-timeout@s;
            proxy_buffering @proxy-buffering@;
            proxy_buffer_size 4k;
            proxy_buffers 4 4k;
            proxy_max_temp_file_size 1024m;
            proxy_request_buffering @proxy-request-buffering@;
            proxy_http_version @proxy-http-version@;
            proxy_cookie_domain off;
            proxy_cookie_path off;
            proxy_next_upstream error timeout;
            proxy_next_upstream_timeout 0;
            proxy_next_upstream_tries 3;
            @configuration-snippet@
            proxy_pass http://upstream_balancer;
            proxy_redirect off;
        }
    }
}
"""


def template_text(annotations: Mapping[str, str]) -> str:
    """The configuration that the controller writes for the path `/` of an Ingress with these annotations, which it takes."""
    text = _CONFIGURATION
    for name, value in {**DEFAULTS, **annotations}.items():
        text = text.replace(f"@{name}@", value)
    return text
