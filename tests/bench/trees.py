"""Projects of any size, for measuring."""

from __future__ import annotations

import subprocess
from pathlib import Path

APPLICATIONS = 20

NGINX = """\
worker_processes auto;
events { worker_connections 1024; }
http {
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    include conf.d/*.conf;
}
"""
NGINX_SITE = """\
upstream app%(n)d {
    server 10.0.%(m)d.1:8000;
    server 10.0.%(m)d.2:8000;
}
server {
    listen 80;
    server_name app%(n)d.example.com;
    location / {
        proxy_pass http://app%(n)d;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
    }
    location /api/chat {
        proxy_pass http://app%(n)d;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 300s;
    }
    location /ws {
        proxy_pass http://app%(n)d;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 3600s;
    }
    location /static/ {
        alias /srv/static/%(n)d/;
        expires 30d;
    }
}
"""


def nginx_sites(folder: Path, sites: int) -> Path:
    """A main file that includes so many sites."""
    (folder / "conf.d").mkdir(parents=True)
    (folder / "nginx.conf").write_text(NGINX)
    for number in range(sites):
        (folder / "conf.d" / f"site{number}.conf").write_text(NGINX_SITE % {"n": number, "m": number % 250})
    return folder


PLAIN_PYTHON = '''from fastapi import APIRouter, Depends

from app.db import session
from app.models import Item

router = APIRouter(prefix="/items{number}")


@router.get("/{{item_id}}")
async def read_item(item_id: int, rows=Depends(session)):
    """One item by its number."""
    item = await rows.get(Item, item_id)
    return {{"id": item.id, "name": item.name, "kind": {number}}}
'''
STREAMING_PYTHON = """from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.model import tokens

router = APIRouter(prefix="/chat{number}")


@router.post("/{{room}}/events")
async def events(room: str):
    return StreamingResponse(tokens(room), media_type="text/event-stream", headers={{"X-Accel-Buffering": "no"}})
"""
PLAIN_TYPESCRIPT = """import {{ useState }} from "react";
import {{ Button }} from "@/components/button";
import {{ format }} from "@/lib/format";

export function Panel{number}({{ items }}: {{ items: Item[] }}) {{
  const [open, setOpen] = useState(false);
  return (
    <section>
      <Button onClick={{() => setOpen(!open)}}>{{format(items.length)}}</Button>
      {{open && items.map((item) => <p key={{item.id}}>{{item.name}}</p>)}}
    </section>
  );
}}
"""
FILLER = "# values that the program needs\n" + "".join(
    f"value_{number} = {number} * 3  # as measured\n" for number in range(60)
)


