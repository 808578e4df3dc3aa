"""The `grader` command with two differences: a check waits for no other that disturbs, and its probe leaves marks.

    python -m tests.restore.command CHECK FOLDER check …

`FOLDER/asked` is there once the probe of CHECK has begun, `FOLDER/answered` when it is over: so a kill can be timed to
land in the middle of that probe, and in no other.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader import catalog as catalogs
from grader import cli
from grader.model import AnyCheck


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    catalog = catalogs.load()
    kind: Any = type(catalog.checks[name].probe)
    ask = kind.ask

    def marked(probe: Any, stack: Any, /) -> Any:
        (folder / "asked").touch()
        try:
            return ask(probe, stack)
        finally:
            (folder / "answered").touch()

    kind.ask = marked
    calm = {check.id: replace(check, needs=_calm(catalog, check)) for check in catalog.checks.values()}
    catalogs.load = lambda *_: replace(catalog, checks=calm)
    sys.argv[1:] = sys.argv[3:]
    cli.main()


def _calm(catalog: catalogs.Catalog, check: AnyCheck) -> tuple[str, ...]:
    return tuple(need for need in check.needs if not catalog.checks[need].disturbs)


if __name__ == "__main__":
    main()
