"""What every test starts from."""

import contextlib
import itertools
import os
import signal

import pytest

from grader.stacks import throwaway

# Whoever starts the tests in the background of a shell has them ignore Ctrl-C, and all that they start as well: then a
# test of what Ctrl-C does would wait for ever. (ValueError: only the main thread may say so.)
with contextlib.suppress(ValueError):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Workers of pytest-xdist know nothing of one another: each gives its stacks every n-th port.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
throwaway.PORTS = throwaway.PORTS[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) :: WORKERS]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spreads the tests that wait: others compute meanwhile, and none is left when everything else is done.

    They stand between modules, whose fixtures would else be taken down and made again.
    """
    waiting = [item for item in items if item.get_closest_marker("waits")]
    others = [item for item in items if not item.get_closest_marker("waits")]
    modules = [list(tests) for _, tests in itertools.groupby(others, key=lambda item: item.path)]
    for number, item in enumerate(waiting):
        modules.insert(number * (len(modules) + 1) // len(waiting), [item])
    items[:] = itertools.chain.from_iterable(modules)