def application_code(root: Path, files: int) -> Path:
    """So many files: half are Python, of which one in fifty streams; the other half are React components."""
    for number in range(files // 2):
        folder = root / f"services/s{number % APPLICATIONS}"
        streams = number % 50 == 7
        text = (STREAMING_PYTHON if streams else PLAIN_PYTHON).format(number=number)
        _write(folder / f"app/routes/route{number}.py", text + FILLER)
        text = PLAIN_TYPESCRIPT.format(number=number)
        _write(root / f"web/w{number % APPLICATIONS}/src/panels/panel{number}.tsx", text + FILLER.replace("#", "//"))
    for service in range(APPLICATIONS):
        _write(root / f"services/s{service}/requirements.txt", "fastapi\nuvicorn\n")
        _write(root / f"web/w{service}/package.json", '{"dependencies": {"react": "19"}}\n')
        numbers = range(service, files // 2, APPLICATIONS)
        names = [f"route{number}" for number in numbers]
        lines = [f"from app.routes import {name}" for name in names] + [
            "from fastapi import FastAPI",
            "app = FastAPI()",
        ]
        lines += [f'app.include_router({name}.router, prefix="/api")' for name in names]
        _write(root / f"services/s{service}/app/main.py", "\n".join(lines) + "\n")
    return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


ENDINGS = ("ts", "tsx", "ts", "py", "py", "go", "md", "json", "yaml", "svg", "css", "sh")
CODE = """\
export function sizeOf(query: URLSearchParams, fallback = DEFAULT_SIZE): number {
  // A known limit of MySQL; jQuery and XHR have another.
  const given = Number.parseInt(query.get("size") ?? "", 10);
  return Number.isNaN(given) ? fallback : Math.min(given, MAX_SIZE * 2);
}
"""
SCRIPT = """\
# Keep the last 20 copies.
mkdir -p "$TARGET/2026" && cd "$TARGET"
for copy in $(ls -t | tail -n +20); do
  rm -rf "$copy" || exit 1
done
tar czf "copy-$(date +%Y-%m-%d).tar.gz" -C "$HOME/app" . && echo "exported to $TARGET"
"""
LINES_OF_CODE = CODE * 9
"""Code of the usual size, with nearly all letters: how long a search takes depends on them."""
TEXT_OF_ENDING = {
    "yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: app\nspec:\n  ports:\n    - port: 80\n",
    "json": '{"name": "app", "version": "1.0.0", "private": true}\n',
    "sh": "#!/bin/sh\n" + SCRIPT * 10,
}
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: chat
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "300"
spec:
  ingressClassName: nginx
  rules:
    - host: chat.example.com
      http:
        paths:
          - path: /api/chat
            pathType: Prefix
            backend:
              service:
                name: chat
                port:
                  number: 8000
"""
ROUTE = """\
export async function POST(request: Request) {
  const stream = new ReadableStream({ start(controller) { controller.enqueue("hello"); controller.close(); } });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
}
"""
BALANCERS = """\
resource "aws_lb" "chat" {
  name               = "chat"
  load_balancer_type = "application"
  internal           = false
  subnets            = ["subnet-1", "subnet-2"]
  idle_timeout       = 60
}
resource "aws_lb_target_group" "chat" {
  name     = "chat"
  port     = 8000
  protocol = "HTTP"
  vpc_id   = "vpc-1"
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.chat.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:acm:eu-west-1:1:certificate/1"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.chat.arn
  }
}
"""


CHANGED_FILES = {"infra/main.tf": BALANCERS, "k8s/ingress.yaml": INGRESS, "web/app/api/chat/route.ts": ROUTE}


def repository(folder: Path, files: int) -> Path:
    """A repository of so many files, among them one nginx site, one Terraform root, one Ingress and one Next.js route."""
    nginx_sites(folder / "deploy/nginx", 1)
    for path, text in CHANGED_FILES.items():
        _write(folder / path, text)
    _write(folder / "web/package.json", '{"dependencies": {"next": "16.4.6"}}\n')
    for number in range(files - 6):
        ending = ENDINGS[number % len(ENDINGS)]
        path = folder / f"packages/p{number % 97}/src/d{number % 11}/f{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT_OF_ENDING.get(ending, LINES_OF_CODE))
    return as_repository(folder)


def as_repository(folder: Path) -> Path:
    """A folder, with all that is in it known to git."""
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


BALANCER = """
terraform {
  backend "s3" {}
}
provider "aws" {}
variable "environment" { default = "prod" }
variable "services" {
  type = map(object({ path = string, sticky = optional(bool, true) }))
  default = {
    api = { path = "/api/*" }
    ws  = { path = "/ws/*", sticky = false }
  }
}
locals {
  idle = lookup({ prod = 300, dev = 60 }, var.environment, 60)
}
module "alb" {
  source   = "./modules/alb"
  idle     = local.idle
  services = var.services
}
resource "aws_ecs_service" "app" {
  for_each      = var.services
  name          = each.key
  desired_count = 2
  load_balancer {
    target_group_arn = module.alb.groups[each.key]
    container_name   = each.key
    container_port   = 8000
  }
}
"""

BALANCER_MODULE = """
variable "idle" { type = number }
variable "services" { type = map(object({ path = string, sticky = bool })) }
resource "aws_lb" "this" {
  name               = "web"
  load_balancer_type = "application"
  idle_timeout       = var.idle
}
resource "aws_lb_target_group" "this" {
  for_each = var.services
  name     = each.key
  port     = 8000
  dynamic "stickiness" {
    for_each = each.value.sticky ? [1] : []
    content { type = "lb_cookie" }
  }
}
resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["api"].arn
  }
}
resource "aws_lb_listener_rule" "this" {
  for_each     = var.services
  listener_arn = aws_lb_listener.this.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
  condition {
    path_pattern { values = [each.value.path] }
  }
}
output "groups" { value = { for name, group in aws_lb_target_group.this : name => group.arn } }
"""

OTHER_RESOURCES = "".join(
    f"""
