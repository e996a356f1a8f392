"""Kustomize: each overlay is judged as it comes out, and what is found lies where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

APPLICATION: dict[str, str | bytes] = {
    "api/Dockerfile": 'FROM python:3.12\nCOPY . /app\nCMD ["uvicorn", "app:app", "--port", "8000"]\n',
    "api/requirements.txt": "fastapi\nuvicorn\n",
    "api/app.py": (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\n\napp = FastAPI()\n\n\n"
        '@app.post("/api/chat")\ndef chat():\n'
        '    return StreamingResponse(tokens(), media_type="text/event-stream")\n'
    ),
}
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "600"
spec:
  ingressClassName: nginx
  rules:
    - http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: api, port: { number: 80 } } }
"""
PODS = """apiVersion: v1
kind: Service
metadata: { name: api }
spec:
  selector: { app: api }
  ports: [{ port: 80, targetPort: 8000 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  template:
    metadata: { labels: { app: api } }
    spec:
      containers: [{ name: api, image: "acme/api:1" }]
"""
BASE: dict[str, str | bytes] = {
    **APPLICATION,
    "k8s/base/ingress.yaml": INGRESS,
    "k8s/base/pods.yaml": PODS,
    "k8s/base/kustomization.yaml": "resources: [ingress.yaml, pods.yaml]\n",
}
SHORT = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "20"
"""


def loud(report: dict[str, object]) -> list[str]:
    assert not report["unreadable"]
    return [line for line in problems(report) if " note " not in line]


def overlay(content: str, **files: str) -> dict[str, str | bytes]:
    """A base with an overlay `prod` over it."""
    more = {f"k8s/prod/{name.replace('_', '.')}": text for name, text in files.items()}
    return {**BASE, "k8s/prod/kustomization.yaml": f"resources: [../base]\n{content}", **more}


def test_a_base_alone_is_judged_as_it_is(lint: Lint) -> None:
    assert loud(lint(BASE)) == []


@pytest.mark.parametrize(
    "content",
    [
        "patches: [{ path: short.yaml }]\n",
        "patches: [{ path: short.yaml, patch: '' }]\n",
        "patchesStrategicMerge: [short.yaml]\n",
        "patchesStrategicMerge:\n",
    ],
)
def test_a_patch_is_found_where_it_is_written(content: str, lint: Lint) -> None:
    """A strategic merge patch in a file, in either field; the last is empty and changes nothing."""
    expected = ["k8s/prod/short.yaml:6 warning short-idle-timeout"] if "short" in content else []
    files = {"short_yaml": SHORT} if "short" in content else {}
    assert loud(lint(overlay(content, **files))) == expected


def test_a_patch_takes_a_problem_of_the_base_away(lint: Lint) -> None:
    base = {**BASE, "k8s/base/ingress.yaml": INGRESS.replace("600", "20")}
    assert loud(lint(base)) == ["k8s/base/ingress.yaml:6 warning short-idle-timeout"]
    mended = {
        **base,
        "k8s/prod/kustomization.yaml": "resources: [../base]\npatches: [{ path: long.yaml }]\n",
        "k8s/prod/long.yaml": SHORT.replace("20", "900"),
    }
    assert loud(lint(mended)) == []


INLINE = """patches:
  - target: { kind: Ingress, name: we. }
    patch: |-
      - op: replace
        path: /metadata/annotations/nginx.ingress.kubernetes.io~1proxy-read-timeout
        value: "20"
