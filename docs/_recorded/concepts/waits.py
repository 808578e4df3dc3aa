"""The same second of waiting, in three ways. `asgi` is for Uvicorn, `wsgi` for Gunicorn."""

import asyncio
import time


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/await":
        await asyncio.sleep(1)  # gives way: others run meanwhile
    else:
        time.sleep(1)  # does not give way: everybody waits
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done\n"})


def wsgi(environ, start_response):
    time.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done\n"]
