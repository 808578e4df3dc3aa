"""The same ten requests: with a new process for each, as in CGI, and in one process that stays."""

import os
import subprocess
import time

ASKED = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/healthz",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
}
begin = time.perf_counter()
for _ in range(10):
    subprocess.run(["python3", "pinboard.cgi"], env=os.environ | ASKED, check=True, capture_output=True)
print(f"ten processes, one request each: {time.perf_counter() - begin:.2f} s")

begin = time.perf_counter()
from wsgi import app  # noqa: E402 - the start of the app is a part of what is measured

client = app.test_client()
client.get("/healthz")
print(f"one process, its first request:  {time.perf_counter() - begin:.2f} s")
begin = time.perf_counter()
for _ in range(10):
    client.get("/healthz")
print(f"one process, ten more requests:  {time.perf_counter() - begin:.2f} s")
