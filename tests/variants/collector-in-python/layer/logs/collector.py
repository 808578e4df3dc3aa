"""A collector of its own make: one file for all services, rotated by size, in a folder of the host."""

import json
import logging.handlers
import re
import socketserver

records = logging.handlers.RotatingFileHandler("/records/all.log", maxBytes=4_000_000, backupCount=2)
# <30>1 2026-11-21T11:20:00.000000Z host lab-app-1 77 lab-app-1 - what it said
SYSLOG = re.compile(rb"<(\d+)>1 (\S+) (\S+) (\S+) \S+ \S+ - (.*)", re.DOTALL)


socketserver.UDPServer.max_packet_size = 65_535  # 8 KB, its default, is half of what the engine sends


class Line(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        found = SYSLOG.match(self.request[0])
        if not found:
            return
        priority, when, host, tag, said = (part.decode("utf-8", "replace") for part in found.groups())
        try:
            fields = json.loads(said, parse_constant=str)
        except ValueError:
            fields = None
        record = {"@timestamp": when, "host": host, "container": {"name": tag}, "severity": int(priority) % 8}
        record |= {"fields": fields} if isinstance(fields, dict) else {"message": said}
        records.emit(logging.makeLogRecord({"msg": json.dumps(record)}))


with socketserver.UDPServer(("0.0.0.0", 5514), Line) as server:
    server.serve_forever()
