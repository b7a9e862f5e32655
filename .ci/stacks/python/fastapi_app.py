"""Both operations in FastAPI, with its defaults, under Uvicorn."""

import os
import re
from typing import Annotated

import uvicorn
from action import MACHINES, MEND, TYPES, action, is_host, loads, refusal
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

app = FastAPI()


class Strict(Request):
    async def json(self):
        return loads(await self.body())


class StrictRoute(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def strict(request):
            return await handle(Strict(request.scope, request.receive))

        return strict


async def mended(scope, receive, send):
    """Take a whole URL for its path, and refuse what is not one host."""
    if scope["type"] == "http":
        scope["path"] = re.sub("^https?://[^/]*", "", scope["path"])
        if not is_host([value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]):
            return await Response(status_code=400)(scope, receive, send)
    await app(scope, receive, send)


if MEND:
    app.router.route_class = StrictRoute


class ActionRequest(BaseModel):
    Comment: Annotated[str, Field(pattern=r"\S")]
    Sha1: Annotated[str, Field(pattern="^[0-9a-fA-F]{40}$")]


def authorize(authorization: Annotated[str | None, Header()] = None):
    if refused := refusal(authorization):
        status, headers = refused
        raise HTTPException(status, headers=headers)


def act(operation):
    def handler(machine: str, body: ActionRequest):
        if machine not in MACHINES:
            raise HTTPException(404, "no such machine")
        return action(TYPES[operation], machine, body.Comment, body.Sha1)

    return handler


for name in TYPES:
    path = "/testwdatppreview/machines/{machine}/" + name
    app.post(path, status_code=201, dependencies=[Depends(authorize)], name=name)(act(name))

if __name__ == "__main__":
    uvicorn.run(mended if MEND else app, port=int(os.environ["PORT"]))
