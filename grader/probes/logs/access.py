"""What a line says of a request, in whatever form: Common Log Format and its relatives, JSON, logfmt, plain words."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from grader.probes.edge.clients import plain_address
from grader.probes.logs.lines import Record, moment, parse

READ = 4096  # characters of a text that are looked through for a request
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = frozenset({"path", "uri", "url", "request_uri", "request_path", "target", "full_path"})
STATUSES = frozenset({"status", "status_code", "statuscode", "code", "response_status", "http_status"})
CLIENTS = frozenset(
    {
        *("client", "client_ip", "clientip", "client_addr", "client_address", "remote", "remote_addr", "remoteaddr"),
        *("remote_ip", "remoteip", "remote_address", "remote_host", "ip", "ip_address", "addr", "address", "peer"),
        *("forwarded_for", "x_forwarded_for", "x-forwarded-for", "xff", "real_ip", "x_real_ip", "x-real-ip"),
    }
)
DURATIONS = frozenset({"duration", "elapsed", "latency", "took", "taken", "time", "seconds", "secs", "rt", "millis"})
UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3}
UNITS |= {"millis": 1e-3, "us": 1e-6, "µs": 1e-6, "usec": 1e-6, "ns": 1e-9}
SCALES = (1.0, 1e-3, 1e-6, 1e-9)  # what a number without a unit may count, in seconds
NO_TIMES = ("byte", "bytes", "b", "kb", "vars", "headers", "switches")

# None of these can be made to look twice at the same character: what they read is hostile.
_REQUEST = re.compile(rf"\b({'|'.join(METHODS)}) +((?:/|https?://|\*)\S*)(?: +HTTP/[\d.]+)?\"?")
_STATUS = re.compile(r"[ ,;:=>-]*(?:status[=: ]*)?([1-5]\d\d)\b")  # right after the request …
_LATER_STATUS = re.compile(r"\(HTTP/[\d.]+ ([1-5]\d\d)\)")  # … or as uWSGI writes it
_CLIENT = re.compile(r"^(\S+(?:, \S+)*) \S+ \S+ \[|\] (\S+) \(\S*\) \{")  # Common Log Format, and uWSGI
_QUOTED = re.compile(r'"[^"]*"')
_NUMBER = re.compile(r"(?<![\w.:/-])(\d{1,15}(?:\.\d{1,9})?)(?: ?([A-Za-zµ]{1,9})\b)?(?![\w.:/-])")


@dataclass(frozen=True, slots=True)
class Access:
    """One request in one line. `times` are numbers that may be its duration; their scale is 0.0 when no unit is given.

    `named` says that the line calls those a duration; `clients` are the addresses of who asked, as the line says them.
    """

    method: str
    path: str
    status: int
    times: tuple[tuple[float, float], ...]
    named: bool
    clients: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return bool(self.method and self.path and self.status)

    def lasted(self, least: float, most: float) -> bool:
        """Whether one of its times lies between two (seconds), in whatever unit it may be written."""
        return any(least <= number * s <= most for number, scale in self.times for s in ((scale,) if scale else SCALES))


def access(line: str) -> Access:
    """What a line says of a request; empty fields where it says nothing."""
    record = parse(line)
    return _of_text(line) if record is None else _of_record(record)


def _of_text(text: str) -> Access:
    text = text[:READ]
    request, client = _REQUEST.search(text), _CLIENT.search(text)
    status = (_STATUS.match(text, request.end()) or _LATER_STATUS.search(text)) if request else None
    who = (client.group(1) or client.group(2)) if client else ""
    return Access(
        method=request.group(1) if request else "",
        path=request.group(2).strip('"') if request else "",
        status=int(status.group(1)) if status else 0,
        times=_times(text[request.end() :] if request else text),
        named=False,
        clients=(last_address(who),) if last_address(who) else (),
    )


def _times(text: str) -> tuple[tuple[float, float], ...]:
    """The numbers of a text, with the scale of their unit. A quoted one counts, those among quoted words do not."""
    open_text = _QUOTED.sub(lambda quoted: _only_number(quoted.group()[1:-1]), text)
    found = ((number, unit.lower()) for number, unit in _NUMBER.findall(open_text))
    return tuple(
        (float(number), UNITS.get(unit, 0.0) if unit else 0.0) for number, unit in found if unit not in NO_TIMES
    )


def _only_number(text: str) -> str:
    return f" {text} " if _NUMBER.fullmatch(text.strip()) else " "


def _of_record(record: Record) -> Access:
    texts = tuple(record.texts())
    inner = next((found for text in texts if (found := _of_text(text)).method or found.clients), _of_text(""))
    method = next((text.upper() for text in texts if text.upper() in METHODS), inner.method)
    path = next((value for value in record.values(PATHS) if isinstance(value, str) and value), inner.path)
    status = next((code for value in record.values(STATUSES) if (code := _status(value))), inner.status)
    named = tuple(time for name, value in record.fields if (time := _duration(name, value)))
    clients = tuple(last_address(v) for v in record.values(CLIENTS) if isinstance(v, str) and last_address(v))
    return Access(
        method=method,
        path=path,
        status=status,
        times=named or inner.times,
        named=bool(named),
        clients=(*clients, *inner.clients),
    )


def _status(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[1-5]\d\d", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599 else 0


def _duration(name: str, value: object) -> tuple[float, float] | None:
    """Number and scale of a field whose name says that it holds a duration: request_time, duration_ms, latency."""
    parts = re.split(r"[_-]", name)
    if name == "time" or not (DURATIONS & set(parts) or parts[-1] in UNITS) or moment(value) is not None:
        return None
    scale = UNITS.get(parts[-1], 0.0)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value), scale
    written = _NUMBER.fullmatch(value.strip()) if isinstance(value, str) else None
    return (float(written.group(1)), UNITS.get((written.group(2) or "").lower(), 0.0) or scale) if written else None


def last_address(text: str) -> str:
    """Whom a list of addresses names in the end; what stands before that, a client may have made up. "" for no list."""
    found = ""
    for word in text.split(",") if len(text) < READ else ():
        bare = re.sub(r"^([\d.]+):\d+$|^\[(.+)\]:\d+$", lambda m: m.group(1) or m.group(2), word.strip()).strip("[]")
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            return ""
        found = plain_address(bare)
    return found
