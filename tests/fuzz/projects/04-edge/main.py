import asyncio

from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI(root_path="/v1")
router = APIRouter(prefix="/api")
PATHS = {"chat": "/chat"}


async def events():
    while True:
        yield f"data: {1}\n\n"
        await asyncio.sleep(15)


@router.post(PATHS["chat"])
async def chat():
    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@app.websocket("/ws/{room:path}")
async def ws(socket: WebSocket, room: str):
    await socket.accept()


app.include_router(router, prefix="/x")