"""


def test_a_json_patch_in_the_kustomization_has_its_own_line(lint: Lint) -> None:
    assert loud(lint(overlay(INLINE))) == ["k8s/prod/kustomization.yaml:7 warning short-idle-timeout"]
    assert loud(lint(overlay(INLINE.replace("we.", "we")))) == []


def test_a_json_patch_of_the_older_field(lint: Lint) -> None:
    content = (
        "patchesJson6902:\n  - target: { group: networking.k8s.io, version: v1, kind: Ingress, name: web }\n"
        "    path: patch.json\n"
    )
    key = "/metadata/annotations/nginx.ingress.kubernetes.io~1proxy-read-timeout"
    patch = f'[{{"op": "remove", "path": "{key}"}}]\n'
    found = loud(lint(overlay(content, patch_json=patch)))
    assert found == ["k8s/base/ingress.yaml:4 warning short-idle-timeout"]


def test_a_json_patch_that_leads_nowhere_is_refused(lint: Lint) -> None:
    report = lint(overlay(INLINE.replace("op: replace", "op: remove").replace("proxy-read", "proxy-raed")))
    assert [entry["message"] for entry in report["unreadable"]] == [
        "is a patch that Kustomize refuses: its path /metadata/annotations/nginx.ingress.kubernetes.io~1proxy-raed-timeout"
        " leads nowhere: there is no nginx.ingress.kubernetes.io/proxy-raed-timeout"
    ]
    assert report["unreadable"][0]["location"]["line"] == 5


def test_a_member_that_is_replaced_need_not_be_there(lint: Lint) -> None:
    """Kustomize's library is laxer there than the RFC."""
    bare = INGRESS.replace("proxy-read-timeout", "proxy-body-size")
    files = {**overlay(INLINE), "k8s/base/ingress.yaml": bare}
    assert loud(lint(files)) == ["k8s/prod/kustomization.yaml:7 warning short-idle-timeout"]


def test_each_overlay_of_a_base_is_an_environment(lint: Lint) -> None:
    report = lint(
        {
            **BASE,
            "k8s/overlays/test/kustomization.yaml": "resources: [../../base]\n",
            "k8s/overlays/prod/kustomization.yaml": "resources: [../../base]\npatches: [{ path: short.yaml }]\n",
            "k8s/overlays/prod/short.yaml": SHORT,
        }
    )
    assert loud(report) == ["k8s/overlays/prod/short.yaml:6 warning short-idle-timeout"]
    assert [found["hop"]["environment"] for found in report["findings"] if found["severity"] == "warning"] == ["prod"]


def test_overlays_that_share_nothing_are_one_cluster(lint: Lint) -> None:
    """The Ingress of one folder leads to the pods of another."""
    files = {
        **APPLICATION,
        "edge/kustomization.yaml": "resources: [ingress.yaml]\n",
        "edge/ingress.yaml": INGRESS.replace("600", "20"),
        "pods/kustomization.yaml": "resources: [pods.yaml]\n",
        "pods/pods.yaml": PODS,
    }
    assert loud(lint(files)) == ["edge/ingress.yaml:6 warning short-idle-timeout"]


def test_a_component_changes_what_lies_beneath_it(lint: Lint) -> None:
    component = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "patches: [{ target: { kind: Ingress }, path: short.yaml }]\n"
    )
    files = overlay("components: [../quick]\n")
    more = {"k8s/quick/kustomization.yaml": component, "k8s/quick/short.yaml": SHORT}
    assert loud(lint({**files, **more})) == ["k8s/quick/short.yaml:6 warning short-idle-timeout"]
    assert loud(lint({**overlay(""), **more})) == []


def test_names_with_a_prefix_still_lead_to_the_application(lint: Lint) -> None:
    """The Ingress names the Service by its new name, too, and a patch of an outer layer by the old or the new one."""
    content = "namePrefix: prod-\nnamespace: chat\ncommonLabels: { tier: prod }\npatches: [{ path: short.yaml }]\n"
    assert loud(lint(overlay(content, short_yaml=SHORT))) == ["k8s/prod/short.yaml:6 warning short-idle-timeout"]
    outer = {
        **overlay("namePrefix: prod-\n"),
        "k8s/outer/kustomization.yaml": "resources: [../prod]\npatches: [{ path: short.yaml }]\n",
        "k8s/outer/short.yaml": SHORT.replace("name: web", "name: prod-web"),
    }
    assert loud(lint(outer)) == ["k8s/outer/short.yaml:6 warning short-idle-timeout"]


def test_common_annotations_hold_for_every_ingress(lint: Lint) -> None:
    content = "commonAnnotations:\n  nginx.ingress.kubernetes.io/proxy-read-timeout: '20'\n"
    assert loud(lint(overlay(content))) == ["k8s/prod/kustomization.yaml:3 warning short-idle-timeout"]


