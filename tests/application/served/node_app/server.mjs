import http from "node:http";
import { answer } from "./answer.mjs";

const server = http.createServer((request, response) => {
  if (request.method === "GET" && request.url === "/api/events") {
    answer(response);
  } else {
    response.end("hello");
  }
});
server.listen(Number(process.argv[2]));
