"""The form of the JSON report, as a JSON Schema: what each field means, and what it may hold.

The one place where a field is said: the page's table and the published schema are made from it by `grader docs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from grader.model import Outcome, Part, Reason, Weight

VERSION = 1
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"  # ISO 8601 in UTC
Schema = dict[str, Any]  # a piece of JSON Schema is free in its keys


def _text(meaning: str, **more: object) -> Schema:
    return {"description": meaning, "type": "string", **more}


def _seconds(meaning: str) -> Schema:
    return {"description": meaning, "type": "number", "minimum": 0}


def _one_of(meaning: str, words: type[Enum]) -> Schema:
    return {"description": meaning, "enum": [word.name.lower() if words is Weight else word.value for word in words]}


def _list(meaning: str, items: Schema) -> Schema:
    return {"description": meaning, "type": "array", "items": items}


def _object(meaning: str, fields: dict[str, Schema], **more: object) -> Schema:
    """An object with exactly these fields."""
    form = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {"description": meaning, **form, **more}


ROLE = _object(
    "a role",
    {
        "role": _text("`edge` or `app`; `?` when the roles could not be told"),
        "services": _list("names of the services that have it", {"type": "string"}),
        "why": _text("why the grader thinks so"),
    },
)
# A reason is given exactly when a check was not judged.
JUDGED: Schema = {"properties": {"outcome": {"enum": [Outcome.PASS.value, Outcome.FAIL.value]}}}
RESULT = _object(
    "a result",
    {
        "id": _text("the check's permanent id", pattern=r"^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$"),
        "title": _text("what must hold", minLength=1),
        "lab": _text("id of the lab that teaches it; empty when none does"),
        "step": _text("id of the step that teaches it; empty when none does"),
        "weight": _one_of("how much it matters", Weight),
        "outcome": _one_of("how it was judged", Outcome),
        "reason": {
            "description": "why it was not judged; empty when it was",
            "enum": ["", *(reason.value for reason in Reason)],
        },
        "because": _text("what was seen"),
        "hint": _text("where to look next"),
        "reproduce": _text("a command that shows the same"),
        "shows": _text(
            "what its output shows while the fault is there: a regular expression; empty where no command shows it "
            "by itself"
        ),
        "seconds": _seconds("how long its probe took; 0 when another check had asked it already"),
        "page": _text("page and anchor where the course explains it, relative to the site", minLength=1),
        "passed_until": _text(
            "for `fail`: when it passed for the last time, ISO 8601 in UTC; empty when it never did",
            pattern=f"^({MOMENT})?$",
        ),
        "runs_ago": {
            "description": "how many runs ago that was; 1 is the run before, 0 when it never passed",
            "type": "integer",
            "minimum": 0,
        },
    },
    **{
        "if": JUDGED,
        "then": {"properties": {"reason": {"const": ""}}},
        "else": {"properties": {"reason": {"minLength": 1}}},
    },
)
TEXT = _object(
    "a text that differs",
    {
        "part": _one_of("what it is of", Part),
        "name": _text("the service, and what of it"),
        "lines": _list(
            "each begins with `-` (gone), `+` (new), `~` (only a secret value in it differs) or a space (the block "
            "that the next one stands in)",
            {"type": "string", "pattern": "^[-+~ ]"},
        ),
    },
)
CHANGE = _object(
    "a change",
    {
        "checks": _list("ids of the checks that passed under the same configuration then", {"type": "string"}),
        "compared": {
            "description": "false when the configuration of then or of now is not known",
            "type": "boolean",
        },
        "texts": _list("texts that differ, the most telling first", TEXT),
    },
)
REPORT = _object(
    "What `grader` found on a stack.",
    {
        "schema": {
            "description": "version of this form; a change that could break a reader raises it",
            "const": VERSION,
        },
        "grader": _text("version of the grader", minLength=1),
        "lab": _text("id of the lab", minLength=1),
        "stack": _text("name of the stack: its Compose project"),
        "started": _text("when the run began, ISO 8601 in UTC", pattern=f"^{MOMENT}$"),
        "seconds": _seconds("how long the run took"),
        "services": _list("names of the services, running or not", {"type": "string"}),
        "roles": _list("what the grader takes each service for", ROLE),
        "complete": {"description": "true when no blocker and no major is open", "type": "boolean"},
        "counts": _object(
            "number of results for each outcome",
            {
                outcome.value: {"description": f"results with outcome `{outcome}`", "type": "integer", "minimum": 0}
                for outcome in Outcome
            },
        ),
        "results": _list("in the order of the course", RESULT),
        "changes": _list("what is configured otherwise since checks that fail now passed for the last time", CHANGE),
    },
)


def document() -> Schema:
    """The schema as it is published."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Written by `grader docs`. Change the code it comes from, not this file.",
        "title": "Report of the grader",
        **REPORT,
    }


def fields(form: Schema = REPORT, within: str = "") -> Iterator[tuple[str, str, str]]:
    """Name (`results[].id`), kind and meaning of every field, in the order of the report."""
    for name, field in form.get("properties", {}).items():
        yield within + name, _kind(field), field["description"]
        yield from fields(field.get("items", field), f"{within}{name}{'[]' if 'items' in field else ''}.")


def _kind(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"] if word)
    return f"`{field['const']}`" if "const" in field else str(field["type"])
