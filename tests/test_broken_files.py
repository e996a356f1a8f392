"""Broken files of kinds that have no tests of their own for it: named with place and expectation, and the rest is judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

SITE = "events {}\nhttp { server { location /api/chat { proxy_pass http://app; } } }\n"
HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n"
BALANCER = "  Chat:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"
NEXT = {
    "web/package.json": '{"dependencies": {"next": "15"}}',
    "web/app/api/chat/route.ts": "export async function POST() { return new Response(new ReadableStream({})) }\n",
}


def judged(report: dict[str, object]) -> list[tuple[str, int, str]]:
    """Path, line and message of what could not be read; the good nginx beside it was judged."""
    assert any(problem.startswith("site/nginx.conf:2 ") for problem in problems(report))
    entries: list[dict[str, dict[str, int]]] = report["unreadable"]  # type: ignore[assignment]
    return [(str(e["location"]["path"]), e["location"].get("line", 0), str(e["message"])) for e in entries]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("services:\n  web: { image: nginx\n", 3, "is not YAML: did not find expected ',' or '}'"),
        ("services:\n\tweb: { image: nginx }\n", 2, "is not YAML: found character that cannot start any token"),
        ("services:\n  web:\n    image: nginx\n    image: httpd\n", 4, "image: stands twice"),
        ("services:\n  web: { image: nginx }\n  web: { image: httpd }\n", 3, "web: stands twice"),
        ("services:\n  - web\n", 2, "services: expected a mapping of names to services"),
        ("services: web\n", 1, "services: expected a mapping of names to services"),
        ("services:\n  web: nginx\n", 2, "services.web: expected a mapping of keys to values"),
        ("services:\n  web: [nginx]\n", 2, "services.web: expected a mapping of keys to values"),
        ("services:\n  web: { <<: *base }\n", 2, "is not YAML: found undefined alias"),
        ("services:\n  ? [a, b]\n  : { image: nginx }\n", 2, "a key must be text"),
        ("servces:\n  web: { image: nginx }\n", 1, "there is no key `servces`; did you mean services?"),
        ("services:\n  web: { image: nginx }\nnetwroks: {}\n", 3, "there is no key `netwroks`; did you mean networks?"),
        ("web\n", 1, "expected keys with values, such as `services:`"),
        ("name: shop\n\tweb: { image: nginx }\n", 2, "is not YAML: found a tab character that violates indentation"),
        ("services:\n  web: { imge: nginx }\n", 2, "services.web: there is no key `imge`; did you mean image?"),
        (
            "services:\n  web: { extends: { service: base } }\n",
            2,
            "services.web.extends: no service of this file is called base",
        ),
        ("services:\n  web: { extends: web }\n", 2, "services.web.extends: web is made of itself"),
        (
            "services:\n  web:\n    image: nginx:${TAG\n",
            3,
            "`nginx:${TAG`: a variable is opened with ${ and never closed",
        ),
        (
            "services:\n  web: { image: nginx, depends_on: [api] }\n",
            2,
            "services.web.depends_on: there is no service api",
        ),
        (
            "services:\n  web: { image: nginx, depends_on: [api] }\n  api: { image: api, depends_on: { web: {} } }\n",
            3,
            "services.api.depends_on: api waits for itself through web",
        ),
        (
            "services:\n  web: { image: nginx, networks: { front: {} } }\n",
            2,
            "services.web.networks: no network of this file is called front",
        ),
        (
            "services:\n  web:\n    image: nginx\n    volumes: ['sites:/etc/nginx/conf.d']\n",
            4,
            "services.web.volumes: no volume of this file is called sites",
        ),
        (
            "services:\n  web:\n    image: nginx\n    configs: [{ source: site, target: /etc/nginx/nginx.conf }]\n",
            4,
            "services.web.configs: no config of this file is called site",
        ),
        (
            "services:\n  web: { image: nginx, deploy: { replicas: many } }\n",
            2,
            "services.web.deploy.replicas: a whole number was expected, not `many`",
        ),
        ("services:\n  web: { ports: [80] }\n", 2, "services.web: an `image` or a `build` was expected"),
        ("services:\n  web: { image: a, links: [db] }\n", 2, "services.web.links: there is no service db"),
        (
            "services:\n  web: { image: a, network_mode: 'service:vpn' }\n",
            2,
            "services.web.network_mode: there is no service vpn",
        ),
        (
            "services:\n  web: { image: a, network_mode: host, networks: [default] }\n",
            2,
            "services.web: `network_mode` and `networks` can't stand beside each other",
        ),
        (
            "services:\n  web: { image: a, restart: allways }\n",
            2,
            "services.web.restart: there is no policy `allways`; did you mean always?",
        ),
        (
            "services:\n  web: { image: a, stop_grace_period: long }\n",
            2,
            "services.web.stop_grace_period: a time such as 1m30s was expected, not `long`",
        ),
        (
            "services:\n  web:\n    image: a\n    command: a ${} b\n",
            4,
            "`a ${} b`: the name of a variable was expected behind ${; write `$$` for a dollar",
        ),
        (
            "services:\n  web: { image: nginx, scale: 2.5 }\n",
            2,
            "services.web.scale: a whole number was expected, not `2.5`",
        ),
        ("services:\n  web: { image: [nginx] }\n", 2, "services.web.image: a text was expected, not a list"),
        ("services:\n  web: { image: a, ports: '80:80' }\n", 2, "services.web.ports: a list was expected, not a text"),
        (
            "services:\n  web: { image: a, environment: [{ PORT: 80 }] }\n",
            2,
            "services.web.environment: each item has to be a text: write `- PORT=80`",
        ),
        (
            "services:\n  web: { image: a, depends_on: { db: { condition: service_helthy } } }\n  db: { image: b }\n",
            2,
            "services.web.depends_on.db: there is no condition `service_helthy`; did you mean service_healthy?",
        ),
        (f"services:\n  web: {'[' * 3000}{']' * 3000}\n", 2, "is nested deeper than infralint reads"),
    ],
)
def test_compose(content: str, line: int, message: str, lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, "docker-compose.yml": content})
    assert judged(report) == [("docker-compose.yml", line, message)]
    assert report["status"] == 2


@pytest.mark.parametrize(
    "keys",
    [
        "deploy: { replicas: '2' }",
        "deploy: { replicas: 1_0 }, ports: !reset [], environment: !override { A: b }",
        "scale: '${N:-3}', ports: ~, command: nginx",
        "deploy: { replicas: '{{ n }}' }",
        "restart: 'on-failure:3', stop_grace_period: 1m30s, command: 'a $$ $$A ${A:-b} $B $(c) $ 1', links: ['web:x']",
        "network_mode: 'service:web', healthcheck: { interval: 30s, timeout: ~ }",
        "ports: [80, '90:90', { target: 70 }], env_file: [{ path: .env, required: false }]",
    ],
)
def test_forms_that_compose_takes(keys: str, lint: Lint) -> None:
    """https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json"""
    report = lint({"site/nginx.conf": SITE, "compose.yaml": f"services:\n  web: {{ image: nginx, {keys} }}\n"})
    assert report["unreadable"] == []


NAMING = {
    "Makefile": "up:\n\tdocker compose -f shop/compose.yaml -f web/compose.yaml up\n",
    "scripts/up.sh": "docker compose --file=./shop/compose.yaml --file=./web/compose.yaml up\n",
    ".github/workflows/ci.yml": "env: {COMPOSE_FILE: 'shop/compose.yaml:web/compose.yaml'}\njobs: {}\n",
}


@pytest.mark.parametrize("path", NAMING)
def test_a_compose_file_that_a_command_names_may_be_given_with_others(path: str, lint: Lint) -> None:
    shop = "services: { api: { image: x } }\nnetworks: { front: {} }\n"
    files = {"site/nginx.conf": SITE, "web/compose.yaml": PART, "shop/compose.yaml": shop}
    for more in ({}, {path: NAMING[path].replace("web/", "webs/")}):
        assert [entry["location"]["path"] for entry in lint({**files, **more})["unreadable"]] == [
            "web/compose.yaml"
        ] * 2
    nowhere = {"shop/compose.yaml": shop.replace("front", "back"), path: NAMING[path]}
    [entry] = lint({**files, **nowhere})["unreadable"]
    assert entry["message"] == "services.web.networks: no network of this file is called front"
    assert lint({**files, path: NAMING[path]})["unreadable"] == []


@pytest.mark.parametrize(
    ("path", "commands"),
    [
        ("web/up.sh", "docker compose -f compose.yaml -f ../shop/compose.yaml up\n"),
        ("web/up.sh", "docker compose \\\n  -f ./compose.yaml \\\n  -f ../shop/compose.yaml up\n"),
        ("shop/up.sh", "docker compose -f compose.yaml -f ../web/compose.yaml up\n"),
        ("up.sh", "cd web\ndocker compose -f compose.yaml -f ../shop/compose.yaml up\n"),
        ("web/bin/up.sh", 'cd ..\ndocker compose -f "compose.yaml" -f "../shop/compose.yaml" up\n'),
        ("bin/up.sh", "docker compose -f $HERE/compose.yaml -f $HERE/../shop/compose.yaml up\n"),
        ("web/up.sh", 'docker compose -f "${HERE}/compose.yaml" -f "${HERE}/../shop/compose.yaml" up\n'),
    ],
)
def test_a_command_names_files_from_where_it_stands(path: str, commands: str, lint: Lint) -> None:
    shop = "services: { api: { image: x } }\nnetworks: { front: {} }\n"
    files = {"site/nginx.conf": SITE, "web/compose.yaml": PART, "shop/compose.yaml": shop}
    assert lint({**files, path: commands})["unreadable"] == []


def test_a_command_that_names_a_file_alone_gives_it_with_no_other(lint: Lint) -> None:
    shop = "services: { api: { image: x } }\nnetworks: { front: {} }\n"
    files = {"site/nginx.conf": SITE, "web/compose.yaml": PART, "shop/compose.yaml": shop}
    report = lint({**files, "web/up.sh": "docker compose -f compose.yaml up\ncat ../shop/compose.yaml\n"})
    assert len(report["unreadable"]) == 2


@pytest.mark.parametrize(
    ("commands", "is_refused"),
    [
        ("docker compose -f compose.prod.yaml up -d\n", True),
        ("docker-compose --file=compose.prod.yaml build\n", True),
        ("docker compose -f compose.prod.yaml ps\n", False),
        ("docker compose -f compose.yaml -f compose.prod.yaml up\n", False),
        ("docker compose -f compose.prod.yaml up\ndocker compose -f compose.yaml -f compose.prod.yaml up\n", False),
        ("docker compose -f other.yaml up\n", False),
    ],
)
def test_a_file_that_commands_give_alone_declares_what_it_names(commands: str, is_refused: bool, lint: Lint) -> None:
    base = "services: { api: { image: x } }\nnetworks: { front: {} }\n"
    part = PART.replace(", depends_on: [api]", "")
    files = {"site/nginx.conf": SITE, "compose.yaml": base, "compose.prod.yaml": part, "up.sh": commands}
    found = [(entry["location"]["path"], entry["message"]) for entry in lint(dict(files))["unreadable"]]
    message = "services.web.networks: no network of this file is called front"
    assert found == [("compose.prod.yaml", message)] * is_refused


PART = "services:\n  web: { image: nginx, networks: [front], depends_on: [api] }\n"


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": "networks: { front: {} }\ninclude: [web/compose.yaml, api/compose.yaml]\n"},
        {"compose.yaml": "include: [{ path: [web/compose.yaml, web/more.yaml] }]\nservices: { api: { image: x } }\n"},
        {"compose.yaml": "services:\n  edge: { extends: { file: web/compose.yaml, service: web }, networks: [] }\n"},
        {"docker-compose.yml": "services: { api: { image: x } }\nnetworks: { front: {} }\n"},
        {"compose.yaml": "include: [web/compose.yaml]\nservices:\n  edge: { extends: web }\n"},
        {"web/compose.yaml": PART.replace("image: nginx", "image: nginx, profiles: [tools]")},
        {"web/compose.override.yaml.example": "services: { api: { image: x } }\nnetworks: { front: {} }\n"},
    ],
)
def test_a_compose_file_that_others_take_over_is_not_refused_for_what_they_declare(
    files: dict[str, str], lint: Lint
) -> None:
    report = lint(
        {
            "site/nginx.conf": SITE,
            "web/compose.yaml": PART,
            "api/compose.yaml": "services: { api: { image: x } }\n",
            **files,
        }
    )
    assert judged(report) == []


def test_services_of_files_that_a_file_without_services_includes_belong_together(lint: Lint) -> None:
    files = {
        "compose.yaml": "networks: { front: {} }\ninclude: [web/compose.yaml, api/compose.yaml]\n",
        "web/compose.yaml": PART.replace("nginx,", "nginx:1.27, volumes: ['./nginx.conf:/etc/nginx/nginx.conf'],"),
        "web/nginx.conf": "events {}\nhttp { server { location / { proxy_pass http://api:8000; } } }\n",
        "api/compose.yaml": "services: { api: { build: ., networks: [front] } }\n",
        "api/Dockerfile": 'FROM python\nCMD ["uvicorn", "main:app", "--port", "8000"]\n',
        "api/main.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
        "@app.get('/events')\ndef events():\n    return StreamingResponse(iter([]), media_type='text/event-stream')\n",
    }
    report = lint(files)
    assert report["unreadable"] == []
    assert [found["location"]["path"] for found in report["findings"] if found["severity"] == "error"] == [
        "web/nginx.conf"
    ]


@pytest.mark.parametrize(
    ("content", "unfollowed"),
    [
        ("include: [base.yaml]\nservices:\n  web: { image: nginx }\n", "includes base.yaml, which is not here"),
        (
            "services:\n  web: { extends: { file: base.yaml, service: a } }\n",
            "extends a service of base.yaml, which is not here",
        ),
        (
            "include: ['https://example.com/a.git#v1:base.yaml']\nservices:\n  web: { image: nginx }\n",
            "includes https://example.com/a.git#v1:base.yaml, which lies outside of the project and is not read",
        ),
        (
            "include: [{ path: [local.yml, ../a.yaml] }]\nservices:\n  web: { image: nginx }\n",
            "includes ../a.yaml, which lies outside of the project and is not read",
        ),
        (
            "services:\n  web: { extends: { file: ../base.yaml, service: a } }\n",
            "extends a service of ../base.yaml, which lies outside of the project and is not read",
        ),
        (
            "services:\n  a: { image: nginx }\n---\nservices:\n  b: { image: nginx }\n",
            "holds 2 documents, of which the first alone is read",
        ),
    ],
)
def test_what_compose_takes_from_elsewhere(content: str, unfollowed: str, lint: Lint) -> None:
    beside = "services:\n  api: { image: api }\n"
    report = lint({"site/nginx.conf": SITE, "compose.yaml": content, "local.yml": beside})
    assert (judged(report), report["unfollowed"]) == ([], [f"compose.yaml: {unfollowed}"])


@pytest.mark.parametrize(
    "content",
    [
        "x-web: &web { image: nginx }\nservices:\n  web: { <<: *web, ports: ['80:80'] }\n",
        "services:\n  web: &web { image: nginx }\n  other: { <<: [*web, *web], image: httpd }\n",
        "services:\r\n  web:\r\n    image: nginx\r\n",
        "services:\n  web:\n",
        "services:\n  web: &web\n    image: nginx\n    x-self: *web\n",
        "services:\n  web: { image: nginx, x-imge: a, command: 'sh -c \"echo $${A\"' }\n",
        "services:\n  web: { image: nginx, networks: [default, a], volumes: ['./a:/a', '/b:/b', 'c:/c/d', 'd:/e'] }\n"
        "networks: { a: { external: true } }\nvolumes: { c: {}, d: {} }\n",
        "services:\n  web: { image: nginx, depends_on: { api: { condition: service_started } } }\n  api: { image: api }\n",
    ],
)
def test_compose_that_is_whole(content: str, lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, "compose.yaml": content})
    assert (judged(report), report.get("unfollowed", [])) == ([], [])


def test_what_another_compose_file_may_declare_is_not_refused(lint: Lint) -> None:
    base = "services:\n  web: { image: nginx, depends_on: [api], networks: [front] }\n"
    more = "services:\n  api: { image: api }\nnetworks: { front: {} }\n"
    files = {"site/nginx.conf": SITE, "docker-compose.yml": base, "docker-compose.prod.yml": more}
    assert judged(lint(files)) == []


def test_a_workflow_that_is_called_after_compose_is_none(lint: Lint) -> None:
    workflow = "name: smoke\non: push\njobs: { compose: { steps: [{ run: docker compose up }] } }\n"
    assert judged(lint({"site/nginx.conf": SITE, "ci/compose-smoke.yml": workflow})) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{\n"rewrites": {"source": "/a"}}', "rewrites: expected a list; Vercel refuses the deploy"),
        (
            '{\n"functons": {"api/*.ts": {"maxDuration": 10}}}',
            "there is no key `functons`; did you mean `functions`? Vercel refuses the deploy",
        ),
        ('{\n"headers": "none"}', "headers: expected a list; Vercel refuses the deploy"),
        ('{\n"fluid": "yes"}', "fluid: expected true or false; Vercel refuses the deploy"),
        ('{\n"regions": "iad1"}', "regions: expected a list; Vercel refuses the deploy"),
        (
            '{"rewrites": [\n{"source": "/a", "destination": "/b", "has": [{"type": "heder", "key": "x"}]}]}',
            'rewrites[0]: "has": "type" is header, cookie, host or query, not "heder"; Vercel refuses the deploy',
        ),
        (
            '{"rewrites": [],\n"routes": []}',
            "`routes`, the older form, can't stand beside `rewrites`; Vercel refuses the deploy. Write all as `rewrites`",
        ),
        (
            '{"cleanUrls": true,\n"routes": []}',
            "`routes`, the older form, can't stand beside `cleanUrls`; Vercel refuses the deploy. Write all as `rewrites`",
        ),
        (
            '{"rewrites": [\n{"source": "/:id(", "destination": "/b"}]}',
            'rewrites[0]: "source": "/:id(": has a ( that is not closed; Vercel refuses the deploy',
        ),
    ],
)
def test_what_vercel_refuses_of_routing(content: str, message: str, lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, **NEXT, "web/vercel.json": content})
    assert judged(report) == [("web/vercel.json", 2, message)]
    assert "serverless-stream" in str(report["findings"])


@pytest.mark.parametrize(
    "content",
    [
        '{"rewrites": [{"source": "/:id(\\\\d+)", "destination": "/b"}], "cleanUrls": true}',
        '{"routes": []}',
        '{"fluid": true, "regions": ["iad1"], "env": {}}',
        '{"redirects": [{"source": "/a", "destination": "/b", "missing": [{"type": "cookie", "key": "x"}]}]}',
    ],
)
def test_routing_that_vercel_takes(content: str, lint: Lint) -> None:
    assert judged(lint({"site/nginx.conf": SITE, **NEXT, "web/vercel.json": content})) == []


def test_a_manifest_that_npm_refuses(lint: Lint) -> None:
    files = {**NEXT, "web/package.json": '{"dependencies":\n{"next": "15",}}', "web/vercel.json": "{}"}
    message = "is not JSON: expected a key in double quotes, got '}'; JSON has no trailing comma"
    assert judged(lint({"site/nginx.conf": SITE, **files})) == [("web/package.json", 2, message)]


PARAMETER = "no parameter or resource of this template is called Nope"
RESOURCE = "no resource of this template is called Nope"
CONDITION = "this: no condition of this template is called Nope"


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("    Properties: { Name: !Ref Nope }\n", f"!Ref Nope: {PARAMETER}"),
        ('    Properties: { Name: !Sub "a-${Nope}" }\n', f"!Sub ${{Nope}}: {PARAMETER}"),
        ("    Properties: { Name: { Ref: Nope } }\n", f"!Ref Nope: {PARAMETER}"),
        ("    Properties: { Name: !GetAtt Nope.Arn }\n", f"!GetAtt: {RESOURCE}"),
        ("    DependsOn: [Nope]\n", f"DependsOn: {RESOURCE}"),
        ("    Condition: Nope\n", CONDITION),
        ("    Properties: { Name: !If [Nope, a, b] }\n", CONDITION),
        (
            "    Properties: { Name: !FindInMap [Nope, a, b] }\n",
            "!FindInMap: no mapping of this template is called Nope",
        ),
        ("Outputs: { Chat: { Value: !Ref Nope } }\n", f"!Ref Nope: {PARAMETER}"),
    ],
)
def test_names_that_no_template_declares(lines: str, refused: str, lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, "template.yaml": f"{HEAD}{BALANCER}{lines}"})
    assert judged(report) == [("template.yaml", 5, f"CloudFormation refuses {refused}")]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEAD}{BALANCER}    Properties: {{ Name: !Ref Other, Tags: !Sub ['${{A}}-${{!B}}-${{AWS::Region}}', {{ A: a }}] }}\n"
        "  Other: { Type: 'AWS::SNS::Topic' }\n",
        f"Transform: AWS::Serverless-2016-10-31\n{HEAD}{BALANCER}    Properties: {{ Name: !Ref ServerlessRestApi }}\n",
        f"Resources:\n{BALANCER}    Properties: {{ Name: !Ref ElsewhereInTheService }}\n",
        f"{HEAD}{BALANCER}    Properties: {{ Name: !Ref PartBucket }}\n  Part: {{ Type: 'Acme::Web::Site::MODULE' }}\n",
        f"Conditions:\n  Live: !Equals [a, a]\n  Both: !And [!Condition Live, !Condition Live]\n{HEAD}{BALANCER}    Condition: Both\n",
        f"{HEAD}{BALANCER}    Properties: {{ Statement: [{{ Condition: {{ Bool: {{ a: b }} }} }}, {{ Condition: never }}] }}\n",
    ],
)
def test_names_that_may_be_declared(content: str, lint: Lint) -> None:
    assert judged(lint({"site/nginx.conf": SITE, "template.yaml": content})) == []


BALANCER_TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"


@pytest.mark.parametrize(
    ("content", "line", "refused"),
    [
        (
            f"{HEAD}  Chat: {{ Type: 'AWS::ElasticLoadBalancingV2::LoadBalacer' }}\n",
            3,
            f"CloudFormation refuses Chat: there is no type AWS::ElasticLoadBalancingV2::LoadBalacer; did you mean {BALANCER_TYPE}?",
        ),
        (
            f"{HEAD}  Chat: {{ Type: 'AWS::ElasticLoadBalacingV2::LoadBalancer' }}\n",
            3,
            f"CloudFormation refuses Chat: there is no type AWS::ElasticLoadBalacingV2::LoadBalancer; did you mean {BALANCER_TYPE}?",
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Chat: { Type: 'AWS::Serverless::Functon' }\n",
            3,
            "CloudFormation refuses Chat: there is no type AWS::Serverless::Functon; did you mean AWS::Serverless::Function?",
        ),
        (f"{HEAD}{BALANCER}  Other: {{ Properties: {{}} }}\n", 5, "CloudFormation refuses Other: it has no Type"),
        (
            f"{HEAD}{BALANCER}Ouputs: {{}}\n",
            5,
            "CloudFormation refuses this: a template has no section `Ouputs`; did you mean Outputs?",
        ),
        (
            f"{HEAD.replace('Resources', 'Resorces')}{BALANCER}",
            2,
            "a template has no section `Resorces`; did you mean Resources?",
        ),
        (
            f"{HEAD.replace('2010', '2011')}{BALANCER}",
            1,
            "CloudFormation refuses AWSTemplateFormatVersion: it knows 2010-09-09 alone",
        ),
    ],
)
def test_types_and_sections_that_do_not_exist(content: str, line: int, refused: str, lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, "template.yaml": content})
    assert judged(report) == [("template.yaml", line, refused)]


@pytest.mark.parametrize(
    "content",
    [
        f"{HEAD}{BALANCER}  Other: {{ Type: 'AWS::ElasticLoadBalancingV2::ListenerCertificate' }}\n",
        f"Transform: [Acme]\n{HEAD}  Chat: {{ Type: 'AWS::ElasticLoadBalancingV2::LoadBalacer' }}\n",
    ],
)
def test_types_that_exist_or_may(content: str, lint: Lint) -> None:
    assert judged(lint({"site/nginx.conf": SITE, "template.yaml": content})) == []


@pytest.mark.parametrize("value", ["'6e2'", "٦٠٠", "600.5", "'6_00'", "!Join ['', ['6', ['0']]]"])
def test_a_timeout_that_is_no_whole_number_is_not_taken(value: str, lint: Lint) -> None:
    """What is written is refused; what a function makes of it can't be told."""
    attributes = f"LoadBalancerAttributes: [{{ Key: idle_timeout.timeout_seconds, Value: {value} }}]"
    report = lint({"template.yaml": f"{HEAD}{BALANCER}    Properties: {{ {attributes} }}\n"})
    [entry] = report["unknown"] if "Join" in value else report["unreadable"]
    assert "idle_timeout.timeout_seconds: " in entry["message"]


