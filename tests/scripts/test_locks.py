"""Lock files: exact versions with hashes, one version a package, and no word about where they were downloaded."""

import re
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
REQUIREMENTS = REPO / "requirements"
WISHES = sorted([*REQUIREMENTS.glob("*.in"), *REPO.glob("labs/*/*.in"), *REPO.glob("solutions/*/*.in")])
LOCKS = [wishes.with_suffix(".txt") for wishes in WISHES]

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;]+)(?P<marker> ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins_of(lock: Path) -> set[tuple[str, str]]:
    matches = (PIN.match(line) for line in lock.read_text().splitlines())
    return {(match["name"], match["version"]) for match in matches if match}


def name_of(path: Path) -> str:
    return str(path.relative_to(REPO))


def test_what_make_installs_is_locked() -> None:
    assert {REQUIREMENTS / f"{name}.txt" for name in ("runtime", "site", "build", "dev")} <= set(LOCKS)


def test_every_list_of_wishes_has_its_lock() -> None:
    assert [name_of(lock) for lock in LOCKS if not lock.exists()] == []
    assert set(REQUIREMENTS.glob("*.txt")) <= set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS, ids=name_of)
def test_a_lock_holds_only_pins_and_hashes(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not (PIN.match(line) or HASH.match(line))] == []
    assert pins_of(lock)


@pytest.mark.parametrize("lock", LOCKS, ids=name_of)
def test_every_pin_is_followed_by_a_hash(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line) and not HASH.match(following)
    ]
    assert bare == []


@pytest.mark.parametrize("file", (*WISHES, *LOCKS), ids=name_of)
def test_requirements_name_no_address(file: Path) -> None:
    assert "://" not in file.read_text()


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != REQUIREMENTS / "dev.txt"], ids=name_of)
def test_learners_get_the_versions_that_were_tested(lock: Path) -> None:
    assert pins_of(lock) - pins_of(REQUIREMENTS / "dev.txt") == set()
