"""Stands in for Redis: speaks enough of its protocol (RESP) to be told from a web server."""

import socketserver


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            word = line.split()[0].lower() if line.split() else b""
            # Redis hangs up on what looks like HTTP, because no client of its own would say that.
            if word in (b"post", b"host:"):
                return
            self.wfile.write(b"+PONG\r\n" if word == b"ping" else b"-ERR unknown command\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", 6379), Session).serve_forever()
