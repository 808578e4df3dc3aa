"""Takes the alerts that Alertmanager sends, and shows the last ones: the pager of this course.

Each alert becomes one line of JSON on standard output, and one line of the page at /.
"""

import json
import signal
import sys
from collections import deque
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 9095
LONGEST = 1_000_000  # bytes of one message
RECENT: deque[str] = deque(maxlen=50)


def note(alert: dict[str, dict[str, str]], now: datetime) -> None:
    """Write one alert down."""
    labels, notes = alert.get("labels", {}), alert.get("annotations", {})
    said = {
        "time": now.isoformat(timespec="seconds"),
        "status": alert.get("status"),
        "alert": labels.get("alertname"),
        "severity": labels.get("severity"),
        "summary": notes.get("summary"),
        "since": alert.get("startsAt"),
    }
    print(json.dumps(said), flush=True)
    line = f"{now:%H:%M:%S}  {said['status']!s:8}  {said['alert']!s:16}  {said['summary']}"
    RECENT.appendleft(" ".join(line.split("\n")))


class Receiver(BaseHTTPRequestHandler):
    """POST /alerts takes alerts, / shows them, /healthz says that somebody is there."""

    timeout = 5  # seconds

    def do_POST(self) -> None:
        """One message of Alertmanager; 400 for anything else."""
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 <= length <= LONGEST:
                raise ValueError(length)
            for alert in json.loads(self.rfile.read(length))["alerts"]:
                note(alert, datetime.now(UTC))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.answer(400, "that is no message of Alertmanager\n")
        else:
            self.answer(200, "")

    def do_GET(self) -> None:
        """The page, the newest alert first."""
        if self.path == "/healthz":
            self.answer(200, "ok\n")
        elif self.path == "/":
            self.answer(200, "\n".join(RECENT or ["No alert so far."]) + "\n")
        else:
            self.answer(404, "see /\n")

    def answer(self, status: int, text: str) -> None:
        """Plain text: what an alert says is never taken for markup."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form: str, *words: object) -> None:
        """The alerts are the log."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))  # process 1 ignores it otherwise
    ThreadingHTTPServer(("", PORT), Receiver).serve_forever()
