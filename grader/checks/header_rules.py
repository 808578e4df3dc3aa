"""What single headers have to say: each function names what is wrong with an answer, "" when nothing is."""

from __future__ import annotations

from grader.checks import csp
from grader.probes.edge.headers import CSP, FRAMES, HSTS, NOSNIFF, REFERRER, RESOURCE, Sent

SIX_MONTHS = 15_552_000  # seconds: 180 days, as MDN's Observatory counts
DISCREET = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
TALKATIVE = ("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade")
EMBEDDING = ("same-origin", "same-site", "cross-origin")
SAME_FRAMES = ("deny", "sameorigin")
NOT_MODIFIED = 304


def bad_hsts(values: tuple[str, ...]) -> str:
    """What is wrong with the HSTS header fields of one answer; "" when nothing is."""
    if not values:
        return "there is no Strict-Transport-Security header"
    if len(values) > 1 or "," in values[0]:
        return f"Strict-Transport-Security is there more than once: {', '.join(values)}"
    seconds = max_age(values[0])
    if seconds is None:
        return f"Strict-Transport-Security has no max-age that is a number: {values[0]}"
    return f"max-age is {seconds}, less than {SIX_MONTHS}" if seconds < SIX_MONTHS else ""


def max_age(value: str) -> int | None:
    """The seconds of an HSTS header; None where it has no max-age, or two, or one that is no number (RFC 6797 §6.1)."""
    pairs = [part.partition("=") for part in value.split(";")]
    ages = [text.strip().strip('"') for name, _, text in pairs if name.strip().lower() == "max-age"]
    return int(ages[0]) if len(ages) == 1 and ages[0].isascii() and ages[0].isdigit() else None


def bad_nosniff(answer: Sent) -> str:
    values = [value.strip().lower() for value in answer.all(NOSNIFF)]
    if set(values) == {"nosniff"}:
        return ""
    return f"{NOSNIFF} is {', '.join(values)}, not nosniff" if values else f"no {NOSNIFF}"


def framed_by_csp(answer: Sent) -> bool:
    return any(csp.guards_frames(csp.parse(value)[0]) for value in csp.split(answer.all(CSP)))


def bad_frames(answer: Sent) -> str:
    if framed_by_csp(answer):  # it overrides X-Frame-Options (CSP Level 3 §6.4.2.2)
        return ""
    if any("frame-ancestors" in csp.parse(value)[0] for value in csp.split(answer.all(CSP))):
        return "frame-ancestors lets every site frame it"
    values = {value.strip().lower() for value in answer.all(FRAMES)}
    if values and values <= set(SAME_FRAMES):
        return ""
    return f"{FRAMES} is {', '.join(answer.all(FRAMES))}" if values else f"no {FRAMES}, and no frame-ancestors"


def bad_referrer(answer: Sent) -> str:
    words = [word.strip().lower() for value in answer.all(REFERRER) for word in value.split(",")]
    # A browser takes the last word that it knows: earlier ones are for older browsers (Referrer Policy §11.1).
    word = next((word for word in reversed(words) if word in (*DISCREET, *TALKATIVE)), "")
    if word in DISCREET:
        return ""
    return f"{REFERRER} is {', '.join(words)}" if words else f"no {REFERRER}"


def bad_resource(answer: Sent) -> str:
    """A policy for who may embed a file is not asked for; one that no browser understands is a mistake."""
    values = [value.strip().lower() for value in answer.all(RESOURCE)]
    return "" if set(values) <= set(EMBEDDING) else f"{RESOURCE} is {', '.join(values)}, which browsers do not know"


def faults_of(text: str) -> tuple[str, ...]:
    """What is wrong with one policy; empty when nothing is."""
    policy, twice = csp.parse(text)
    if not {"default-src", "script-src"} & set(policy):
        return ("the policy has neither default-src nor script-src",)
    return (*(f"{name} is there twice, and the second does not count" for name in twice), *csp.weaknesses(policy))


def lacking(answer: Sent) -> list[str]:
    """The headers that an answer should have, and has not or not right."""
    lacks = [HSTS] if bad_hsts(answer.all(HSTS)[:1]) else []  # that it is there twice is another check's matter
    if bad_nosniff(answer) and answer.status != NOT_MODIFIED:
        lacks.append("nosniff")
    if answer.html and answer.status != NOT_MODIFIED and bad_frames(answer):
        lacks.append("frame-ancestors (or X-Frame-Options)")
    return lacks
