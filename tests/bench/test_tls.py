"""What the bench says of a program that it compares with when that did not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.tls import SERVERS, NotRun, _testssl

GAVE_UP = """#!/bin/bash
while [ "$1" != --jsonfile ]; do shift; done
echo '[{"id": "scanProblem", "severity": "FATAL", "finding": "no nslookup is present"}]' > "$2"
exit 249
"""


def test_a_program_that_gave_up_has_not_found_nothing(tmp_path: Path) -> None:
    program = tmp_path / "testssl.sh"
    program.write_text(GAVE_UP)
    program.chmod(0o755)

    with pytest.raises(NotRun, match="no nslookup is present"):
        _testssl(str(program), SERVERS[1], 8443, tmp_path)
