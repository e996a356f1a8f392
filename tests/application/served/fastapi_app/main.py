from api import chat
from fastapi import FastAPI, WebSocket
from fastapi.middleware.gzip import GZipMiddleware

app = FastAPI()
app.add_middleware(GZipMiddleware, minimum_size=1)  # today's Starlette leaves event streams alone


@app.websocket("/live/{room}")
async def live(socket: WebSocket, room: str):
    await socket.accept()
    await socket.send_text(room)


@app.get("/health")
def health():
    return {"well": True}


app.include_router(chat.router, prefix="/api")
