import time

from flask import Blueprint, Response, jsonify, stream_with_context

talk = Blueprint("talk", __name__)


def answer(words):
    response = Response(words, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


@talk.get("/rooms/<int:room>/events")
def events(room):
    @stream_with_context
    def words():
        for word in ("one", "two", "three"):
            yield f"data: {word}\n\n"
            time.sleep(0.3)

    return answer(words())


@talk.get("/rooms")
def rooms():
    return jsonify([1])
