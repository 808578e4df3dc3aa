"""The report as JUnit XML (the form that build servers read): one suite, one test case a check.

It has every part that the strictest readers ask for, those that follow the schema of Apache Ant's JUnit task.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from grader.model import Outcome, Report, Result, Verdict
from grader.render.data import iso
from grader.render.since import ago
from grader.render.tally import LONG
from grader.text import clean

TAGS = {Outcome.FAIL: "failure", Outcome.SKIP: "skipped", Outcome.UNKNOWN: "error"}


def to_junit(report: Report) -> str:
    suite = Element(
        "testsuite",
        name=report.lab.id,
        timestamp=f"{datetime.fromtimestamp(report.started, UTC):%Y-%m-%dT%H:%M:%S}",
        hostname="localhost",  # what the format wants where it is not known
        tests=str(len(report.results)),
        failures=str(report.count(Outcome.FAIL)),
        errors=str(report.count(Outcome.UNKNOWN)),
        skipped=str(report.count(Outcome.SKIP)),
        time=f"{report.seconds:.2f}",
    )
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="stack", value=clean(report.stack))
    for result in report.results:
        suite.append(_case(result))
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(result: Result) -> Element:
    topic, _, name = result.check.id.partition(".")
    case = Element("testcase", classname=topic, name=name, time=f"{result.seconds:.2f}")
    tag = TAGS.get(result.outcome)
    if tag:
        verdict = result.verdict
        note = SubElement(case, tag, message=clean(verdict.because, LONG))
        if result.outcome is not Outcome.SKIP:
            note.set("type", _type(verdict))
            note.text = "\n".join(clean(line, LONG) for line in _said(result) if line)
    return case


def _said(result: Result) -> tuple[str, ...]:
    verdict, since = result.verdict, result.since
    until = f"passed until {iso(since.at)}, {ago(since.runs)}" if since else ""
    return (result.check.rule, verdict.hint, verdict.reproduce, until)


def _type(verdict: Verdict) -> str:
    return verdict.reason.value if verdict.reason else verdict.outcome.value
