"""A home-made front for Nginx.

It takes the first length it finds, knows the transfer coding `chunked`, and reads anything else as "no body".
"""

import asyncio

NGINX = "proxy", 80
OWN = (b"x-forwarded-for", b"connection")  # headers that the front writes itself


async def forth(headers, reader, writer):
    """Passes a request's body on, as far as the front believes that there is one."""
    if headers.get(b"transfer-encoding") == b"chunked":
        size = 1
        while size:
            line = await reader.readline()
            size = int(line.split(b";")[0], 16)
            writer.write(line + await reader.readexactly(size + 2))
            await writer.drain()
        return
    left = 0 if b"transfer-encoding" in headers else int(headers.get(b"content-length", b"0"))
    while left:
        data = await reader.read(min(left, 65536))
        if not data:
            return
        writer.write(data)
        await writer.drain()
        left -= len(data)


async def back(reader, writer):
    """Passes the response on until Nginx hangs up."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def one_request(head, reader, writer):
    """True when another request may follow on the same connection."""
    start, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    pairs = [(line.partition(b":")[0].lower(), line.partition(b":")[2].strip()) for line in lines]
    headers = dict(reversed(pairs))
    kept = [line for line, (name, _) in zip(lines, pairs, strict=True) if name not in OWN]
    client = writer.get_extra_info("peername")[0].encode()
    nginx_reader, nginx_writer = await asyncio.open_connection(*NGINX)
    try:
        own = [b"Connection: close", b"X-Forwarded-For: " + client]
        nginx_writer.write(b"\r\n".join([start, *kept, *own]) + b"\r\n\r\n")
        sending = asyncio.create_task(forth(headers, reader, nginx_writer))
        await back(nginx_reader, writer)
        whole = sending.done()
        sending.cancel()
        return whole and headers.get(b"connection", b"").lower() != b"close"
    finally:
        nginx_writer.close()


async def serve(reader, writer):
    try:
        while await one_request(await reader.readuntil(b"\r\n\r\n"), reader, writer):
            pass
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
        pass  # the client or Nginx has gone, or the client talks nonsense
    finally:
        writer.close()


async def main():
    async with await asyncio.start_server(serve, "", 8000) as server:
        await server.serve_forever()


asyncio.run(main())