resource "aws_s3_bucket" "bucket{number}" {{
  bucket = "${{var.name}}-{number}"
  tags   = merge(local.tags, {{ number = {number} }})
}}
resource "aws_iam_role" "role{number}" {{
  name               = "role-{number}"
  assume_role_policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
}}
"""
    for number in range(10)
)


def terraform_roots(folder: Path, roots: int, relevant: int) -> Path:
    """Lay out `roots` root modules, of which `relevant` have a load balancer."""
    for number in range(roots):
        root = folder / f"root{number:04}"
        (root / "modules/alb").mkdir(parents=True)
        if number < relevant:
            (root / "main.tf").write_text(BALANCER)
            (root / "modules/alb/main.tf").write_text(BALANCER_MODULE)
        (root / "other.tf").write_text(OTHER_RESOURCES)
        (root / "variables.tf").write_text('variable "name" { default = "x" }\nlocals { tags = { a = "b" } }\n')
    return folder


PLAIN_ROUTE = """import {{ NextResponse }} from "next/server";
import {{ db }} from "@/lib/db";

export async function GET(request: Request, {{ params }}: {{ params: Promise<{{ id: string }}> }}) {{
  const {{ id }} = await params;
  const rows = await db.query("select * from items where id = $1 and kind = {number}", [id]);
  return NextResponse.json({{ rows }});
}}
"""
STREAMING_ROUTE = """import {{ auth }} from "@/lib/auth";
import {{ respond }} from "@/lib/respond";

export const maxDuration = {number};

export const POST = auth(async (request: Request) => respond(await request.json()));
"""
NEXT_LIBRARY = {
    "lib/db.ts": "export const db = { query: async (text: string, values: unknown[]) => [{ text, values }] };\n",
    "lib/auth.ts": "export const auth = (handler) => async (request) => handler(request);\n",
    "lib/respond.ts": 'import { streamText } from "ai";\n'
    "export const respond = (messages) => streamText({ messages }).toUIMessageStreamResponse();\n",
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }\n',
    "package.json": '{ "scripts": { "build": "next build" }, "dependencies": { "next": "16.4.6" } }\n',
    "vercel.json": '{ "functions": { "app/api/**/*": { "maxDuration": 60 } } }\n',
}


def next_routes(root: Path, routes: int) -> Path:
    """A monorepo of so many routes: one in ten streams, through a helper; as many components stand beside them."""
    for number in range(APPLICATIONS):
        for name, text in NEXT_LIBRARY.items():
            _write(root / f"apps/a{number}" / name, text)
    for number in range(routes):
        application = root / f"apps/a{number % APPLICATIONS}"
        text = (PLAIN_ROUTE if number % 10 else STREAMING_ROUTE).format(number=number % 600 + 1)
        _write(application / f"app/api/group{number % 7}/route{number}/[id]/route.ts", text)
        component = f"export const C{number} = () => <p>{number}</p>;\n" * 20
        _write(application / f"components/component{number}.tsx", component)
    return root


MODULE = """import {{ m{first} }} from "@/services/s{first}";
import {{ m{second} }} from "@/services/s{second}";

