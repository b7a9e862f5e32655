"""Both operations in aiohttp, with its defaults."""

import json
import os

from action import MACHINES, MEND, TYPES, action, is_host, loads, refusal, wrong
from aiohttp import web
from aiohttp.web_protocol import RequestPayloadError


def act(operation):
    async def handler(request):
        if refused := refusal(request.headers.get("Authorization")):
            status, headers = refused
            return web.Response(status=status, headers=headers)
        machine = request.match_info["machine"]
        if machine not in MACHINES:
            return web.json_response({"error": "no such machine"}, status=404)
        if request.content_type != "application/json":
            return web.json_response({"error": "want application/json"}, status=415)
        try:
            body = await request.json(loads=loads if MEND else json.loads)
        except (ValueError, LookupError, RequestPayloadError) if MEND else ValueError:
            return web.json_response({"error": "the body is not JSON"}, status=400)
        if problem := wrong(body):
            return web.json_response({"error": problem}, status=400)
        return web.json_response(action(TYPES[operation], machine, body["Comment"], body["Sha1"]), status=201)

    return handler


@web.middleware
async def hosts(request, handler):
    if not is_host(request.headers.getall("Host", [])):
        raise web.HTTPBadRequest
    return await handler(request)


app = web.Application(middlewares=[hosts] if MEND else [])
app.add_routes([web.post("/testwdatppreview/machines/{machine}/" + name, act(name)) for name in TYPES])

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]))
