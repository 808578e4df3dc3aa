"""The JUnit report is what the strictest readers of the format accept (junit.xsd)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from xmlschema import XMLSchema11

from grader.model import Report
from grader.render.junit import to_junit
from tests.render import hostile, real, samples, test_since


@cache  # and not when the tests are collected, which each worker does
def form() -> XMLSchema11:
    return XMLSchema11(Path(__file__).parent / "junit.xsd")


def parsed(report: Report) -> Element:
    suite = ElementTree.fromstring(to_junit(report).encode("utf-8"))
    form().validate(suite)
    return suite


def test_the_counts_are_those_of_the_cases() -> None:
    suite = parsed(samples.REPORT)

    assert suite.attrib["tests"] == str(len(suite.findall("testcase"))) == "8"
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure"))) == "1"
    assert suite.attrib["errors"] == str(len(suite.findall("testcase/error"))) == "1"
    assert suite.attrib["skipped"] == str(len(suite.findall("testcase/skipped"))) == "4"


def test_a_failure_says_what_was_seen_where_to_look_and_how_to_see_it() -> None:
    failure = parsed(samples.REPORT).find("testcase[@name='debugger-off']/failure")

    assert failure is not None
    assert failure.attrib == {"message": samples.LONG, "type": "fail"}
    assert (failure.text or "").splitlines()[1:] == [
        "look at the command that starts the app",
        "curl -si 'http://localhost:8080/?__debugger__=yes&cmd=resource&f=debugger.js' | head -5",
    ]


def test_a_failure_says_until_when_it_passed() -> None:
    notes = [failure.text or "" for failure in parsed(test_since.REPORT).findall("testcase/failure")]

    assert "passed until 2026-09-21T13:13:20+00:00, 3 runs ago" in notes[0]
    assert len([note for note in notes if "passed until" in note]) == 3


@pytest.mark.parametrize("lab", [lab.id for lab in real.catalog().labs])
def test_what_real_stacks_answered_is_accepted(lab: str) -> None:
    assert len(parsed(real.report(lab)).findall("testcase/failure")) > 5


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_no_text_of_a_stack_makes_invalid_xml_or_another_element(text: str) -> None:
    suite = parsed(hostile.report(text))

    assert [child.tag for child in suite] == ["properties", *["testcase"] * 4, "system-out", "system-err"]


@pytest.mark.parametrize(
    "mutate",
    (
        lambda suite: suite.attrib.pop("timestamp"),
        lambda suite: suite.set("timestamp", "2026-09-21T14:13:20+00:00"),
        lambda suite: suite.set("time", "1,5"),
        lambda suite: suite.set("extra", "x"),
        lambda suite: suite[1].attrib.pop("classname"),
        lambda suite: suite.append(suite[1]),
        lambda suite: suite.insert(2, suite[1]),
        lambda suite: suite.find("testcase/failure").attrib.pop("type"),
        lambda suite: suite.remove(suite.find("system-out")),
    ),
)
def test_the_form_refuses_what_a_strict_reader_refuses(mutate: Callable[[Element], None]) -> None:
    suite = parsed(samples.REPORT)
    mutate(suite)

    assert not form().is_valid(suite)