/** Upstream of the {number}th service: what it gets is read as a stream of rows. */
export async function m{number}(input) {{
  const rows = [];
  for (const part of input.parts ?? []) {{
    const found = part.kind === "a" ? await m{first}(part) : {{ ...part, body: part.body }};
    if (found) rows.push({{ id: part.id, text: `${{part.text}} of {number}`, found }});
  }}
  return rows.length ? rows : m{second}(input);
}}
{filler}"""
SERVICE_FILLER = (
    "export const c{number}_{line} = (a, b) => (a > b ? {{ a, b: [a, b, {line}] }} : {{ b, a: `${{a}}-${{b}}` }});\n"
)


def deep_imports(root: Path, modules: int, routes: int = 107) -> Path:
    """One application: each route imports six services, each service two others; one service in fifty streams."""
    for name, text in NEXT_LIBRARY.items():
        _write(root / name, text)
    for number in range(modules):
        first, second = (number * 7 + 1) % modules, (number * 13 + 5) % modules
        filler = "".join(SERVICE_FILLER.format(number=number, line=line) for line in range(60))
        text = MODULE.format(number=number, first=first, second=second, filler=filler)
        text += "export const answer = () => new Response(new ReadableStream({}));\n" if number % 50 == 0 else ""
        _write(root / f"services/s{number}.ts", text)
    for number in range(routes):
        services = [(number * 31 + index * 17) % modules for index in range(6)]
        imports = "".join(f'import {{ m{service} }} from "@/services/s{service}";\n' for service in services)
        calls = ", ".join(f"await m{service}(input)" for service in services)
        body = f"const input = await request.json(); return Response.json([{calls}]);"
        _write(root / f"app/api/r{number}/route.ts", f"{imports}export async function POST(request) {{ {body} }}\n")
    return root


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app%(n)d
  namespace: team%(m)d
  labels:
    app.kubernetes.io/name: app%(n)d
    app.kubernetes.io/part-of: team%(m)d
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app%(n)d
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app%(n)d
        app.kubernetes.io/part-of: team%(m)d
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8000"
    spec:
      serviceAccountName: app%(n)d
      terminationGracePeriodSeconds: 60
      containers:
        - name: app
          image: registry.example.com/team%(m)d/app%(n)d:1.%(n)d.0
          imagePullPolicy: IfNotPresent
          args: ["serve", "--port", "8000"]
          ports:
            - name: http
              containerPort: 8000
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_URL
              valueFrom:
                secretKeyRef:
                  name: app%(n)d
                  key: database-url
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            initialDelaySeconds: 30
          resources:
            requests:
              cpu: 100m
              memory: 256Mi
            limits:
              memory: 512Mi
          volumeMounts:
            - name: settings
              mountPath: /etc/app
      volumes:
        - name: settings
          configMap:
            name: app%(n)d
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: app%(n)d
  namespace: team%(m)d
  labels:
    app.kubernetes.io/name: app%(n)d
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: app%(n)d
  ports:
    - name: http
      port: 80
      targetPort: http
"""
ROUTED = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: app%(n)d
  namespace: team%(m)d
  annotations:
    cert-manager.io/cluster-issuer: letsencrypt
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
    nginx.ingress.kubernetes.io/proxy-read-timeout: "600"
spec:
  ingressClassName: nginx
  tls:
    - hosts: [app%(n)d.example.com]
      secretName: app%(n)d-tls
  rules:
    - host: app%(n)d.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: app%(n)d
                port:
                  name: http
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app%(n)d
  namespace: team%(m)d
