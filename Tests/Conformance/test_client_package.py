"""The unchanged `atproto` client of PyPI logs in and works."""

import pytest
from atproto import Client
from atproto_client.exceptions import AtProtocolError
from atproto_client.models.dot_dict import DotDict

from kit.people import FORUM, MEMBER_LIST, OPEN_TO_APPS, PASSWORD, POST


def test_client_logs_in_refreshes_and_resumes(service, alice):
    client = Client(base_url=service.url)
    with pytest.warns(UserWarning):  # it says that there is no Bluesky profile here
        assert client.login(alice.handle, PASSWORD) is None
    assert client._session.did == alice.did
    assert client.com.atproto.server.get_session().handle == alice.handle
    client._refresh_and_set_session()
    again = Client(base_url=service.url)
    again.login(session_string=client.export_session_string(), fetch_bsky_profile=False)
    assert again.com.atproto.server.get_session().did == alice.did
    assert again.com.atproto.identity.resolve_handle({"handle": alice.handle}).did == alice.did


def test_client_with_a_wrong_password(service, alice):
    with pytest.raises(AtProtocolError):
        Client(base_url=service.url).login(alice.handle, "wrong", fetch_bsky_profile=False)


def test_client_writes_into_a_space(service, alice):
    client = Client(base_url=service.url)
    client.login(alice.handle, PASSWORD, fetch_bsky_profile=False)
    headers = {"Content-Type": "application/json"}
    made = client.invoke_procedure(
        "com.atproto.simplespace.createSpace", headers=headers,
        data=DotDict({"type": FORUM, "policy": MEMBER_LIST, "appAccess": OPEN_TO_APPS}))
    space = made.content["uri"]
    blob = client.com.atproto.repo.upload_blob(b"picture").blob
    record = {"$type": POST, "text": "hello", "picture": blob.model_dump(by_alias=True, mode="json")}
    written = client.invoke_procedure(
        "com.atproto.space.createRecord", headers=headers,
        data=DotDict({"space": space, "repo": client._session.did, "collection": POST, "record": record})).content
    read = client.invoke_query(
        "com.atproto.space.getRecord",
        params=DotDict({
            "space": space, "repo": client._session.did, "collection": POST, "rkey": written["uri"].split("/")[-1]}))
    assert read.content["cid"] == written["cid"] and read.content["value"]["text"] == "hello"
