"""What somebody sees of an answer, and whether two answers can be told apart (design.md, law 9)."""

import re
from typing import NamedTuple

# What is new in every answer, and is compared by its shape.
VOLATILE = {
    "date": re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    "x-decision-id": re.compile(r"[0-9a-f]{16}"),
}
DECISION = re.compile(rb'("decision(?:Id)?":)"[0-9a-f]{16}"')
# When an answer was made; written with as many digits as it needs.
MOMENT = re.compile(rb'("at":)"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z"')


class Seen(NamedTuple):
    """An answer as it came, with a placeholder where it says again what was asked for."""

    status: int
    headers: tuple
    body: bytes


def seen(response, names):
    """What an answer shows; `names` gives what to write in the place of each text that was asked for."""
    headers = []
    body = MOMENT.sub(rb'\1"*"', DECISION.sub(rb'\1"*"', response.content))
    for name, value in response.headers.multi_items():
        if name == "content-length" and response.content:
            assert int(value) == len(response.content)
            value = str(len(body))
        if (shape := VOLATILE.get(name)) is not None:
            assert shape.fullmatch(value), f"{name}: {value}"
            value = "*"
        headers.append((name, value))
    for text, placeholder in names.items():
        body = body.replace(text.encode(), placeholder.encode())
        headers = [(name, value.replace(text, placeholder)) for name, value in headers]
    return Seen(response.status_code, tuple(headers), body)


def differences(one, other):
    """What tells two answers apart, a line for each."""
    found = []
    if one.status != other.status:
        found.append(f"status: {one.status} | {other.status}")
    if one.headers != other.headers:
        first, second = set(one.headers), set(other.headers)
        mine, theirs = (
            ", ".join(f"{name}: {value}" for name, value in sorted(part)) for part in (first - second, second - first))
        found.append(f"headers: {mine or 'in another order'} | {theirs}")
    if one.body != other.body:
        found.append(f"body: {one.body[:300]!r} | {other.body[:300]!r}")
    return found


def told_apart(ask, there, absent, thorough=True):
    """What tells two things apart of which one is there. `ask` takes a thing, a `dict`, and gives an answer of `httpx`;
    `thorough` asks twice, the second time in the other order."""
    names = {}
    for key in there:
        if there[key] != absent[key]:
            assert len(there[key]) == len(absent[key]), f"lengths of `{key}` tell the two apart"
            names[there[key]] = names[absent[key]] = "{" + key + "}"
    one, other = seen(ask(there), names), seen(ask(absent), names)
    found = differences(one, other)
    if found or not thorough:
        return found
    again = seen(ask(absent), names)
    return differences(seen(ask(there), names), again) or differences(other, again)