def test_a_generated_configmap_sets_up_the_controller(lint: Lint) -> None:
    content = (
        "configMapGenerator:\n  - name: ingress-nginx-controller\n    namespace: ingress-nginx\n    literals:\n"
        "      - proxy-read-timeout=20\n"
    )
    bare = INGRESS.replace("  annotations:\n", "").replace(
        '    nginx.ingress.kubernetes.io/proxy-read-timeout: "600"\n', ""
    )
    files = {**overlay(content), "k8s/base/ingress.yaml": bare}
    assert loud(lint(files)) == ["k8s/prod/kustomization.yaml:6 warning short-idle-timeout"]
    assert (
        loud(lint({**files, "k8s/prod/kustomization.yaml": f"resources: [../base]\n{content.replace('=20', '=900')}"}))
        == []
    )


EDGE = (
    "apiVersion: v1\nkind: Service\nmetadata: { name: edge }\nspec:\n  selector: { app: edge }\n"
    "  ports: [{ port: 80 }]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: edge }\nspec:\n  template:\n"
    "    metadata: { labels: { app: edge } }\n    spec:\n      containers:\n"
    "        - { name: nginx, image: 'nginx:1.27', ports: [{ containerPort: 80 }] }\n"
    "      volumes: [{ name: conf, configMap: { name: edge-conf } }]\n"
)


def test_nginx_in_a_generated_configmap_stands_before_its_pod(lint: Lint) -> None:
    """The nginx file belongs to the pods that mount the ConfigMap: what it cuts lies on the way of the Ingress."""
    site = (
        "server { listen 80; location / { proxy_pass http://api:80; proxy_buffering off; proxy_read_timeout 5m; } }\n"
    )
    files = {
        **BASE,
        "k8s/base/kustomization.yaml": (
            "resources: [ingress.yaml, pods.yaml, edge.yaml]\n"
            "configMapGenerator: [{ name: edge-conf, files: [nginx.conf] }]\n"
        ),
        "k8s/base/ingress.yaml": INGRESS.replace("600", "20").replace("name: api", "name: edge"),
        "k8s/base/edge.yaml": EDGE,
        "k8s/base/nginx.conf": site,
    }
    report = lint(files)
    assert loud(report) == ["k8s/base/ingress.yaml:6 warning short-idle-timeout"]
    warning = next(found for found in report["findings"] if found["severity"] == "warning")
    assert [leg["hop"]["platform"] for leg in warning["trace"]["legs"] if leg["hop"]] == [
        "ingress-nginx",
        "nginx",
        "application",
    ]


@pytest.mark.parametrize(
    ("generator", "mounted"),
    [
        ("{ name: edge-conf, behavior: merge, files: [nginx.conf] }", "prod"),
        ("{ name: edge-conf, behavior: replace, files: [nginx.conf] }", "prod"),
        ("{ name: edge-conf, behavior: merge, files: [more.conf=nginx.conf] }", "both"),
        ("{ name: edge-conf, behavior: merge, literals: [unrelated=1] }", "base"),
    ],
)
def test_a_file_of_an_overlay_takes_the_place_of_the_bases_one(generator: str, mounted: str, lint: Lint) -> None:
    """By its key: which of the two files the pods mount shows in what stands on the way."""
    site = "server {{ listen 80; location / {{ proxy_pass http://api:80; proxy_buffering off; proxy_read_timeout {}; }} }}\n"
    files = {
        **BASE,
        "k8s/base/kustomization.yaml": (
            "resources: [ingress.yaml, pods.yaml, edge.yaml]\n"
            "configMapGenerator: [{ name: edge-conf, files: [nginx.conf] }]\n"
        ),
        "k8s/base/ingress.yaml": INGRESS.replace("name: api", "name: edge"),
        "k8s/base/edge.yaml": EDGE,
        "k8s/base/nginx.conf": site.format("300s"),
        "k8s/prod/kustomization.yaml": f"resources: [../base]\nconfigMapGenerator: [{generator}]\n",
        "k8s/prod/nginx.conf": site.format("20s"),
    }
    report = lint(files)
    passed = {
        leg["hop"]["location"]["path"]
        for found in report["findings"]
        for leg in (found["trace"] or {"legs": []})["legs"]
        if leg["hop"] and leg["hop"]["platform"] == "nginx" and found["trace"]["legs"][0]["hop"]["platform"] != "nginx"
    }
    ways = {"prod": {"k8s/prod/nginx.conf"}, "base": {"k8s/base/nginx.conf"}}
    assert passed == ways.get(mounted, ways["prod"] | ways["base"])


