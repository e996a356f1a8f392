from api import chat
from fastapi import FastAPI, WebSocket

app = FastAPI()


@app.websocket("/live/{room}")
async def live(socket: WebSocket, room: str):
    await socket.accept()
    await socket.send_text(room)


@app.get("/health")
def health():
    return {"well": True}


app.include_router(chat.router, prefix="/api")