def test_settings_of_two_documents(lint: Lint) -> None:
    report = lint({"site/nginx.conf": SITE, "infralint.yaml": "generation: 60s\n---\ngeneration: 90s\n"})
    assert report["stderr"] == "infralint: infralint.yaml:3:1: a second document begins, where one is expected\n"
    assert report["status"] == 2


EXPRESS = (
    "const app = require('express')();\n"
    "app.get('/s', (req, res) => { res.setHeader('Content-Type', 'text/event-stream'); res.write('a'); });\n"
)
FASTAPI = (
    "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
    "@app.get('/s')\ndef s():\n    return StreamingResponse(x())\n"
)


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        (
            "package.json",
            '{"dependencies": {"express": "4"}',
            1,
            'is not JSON: expected "," or "}", got the end of the file',
        ),
        ("package.json", '["express"]', 1, "is not a JSON object"),
        ("pyproject.toml", '[project]\nname = "x\n', 2, "is not TOML: Illegal character '\\n'"),
    ],
)
def test_a_manifest_that_its_package_manager_refuses_is_named(
    name: str, text: str, line: int, message: str, lint: Lint
) -> None:
    code = {"main.py": FASTAPI} if name.endswith("toml") else {"main.js": EXPRESS}
    report = lint({name: text, **code})
    [unreadable] = report["unreadable"]
    assert (unreadable["message"], unreadable["location"]["path"]) == (message, name)
    assert unreadable["location"]["line"] == line
    assert (report["status"], report["read"]) == (2, {"application": [next(iter(code))]})


