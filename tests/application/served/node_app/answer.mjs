export function answer(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
  const words = ["one", "two", "three"];
  const timer = setInterval(() => {
    const word = words.shift();
    if (word) {
      response.write(`data: ${word}\n\n`);
    } else {
      clearInterval(timer);
      response.end();
    }
  }, 300);
}
