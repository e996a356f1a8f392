"""Services whose ports lead to none that a container of their pods names."""

from __future__ import annotations

import pytest
from conftest import Lint, run

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: chat
  annotations:
    nginx.ingress.kubernetes.io/proxy-buffering: "off"
    nginx.ingress.kubernetes.io/proxy-read-timeout: "600"
spec:
  ingressClassName: nginx
  rules:
    - http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: chat, port: { number: 80 } } } }] }
"""
REST = """\
---
apiVersion: v1
kind: Service
metadata: { name: chat }
spec: { selector: { app: chat }, ports: [{ port: 80, TARGET }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: chat }
spec:
  selector: { matchLabels: { app: chat } }
  template:
    metadata: { labels: { app: chat } }
    spec: { containers: [{ name: chat, image: chat, PORTS }] }
"""
CODE = """\
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()

@app.post("/api/chat")
def chat():
    return StreamingResponse(answer(), media_type="text/event-stream")
"""
NUMBERED, NAMED = "ports: [{ containerPort: 8000 }]", "ports: [{ name: http, containerPort: 8000 }]"


def project(target: str, ports: str, command: str = "") -> dict[str, str | bytes]:
    return {
        "k8s.yaml": INGRESS + REST.replace("TARGET", target).replace("PORTS", ports),
        "chat/Dockerfile": f"FROM python\nCOPY . .\n{command}\n",
        "chat/main.py": CODE,
        "chat/requirements.txt": "fastapi\n",
    }


@pytest.mark.parametrize(
    ("target", "ports", "words"),
    [
        ("targetPort: 9000", NUMBERED, "port 9000, and its pods name 8000 alone"),
        ("targetPort: http", NUMBERED, "a port called http, and no container of its pods has a port of that name"),
        ("protocol: TCP", NUMBERED, "port 80, and its pods name 8000 alone"),
        ("targetPort: http", "tty: false", "a port called http, and no container"),
    ],
)
def test_a_port_that_no_container_names_is_could_not_tell(target: str, ports: str, words: str, lint: Lint) -> None:
    [unknown] = lint(project(target, ports))["unknown"]
    assert words in unknown["message"]
    assert (unknown["location"]["path"], unknown["location"]["line"]) == ("k8s.yaml", 16)
    assert "could not tell at hop 1 of 2" in " ".join(run("trace", "--compact").output.split())


@pytest.mark.parametrize(
    ("target", "ports", "command"),
    [
        ("targetPort: 8000", NUMBERED, ""),
        ("targetPort: http", NAMED, ""),
        ("targetPort: 8000", NAMED, ""),
        ("targetPort: 9000", "tty: false", ""),
        ("targetPort: 9000", NUMBERED, 'CMD ["uvicorn", "main:app", "--port", "9000"]'),
    ],
)
def test_a_port_that_may_well_be_listened_on_is_not_spoken_of(
    target: str, ports: str, command: str, lint: Lint
) -> None:
    assert lint(project(target, ports, command))["unknown"] == []
    assert "flows" in run("trace", "--compact").output
