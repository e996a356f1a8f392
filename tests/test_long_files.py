"""Files of 100 kB that never end what they begin, or say the same over and over: gone through once, not once a place."""

from __future__ import annotations

import pytest
from conftest import Lint
from yardstick import at_most

SIZE = 100_000
VERSION = 'terraform { required_version = "%s!" }\n'
SITE = "events {}\nhttp { server { listen 80; location /chat { proxy_pass http://app:8000; } } }\n"
COMPOSE = """services:
  edge: { image: "nginx%s", volumes: ["./nginx.conf:/etc/nginx/nginx.conf"] }
  app: { build: ./app, command: "%s" }
"""
APPLICATION = """spec: { template: { spec: { source: { repoURL: "%s", path: a } } }, generators: [{ list: { elements: [{ a: b }] } }] }
"""
SET = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: a }\n" + APPLICATION
SERVERLESS = "service: a\nprovider: { name: aws }\nfunctions: { a: { handler: '${file(%s)}' } }\n"


ROUTERS = """package main
import "github.com/gofiber/fiber/v2"
func sse(c *fiber.Ctx) error { c.Set("Content-Type", "text/event-stream"); c.Context().SetBodyStreamWriter(w); return nil }
func main() {
  app := fiber.New()
%s}
"""
ROUTER = """  api := app.Group("/api", mw)
  api.Get("/e", sse)
  app.Route("/r", func(api fiber.Router) { api.Get("/x", sse) }, "r.")
"""
FIELDS = """import { Router } from "express";
export class ChatRoutes {
  constructor(private readonly chat: ChatController) {
%s  }
}
"""

HANDLER = """export default async function handler(request, response) {
  response.setHeader("Content-Type", "text/event-stream")
%s
  for (;;) response.write("a");
}
"""
POD = """apiVersion: v1
kind: Service
metadata: { name: chat }
spec: { selector: { app: chat }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: chat }
spec:
  template:
    metadata: { labels: { app: chat } }
    spec: { containers: [%s] }
"""
CONTAINER = "{ name: nginx, image: 'nginx:1.27', ports: [{ containerPort: 80 }] }, "
SERVERS = """package main
import "github.com/mark3labs/mcp-go/server"
func main() {
%s}
"""
SERVER = "  http := server.NewStreamableHTTPServer(s, server.WithStateLess(true))\n"
HANDLERS = """package main
import ("net/http"; "github.com/modelcontextprotocol/go-sdk/mcp")
func main() {
%s}
"""
NAMED_HANDLER = """  h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, nil)
  http.Handle("/m", h)
"""
HUBS = """var app = WebApplication.CreateBuilder(args).Build();
var api = app.MapGroup("/api");
%s"""
IMPORTS = """from fastapi.responses import Response%d
app = FastAPI()

@app.post("/api/chat")
def chat():
"""
REWRITES = "export default { rewrites: () => [{}]%s }"
TEMPLATED = "server { location / { proxy_pass http://a; proxy_read_timeout ${SECONDS}s; } } "


def repeated(text: str) -> str:
    return text * (SIZE // len(text))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("main.tf", "\xff" + repeated("/*")),
        ("main.tf", 'resource "aws_lb" "a" {}\n' + repeated("module.-[")),
        ("main.tf", repeated('resource "kubectl_manifest" {')),
        ("main.tf", VERSION % repeated(" ")),
        ("main.tf", repeated("inline = ") + "xproxy_pass"),
        ("Dockerfile", "FROM nginx\nENV a=b " + repeated("a")),
        ("compose.yaml", COMPOSE % (":1", repeated("node --"))),
        ("compose.yaml", COMPOSE % (":1", repeated("gunicorn.exe "))),
        ("compose.yaml", COMPOSE % (":1", repeated("--bind=a:0"))),
        ("compose.yaml", COMPOSE % (repeated("nginx"), "a")),
        ("compose.yaml", COMPOSE % (":" + repeated("a") + "!", "a")),
        (".env", "APP=" + repeated(" ") + "x"),
        ("set.yaml", SET % ("{{-" + repeated(" "))),
        ("blank.yaml", repeated("\r") + "x"),
        ("serverless.yml", SERVERLESS % repeated(" ")),
        ("templates/chat.html", "<script>new WebSocket('/chat')</script>" + repeated("{{<%{%")),
        ("templates/chat.html", "<script>new WebSocket('/chat')</script>" + repeated("<script ")),
        ("chart/templates/a.yaml", "kind: Ingress\na: {{ 0X" + repeated("a") + " }}\n"),
        ("go.mod", "require " + repeated(".")),
        ("src/main/resources/application.properties", "a=" + repeated("\t") + "x"),
        ("lua.conf", "http { server { content_by_lua_block { " + repeated("\\' ") + "} } }"),
        ("sites.yaml", "kind: ConfigMap\ndata:\n  nginx.conf: |\n    http {}\n" + repeated("\n")),
        ("api/chat.go", repeated('"a\\')),
        ("api/chat.go", repeated("/* ")),
    ],
)
def test_what_never_ends_is_gone_through_once(path: str, content: str, lint: Lint) -> None:
    files = {"nginx.conf": SITE, "vercel.json": "{}", "chart/Chart.yaml": "name: a\nversion: 1.0.0\napiVersion: v2\n"}
    with at_most(200):
        report = lint({**files, path: content.encode("latin-1")})
    assert "a fault of infralint" not in str(report["unreadable"])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("main.go", ROUTERS % (ROUTER * 600)),
        ("main.go", SERVERS % repeated(SERVER)),
        ("main.go", HANDLERS % repeated(NAMED_HANDLER)),
        ("Program.cs", HUBS % repeated('api.MapHub<ChatHub>("/hub");\napi.MapMcp("/mcp");\napp>("/hub");\n')),
        ("src/chat.ts", FIELDS % "".join(f'this.router{at}.get("/list", this.chat.list);\n' for at in range(1_900))),
        ("api/chat.js", HANDLER % repeated('("Content-Type", "text/event-stream")\n')),
        ("next.config.mjs", REWRITES % repeated('[{ source: "/a", destination: "http://b" }]\n')),
        ("pod.yaml", POD % repeated(CONTAINER)),
        ("main.py", "from fastapi import FastAPI\n" + "".join(IMPORTS % at for at in range(900))),
        (
            "src/main.rs",
            "use actix_web::get;\n" + repeated('#[get("/events")]\nasync fn events() -> impl Responder {\n'),
        ),
        ("C.java", repeated('@RestController\npublic class C {\n  @GetMapping("/e")\n')),
        ("default.conf.template", repeated(TEMPLATED)),
        (
            "app/channels/chat.rb",
            "class A < A\n" + "".join(f" < ApplicationCable{at}::Channel{at}\n" for at in range(2_600)),
        ),
    ],
)
def test_what_stands_there_often_is_looked_at_once(path: str, content: str, lint: Lint) -> None:
    manifests = {
        "requirements.txt": "fastapi",
        "package.json": '{"dependencies": {"next": "15.0.0"}}',
        "go.mod": "module a\nrequire github.com/mark3labs/mcp-go v0.32.0\nrequire github.com/modelcontextprotocol/go-sdk v1.0.0\n",
        "a.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>',
    }
    files = {"nginx.conf": SITE, "vercel.json": "{}", "Cargo.toml": '[dependencies]\nactix-web = "4"', **manifests}
    with at_most(200):
        report = lint({**files, path: content})
    assert "a fault of infralint" not in str(report["unreadable"])
