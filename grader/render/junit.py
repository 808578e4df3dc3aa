"""The report as JUnit XML (the form that build servers read): one suite, one test case a check."""

from __future__ import annotations

from xml.etree import ElementTree

from grader.model import Outcome, Report, Result
from grader.render.data import iso
from grader.render.since import ago

TAGS = {Outcome.FAIL: "failure", Outcome.SKIP: "skipped", Outcome.UNKNOWN: "error"}


def to_junit(report: Report) -> str:
    suite = ElementTree.Element(
        "testsuite",
        name=report.lab.id,
        tests=str(len(report.results)),
        failures=str(report.count(Outcome.FAIL)),
        errors=str(report.count(Outcome.UNKNOWN)),
        skipped=str(report.count(Outcome.SKIP)),
        time=f"{report.seconds:.2f}",
    )
    for result in report.results:
        suite.append(_case(result))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(result: Result) -> ElementTree.Element:
    topic, _, name = result.check.id.partition(".")
    case = ElementTree.Element("testcase", classname=topic, name=name, time=f"{result.seconds:.2f}")
    tag = TAGS.get(result.outcome)
    if tag:
        note = ElementTree.SubElement(case, tag, message=result.verdict.because)
        if tag == "failure":
            note.text = f"{result.check.rule}\n{result.verdict.hint}\n{result.verdict.reproduce}"
            if result.since is not None:
                note.text += f"\npassed until {iso(result.since.at)}, {ago(result.since.runs)}"
    return case
