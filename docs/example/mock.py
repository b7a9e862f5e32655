"""A mock of both actions, on the port of this machine that its argument names; docs/guide-mock.md leads through it."""
import contextlib, hashlib, json, re, sys, uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "a-token-it-knows"
PATH = re.compile(r"(?:http://[^/]+)?/testwdatppreview/machines/([^/]+)/(requestSample|stopAndQuarantineFile)")


def is_hash(value):
    return isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{40}", value)


def is_comment(value):
    return isinstance(value, str) and value.strip()


class Mock(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if "Transfer-Encoding" in self.headers:
            return self.answer(411, {"error": "want a Content-Length"}, {"Connection": "close"})
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = PATH.fullmatch(self.path)
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not re.fullmatch(r"[\w.:-]+", hosts[0].strip()):
            return self.answer(400, {"error": "want one Host"})
        if not operation:
            return self.answer(404, {"error": "no such operation"})
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() != TOKEN:
            return self.answer(401, {"error": "no valid token"}, {"WWW-Authenticate": "Bearer"})
        if self.headers.get("Content-Type", "application/json").split(";")[0].strip().lower() != "application/json":
            return self.answer(415, {"error": "want application/json"})
        try:
            body = json.loads(text, parse_constant=int)  # int refuses NaN
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or not is_hash(body.get("Sha1")):
            return self.answer(400, {"error": "want an object with a Comment, and a Sha1 of 40 hexadecimal digits"})
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.answer(201, {
            "@odata.context": "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
            "id": str(uuid.uuid4()), "type": operation[2][0].upper() + operation[2][1:], "status": "InProgress",
            "sha1": body["Sha1"], "fileId": body["Sha1"], "machineId": hashlib.sha1(operation[1].encode()).hexdigest(),
            "requestor": "analyst@contoso.com", "requestorComment": body.get("Comment", ""),
            "creationDateTimeUtc": now, "lastUpdateDateTimeUtc": now,
            "fileInstances": [{"filePath": r"C:\Windows\System32\conhost.exe", "status": "InProgress"}]})

    def other(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))  # what is left unread is taken for the next request
        self.answer(405, {"error": "POST alone"}, {"Allow": "POST"})

    do_GET = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = other

    def answer(self, status, body, fields={}):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a client may close its connection before the answer is complete
            super().handle()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Mock).serve_forever()
