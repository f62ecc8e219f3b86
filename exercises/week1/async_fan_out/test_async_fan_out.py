"""Visible examples for async_fan_out: run them with `pytest exercises/week1/async_fan_out`."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from async_fan_out import fan_out


@asynccontextmanager
async def service(answer):
    """A small HTTP server; `await answer(path)` gives the status and the body of each answer."""
    handlers = set()

    async def handle(reader, writer):
        handlers.add(asyncio.current_task())
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            status, body = await answer(request.split()[1].decode())
            head = f"HTTP/1.1 {status} Answer\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


def kind(reply):
    """The word that a reply's error starts with."""
    return reply.error and reply.error.partition(":")[0]


def test_replies_come_in_the_order_of_the_urls():
    async def answer(path):
        return 200, b'{"path": "%s"}' % path.encode()

    async def main():
        async with service(answer) as host:
            urls = [host + "/price", host + "/stock", host + "/price"]
            replies = await fan_out(urls, timeout_s=10)
        assert [reply.url for reply in replies] == urls
        assert [reply.status for reply in replies] == [200, 200, 200]
        assert [reply.json["path"] for reply in replies] == ["/price", "/stock", "/price"]
        assert [reply.error for reply in replies] == [None, None, None]

    asyncio.run(main())


def test_all_requests_are_in_flight_together():
    async def main():
        arrived, everybody = 0, asyncio.Event()

        async def answer(path):
            nonlocal arrived
            arrived += 1
            if arrived == 3:
                everybody.set()
            await everybody.wait()  # nobody is answered before the third request is here
            return 200, b"true"

        async with service(answer) as host:
            replies = await fan_out([host] * 3, timeout_s=10)
        assert [reply.json for reply in replies] == [True, True, True]

    asyncio.run(main())


def test_a_failing_service_shows_in_its_own_reply_only():
    async def answer(path):
        return {"/good": (200, b"1"), "/bad": (500, b"2"), "/html": (200, b"<html>")}[path]

    async def main():
        async with service(answer) as host:
            urls = [host + "/bad", "http://127.0.0.1:1/", host + "/html", "ftp://localhost/", host + "/good"]
            replies = await fan_out(urls, timeout_s=10)
        assert [reply.status for reply in replies] == [500, None, 200, None, 200]
        kinds = [kind(reply) for reply in replies]
        assert kinds == ["status", "connection", "invalid_json", "invalid_url", None]
        assert [reply.json for reply in replies] == [None, None, None, None, 1]

    asyncio.run(main())


def test_replies_that_came_before_the_deadline_are_kept():
    async def answer(path):
        if path == "/never":
            await asyncio.Event().wait()
        return 200, b'"here"'

    async def main():
        async with service(answer) as host:
            never, here = await fan_out([host + "/never", host + "/here"], timeout_s=2)
        assert (never.status, never.json, kind(never)) == (None, None, "timeout")
        assert (here.status, here.json, here.error) == (200, "here", None)

    asyncio.run(main())


def test_a_503_is_tried_again_and_a_404_is_not():
    async def main():
        asked = []

        async def answer(path):
            asked.append(path)
            if path == "/missing":
                return 404, b"{}"
            return (503, b"{}") if asked.count(path) < 3 else (200, b'"back"')

        async with service(answer) as host:
            missing, away = await fan_out([host + "/missing", host + "/away"], timeout_s=10, retries=2)
        assert (missing.status, kind(missing)) == (404, "status")
        assert (away.status, away.json, away.error) == (200, "back", None)
        assert sorted(asked) == ["/away", "/away", "/away", "/missing"]

    asyncio.run(main())


def test_cancellation_leaves_nothing_running():
    async def main():
        async def answer(path):
            call.cancel()
            await asyncio.Event().wait()

        async with service(answer) as host:
            call = asyncio.create_task(fan_out([host] * 3, timeout_s=60, limit=1))
            with pytest.raises(asyncio.CancelledError):
                await call
            names = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}}
        assert names <= {"service.<locals>.handle"}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("timeout_s", "limit", "retries"),
    [(0, None, 0), (float("nan"), None, 0), (1, 0, 0), (1, 1, -1)],
)
def test_wrong_arguments_are_refused(timeout_s, limit, retries):
    with pytest.raises(ValueError):  # noqa: PT011 - the message is yours
        asyncio.run(fan_out([], timeout_s=timeout_s, limit=limit, retries=retries))
