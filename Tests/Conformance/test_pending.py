"""The list of methods that are not there yet is honest, so that it can only shrink."""

from kit import pending
from kit.xrpc import Caller
from test_older_names import all_methods


def test_listed_methods_are_not_there(service):
    anybody = Caller(service.url)
    for nsid in pending.NAMES:
        for verb in ("GET", "POST"):
            answer = anybody.send(verb, nsid, skip=False, json={} if verb == "POST" else None)
            assert answer.status == 501 and answer.error == "MethodNotImplemented", f"{nsid} is there: take it off the list"


def test_listed_methods_are_of_the_specification():
    assert pending.NAMES <= {"com.atproto.repo.uploadBlob", *all_methods()}