data:
  app.yaml: |
    listen: 0.0.0.0:8000
    workers: 4
    features:
      search: true
      export: false
  motd: "app%(n)d of team%(m)d"
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: chart%(n)d\nversion: 0.1.0\nappVersion: 1.0.0\n",
    "values.yaml": (
        'replicaCount: 1\nimage:\n  repository: registry.example.com/chart%(n)d\n  tag: ""\n  pullPolicy: IfNotPresent\n'
        'nameOverride: ""\nfullnameOverride: ""\nserviceAccount:\n  create: true\n  annotations: {}\n'
        "podAnnotations: {}\nservice:\n  type: ClusterIP\n  port: 80\ningress:\n  enabled: true\n  className: nginx\n"
        '  annotations:\n    nginx.ingress.kubernetes.io/proxy-read-timeout: "600"\n  hosts:\n'
        "    - host: chart%(n)d.example.com\n      paths:\n        - path: /\n          pathType: Prefix\n  tls: []\n"
        "resources:\n  limits:\n    memory: 512Mi\nautoscaling:\n  enabled: false\nnodeSelector: {}\ntolerations: []\n"
    ),
    "templates/_helpers.tpl": (
        '{{- define "chart%(n)d.name" -}}\n{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}\n{{- end }}\n'
        '{{- define "chart%(n)d.fullname" -}}\n{{- if .Values.fullnameOverride }}\n{{- .Values.fullnameOverride | trunc 63 }}\n'
        "{{- else }}\n{{- $name := default .Chart.Name .Values.nameOverride }}\n"
        '{{- printf "%%s-%%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}\n{{- end }}\n{{- end }}\n'
        '{{- define "chart%(n)d.labels" -}}\nhelm.sh/chart: {{ printf "%%s-%%s" .Chart.Name .Chart.Version }}\n'
        '{{ include "chart%(n)d.selector" . }}\napp.kubernetes.io/managed-by: {{ .Release.Service }}\n{{- end }}\n'
        '{{- define "chart%(n)d.selector" -}}\napp.kubernetes.io/name: {{ include "chart%(n)d.name" . }}\n'
        "app.kubernetes.io/instance: {{ .Release.Name }}\n{{- end }}\n"
    ),
    "templates/deployment.yaml": (
        'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include "chart%(n)d.fullname" . }}\n  labels:\n'
        '    {{- include "chart%(n)d.labels" . | nindent 4 }}\nspec:\n  {{- if not .Values.autoscaling.enabled }}\n'
        "  replicas: {{ .Values.replicaCount }}\n  {{- end }}\n  selector:\n    matchLabels:\n"
        '      {{- include "chart%(n)d.selector" . | nindent 6 }}\n  template:\n    metadata:\n'
        "      {{- with .Values.podAnnotations }}\n      annotations:\n        {{- toYaml . | nindent 8 }}\n      {{- end }}\n"
        '      labels:\n        {{- include "chart%(n)d.selector" . | nindent 8 }}\n    spec:\n      containers:\n'
        '        - name: {{ .Chart.Name }}\n          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default'
        ' .Chart.AppVersion }}"\n          ports:\n            - name: http\n              containerPort: 8000\n'
        "          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n"
        "      {{- with .Values.nodeSelector }}\n      nodeSelector:\n        {{- toYaml . | nindent 8 }}\n      {{- end }}\n"
    ),
    "templates/service.yaml": (
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "chart%(n)d.fullname" . }}\n  labels:\n'
        '    {{- include "chart%(n)d.labels" . | nindent 4 }}\nspec:\n  type: {{ .Values.service.type }}\n  ports:\n'
        "    - port: {{ .Values.service.port }}\n      targetPort: http\n      name: http\n  selector:\n"
        '    {{- include "chart%(n)d.selector" . | nindent 4 }}\n'
    ),
    "templates/ingress.yaml": (
        '{{- if .Values.ingress.enabled -}}\n{{- $fullName := include "chart%(n)d.fullname" . -}}\n'
        "{{- $port := .Values.service.port -}}\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n"
        '  name: {{ $fullName }}\n  labels:\n    {{- include "chart%(n)d.labels" . | nindent 4 }}\n'
        "  {{- with .Values.ingress.annotations }}\n  annotations:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\nspec:\n"
        "  ingressClassName: {{ .Values.ingress.className }}\n  rules:\n    {{- range .Values.ingress.hosts }}\n"
        "    - host: {{ .host | quote }}\n      http:\n        paths:\n          {{- range .paths }}\n"
        "          - path: {{ .path }}\n            pathType: {{ .pathType }}\n            backend:\n              service:\n"
        "                name: {{ $fullName }}\n                port:\n                  number: {{ $port }}\n"
        "          {{- end }}\n    {{- end }}\n{{- end }}\n"
    ),
    "templates/serviceaccount.yaml": (
        "{{- if .Values.serviceAccount.create -}}\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n"
        '  name: {{ include "chart%(n)d.fullname" . }}\n{{- end }}\n'
    ),
}


def kubernetes(folder: Path, manifests: int, charts: int) -> Path:
    """So many manifests, a file each, and so many charts as `helm create` makes them."""
    kinds = {"deployment": DEPLOYMENT, "service": SERVICE, "ingress": ROUTED, "configmap": SETTINGS}
    for number in range(manifests):
        app = number // len(kinds)
        kind = list(kinds)[number % len(kinds)]
        _write(folder / f"apps/team{app % 40}/app{app}/{kind}.yaml", kinds[kind] % {"n": app, "m": app % 40})
    for number in range(charts):
        for name, text in CHART.items():
            _write(folder / f"charts/chart{number}/{name}", text % {"n": number})
    return folder
