"""A small validator of lexicons, independent of the one in the service."""

import json
import pathlib
import re

from . import data

ROOT = pathlib.Path(__file__).resolve().parents[3] / "fixtures/vectors/atproto"
NSID = r"[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+(\.[a-zA-Z][a-zA-Z0-9]{0,62})"
DID = r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"
KEY = r"(?!\.{1,2}(/|$))[a-zA-Z0-9._:~-]{1,512}"
HANDLE = r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
SPACE = rf"at://{DID}/space/{NSID}/{KEY}"
FORMATS = {
    "nsid": NSID, "did": DID, "record-key": KEY, "handle": HANDLE, "space-ref": SPACE,
    "at-identifier": f"({DID})|({HANDLE})", "tid": r"[234567abcdefghij][234567a-z]{12}",
    "at-uri": rf"({SPACE}(/{DID}/{NSID}/{KEY})?)|(at://(({DID})|({HANDLE}))(/{NSID}(/{KEY})?)?)",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)",
    "cid": r"b[a-z2-7]{58}", "uri": r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+", "language": r"[a-zA-Z0-9-]+",
}


class Invalid(AssertionError):
    pass


def load(*folders):
    documents = {}
    for folder in folders:
        for path in sorted((ROOT / folder).glob("*.json")):
            document = json.loads(path.read_text())
            documents.setdefault(document["id"], []).append(document)
    return documents


class Lexicons:
    """Every known form of each document: what we answer must satisfy all of them."""

    def __init__(self):
        self.documents = load("lexicons/space", "lexicons/simplespace", "lexicons-late")

    def methods(self):
        return {
            nsid: forms[0]["defs"]["main"]["type"] for nsid, forms in self.documents.items()
            if forms[0]["defs"].get("main", {}).get("type") in ("query", "procedure")
        }

    def check_output(self, nsid, body):
        for document in self.documents.get(nsid, []):
            output = document["defs"]["main"].get("output")
            if output and "schema" in output:
                self.check(body, output["schema"], document, nsid)

    def check_input(self, nsid, body, form=0):
        document = self.documents[nsid][form]
        self.check(body, document["defs"]["main"]["input"]["schema"], document, nsid)

    def errors(self, nsid):
        return {error["name"] for form in self.documents.get(nsid, []) for error in form["defs"]["main"].get("errors", [])}

    def definition(self, reference, document):
        nsid, _, name = reference.partition("#")
        found = document if not nsid else self.documents[nsid][0]
        return found["defs"][name or "main"], found

    def check(self, value, schema, document, path):
        kind = schema["type"]
        getattr(self, "check_" + kind.replace("-", "_"))(value, schema, document, path)

    def fail_unless(self, truth, path, what, value):
        if not truth:
            raise Invalid(f"{path}: {what}, not {json.dumps(value)[:200]}")

    def check_boolean(self, value, schema, document, path):
        self.fail_unless(isinstance(value, bool), path, "a boolean", value)

    def check_integer(self, value, schema, document, path):
        self.fail_unless(isinstance(value, int) and not isinstance(value, bool), path, "an integer", value)
        self.fail_unless(schema.get("minimum", value) <= value <= schema.get("maximum", value), path, "in range", value)

    def check_string(self, value, schema, document, path):
        self.fail_unless(isinstance(value, str), path, "a string", value)
        size = len(value.encode())
        self.fail_unless(schema.get("minLength", size) <= size <= schema.get("maxLength", size), path, "of length", value)
        self.fail_unless(value in schema.get("enum", [value]), path, f"one of {schema.get('enum')}", value)
        if "format" in schema:
            self.fail_unless(re.fullmatch(FORMATS[schema["format"]], value), path, f"a {schema['format']}", value)

    def check_bytes(self, value, schema, document, path):
        self.fail_unless(isinstance(value, dict) and set(value) == {"$bytes"}, path, "bytes", value)
        data.from_base64(value["$bytes"])

    def check_unknown(self, value, schema, document, path):
        self.fail_unless(isinstance(value, dict), path, "an object", value)

    def check_array(self, value, schema, document, path):
        self.fail_unless(isinstance(value, list), path, "an array", value)
        for index, item in enumerate(value):
            self.check(item, schema["items"], document, f"{path}/{index}")

    def check_object(self, value, schema, document, path):
        self.fail_unless(isinstance(value, dict), path, "an object", value)
        for name in schema.get("required", []):
            self.fail_unless(name in value, path, f"with a member {name}", value)
        for name, part in schema.get("properties", {}).items():
            if name not in value or value[name] is None and name in schema.get("nullable", []):
                continue
            self.check(value[name], part, document, f"{path}/{name}")

    def check_ref(self, value, schema, document, path):
        definition, home = self.definition(schema["ref"], document)
        self.check(value, definition, home, path)

    def check_union(self, value, schema, document, path):
        self.fail_unless(isinstance(value, dict) and isinstance(value.get("$type"), str), path, "with a $type", value)
        names = {document["id"] + ref if ref.startswith("#") else ref: ref for ref in schema["refs"]}
        if value["$type"] in names:
            return self.check_ref(value, {"ref": names[value["$type"]]}, document, path)
        self.fail_unless(not schema.get("closed"), path, f"one of {sorted(names)}", value)
