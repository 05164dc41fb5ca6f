"""Responses are sent in pieces to clients that take their time, within time and memory."""

from __future__ import annotations

import asyncio
from typing import Any

from api.asgi.sender import PIECE_BYTES, Response, ResponseSender


class Client:
    """Takes some messages and then stops reading."""

    def __init__(self, n_taken: int = 1_000_000) -> None:
        self.messages: list[dict[str, Any]] = []
        self._n_taken = n_taken

    async def send(self, message: Any) -> None:
        if len(self.messages) == self._n_taken:
            await asyncio.Future()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def is_complete(self) -> bool:
        return not self.messages[-1].get("more_body", False)


def response(n_bytes: int) -> Response:
    return Response(200, [(b"content-length", str(n_bytes).encode())], bytes(n_bytes))


def test_a_small_response_is_handed_over_at_once() -> None:
    client = Client()
    asyncio.run(ResponseSender(5.0).send(client.send, response(PIECE_BYTES)))
    assert [message["type"] for message in client.messages] == [
        "http.response.start",
        "http.response.body",
    ]
    assert len(client.body) == PIECE_BYTES


def test_a_large_response_goes_out_whole_in_pieces() -> None:
    client = Client()
    body = bytes(range(256)) * 1_000
    asyncio.run(ResponseSender(5.0).send(client.send, Response(200, [], body)))
    assert client.body == body
    assert client.is_complete
    assert max(len(message.get("body", b"")) for message in client.messages) == PIECE_BYTES


def test_a_client_that_stops_reading_is_given_up_in_the_middle() -> None:
    client, sender = Client(n_taken=3), ResponseSender(0.05)
    asyncio.run(sender.send(client.send, response(10 * PIECE_BYTES)))
    assert len(client.body) == 2 * PIECE_BYTES
    assert not client.is_complete
    assert not sender._waiting


def test_the_client_that_reads_for_longest_makes_room_for_the_next() -> None:
    async def run() -> list[bool]:
        sender = ResponseSender(5.0, max_waiting_bytes=25 * PIECE_BYTES)
        stuck = [
            asyncio.create_task(sender.send(Client(n_taken=2).send, response(10 * PIECE_BYTES)))
            for _ in range(4)
        ]
        await asyncio.sleep(0.05)
        reader = Client()
        await sender.send(reader.send, response(10 * PIECE_BYTES))
        assert reader.is_complete
        await asyncio.sleep(0.05)
        given_up = [task.done() for task in stuck]
        for task in stuck:
            task.cancel()
        return given_up

    assert asyncio.run(run()) == [True, True, True, False]
