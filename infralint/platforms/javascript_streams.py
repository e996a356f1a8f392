"""What gives a stream in JavaScript, by name: the classes of the Web and of Node, and what libraries for models call it.

https://developer.mozilla.org/en-US/docs/Web/API/Streams_API, https://nodejs.org/api/stream.html
"""

from __future__ import annotations

STREAM_CLASSES = frozenset("ReadableStream TransformStream PassThrough TextDecoderStream TextEncoderStream".split())
STREAM_METHODS = frozenset(
    "toReadableStream pipeThrough toWeb fromWeb toDataStream toUIMessageStream toTextStream toAIStream toEventStream".split()
)
STARTING_METHODS = frozenset({"stream", "streamEvents", "streamLog"})
"""Methods that give a stream where they are given something."""
STREAM_PROPERTIES = frozenset("readable readableStream textStream fullStream".split())
CONSUMERS = frozenset("text json arrayBuffer blob formData bytes".split())
"""Methods that read a whole answer."""
STREAM_FUNCTIONS = frozenset("createUIMessageStream createDataStream LangChainStream".split())
