"""Open many connections, and send half a request on each: half.py HOST HOW-MANY"""

import socket
import sys
import time

held = []
for _ in range(int(sys.argv[2])):
    connection = socket.create_connection((sys.argv[1], 8000))
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
    held.append(connection)
time.sleep(20)
