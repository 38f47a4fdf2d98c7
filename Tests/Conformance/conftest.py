"""What the tests share: one open service, peers of their own, and services with a clock."""

import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from kit.peer import Peer  # noqa: E402
from kit.people import Person  # noqa: E402
from kit.service import OPEN, Service  # noqa: E402

# What is done to a file, or was left in one, says nothing of another store.
if os.environ.get("CONFORMANCE_STORE"):
    collect_ignore = ["test_damage.py", "test_former_releases.py"]


@pytest.fixture(scope="session")
def service():
    """The service that most tests share; its time is the real one."""
    made = Service()
    yield made
    made.stop()


@pytest.fixture
def start():
    """Starts services of a test's own and ends them with it."""
    made = []

    def start(options=OPEN, **rest):
        made.append(Service(options, **rest))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def clocked(start):
    """A service whose time stands still, begun at the real time."""
    return start(clock=int(time.time()))


@pytest.fixture
def peer():
    made = Peer()
    yield made
    made.close()


# Registering hashes a password, which takes its time: the tests of a file share these three, and make their own spaces.
@pytest.fixture(scope="module")
def alice(service):
    return Person(service, "alice")


@pytest.fixture(scope="module")
def bob(service):
    return Person(service, "bob")


@pytest.fixture(scope="module")
def carol(service):
    return Person(service, "carol")
