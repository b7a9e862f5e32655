"""What the servers in this folder share: who may act, what a request has to be, and the answer."""

import json
import os
import re
import uuid
from datetime import UTC, datetime

MEND = os.environ.get("MEND") == "1"
MACHINES = os.environ["MACHINES"].split(",")
TYPES = {"requestSample": "RequestSample", "stopAndQuarantineFile": "StopAndQuarantineFile"}


def is_host(values):
    """Report whether the values of Host are one host."""
    return len(values) == 1 and re.fullmatch(r"[^\s/?#@]+", values[0]) is not None


def refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def loads(text, **options):
    """Read JSON as json.loads does, and raise ValueError for what is beyond RFC 8259 or too deep."""
    try:
        value = json.loads(text, parse_constant=refuse, **options)
        json.dumps(value, ensure_ascii=False).encode()  # no half of a surrogate pair
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def refusal(authorization):
    """Return the status and the header fields of a refusal for these credentials, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        return 401, {"WWW-Authenticate": "Bearer"}
    if token == os.environ["FMASPEC_UNPRIVILEGED_TOKEN"]:
        return 403, {}
    if token != os.environ["FMASPEC_TOKEN"]:
        return 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return None


def wrong(body):
    """Return what is wrong with a body, or None."""
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    comment, sha1 = body.get("Comment"), body.get("Sha1")
    if not isinstance(comment, str) or not comment.strip():
        return "Comment is missing"
    if not isinstance(sha1, str) or not re.fullmatch("[0-9a-fA-F]{40}", sha1):
        return "Sha1 is not 40 hexadecimal digits"
    return None


def action(kind, machine, comment, sha1):
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {
        "@odata.context": "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
        "id": str(uuid.uuid4()),
        "sha1": sha1,
        "type": kind,
        "requestor": "Analyst@contoso.com",
        "requestorComment": comment,
        "status": "InProgress",
        "fileId": sha1,
        "machineId": machine,
        "creationDateTimeUtc": now,
        "lastUpdateDateTimeUtc": now,
        "fileInstances": [{"filePath": r"C:\Windows\System32\conhost.exe", "status": "InProgress"}],
    }
