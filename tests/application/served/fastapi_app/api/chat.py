import asyncio

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from sse_starlette.sse import EventSourceResponse as Events

router = APIRouter(prefix="/chat")
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-cache"}


async def words():
    for word in ("one", "two", "three"):
        yield f"data: {word}\n\n"
        await asyncio.sleep(0.3)


async def events():
    for word in ("one", "two", "three"):
        yield {"data": word}
        await asyncio.sleep(0.3)


@router.post("/{room}/stream")
async def stream(room: int):
    return StreamingResponse(words(), media_type="text/event-stream", headers=HEADERS)


@router.get("/events")
async def starlette_events():
    return Events(events())


@router.get("/ticks", response_class=EventSourceResponse)
async def ticks():
    async for event in events():
        yield event
