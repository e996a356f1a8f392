"""`sessionAffinity: ClientIP` of a Service: who dials it by its name meets one pod, and who dials its pods itself does not."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from test_ingress import ingress

EDGE = """\
apiVersion: v1
kind: ConfigMap
metadata: { name: edge-conf }
data:
  default.conf: |
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    server {
      listen 80;
      location / {
        proxy_pass http://chat:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 1h;
      }
    }
---
apiVersion: v1
kind: Service
metadata: { name: edge }
spec: { selector: { app: edge }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: edge }
spec:
  replicas: EDGES
  template:
    metadata: { labels: { app: edge } }
    spec:
      containers: [{ name: nginx, image: "nginx:1.27", ports: [{ containerPort: 80 }] }]
      volumes: [{ name: conf, configMap: { name: edge-conf } }]
---
apiVersion: v1
kind: Service
metadata: { name: chat }
spec: { selector: { app: chat }, AFFINITY ports: [{ port: 3000 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: chat }
spec:
  replicas: 3
  template:
    metadata: { labels: { app: chat } }
    spec:
      containers: [{ name: chat, image: "acme/server:1", ports: [{ containerPort: 3000 }] }]
"""
SERVER: dict[str, str] = {
    "server/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "index.js"]\n',
    "server/package.json": '{"dependencies": {"socket.io": "4.7.0"}}',
    "server/index.js": 'const { Server } = require("socket.io");\n'
    'const io = new Server(3000);\nio.on("connection", (s) => s.emit("a"));\n',
}
PINNED = "sessionAffinity: ClientIP,"


@pytest.mark.parametrize(("affinity", "edges", "split"), [("", "1", True), (PINNED, "1", False), (PINNED, "2", True)])
def test_nginx_in_a_pod_is_one_client_to_a_service(affinity: str, edges: str, split: bool, lint: Lint) -> None:
    """Of several such pods each may be led to another pod behind the Service."""
    text = EDGE.replace("AFFINITY", affinity).replace("EDGES", edges)
    found = problems(lint({**SERVER, "k8s/app.yaml": text}), "missing-sticky-sessions")
    assert bool(found) == split, found


def test_a_controller_dials_pods_past_the_service(lint: Lint) -> None:
    text = EDGE.replace("AFFINITY", PINNED).replace("EDGES", "1")
    edge = ingress(path="/").replace("name: api, port: { name: web }", "name: chat, port: { number: 3000 }")
    found = problems(lint({**SERVER, "k8s/app.yaml": text, "k8s/ingress.yaml": edge}), "missing-sticky-sessions")
    assert found == ["k8s/ingress.yaml:4 warning missing-sticky-sessions"]
