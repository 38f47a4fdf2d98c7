"""What is kept for spaces that nobody had hosted is bounded for each address and each owner, and hosting lifts the bound."""

from kit.tinycloud import KINDS
from kit.tinynode import Client, Node


def metric(node, name):
    return next(int(line.split()[1]) for line in node.get("/metrics").ok().text.splitlines() if line.split()[0] == name)


def test_an_address_has_so_many_kept(start):
    node = Node(start(options=["--unhosted-per-hour", "3"]))
    for number in range(3):
        node.activate(Client(node, KINDS[number % len(KINDS)]).prepared().proof)
    refused = node.delegate(Client(node, KINDS[0]).prepared().proof)
    refused.refused(429, "too many delegations")
    assert refused.reason == "senderQuota" and int(refused.headers["retry-after"]) > 0


def test_what_is_refused_anyway_does_not_count(start):
    node = Node(start(options=["--unhosted-per-hour", "1"]))
    for _ in range(3):
        assert node.post("/delegate", "x" * 40).status == 401
    node.activate(Client(node, KINDS[0]).prepared().proof)


def test_an_owner_has_so_many_kept_until_a_space_of_it_is_hosted(start):
    node = Node(start(options=["--unhosted-per-hour", "0", "--unhosted-edges-per-owner", "1"]))
    alice = Client(node, KINDS[0])
    sessions = [alice.prepared() for _ in range(6)]
    node.activate(sessions[0].proof)
    assert metric(node, "capservice_unhosted_edges") == 1  # of two spaces and what their owner has outside them
    refused = node.delegate(sessions[1].proof)
    refused.refused(402, "delegation-quota-exceeded")
    assert refused.reason == "unhostedQuota"
    alice.host()
    assert metric(node, "capservice_unhosted_edges") == 0
    for session in sessions[2:]:
        node.activate(session.proof)
    assert metric(node, "capservice_unhosted_edges") == 0
    node.activate(Client(node, KINDS[0]).prepared().proof)


def test_who_has_a_space_signs_in_as_often_as_it_likes(start):
    """With the settings that a service has by itself, for an address that many share."""
    node = Node(start(options=["--accounts-per-hour", "0"]))
    alice = Client(node, KINDS[0])
    alice.host()
    for _ in range(320):
        node.activate(alice.prepared().proof)
