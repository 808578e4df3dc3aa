"""What a stack may answer to harm a reader: each text, put wherever a report shows a text of a stack."""

from __future__ import annotations

from dataclasses import replace

from grader.model import Outcome, Reason, Report, Result, Role, Verdict
from tests.render import samples

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></code></pre></details><h1>Passed</h1>",
    "<!-- --> <![CDATA[ ]]> &lt;b&gt; &amp; &#60;",
    "]]> \x00\x08\x0b\x1b[31m\x1b]0;title\x07 \x9b31m \ufffe\uffff \ud800",
    "@octocat and @org/team, octocat@example.com",
    "http://evil.example/ www.evil.example https://evil.example, (https://evil.example)",
    "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
    "#12 GH-12 octocat/repo#12 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef 1234567 :tada: ~~no~~",
    "a | b \\| c \\\\| d || ` | ` `` ``` |",
    "`a``b`c`` @octocat ```` `",
    "`a`` @octocat `x` `",
    "(`a`@octocat`b`)(`@octocat`) `|@octocat|` \\` @octocat \\`",
    "**bold** _it_ __it__ # head > quote - item 1) one \\",
    "pay\u202eexe.fdp zero\u200bwidth",
    "| | |---|---| |\n\n# A heading\n- a list\n```\n",
    "javascript:alert(1) data:text/html,x",
    "``` ~~~ " + "`" * 40,
    "x" * 5000,
)


def report(text: str) -> Report:
    """A report in which every text that can come from a stack is `text`; nothing has cleaned it before."""
    results = tuple(
        Result(
            samples.check(f"hostile.{outcome}", text),
            Verdict(outcome, text, text, text, Reason.UNREACHABLE if outcome in ("skip", "unknown") else None),
            0.1,
        )
        for outcome in Outcome
    )
    return replace(
        samples.REPORT,
        lab=replace(samples.LAB, title=text),
        stack=text,
        services=(text,),
        roles=(Role("edge", (text,), text),),
        results=results,
    )
