"""The tables in the README name, for each point of the checklist and each recorded scene, tests that exist."""

import ast
import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent


def names_in_python():
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.stem}.{node.name}"


def names_in_swift():
    for path in HERE.parent.rglob("*.swift"):
        suite = path.stem.partition("+")[0]
        for name in re.findall(r"@Test\b[^{}]*?\bfunc (\w+)", path.read_text()):
            yield f"{suite}.{name}"


@pytest.mark.parametrize("mark, count", [("", 30), ("W", 15)])
def test_every_point_has_tests_that_exist(mark, count):
    rows = re.findall(rf"^\| {mark}(\d+) \| [^|]+ \| ([^|]+) \|$", (HERE / "README.md").read_text(), re.M)
    assert [int(number) for number, _ in rows] == list(range(1, count + 1))
    known = {*names_in_python(), *names_in_swift()}
    named = {name for _, tests in rows for name in re.findall(r"`([^`]+)`", tests)}
    assert all("`" in tests for _, tests in rows) and named <= known, sorted(named - known)
    assert "SpaceModelTests.theHostAgreesWithTheModel" in known
