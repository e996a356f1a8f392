"""Known products: which of their paths stream, by the image, the command or the package that a project runs.

Paths and pages as their documentation or source has them; `**` where the product may stand below any base path.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from infralint.model import EVENT_STREAM, StreamKind
from infralint.text.globs import name_matcher
from infralint.text.lazy import lazy
from infralint.text.stream_names import STORES


class ProductStream(msgspec.Struct, frozen=True):
    """One path of a product. heartbeat: seconds between its pings, None where none is known."""

    kind: StreamKind
    path: str
    heartbeat: float | None = None
    session: str = ""
    content_type: str | None = None


class Product(msgspec.Struct, frozen=True):
    """page: what says so, its documentation or its source. images: globs over an image's name without registry and tag
    (`ollama/ollama`). commands: how it is started, its first words. packages: those that nobody installs but to run it,
    with the extra that makes it a server (`litellm[proxy]`)."""

    name: str
    page: str
    streams: tuple[ProductStream, ...]
    images: tuple[str, ...]
    commands: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


_HOLE = lazy(r"\$\{[^{}]*\}|\$\w+")


def _sse(
    *paths: str, heartbeat: float | None = None, content_type: str | None = EVENT_STREAM
) -> tuple[ProductStream, ...]:
    return tuple(ProductStream("sse", path, heartbeat, content_type=content_type) for path in paths)


def _sockets(*paths: str, heartbeat: float | None = None, session: str = "") -> tuple[ProductStream, ...]:
    return tuple(ProductStream("websocket", path, heartbeat, session) for path in paths)


_OPENAI = _sse("/v1/chat/completions", "/v1/completions")
_OLLAMA = _sse(
    "/api/chat", "/api/generate", "/api/pull", "/api/push", "/api/create", content_type="application/x-ndjson"
)

PRODUCTS = (
    Product(
        "Open WebUI",
        "https://docs.openwebui.com/reference/https/",
        (*_sockets("/ws/socket.io/", heartbeat=25, session="Socket.IO"), *_sse("/api/chat/completions")),
        ("open-webui/open-webui",),
        commands=("open-webui serve",),
        packages=("open-webui",),
    ),
    Product(
        "LiteLLM",
        "https://docs.litellm.ai/docs/proxy/user_keys",
        (*_OPENAI, *_sse("/chat/completions", "/v1/messages", "/v1/responses")),
        ("berriai/litellm*",),
        commands=(
            "litellm --config",
            "litellm --model",
            "litellm --port",
            "litellm --host",
            "litellm -c",
        ),
        packages=("litellm[proxy]",),
    ),
    Product(
        "vLLM",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        (*_OPENAI, *_sse("/v1/responses")),
        ("vllm/vllm-openai*",),
        commands=(
            "vllm serve",
            "-m vllm.entrypoints.openai.api_server",
        ),
    ),
    Product(
        "Ollama", "https://docs.ollama.com/api", (*_OLLAMA, *_OPENAI), ("ollama/ollama",), commands=("ollama serve",)
    ),
    Product(
        "llama.cpp",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        (*_OPENAI, *_sse("/completion")),
        ("ggml-org/llama.cpp", "ggerganov/llama.cpp"),
        commands=(
            "llama-server",
            "-m llama_cpp.server",
        ),
        packages=("llama-cpp-python[server]",),
    ),
    Product(
        "Text Generation Inference",
        "https://huggingface.co/docs/text-generation-inference/conceptual/streaming",
        (*_OPENAI, *_sse("/generate_stream")),
        ("huggingface/text-generation-inference",),
        commands=("text-generation-launcher",),
    ),
    Product(
        "SGLang",
        "https://docs.sglang.ai/",
        (*_OPENAI, *_sse("/generate")),
        ("lmsysorg/sglang",),
        commands=("-m sglang.launch_server",),
    ),
    Product(
        "LocalAI",
        "https://github.com/mudler/LocalAI/tree/master/core/http/endpoints",
        (*_OPENAI, *_sse("/v1/messages", "/v1/responses")),
        ("localai/localai", "go-skynet/local-ai"),
    ),
    Product(
        "llama-swap",
        "https://github.com/mostlygeek/llama-swap/issues/236",
        _OPENAI,
        ("mostlygeek/llama-swap",),
    ),
    Product(
        "NextChat",
        "https://github.com/ChatGPTNextWeb/NextChat/issues/4781",
        _sse("/api/openai/**"),
        ("yidadaa/chatgpt-next-web", "chatgptnextweb/nextchat"),
    ),
    Product(
        "n8n",
        "https://github.com/n8n-io/n8n/blob/master/packages/cli/src/push/websocket.push.ts",
        _sockets("/rest/push", heartbeat=60),
        ("n8nio/n8n", "n8n-io/n8n"),
        commands=("n8n start",),
        packages=("n8n",),
    ),
    Product(
        "Dify",
        "https://docs.dify.ai/api-reference/chat/send-chat-message",
        _sse("/v1/chat-messages", "/v1/completion-messages", "/v1/workflows/run", "/api/chat-messages", heartbeat=10),
        ("langgenius/dify-api",),
    ),
    Product(
        "Flowise",
        "https://docs.flowiseai.com/using-flowise/streaming",
        _sse("/api/v1/prediction/*", "/api/v1/internal-prediction/*"),
        ("flowiseai/flowise",),
        commands=("flowise start",),
        packages=("flowise",),
    ),
    Product(
        "LibreChat",
        "https://www.librechat.ai/docs/remote/nginx",
        _sse("/api/agents/chat/**", "/api/ask/**", "/api/edit/**"),
        ("danny-avila/librechat*",),
    ),
    Product(
        "AnythingLLM",
        "https://docs.anythingllm.com/installation-docker/reverse-proxy",
        (
            *_sse("/api/workspace/*/stream-chat", "/api/workspace/*/thread/*/stream-chat"),
            *_sockets("/api/agent-invocation/*"),
        ),
        ("mintplexlabs/anythingllm",),
    ),
    Product(
        "Langflow",
        "https://docs.langflow.org/api-flows-run",
        _sse("/api/v1/run/*", "/api/v1/build/*/events"),
        ("langflowai/langflow*",),
        commands=(
            "langflow run",
            "-m langflow run",
        ),
        packages=("langflow",),
    ),
    Product(
        "Jupyter",
        "https://jupyter-server.readthedocs.io/en/latest/operators/public-server.html",
        _sockets("**/api/kernels/*/channels", "**/terminals/websocket/*", heartbeat=30),
        ("jupyter/*-notebook", "jupyterhub/jupyterhub", "jupyterhub/singleuser"),
        commands=(
            "jupyter lab",
            "jupyter notebook",
            "jupyter server",
            "jupyter-lab",
            "jupyter-notebook",
            "jupyterhub",
            "start-notebook.sh",
            "start-notebook.py",
        ),
        packages=("jupyterhub",),
    ),
    Product(
        "Grafana",
        "https://grafana.com/docs/grafana/latest/setup-grafana/set-up-grafana-live/",
        _sockets("**/api/live/ws", heartbeat=25),
        ("grafana/grafana*",),
    ),
    Product(
        "code-server",
        "https://coder.com/docs/code-server/guide",
        _sockets("/**"),
        ("codercom/code-server", "linuxserver/code-server", "gitpod/openvscode-server"),
        commands=("code-server",),
    ),
    Product(
        "Home Assistant",
        "https://developers.home-assistant.io/docs/api/websocket/",
        _sockets("/api/websocket", heartbeat=55),
        ("homeassistant/home-assistant", "home-assistant/home-assistant", "linuxserver/homeassistant"),
    ),
    Product(
        "Mattermost",
        "https://docs.mattermost.com/install/setup-nginx-proxy.html",
        _sockets("/api/v4/websocket", heartbeat=60),
        ("mattermost/mattermost-*",),
    ),
    Product(
        "Rocket.Chat",
        "https://docs.rocket.chat/docs/configuring-ssl-reverse-proxy",
        _sockets("/websocket", "/sockjs/**", heartbeat=17.5, session="SockJS"),
        ("rocketchat/rocket.chat", "rocket.chat/rocket.chat"),
    ),
    Product(
        "Mercure",
        "https://mercure.rocks/docs/hub/config",
        _sse("/.well-known/mercure", heartbeat=40),
        ("dunglas/mercure",),
    ),
    Product(
        "Centrifugo",
        "https://centrifugal.dev/docs/server/load_balancing",
        (
            *_sockets("/connection/websocket", "/connection/uni_websocket", heartbeat=25),
            *_sse("/connection/sse", "/connection/http_stream", heartbeat=25),
            *_sse("/connection/uni_sse", "/connection/uni_http_stream", heartbeat=25),
        ),
        ("centrifugo/centrifugo",),
    ),
    Product(
        "Supabase Realtime",
        "https://supabase.com/docs/guides/realtime/protocol",
        _sockets("**/realtime/v1/websocket", "/socket/websocket", heartbeat=25),
        ("supabase/realtime",),
    ),
    Product(
        "ntfy",
        "https://docs.ntfy.sh/config/#behind-a-proxy-tls-etc",
        (*_sse("/*/sse", heartbeat=45), *_sockets("/*/ws", heartbeat=45)),
        ("binwiederhier/ntfy",),
    ),
    Product(
        "Jitsi",
        "https://jitsi.github.io/handbook/docs/devops-guide/devops-guide-docker/",
        _sockets("/xmpp-websocket", "/colibri-ws/**"),
        ("jitsi/web",),
    ),
    Product(
        "Uptime Kuma",
        "https://github.com/louislam/uptime-kuma/wiki/Reverse-Proxy",
        _sockets("/socket.io/", heartbeat=25, session="Socket.IO"),
        ("louislam/uptime-kuma",),
    ),
    Product(
        "Vaultwarden",
        "https://github.com/dani-garcia/vaultwarden/blob/main/src/api/notifications.rs",
        _sockets("/notifications/hub", "/notifications/anonymous-hub", heartbeat=15),
        ("vaultwarden/server",),
    ),
    Product(
        "Portainer",
        "https://docs.portainer.io/advanced/reverse-proxy/nginx",
        _sockets("**/api/websocket/**"),
        ("portainer/portainer-*",),
    ),
    Product(
        "Node-RED",
        "https://nodered.org/docs/user-guide/runtime/configuration",
        _sockets("/comms", heartbeat=15),
        ("nodered/node-red",),
        commands=("node-red",),
    ),
    Product(
        "Plex",
        "https://github.com/linuxserver/reverse-proxy-confs/issues/198",
        _sockets("/:/websockets/notifications"),
        ("linuxserver/plex", "plexinc/pms-docker"),
    ),
    Product(
        "Jellyfin",
        "https://jellyfin.org/docs/general/post-install/networking/reverse-proxy/nginx/",
        _sockets("/socket"),
        ("jellyfin/jellyfin", "linuxserver/jellyfin"),
    ),
    Product(
        "Emby",
        "https://github.com/MediaBrowser/Emby.ApiClient.Javascript",
        _sockets("/embywebsocket"),
        ("emby/embyserver", "linuxserver/emby"),
    ),
    *(
        Product(
            name,
            "https://github.com/Sonarr/Sonarr/blob/develop/frontend/src/Components/SignalRListener.tsx",
            _sockets("**/signalr/messages", heartbeat=15, session="SignalR"),
            tuple(f"{owner}/{name.lower()}" for owner in ("linuxserver", "hotio")),
        )
        for name in ("Sonarr", "Radarr", "Lidarr", "Readarr", "Prowlarr")
    ),
    Product(
        "Laravel Reverb",
        "https://laravel.com/docs/12.x/reverb#web-server",
        _sockets("/app/*", heartbeat=60),
        (),
        commands=("php artisan reverb:start",),
    ),
    Product(
        "Laravel WebSockets",
        "https://beyondco.de/docs/laravel-websockets/basic-usage/ssl",
        _sockets("/app/*", heartbeat=60),
        (),
        commands=("php artisan websockets:serve",),
    ),
    Product(
        "Soketi",
        "https://docs.soketi.app/getting-started/ssl-configuration/nginx-configuration",
        _sockets("/app/*", heartbeat=30),
        ("soketi/soketi",),
        commands=("soketi start",),
    ),
    Product(
        "AnyCable",
        "https://docs.anycable.io/deployment/load_balancing",
        _sockets("/cable", heartbeat=3),
        ("anycable/anycable-go*",),
        commands=("anycable-go",),
    ),
    Product(
        "Chatwoot",
        "https://developers.chatwoot.com/self-hosted/deployment/linux-vm",
        _sockets("/cable", heartbeat=3),
        ("chatwoot/chatwoot",),
    ),
    Product(
        "TeamCity",
        "https://www.jetbrains.com/help/teamcity/configuring-proxy-server.html",
        _sockets("**/app/subscriptions"),
        ("jetbrains/teamcity-server",),
    ),
    Product(
        "YouTrack",
        "https://www.jetbrains.com/help/youtrack/server/reverse-proxy-configuration.html",
        _sse("**/api/eventSourceBus"),
        ("jetbrains/youtrack",),
    ),
    Product(
        "Guacamole",
        "https://guacamole.apache.org/doc/gug/reverse-proxy.html",
        _sockets("**/websocket-tunnel", heartbeat=5),
        ("guacamole/guacamole",),
    ),
    Product(
        "Collabora Online",
        "https://sdk.collaboraonline.com/docs/installation/Proxy_settings.html",
        _sockets("/cool/*/ws", heartbeat=18),
        ("collabora/code",),
    ),
    Product(
        "Gotify",
        "https://gotify.net/docs/nginx",
        _sockets("**/stream", heartbeat=45),
        ("gotify/server",),
    ),
    Product(
        "Paperless-ngx",
        "https://github.com/paperless-ngx/paperless-ngx/wiki/Using-a-Reverse-Proxy-with-Paperless-ngx",
        _sockets("**/ws/status/", heartbeat=20),
        ("paperless-ngx/paperless-ngx", "paperlessngx/paperless-ngx"),
    ),
    Product(
        "Immich",
        "https://docs.immich.app/administration/reverse-proxy",
        _sockets("/api/socket.io/", heartbeat=25),
        ("immich-app/immich-server",),
    ),
    Product(
        "OctoPrint",
        "https://community.octoprint.org/t/reverse-proxy-configuration-examples/1107",
        _sockets("**/sockjs/**", heartbeat=25, session="SockJS"),
        ("octoprint/octoprint",),
    ),
    Product(
        "openHAB",
        "https://www.openhab.org/docs/installation/reverseproxy.html",
        _sse("/rest/events", "/rest/events/**", heartbeat=10),
        ("openhab/openhab",),
    ),
    Product(
        "Hasura",
        "https://hasura.io/docs/2.0/deployment/serving-proxy/",
        _sockets("/v1/graphql", heartbeat=5),
        ("hasura/graphql-engine",),
    ),
    Product(
        "Mastodon",
        "https://github.com/mastodon/mastodon/blob/main/dist/nginx.conf",
        _sockets("/api/v1/streaming", heartbeat=30),
        ("mastodon/mastodon-streaming",),
    ),
    Product(
        "ttyd",
        "https://github.com/tsl0922/ttyd/wiki/Nginx-reverse-proxy",
        _sockets("**/ws", heartbeat=5),
        ("tsl0922/ttyd",),
        commands=("ttyd",),
    ),
    Product(
        "Livebook",
        "https://hexdocs.pm/livebook/docker.html",
        _sockets("**/live/websocket", heartbeat=30),
        ("livebook-dev/livebook",),
    ),
    Product(
        "ThingsBoard",
        "https://github.com/thingsboard/thingsboard/issues/1144",
        _sockets("/api/ws/**", "/api/ws", heartbeat=10),
        ("thingsboard/tb-*",),
    ),
    Product(
        "Kavita",
        "https://wiki.kavitareader.com/installation/remote-access/nginx-example/",
        _sockets("**/hubs/messages", heartbeat=15, session="SignalR"),
        ("jvmilazz0/kavita", "linuxserver/kavita"),
    ),
    Product(
        "Triton Inference Server",
        "https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html",
        _sse("/v2/models/*/generate_stream", "/v2/models/*/versions/*/generate_stream"),
        ("nvidia/tritonserver",),
        commands=("tritonserver",),
    ),
    *(
        Product(name, page, _sockets("**/socket.io/", heartbeat=25, session="Socket.IO"), images)
        for name, page, images in (
            ("Audiobookshelf", "https://www.audiobookshelf.org/guides/", ("advplyr/audiobookshelf",)),
            (
                "Bazarr",
                "https://wiki.bazarr.media/Additional-Configuration/Reverse-Proxy-Help/",
                ("linuxserver/bazarr",),
            ),
            (
                "Etherpad",
                "https://github.com/ether/etherpad-lite/wiki/How-to-put-Etherpad-Lite-behind-a-reverse-Proxy",
                ("etherpad/etherpad",),
            ),
            ("Excalidraw's rooms", "https://github.com/excalidraw/excalidraw-room", ("excalidraw/excalidraw-room",)),
            ("Foundry VTT", "https://foundryvtt.com/article/nginx/", ("felddy/foundryvtt",)),
            ("HedgeDoc", "https://docs.hedgedoc.org/guides/reverse-proxy/", ("hedgedoc/hedgedoc",)),
            (
                "Planka",
                "https://docs.planka.cloud/docs/installation/docker/production-version/",
                ("plankanban/planka",),
            ),
            ("The Lounge", "https://thelounge.chat/docs/guides/reverse-proxies", ("thelounge/thelounge",)),
        )
    ),
)


def is_store(image: str) -> bool:
    """Whether an image is one of those that everybody takes as they are and that stream no answers."""
    return image_name(image).rpartition("/")[2] in STORES


_OF_MODELS = lazy(r"chat-?gpt|ollama|openai|langchain|vllm|(?<![a-z])(?:gpt|llms?|llama|mcp)(?![a-z])")


def speaks_of_models(image: str) -> bool:
    """Whether an image is called after models or what talks to them: `yidadaa/chatgpt-next-web`, `acme/llm-gateway`."""
    return _OF_MODELS.search(image_name(image)) is not None


def image_name(image: str) -> str:
    """An image without its registry, tag and digest: `ghcr.io/open-webui/open-webui:main` is `open-webui/open-webui`."""
    name = image.partition("@")[0].lower()
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        name = rest
    return name.rpartition(":")[0] if ":" in name else name


_IMAGES = tuple(dict.fromkeys(glob for product in PRODUCTS for glob in product.images))


@lru_cache(4096)
def products_of_image(image: str) -> tuple[Product, ...]:
    """The products that an image is one of."""
    name = _HOLE.sub("*", image_name(_HOLE.sub("${x}", image)))
    if "*" in name:  # part of it is only known once it is filled in
        return tuple(
            product
            for product in PRODUCTS
            if "/" in name.partition("*")[0]
            and any(fnmatchcase(glob.replace("*", "x"), name) for glob in product.images)
        )
    if not name_matcher(*_IMAGES)(name):
        return ()
    return tuple(product for product in PRODUCTS if any(fnmatchcase(name, glob) for glob in product.images))


@lru_cache(4096)
def products_of_command(command: str) -> tuple[Product, ...]:
    """The products that a command starts."""
    words = " ".join(command.split())
    return tuple(product for product in PRODUCTS if any(_starts(words, start) for start in product.commands))


def _starts(words: str, start: str) -> bool:
    """Whether a command line runs a program: it begins with it, or a shell, a wrapper or `python -m` before it does."""
    at = words.find(start)
    if at < 0:
        return False
    before, after = words[:at], words[at + len(start) :]
    return after[:1] in ("", " ", '"', "'", "]", ";") and _is_lead(before)


def _is_lead(before: str) -> bool:
    words = before.rstrip("[\"' ")
    between = before[len(words) :]
    if not words or words[-1] in "/&;|(" or between.strip():
        return True
    return bool(between) and _LEAD.search(words[-_LONGEST_LEAD:]) is not None


_LEAD = lazy(
    r"(?:(?<!\S)(?:--|-c)|\b(?:exec|(?:uv|poetry|pdm|pixi|hatch) run|npx|uvx|sudo|tini|dumb-init|env|nohup|CMD|ENTRYPOINT|web:"
    r"|python[\d.]*))$"
)
"""What runs the program that follows it."""
_LONGEST_LEAD = 40
"""Characters in which it stands."""
PROGRAM_WORDS = tuple(
    dict.fromkeys(
        word.encode()
        for product in PRODUCTS
        for word in (*(start.removeprefix("-m ").split()[0] for start in product.commands), *product.images)
        if "*" not in word
    )
)
"""Words of which a file holds one that starts a product, or builds on one."""