def test_replicas_and_images_of_the_overlay(lint: Lint) -> None:
    """An image under another name still leads to the folder that builds it, and the count is the overlay's."""
    sessions = {
        **BASE,
        "api/requirements.txt": "fastapi\nuvicorn\npython-socketio\n",
        "api/app.py": (
            "import socketio\nfrom fastapi import FastAPI\n\napi = FastAPI()\nsio = socketio.AsyncServer(async_mode='asgi')\n"
            "app = socketio.ASGIApp(sio, api)\n"
        ),
    }
    prod = "resources: [../base]\nimages: [{ name: acme/api, newName: registry.acme.com/prod/api, newTag: '2' }]\n"
    assert "missing-sticky-sessions" not in str(loud(lint({**sessions, "k8s/prod/kustomization.yaml": prod})))
    many = f"{prod}replicas: [{{ name: api, count: 3 }}]\n"
    found = loud(lint({**sessions, "k8s/prod/kustomization.yaml": many}))
    assert found == ["k8s/base/ingress.yaml:4 warning missing-sticky-sessions"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("resources: [../base, 'https://acme.com/base//k8s?ref=v1']\n", "https://acme.com/base//k8s?ref=v1, which lies elsewhere"),
        ("resources: [../base, 'github.com/acme/base']\n", "builds on github.com/acme/base, which lies elsewhere"),
        ("resources: [../base, ../../../other]\n", "builds on ../../../other, which leads out of the project"),
        ("resources: [../base, secrets.yaml]\n", "names secrets.yaml, which is not here"),
        ("resources: [../base]\nhelmCharts: [{ name: x }]\n", "its `helmCharts` are not applied"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(content: str, said: str, lint: Lint) -> None:
    report = lint({**BASE, "k8s/prod/kustomization.yaml": content})
    assert not report["unreadable"]
    assert any(said in reason for reason in report["unfollowed"])


def test_a_kustomization_that_builds_on_itself_is_refused(lint: Lint) -> None:
    files = {**BASE, "a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n",
             "c/kustomization.yaml": "resources: [../a]\n"}  # fmt: skip
    assert [entry["message"] for entry in lint(files)["unreadable"]] == ["builds on itself, which Kustomize refuses"]
    del files["c/kustomization.yaml"]
    messages = {entry["message"] for entry in lint(files)["unreadable"]}
    assert messages == {"builds on itself, which Kustomize refuses"}


def test_many_kustomizations_on_each_other_are_not_said_to_build_on_themselves(lint: Lint) -> None:
    files = {f"k{n}/kustomization.yaml": f"resources: [../k{n + 1}]\n" for n in range(40)}
    report = lint({**BASE, **files, "k40/kustomization.yaml": "resources: [../k8s/base]\n"})
    assert not report["unreadable"]
    assert any("more than 30 kustomizations build on each other" in reason for reason in report["unfollowed"])


@pytest.mark.parametrize("content", ["resources: ../base\n", "resources: [../base]\npatches: { path: x }\n"])
def test_a_field_that_is_no_list_is_refused(content: str, lint: Lint) -> None:
    unreadable = lint({**BASE, "k8s/prod/kustomization.yaml": content})["unreadable"]
    assert [entry["message"].partition("` ")[2] for entry in unreadable] == ["must be a list"]


def test_flux_has_a_kind_of_the_same_name(lint: Lint) -> None:
    flux = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: web }\n"
        "spec: { path: ./k8s/base, prune: true }\n"
    )
    assert loud(lint({**BASE, "flux/kustomization.yaml": flux})) == []


def test_a_container_is_patched_by_its_name(lint: Lint) -> None:
    """Lists of containers are merged by name: the image of the one, and not of the other, is another one."""
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api }\nspec:\n  template:\n    spec:\n"
        "      containers: [{ name: log, image: 'fluent/fluent-bit:3' }]\n"
    )
    base = {**BASE, "k8s/base/ingress.yaml": INGRESS.replace("600", "20")}
    files = {
        **base,
        "k8s/prod/kustomization.yaml": "resources: [../base]\npatches: [{ path: log.yaml }]\n",
        "k8s/prod/log.yaml": patch,
    }
    assert loud(lint(files)) == ["k8s/base/ingress.yaml:6 warning short-idle-timeout"]