@pytest.mark.parametrize("text", ['{"dependencies": {"express": "4"}}', '\ufeff{"dependencies": {"express": "4"}}'])
def test_a_manifest_that_is_whole_is_not_named(text: str, lint: Lint) -> None:
    assert not lint({"package.json": text, "main.js": EXPRESS})["unreadable"]


def test_a_manifest_that_a_generator_fills_in_is_not_refused(lint: Lint) -> None:
    files = {"{{x}}/package.json": '{"name": {{ x }}, "dependencies": {"express": "4"}}', "{{x}}/main.js": EXPRESS}
    assert not lint(files)["unreadable"]


COMPOSE = "services:\n  web:\n    build: web\n    image: nginx:${TAG}\n"


@pytest.mark.parametrize(
    ("path", "text"), [(".env", "TAG=1\n"), ("web/Dockerfile", "FROM nginx\nCOPY nginx.conf /etc/nginx/nginx.conf\n")]
)
def test_what_a_compose_file_builds_on_is_named_where_it_is_utf_16(path: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": COMPOSE, "web/nginx.conf": "events {}\nhttp {}\n"})
    (tmp_path / path).write_bytes(text.encode("utf-16"))
    result = run("check", "--format", "json", str(tmp_path))
    [unreadable] = json.loads(result.stdout)["unreadable"]
    assert unreadable["message"] == "is UTF-16, and UTF-8 is expected; save it as UTF-8"
    assert unreadable["location"]["path"].endswith(path)
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("main.py", FASTAPI.replace("def s():", "def s(:"), 7),
        ("main.js", EXPRESS.replace("res.write('a')", "res.write('a'"), 2),
    ],
)
def test_code_with_a_bracket_missing_is_not_called_clean(name: str, text: str, line: int, lint: Lint) -> None:
    report = lint({"package.json": '{"dependencies": {"express": "4"}}', "requirements.txt": "fastapi\n", name: text})
    [unknown] = report["unknown"]
    assert "can't be parsed as a whole" in unknown["message"]
    assert (unknown["location"]["path"], unknown["location"]["line"]) == (name, line)


