"""What a published port says when it is greeted, and how much of a site that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.stacks.dealings import Address


class Speaks(StrEnum):
    HTTP = "HTTP"
    TLS = "TLS"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What an address answered to GET /, over TLS where it speaks TLS. `to` says how to speak to it from now on.

    `status` is 0 and `error` says why when there was no HTTP answer; `location` is where it redirects to. A server that
    refuses the handshake, because it does not know the name, say, speaks TLS all the same.
    """

    to: Address
    speaks: Speaks
    status: int
    location: str
    error: str

    @property
    def doorman(self) -> bool:
        """Whether it only sends visitors on: from plain HTTP to HTTPS, or (a loop, then) back."""
        other = "http://" if self.to.tls else "https://"
        return 300 <= self.status < 400 and self.location.lower().startswith(other)

    @property
    def rank(self) -> int:
        """How much of a site it shows: a page 4, a refusal 3, an error or nothing but TLS 2, a doorman 1, silence 0."""
        if self.doorman or self.speaks is Speaks.SILENCE:
            return int(self.doorman)
        return 4 if 200 <= self.status < 400 else 3 if 400 <= self.status < 500 else 2