def test_an_object_is_deleted_by_a_patch(lint: Lint) -> None:
    base = {**BASE, "k8s/base/ingress.yaml": INGRESS.replace("600", "20")}
    patch = "$patch: delete\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\n"
    files = {
        **base,
        "k8s/prod/kustomization.yaml": "resources: [../base]\npatches: [{ path: gone.yaml }]\n",
        "k8s/prod/gone.yaml": patch,
    }
    assert loud(lint(files)) == []


def test_a_fix_changes_the_patch_and_not_the_base(tmp_path: Path) -> None:
    write(tmp_path, overlay("patches: [{ path: short.yaml }]\n", short_yaml=SHORT))
    run("check", "--fix", "--select", "short-idle-timeout", str(tmp_path))
    assert '"300"' in (tmp_path / "k8s/prod/short.yaml").read_text()
    assert (tmp_path / "k8s/base/ingress.yaml").read_text() == INGRESS


DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 1}\n"
LAID = "apiVersion: API\nkind: Deployment\nmetadata: {name: NAME, namespace: NS}\nspec: {replicas: 3}\n"


@pytest.mark.parametrize(
    ("name", "namespace", "is_there"),
    [
        ("app", "''", True),
        ("app", "default", True),
        ("app", "inner", True),
        ("app", "prod", False),
        ("b-app", "inner", True),
        ("b-app", "''", False),
        ("b-app", "default", False),
        ("x-b-app", "prod", False),
        ("x-b-app", "inner", False),
        ("nothing", "''", False),
    ],
)
@pytest.mark.parametrize("field", ["patches:\n- path: p.yaml", "patchesStrategicMerge: [p.yaml]"])
def test_a_patch_that_names_no_object_is_refused(
    name: str, namespace: str, is_there: bool, field: str, lint: Lint
) -> None:
    """Measured with kubectl kustomize 5.5."""
    patch = LAID.replace("API", "apps/v1").replace("NAME", name).replace("NS", namespace)
    files = {
        "base/d.yaml": DEPLOYMENT,
        "base/kustomization.yaml": "resources: [d.yaml]\nnamePrefix: b-\nnamespace: inner\n",
        "over/kustomization.yaml": f"resources: [../base]\nnamespace: prod\nnamePrefix: x-\n{field}\n",
        "over/p.yaml": patch,
    }
    messages = [entry["message"] for entry in lint(files)["unreadable"]]
    inside = "" if namespace == "''" else f" in the namespace {namespace}"
    refused = f"is a patch that Kustomize refuses: there is no Deployment of apps/v1 called {name}{inside}"
    assert messages == ([] if is_there else [refused])


@pytest.mark.parametrize(
    ("overlay", "api"),
    [
        ("patches: [{path: p.yaml, target: {kind: Deployment, name: nothing}}]", "apps/v1"),
        ("resources: [far]\npatches: [{path: p.yaml}]", "apps/v1"),
        ("resources: [other.yaml]\npatches: [{path: p.yaml}]", "apps/v1"),
        ("secretGenerator: [{name: s}]\npatches: [{path: p.yaml}]", "apps/v1"),
        ("replacements: []\npatches: [{path: p.yaml}]", "apps/v1"),
        ("patches: [{path: p.yaml}]", "{{ .api }}"),
    ],
)
def test_a_patch_whose_object_may_be_unseen_is_not_refused(overlay: str, api: str, lint: Lint) -> None:
    patch = LAID.replace("API", f'"{api}"').replace("NAME", '"{{ .name }}"' if "{" in api else "nothing")
    files = {
        "kustomization.yaml": f"resources: [d.yaml]\n{overlay}\n" if "resources" not in overlay else f"{overlay}\n",
        "d.yaml": DEPLOYMENT,
        "other.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nothing}\n",
        "p.yaml": patch.replace("NS", "''"),
    }
    assert not [entry for entry in lint(files)["unreadable"] if "there is no" in entry["message"]]


@pytest.mark.parametrize("field", ["images", "configMapGenerator", "replicas", "labels"])
def test_a_field_that_has_to_be_a_list(field: str, lint: Lint) -> None:
    """Proven by `kubectl kustomize` (1.32)."""
    ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n"
    report = lint({"kustomization.yaml": f"resources: [a.yaml]\n{field}: {{name: a}}\n", "a.yaml": ingress})
    assert [entry["message"] for entry in report["unreadable"]] == [f"`{field}` must be a list"]
