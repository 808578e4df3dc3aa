"""What a Content-Security-Policy allows, and what is wrong with it (CSP Level 3)."""

from __future__ import annotations

Policy = dict[str, tuple[str, ...]]

BROAD = ("*", "http:", "https:", "data:", "blob:", "ftp:", "ws:", "wss:", "filesystem:")
PASSIVE = ("img-src", "media-src", "prefetch-src")
KNOWN_BY = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")
NOT_FETCHED = ("report-uri", "report-to", "sandbox", "upgrade-insecure-requests")
HEADER_ONLY = ("frame-ancestors", "report-uri", "sandbox")  # without effect in a <meta> element


def split(values: tuple[str, ...]) -> tuple[str, ...]:
    """The policies in some header fields: a comma separates two of them (CSP Level 3 §2.2.2)."""
    return tuple(one.strip() for value in values for one in value.split(",") if one.strip())


def parse(text: str) -> tuple[Policy, tuple[str, ...]]:
    """The directives of a policy, in lower case, and those that are there twice: browsers ignore the second."""
    found: Policy = {}
    twice: list[str] = []
    for part in text.split(";"):
        words = part.lower().split()
        if words and words[0] in found:
            twice.append(words[0])
        elif words:
            found[words[0]] = tuple(words[1:]) or ("'none'",)
    return found, tuple(twice)


def of(policy: Policy, directive: str) -> tuple[str, ...]:
    """What a directive allows: its own sources, else those of default-src, else everything."""
    return policy.get(directive, policy.get("default-src", ("*",)))


def known(sources: tuple[str, ...]) -> bool:
    """Whether a directive names its scripts or styles one by one."""
    return any(source.startswith(KNOWN_BY) for source in sources)


def weaknesses(policy: Policy) -> tuple[str, ...]:
    """What a policy allows that makes it worthless, in words; empty when nothing does."""
    scripts = of(policy, "script-src")
    strict = "'strict-dynamic'" in scripts
    found = []
    if strict and not known(scripts):
        found.append("'strict-dynamic' in script-src needs a nonce or a hash")
    # A nonce or a hash makes browsers ignore 'unsafe-inline', and 'strict-dynamic' the schemes: they are for old ones.
    if "'unsafe-inline'" in scripts and not known(scripts):
        found.append("script-src allows 'unsafe-inline'")
    if not (strict and known(scripts)):
        found += [f"script-src allows {source}" for source in scripts if source in BROAD]
    found += [f"object-src allows {source}" for source in of(policy, "object-src") if source in BROAD]
    if "'unsafe-eval'" in scripts or "'unsafe-eval'" in of(policy, "style-src"):
        found.append("'unsafe-eval' is allowed")
    for directive, sources in policy.items():
        if directive not in NOT_FETCHED:
            found += [f"{directive} allows {one}, without TLS" for one in sources if one.startswith(("http:", "ftp:"))]
    return tuple(dict.fromkeys(found))


def guards_frames(policy: Policy) -> bool:
    """Whether other sites cannot show the page in a frame."""
    ancestors = policy.get("frame-ancestors")
    return ancestors is not None and not any(source in BROAD for source in ancestors)
