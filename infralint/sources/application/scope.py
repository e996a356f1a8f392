"""What can't be read yet, by name: languages and frameworks without rules. An application that has them is not read whole."""

from __future__ import annotations

LANGUAGE_NAMES = {
    "py": "Python", "js": "JavaScript", "jsx": "JavaScript", "mjs": "JavaScript", "cjs": "JavaScript",
    "ts": "TypeScript", "tsx": "TypeScript", "mts": "TypeScript", "cts": "TypeScript", "vue": "Vue", "svelte": "Svelte",
    "astro": "Astro", "go": "Go", "java": "Java", "kt": "Kotlin", "kts": "Kotlin", "cs": "C#", "rb": "Ruby", "ru": "Ruby",
    "php": "PHP", "rs": "Rust", "ex": "Elixir", "exs": "Elixir", "scala": "Scala", "clj": "Clojure", "dart": "Dart",
    "swift": "Swift", "pl": "Perl", "pm": "Perl", "cpp": "C++", "cc": "C++", "hs": "Haskell", "erl": "Erlang", "fs": "F#",
    "vb": "Visual Basic", "groovy": "Groovy", "lua": "Lua", "nim": "Nim", "zig": "Zig", "cr": "Crystal", "jl": "Julia",
    "r": "R", "R": "R",
}  # fmt: skip
UNREAD_LANGUAGES = frozenset("scala clj dart swift pl pm cpp cc hs erl fs vb groovy lua nim zig cr jl r R".split())

UNREAD_FRAMEWORKS = {
    "pyramid": "Pyramid", "cherrypy": "CherryPy", "robyn": "Robyn",
    "blacksheep": "BlackSheep", "web2py": "web2py", "masonite": "Masonite", "klein": "Klein",
    "nicegui": "NiceGUI", "reflex": "Reflex", "dash": "Dash", "panel": "Panel", "solara": "Solara", "emmett": "Emmett",
    "responder": "Responder", "starlite": "Starlite", "esmerald": "Esmerald", "ravyn": "Ravyn", "xpresso": "Xpresso",
    "microdot": "Microdot", "hug": "hug",
    "restify": "Restify", "sails": "Sails", "@feathersjs/feathers": "Feathers",
    "@adonisjs/core": "AdonisJS", "polka": "Polka", "elysia": "Elysia", "@trpc/server": "tRPC", "@apollo/server": "Apollo",
    "apollo-server": "Apollo", "graphql-yoga": "GraphQL Yoga", "meteor-base": "Meteor", "@strapi/strapi": "Strapi",
    "@keystone-6/core": "Keystone", "@loopback/core": "LoopBack", "uwebsockets.js": "uWebSockets.js", "micro": "micro",
    "@blitzjs/next": "Blitz", "moleculer": "Moleculer", "egg": "Egg", "@midwayjs/core": "Midway", "tinyhttp": "tinyhttp",
    "@tinyhttp/app": "tinyhttp", "@ditsmod/core": "Ditsmod", "h3-nightly": "h3", "partyserver": "PartyServer",
    "partykit": "PartyKit", "graphql-ws": "graphql-ws", "subscriptions-transport-ws": "subscriptions-transport-ws",
    "@hocuspocus/server": "Hocuspocus", "y-websocket": "y-websocket", "itty-router": "itty-router",
    "hyper-express": "HyperExpress", "faye": "Faye", "primus": "Primus", "colyseus": "Colyseus",

    "grape": "Grape", "hanami": "Hanami", "roda": "Roda", "symfony/framework-bundle": "Symfony", "slim/slim": "Slim",
    "cakephp/cakephp": "CakePHP", "codeigniter4/framework": "CodeIgniter", "yiisoft/yii2": "Yii", "laminas/laminas-mvc": "Laminas",
    "beyondcode/laravel-websockets": "Laravel WebSockets", "swoole/ide-helper": "Swoole", "openswoole/core": "OpenSwoole",
    "workerman/workerman": "Workerman", "cboden/ratchet": "Ratchet", "hyperf/http-server": "Hyperf",
    "amphp/http-server": "Amp", "react/http": "ReactPHP", "mezzio/mezzio": "Mezzio", "spiral/framework": "Spiral",
    "padrino": "Padrino", "cuba": "Cuba",
    "rama": "Rama", "ntex": "ntex", "gotham": "Gotham", "trillium": "Trillium", "pavex": "Pavex", "volo-http": "Volo",
    "rocket": "Rocket", "warp": "warp", "tide": "tide", "poem": "Poem", "salvo": "Salvo",
    "plug_cowboy": "Plug", "bandit": "Plug",
    "io.vertx": "Vert.x", "io.javalin": "Javalin",
    "vertx-core": "Vert.x", "vertx-web": "Vert.x", "javalin": "Javalin",
    "dropwizard-core": "Dropwizard",
    "helidon-webserver": "Helidon", "armeria": "Armeria", "fastendpoints": "FastEndpoints", "nancy": "Nancy",
    "sparkjava": "Spark", "spark-core": "Spark",
    "github.com/revel/revel": "Revel", "github.com/valyala/fasthttp": "fasthttp",
    "github.com/kataras/iris/v12": "Iris",
    "github.com/danielgtaylor/huma/v2": "Huma", "github.com/zeromicro/go-zero": "go-zero",
    "github.com/gogf/gf/v2": "GoFrame", "github.com/go-kratos/kratos/v2": "Kratos", "github.com/pocketbase/pocketbase": "PocketBase",
    "github.com/r3labs/sse/v2": "r3labs/sse", "github.com/centrifugal/centrifuge": "Centrifuge", "github.com/olahol/melody": "Melody",
    "github.com/googollee/go-socket.io": "go-socket.io",
}  # fmt: skip
"""Packages that make routes in a way that no rule here knows, and what they are called."""
