"""Methods that the service does not have yet, by `pending.txt`; tests that need one of them are skipped."""

import pathlib

import pytest

NAMES = frozenset((pathlib.Path(__file__).parents[1] / "pending.txt").read_text().split())


def needs(*nsids):
    missing = NAMES.intersection(nsids)
    if missing:
        pytest.skip("not there yet: " + " ".join(sorted(missing)))
