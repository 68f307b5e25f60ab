"""Middlewares in one task: each is asked, in the same order and with the same effect as in Starlette's own stack."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from riskset_server.engine.middlewares import InOneTask


class Noting(BaseHTTPMiddleware):
    """Notes in which task it runs, before and after the rest; adds a header."""

    def __init__(self, app, name, tasks):
        super().__init__(app)
        self._name, self._tasks = name, tasks

    async def dispatch(self, request, call_next):
        self._tasks.append((self._name, asyncio.current_task()))
        request.state.seen = [*getattr(request.state, "seen", []), self._name]
        response = await call_next(request)
        self._tasks.append((self._name, asyncio.current_task()))
        response.headers.append("passed", self._name)
        return response


class Guard(BaseHTTPMiddleware):
    """Reads the body, and refuses one."""

    async def dispatch(self, request, call_next):
        if await request.body() == b"a stranger's":
            raise HTTPException(401, "unknown")
        return await call_next(request)


async def translate(request, call_next):
    try:
        return await call_next(request)
    except HTTPException as error:
        return JSONResponse({"refused": error.detail}, error.status_code)
    except ZeroDivisionError:
        return Response("fault", 500)


def answers(in_one_task):
    """Returns what three requests are answered, and the notes of each request."""
    notes, tasks = [], []

    async def endpoint(request):
        tasks.append(("endpoint", asyncio.current_task()))
        body = await request.body()
        if body == b"fails":
            raise ZeroDivisionError
        return JSONResponse({"seen": request.state.seen, "body": body.decode()}, headers={"own": "header"})

    middlewares = [
        Middleware(Noting, name="outer", tasks=tasks),
        Middleware(BaseHTTPMiddleware, dispatch=translate),
        Middleware(Guard),
        Middleware(Noting, name="inner", tasks=tasks),
    ]
    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])], middleware=middlewares)
    if in_one_task:
        app.user_middleware = [Middleware(InOneTask, app.user_middleware)]

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
            for body in (b"a site's", b"a stranger's", b"fails"):
                response = await client.post("/", content=body)
                yield response.status_code, response.content, sorted(response.headers.multi_items())
                notes.append(list(tasks))
                tasks.clear()

    async def all_of_them():
        return [one async for one in ask()]

    return asyncio.run(all_of_them()), notes


def test_answers_are_those_of_starlette_s_own_stack():
    (ours, our_notes), (starlette_s, its_notes) = answers(True), answers(False)
    assert ours == starlette_s
    assert [[name for name, _ in notes] for notes in our_notes] == [[name for name, _ in notes] for notes in its_notes]
    assert [status for status, _, _ in ours] == [200, 401, 500]
    assert our_notes[1] == [note for note in our_notes[1] if note[0] == "outer"], "the refused one came no further"


def test_a_request_costs_no_task_of_its_own_in_each_middleware():
    """A task, a group of tasks and a stream each were two thirds of the server's time."""
    assert [len({task for _, task in notes}) for notes in answers(False)[1]] != [1, 1, 1]
    assert [len({task for _, task in notes}) for notes in answers(True)[1]] == [1, 1, 1]


def test_one_that_is_not_of_starlette_s_kind_is_not_left_out():
    class Other:
        def __init__(self, app):
            pass

    with pytest.raises(TypeError, match="Other"):
        InOneTask(Starlette(), [Middleware(Other)])
