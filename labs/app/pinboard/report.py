"""The yearly report: what was pinned in the last twelve months. Slow."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from . import db

bp = Blueprint("report", __name__)


@dataclass(frozen=True, slots=True)
class Month:
    """One bar of the chart."""

    first: date
    notes: int
    pictures: int


def last_twelve(today: date) -> list[date]:
    """The first days of the last twelve months, oldest first, this month included."""
    months = [today.year * 12 + today.month - 1 - back for back in range(11, -1, -1)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def count(first: date) -> Month:
    """Count one month."""
    # A stand-in for the query that nobody has made fast yet.
    time.sleep(current_app.config["REPORT_PAUSE"])
    row = db.get().execute(
        "SELECT count(*) AS notes, count(picture) AS pictures FROM notes WHERE created LIKE ?",
        (f"{first:%Y-%m}-%",),
    )
    notes, pictures = row.fetchone()
    return Month(first, notes, pictures)


@bp.get("/report")
def report() -> ResponseReturnValue:
    """Twelve months, counted one after the other."""
    months = [count(first) for first in last_twelve(datetime.now(UTC).date())]
    busiest = max(months, key=lambda month: month.notes)
    return render_template("report.html", months=months, busiest=busiest)
