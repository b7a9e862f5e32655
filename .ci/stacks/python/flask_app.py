"""Both operations in Flask, with its defaults, under its own server."""

import os

from action import MACHINES, MEND, TYPES, action, is_host, loads, refusal, wrong
from flask import Flask, abort, request

app = Flask(__name__)
if MEND:  # and under Gunicorn in place of the development server
    app.json.loads = loads
    app.before_request(lambda: None if is_host(request.headers.getlist("Host")) else abort(400))


@app.post("/testwdatppreview/machines/<machine>/<any(requestSample, stopAndQuarantineFile):operation>")
def act(machine, operation):
    if refused := refusal(request.headers.get("Authorization")):
        return {"error": "refused"}, *refused
    if machine not in MACHINES:
        return {"error": "no such machine"}, 404
    body = request.get_json()
    if problem := wrong(body):
        return {"error": problem}, 400
    return action(TYPES[operation], machine, body["Comment"], body["Sha1"]), 201


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