@pytest.mark.parametrize(
    "block", ["stream { server { listen 80; proxy_pass; } }", "stream { server { listen 80; proxy_pass a b; } }"]
)
def test_a_tcp_proxy_without_a_backend_is_refused(block: str, lint: Lint) -> None:
    report = lint({"nginx.conf": f"events {{}}\n{block}\n", "site/nginx.conf": SITE})
    message = 'nginx would refuse this file: invalid number of arguments in "proxy_pass" directive'
    assert judged(report) == [("nginx.conf", 2, message)]


def test_a_template_of_a_tcp_proxy_without_a_backend_is_no_fault(lint: Lint) -> None:
    template = "stream {\n  server {\n    listen 443;\n    proxy_pass ;\n  }\n}\n"
    report = lint({"templates/default.conf.template": template, "site/nginx.conf": SITE})
    assert not [entry for entry in report["unreadable"] if "a fault of infralint" in entry["message"]]


def test_what_compose_takes_is_not_refused(lint: Lint) -> None:
    report = lint(
        {"compose.yaml": "services:\n  a:\n    image: nginx\n    pre_start: [{ image: alpine, command: 'true' }]\n"}
    )
    assert report["unreadable"] == []
    assert report["status"] == 0


@pytest.mark.parametrize(
    "heredoc", ["<<" + "A" * 300, '<<~"' + "a b " * 80 + '"', "<<9" + "9" * 400, "<<'" + "a\n" * 150]
)
def test_a_heredoc_with_an_endless_name_does_not_end_the_run(heredoc: str, lint: Lint) -> None:
    code = f'require "sinatra"\nget "/events" do\n  stream(:keep_open) {{ |out| out {heredoc} }}\nend\n'
    report = lint({"app.rb": code, "Gemfile": "gem 'sinatra'\n", "nginx.conf": SITE})
    assert [entry["location"]["path"] for entry in report["unknown"]] == ["app.rb"]
    assert problems(report, "buffered-stream")
