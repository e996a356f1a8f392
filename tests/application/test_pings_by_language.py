"""Pings that code of each language sends, and what only looks like one."""

from __future__ import annotations

import pytest

from infralint.sources.application import applications

CSHARP = {"app.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"></Project>'}
SPRING = {"pom.xml": "<project><artifactId>spring-boot-starter-web</artifactId></project>"}
NEST = {"package.json": '{"dependencies": {"@nestjs/core": "10"}}'}
EXPRESS = {"package.json": '{"dependencies": {"express": "5"}}'}
RAILS = {
    "Gemfile": 'gem "rails"\n',
    "config/routes.rb": 'Rails.application.routes.draw { get "/x", to: "feed#show" }\n',
}


def heartbeats(files: dict[str, str]) -> set[float | None]:
    contents = {path: text.encode() for path, text in files.items()}
    found = applications(sorted(contents), contents.__getitem__)
    return {route.heartbeat for application in found for route in application.routes}


def csharp(body: str) -> dict[str, str]:
    head = 'var app = WebApplication.CreateBuilder(args).Build();\napp.MapGet("/x", async (HttpContext ctx) => {\n'
    return {
        **CSHARP,
        "Program.cs": f'{head}ctx.Response.ContentType = "text/event-stream";\n{body}\n}});\napp.Run();\n',
    }


def spring(method: str, body: str = "return new SseEmitter(0L);") -> dict[str, str]:
    text = f'@RestController\nclass Feed {{\n@GetMapping("/x")\nSseEmitter feed() {{ {body} }}\n{method}\n}}\n'
    return {**SPRING, "src/main/java/Feed.java": text}


def rails(body: str) -> dict[str, str]:
    head = (
        "class FeedController\n  include ActionController::Live\n  def show\n"
        '    response.headers["Content-Type"] = "text/event-stream"\n'
    )
    return {**RAILS, "app/controllers/feed_controller.rb": f"{head}{body}\n  end\nend\n"}


def php(body: str) -> dict[str, str]:
    return {
        "events.php": f"<?php\nheader('Content-Type: text/event-stream');\nheader('Connection: keep-alive');\n{body}\n"
    }


def axum(body: str) -> dict[str, str]:
    head = 'use axum::{response::sse::Sse, routing::get, Router};\nfn app() -> Router { Router::new().route("/x", get(events)) }\n'
    return {
        "Cargo.toml": '[dependencies]\naxum = "0.8"\n',
        "src/main.rs": f"{head}async fn events() -> Sse<S> {{ {body} }}\n",
    }


def nest(body: str) -> dict[str, str]:
    return {
        **NEST,
        "src/feed.controller.ts": f"@Controller()\nexport class Feed {{\n  @Sse('x')\n  feed() {{ {body} }}\n}}\n",
    }


@pytest.mark.parametrize(
    ("files", "seconds"),
    [
        (csharp('while (true) { await ctx.Response.WriteAsync(": ping"); await Task.Delay(15_000); }'), 15),
        (csharp('var t = new PeriodicTimer(TimeSpan.FromSeconds(20)); // heartbeat\nawait Write(": hb");'), 20),
        (csharp('while (true) { await Write(": ping"); await Task.Delay(TimeSpan.FromSeconds(1.5)); }'), 1.5),
        (csharp('while (true) { await Write(": ping"); await Task.Delay(TimeSpan.FromSeconds(_every)); }'), None),
        (csharp('while (true) { await Write(": ping"); await Task.Delay(_options.PingInterval); }'), None),
        (csharp('while (true) { await Write(": ping"); await Task.Delay(5 * 1000); }'), None),
        (
            csharp('});\napp.MapGet("/poll", async ctx => { await bus.Ping("ping"); await Task.Delay(1000);'),
            None,
        ),
        (
            csharp("// né: no ping here 🙂\nawait foreach (var e in bus) { await Task.Delay(1000); await Write(e); }"),
            None,
        ),
        (csharp("await foreach (var e in bus) { await Task.Delay(1000); await Write(e); }"), None),
        (
            spring('@Scheduled(fixedRate = 15000) void beat() { all.forEach(e -> e.send(event().comment("ping"))); }'),
            15,
        ),
        (
            spring(
                "", 'Flux.interval(Duration.ofSeconds(20)).map(i -> comment("keepalive")); return new SseEmitter();'
            ),
            20,
        ),
        (
            spring('@Scheduled(fixedRate = 15, timeUnit = SECONDS) void beat() { all.forEach(e -> e.send("ping")); }'),
            15,
        ),
        (
            spring('@Scheduled(fixedRate = 1, timeUnit = MINUTES) void beat() { all.forEach(e -> e.send("ping")); }'),
            None,
        ),
        (spring('@GetMapping("/poll") String poll() { Ping.send("ping"); scheduler.delay(1000); return "ok"; }'), None),
        (spring("@Scheduled(fixedRate = 1000) void check() { database.ping(); }"), None),
        (spring('@Scheduled(fixedRate = 9000) void beat() { all("ping"); } void all(String s) { e.send(s); }'), 9),
        (
            spring(
                'void beat(SseEmitter e) { Flux.interval(Duration.ofSeconds(8)).subscribe(i -> e.send("ping")); }',
                "SseEmitter e = new SseEmitter(0L); beat(e); return e;",
            ),
            8,
        ),
        (spring("@Scheduled(fixedRate = 15000) void clean() { all.removeIf(Done::is); }"), None),
        (rails('    Thread.new { loop { sleep 10; sse.write({}, event: "ping") } }'), 10),
        (rails("    loop { sse.write(bus.pop); sleep 1 }"), None),
        (php('while (true) { if ($e = next_one()) { echo $e; } else { echo ": ping\\n\\n"; } sleep(5); }'), 5),
        (php('while (true) { echo "data: x\\n\\n"; flush(); sleep(2); }'), 2),
        (php("while (true) { if ($e = next_one()) { echo $e; } flush(); sleep(2); }"), None),
        (axum("Sse::new(s()).keep_alive(KeepAlive::default())"), 15),
        (axum("Sse::new(s()).keep_alive(KeepAlive::new().interval(Duration::from_secs(5)))"), 5),
        (axum("Sse::new(s()).keep_alive(KeepAlive::new().interval(Duration::from_secs(5_u64)))"), 5),
        (axum("/* é: no keep_alive 🙂 */ let s = timeout(Duration::from_secs(20), s()).await; Sse::new(s)"), None),
        (axum("let k = KeepAlive::new().interval(Duration::from_secs(5)); Sse::new(s()).keep_alive(k)"), 5),
        (axum("let s = timeout(Duration::from_secs(20), s()); Sse::new(s).keep_alive(KeepAlive::new())"), 15),
        (axum("Sse::new(s()).keep_alive(KeepAlive::new().interval(config.every))"), None),
        (axum("let wait = Duration::from_secs(5); Sse::new(s(wait))"), None),
        (nest("return merge(this.bus, interval(20000).pipe(map(() => ({ type: 'ping' }))));"), 20),
        (nest("return interval(5000).pipe(switchMap(() => this.find()));"), None),
    ],
)
def test_the_interval_of_pings_is_read(files: dict[str, str], seconds: float | None) -> None:
    assert heartbeats(files) == {seconds}


def test_a_timer_may_stand_in_another_file() -> None:
    server = (
        'const { beginBeat } = require("./beat");\nconst app = require("express")();\n'
        'app.get("/x", (req, res) => { res.writeHead(200, { "Content-Type": "text/event-stream" }); beginBeat(res); });\n'
    )
    beat = (
        "const EVERY = 25_000;\nfunction beginBeat(res) { setInterval(() => res.write(':hb\\n\\n'), EVERY); }\n"
        "module.exports = { beginBeat };\n"
    )
    assert heartbeats({**EXPRESS, "server.js": server, "beat.js": beat}) == {25}


def test_a_service_beside_the_route_sends_pings() -> None:
    files = csharp("await hub.Add(ctx);")
    service = (
        "class Beat(Hub hub) : BackgroundService {\n protected override async Task ExecuteAsync(CancellationToken stop) {\n"
        '  while (true) { await hub.WriteAsync(": ping"); await Task.Delay(TimeSpan.FromSeconds(12), stop); }\n }\n}\n'
    )
    assert heartbeats({**files, "Program.cs": files["Program.cs"] + service}) == {12}


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("pingPeriod = 15.seconds", 15),
        ("pingPeriod = Duration.ofSeconds(20)", 20),
        ("contentConverter = converter(Json { pretty = true })\npingPeriodMillis = 10_000", 10),
        ("// pingPeriod = 15.seconds", None),
        ("}\ninstall(Other) { pingPeriod = 15.seconds", None),
    ],
)
def test_sockets_of_ktor_ping_as_they_are_told(line: str, seconds: float | None) -> None:
    text = (
        "import io.ktor.server.websocket.*\n"
        f"fun Application.module() {{\ninstall(WebSockets) {{\n{line}\n}}\n"
        'routing { webSocket("/ws") { for (frame in incoming) { send(frame) } } }\n}\n'
    )
    build = 'dependencies { implementation("io.ktor:ktor-server-websockets:3.0.0") }\n'
    assert heartbeats({"build.gradle.kts": build, "src/main/kotlin/Main.kt": text}) == {seconds}


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("builder.Services.AddSignalR(o => { o.KeepAliveInterval = TimeSpan.FromSeconds(10); });", None),
        ("builder.Services.Configure<WebSocketOptions>(o => o.KeepAliveInterval = TimeSpan.FromSeconds(10));", 10),
        ("var o = new WebSocketOptions();\no.KeepAliveInterval = TimeSpan.FromSeconds(10);", 10),
        ("var o = new WebSocketOptions();\np.KeepAliveInterval = TimeSpan.FromSeconds(10);", None),
    ],
)
def test_pings_of_signalr_are_none_of_other_sockets(lines: str, seconds: float | None) -> None:
    text = (
        f"var builder = WebApplication.CreateBuilder(args);\n{lines}\nvar app = builder.Build();\napp.UseWebSockets();\n"
        'app.Map("/ws", async ctx => { using var ws = await ctx.WebSockets.AcceptWebSocketAsync(); await Echo(ws); });\n'
    )
    assert heartbeats({**CSHARP, "Program.cs": text}) == {seconds}


@pytest.mark.parametrize(
    ("option", "seconds"),
    [
        ("KeepAliveInterval = TimeSpan.FromSeconds(20)", 20),
        ("KeepAliveInterval = TimeSpan.FromSeconds(_settings.KeepAlive)", None),
        ("KeepAliveInterval = _", None),
        ("", None),
    ],
)
def test_sockets_of_aspnet_ping_as_they_are_told(option: str, seconds: float | None) -> None:
    text = (
        "var app = WebApplication.CreateBuilder(args).Build();\n"
        f"app.UseWebSockets(new WebSocketOptions {{ {option} }});\n"
        'app.Map("/ws", async ctx => { using var ws = await ctx.WebSockets.AcceptWebSocketAsync(); await Echo(ws); });\n'
    )
    assert heartbeats({**CSHARP, "Program.cs": text}) == {seconds}
