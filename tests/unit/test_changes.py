"""What changed since it passed: what is kept and for how long, what is compared, and what a failure is told with."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from grader.changes import LINES, Past, changed_lines, differences
from grader.kept import MOST, Pass, Store
from grader.model import Change, Kept, Part, Reason, Result, Since, passed
from grader.probes.stack.configuration import Configuration
from grader.progress import remember
from grader.stacks.base import CouldNotLook
from tests.render import samples

AT = samples.REPORT.started
CONF = Kept(Part.PROXY, "proxy", "proxy, site.conf", "server {\n    server_tokens off;\n}")
COMPOSE = Kept(Part.COMPOSE, "app", "app, as Compose resolves it", "init: true\nenvironment.KEY: [masked]«00000000»")
RUNNING = Kept(Part.RUNNING, "app", "app, as it runs", "init: True")
IMAGE = Kept(Part.IMAGE, "app", "app, image", "app 1234")
ALL = (COMPOSE, RUNNING, CONF, IMAGE)


def with_text(kept: Kept, old: str, new: str) -> Kept:
    assert old in kept.text
    return replace(kept, text=kept.text.replace(old, new))


def configurations(store: Store) -> list[str]:
    return sorted(path.name for path in store.folder.glob("*.configuration.json"))


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_runs_without_a_change_keep_one_configuration(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for run in range(20):
        store.keep(["a", "b"], AT + run, ALL)

    assert len(configurations(store)) == 1
    assert store.passes()["a"].at == AT + 19
    assert store.configuration(store.passes()["a"].configuration) == ALL


def test_a_check_that_did_not_pass_keeps_the_time_when_it_did(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(["a", "b"], AT, ALL)
    store.keep(["a"], AT + 9, (CONF,))

    assert (store.passes()["a"].at, store.passes()["b"].at) == (AT + 9, AT)
    assert store.configuration(store.passes()["b"].configuration) == ALL


def test_a_configuration_goes_when_no_check_refers_to_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(["a", "b"], AT, ALL)
    store.keep(["a"], AT + 1, (CONF,))
    both = configurations(store)
    store.keep(["b"], AT + 2, (CONF,))

    assert len(both) == 2
    assert len(configurations(store)) == 1


def test_only_the_newest_configurations_stay_and_the_times_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(MOST + 5):
        store.keep([f"check-{number}"], AT + number, (replace(CONF, text=str(number)),))

    passes = store.passes()
    assert len(configurations(store)) == MOST
    assert len(passes) == MOST + 5
    assert passes["check-4"] == Pass(AT + 4, "")
    assert store.configuration(passes["check-5"].configuration) is not None


def test_what_could_not_be_read_is_kept_as_not_known(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep(["a"], AT, ())

    assert store.passes() == {"a": Pass(AT, "")}
    assert store.configuration("") is None


def test_a_run_in_which_nothing_passed_writes_nothing(tmp_path: Path) -> None:
    Store(tmp_path).keep([], AT, ALL)

    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_what_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = store.key()
    store.keep(["a"], AT, ALL)

    assert len(key) == 32
    assert store.key() == key
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()} == {0o600}


def test_without_its_key_nothing_old_is_compared(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.key()
    store.keep(["a"], AT, ALL)
    (store.folder / "key").unlink()

    assert store.key() != first
    assert store.passes() == {}


@pytest.mark.parametrize("text", ("", "{broken", "[]", '{"a": 1}', '{"a": ["x", "y"]}', "\xff"))
def test_a_broken_file_counts_as_not_kept(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    store.keep(["a"], AT, ALL)
    name = store.passes()["a"].configuration
    for path in (store.folder / "checks.json", *store.folder.glob("*.configuration.json")):
        path.write_text(text, encoding="latin-1")

    assert store.passes() == {}
    assert not store.configuration(name)
    store.keep(["a"], AT, ALL)
    assert store.passes() == {"a": Pass(AT, name)}


# --- what is compared -----------------------------------------------------------------------------------------------


def test_a_line_is_told_with_the_block_that_it_stands_in() -> None:
    changes = differences(ALL, (COMPOSE, RUNNING, with_text(CONF, "off", "on"), IMAGE))

    assert changes == (
        Change(Part.PROXY, "proxy, site.conf", ("  server {", "- server_tokens off;", "+ server_tokens on;")),
    )


def test_a_block_is_named_once_and_a_new_one_is_new_itself() -> None:
    then = "server {\n    a 1;\n    b 2;\n    c 3;\n}"
    now = "server {\n    a 2;\n    b 2;\n    c 4;\n}\nserver {\n    d 1;\n}"

    assert list(changed_lines(then, now)) == [
        *(" server {", "-    a 1;", "+    a 2;", "-    c 3;", "+    c 4;"),
        *("+server {", "+    d 1;", "+}"),
    ]


def test_another_secret_is_noticed_and_not_shown() -> None:
    changes = differences([COMPOSE], [with_text(COMPOSE, "«00000000»", "«11111111»")])

    assert [change.lines for change in changes] == [("~ environment.KEY: [another value]",)]


def test_a_secret_that_came_or_went_is_told_without_its_mark() -> None:
    without = replace(COMPOSE, text="init: true")

    assert [c.lines for c in differences([without], [COMPOSE])] == [("+ environment.KEY: [masked]",)]
    assert [c.lines for c in differences([COMPOSE], [without])] == [("- environment.KEY: [masked]",)]


def test_what_explains_most_comes_first() -> None:
    now = [replace(kept, text="new") for kept in (IMAGE, CONF, COMPOSE)]

    assert [change.part for change in differences(ALL, [*now, RUNNING])] == [Part.COMPOSE, Part.PROXY, Part.IMAGE]


def test_a_container_that_follows_its_compose_file_is_told_once() -> None:
    now = (with_text(COMPOSE, "true", "false"), with_text(RUNNING, "True", "False"), CONF, IMAGE)

    assert [change.name for change in differences(ALL, now)] == ["app, as Compose resolves it"]


def test_a_compose_file_that_the_container_does_not_follow_yet_is_told_as_such() -> None:
    now = (with_text(COMPOSE, "true", "false"), RUNNING, CONF, IMAGE)

    assert [change.name for change in differences(ALL, now)] == [
        "app, as Compose resolves it (its container is as it was)"
    ]


def test_a_container_that_differs_from_its_compose_file_is_told_itself() -> None:
    now = (COMPOSE, with_text(RUNNING, "True", "False"), CONF, IMAGE)

    assert [change.name for change in differences(ALL, now)] == ["app, as it runs"]


@pytest.mark.parametrize("missing", (COMPOSE, CONF))
def test_a_part_that_could_not_be_read_is_not_told_as_gone(missing: Kept) -> None:
    rest = tuple(kept for kept in ALL if kept is not missing)

    assert differences(ALL, rest) == differences(rest, ALL) == ()


def test_a_file_that_is_new_beside_others_is_told() -> None:
    other = replace(CONF, name="proxy, other.conf", text="gzip on;")

    assert [c.lines for c in differences(ALL, (*ALL, other))] == [("+ gzip on;",)]
    assert [c.lines for c in differences((*ALL, other), ALL)] == [("- gzip on;",)]


def test_a_whole_file_that_differs_is_cut() -> None:
    now = replace(CONF, text="\n".join(f"line {number}" for number in range(1000)))
    (change,) = differences([replace(CONF, text="")], [now])

    assert len(change.lines) == LINES + 1
    assert change.lines[-1] == "  … and 800 more"


def test_hostile_text_is_printable_in_a_change() -> None:
    now = replace(CONF, name="proxy, \x1b[2Jx", text="\x1b]0;title\x07evil \u202e" + "y" * 1000)
    text = repr(differences([replace(now, text="")], [now]))

    assert "\\x1b" not in text
    assert "\\u202e" not in text
    assert "y" * 400 not in text


# --- what a failure is told with ------------------------------------------------------------------------------------


class Stack:
    """A stack whose configuration is known, or that cannot be asked."""

    def __init__(self, *now: Kept) -> None:
        self.now = now

    def ask(self, probe: object) -> tuple[Kept, ...]:
        assert isinstance(probe, Configuration)
        if not self.now:
            raise CouldNotLook(Reason.UNREACHABLE, "a recording")
        return self.now


FAILS = samples.RESULTS[3]
WELL = Result(FAILS.check, passed("fine"), 0.1)


def run(folder: Path, at: float, result: Result, *now: Kept) -> Since | None:
    """One run of one check, at a time and under a configuration; what its result was told with."""
    past = Past(folder)
    past.look(Stack(*now))  # type: ignore[arg-type]
    told = past.told(result)
    report = replace(samples.REPORT, started=at, results=(told,))
    remember(folder, report)
    past.keep(report)
    return told.since


def test_a_failure_says_since_when_how_many_runs_ago_and_what_changed(tmp_path: Path) -> None:
    now = with_text(CONF, "off", "on")
    run(tmp_path, AT, WELL, CONF)
    told = [run(tmp_path, AT + 60 * later, FAILS, now) for later in (1, 2, 3)]

    assert [since and (since.at, since.runs) for since in told] == [(AT, 1), (AT, 2), (AT, 3)]
    assert told[-1] is not None
    assert told[-1].changes == differences([CONF], [now])
    whole = tmp_path / "passed" / "changed.diff"
    assert told[-1].whole == str(whole)
    assert whole.read_text() == "@@ proxy, site.conf\n  server {\n- server_tokens off;\n+ server_tokens on;\n\n"


def test_a_check_that_passes_or_never_passed_is_told_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, AT, FAILS, CONF) is None
    assert run(tmp_path, AT + 60, WELL, CONF) is None
    assert run(tmp_path, AT + 120, WELL, CONF) is None


def test_a_check_that_passed_again_starts_anew_and_the_old_differences_go(tmp_path: Path) -> None:
    run(tmp_path, AT, WELL, CONF)
    run(tmp_path, AT + 60, FAILS, with_text(CONF, "off", "on"))
    run(tmp_path, AT + 120, WELL, with_text(CONF, "off", "build"))

    assert not (tmp_path / "passed" / "changed.diff").exists()
    assert run(tmp_path, AT + 180, FAILS, with_text(CONF, "off", "build")) == Since(
        AT + 120, 1, (), str(tmp_path / "passed" / "changed.diff")
    )
    assert not (tmp_path / "passed" / "changed.diff").exists()


@pytest.mark.parametrize(("then", "now"), (((), (CONF,)), ((CONF,), ()), ((), ())))
def test_a_configuration_that_could_not_be_read_is_never_told_as_unchanged(
    tmp_path: Path, then: tuple[Kept, ...], now: tuple[Kept, ...]
) -> None:
    run(tmp_path, AT, WELL, *then)
    since = run(tmp_path, AT + 60, FAILS, *now)

    assert since is not None
    assert since.changes is None


def test_a_folder_that_cannot_be_used_costs_the_comparison_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "passed").write_text("in the way")

    assert run(tmp_path, AT, WELL, CONF) is None
    assert run(tmp_path, AT + 60, FAILS, CONF) is None
    assert (tmp_path / "passed").read_text() == "in the way"


def test_the_file_is_named_as_one_would_type_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(tmp_path / ".grader", AT, WELL, CONF)
    since = run(tmp_path / ".grader", AT + 60, FAILS, CONF)

    assert since is not None
    assert since.whole == ".grader/passed/changed.diff"
