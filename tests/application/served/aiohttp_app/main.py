import asyncio
import sys

from aiohttp import web


async def events(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    for word in ("one", "two", "three"):
        await response.write(f"data: {word}\n\n".encode())
        await asyncio.sleep(0.3)
    return response


async def live(request):
    socket = web.WebSocketResponse(heartbeat=30)
    await socket.prepare(request)
    await socket.send_str(request.match_info["room"])
    return socket


async def page(request):
    return web.Response(text="hello")


api = web.Application()
api.add_routes([web.get("/events", events), web.get("/page", page)])
app = web.Application()
app.router.add_get("/live/{room}", live)
app.add_subapp("/api", api)

if __name__ == "__main__":
    web.run_app(app, port=int(sys.argv[1]))
