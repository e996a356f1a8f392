# syntax=docker/dockerfile:1
ARG BASE=python:3.12
FROM --platform=linux/amd64 ${BASE} AS build
ENV PORT=8000 HOST="0.0.0.0"
WORKDIR /app
COPY --chown=a:b . /app
RUN --mount=type=cache pip install \
    fastapi && echo "x"
FROM build
COPY <<EOF /etc/nginx/conf.d/a.conf
server { listen 81; location / { proxy_pass http://api:8000; } }
EOF
ENTRYPOINT ["sh", "-c", "uvicorn main:app --port $PORT"]
CMD gunicorn -w 4 -k uvicorn.workers.UvicornWorker main:app --timeout 30
