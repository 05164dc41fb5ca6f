"""Clients that would bring a service down, in a process of their own; they only talk to this machine.

Each attack keeps a number of connections busy in its own way: it opens one, does what it does
until the server answers or closes it, and begins again, until it is told to stop.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from typing import Final, NamedTuple
from urllib.parse import quote

from benchmarks.http.client import get

RAMP_S: Final = 1.5
"""Seconds over which the connections are opened."""

_PAUSE_S: Final = 1.0
_BUFFER_BYTES: Final = 4_096
_STATUS_BYTES: Final = 12
"""Of "HTTP/1.1 200"; slow readers read no more at once."""

_LOST: Final = 0
"""Counted for a connection that ended without an answer."""

_MARKS: Final = "a" + "\u0323\u0301" * 4_500
_ENTITY: Final = f"&#{'9' * 4_301};"

Attacker = Callable[[socket.socket, int, tuple[str, ...]], Awaitable[int]]
"""Uses one connection, given its number and names of known users, and returns a status."""


class Attack(NamedTuple):
    """One way to attack.

    Attributes:
        label: Its name in the table.
        n_connections: How many connections attack at a time.
        attacker: What each of them does.
    """

    label: str
    n_connections: int
    attacker: Attacker


def attack(name: str, port: int, users: tuple[str, ...], control: Connection) -> None:
    """Attack a service on this machine until `control` receives something.

    It sends something over `control` once all connections attack, and in the end how many
    answers there were of each status.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    control.send(asyncio.run(_attack(ATTACKS[name], port, users, control)))


async def _attack(
    attack: Attack, port: int, users: tuple[str, ...], control: Connection
) -> Counter[int]:
    statuses: Counter[int] = Counter()

    async def repeat(number: int) -> None:
        await asyncio.sleep(RAMP_S * number / attack.n_connections)
        while True:
            with socket.socket() as connection:
                connection.setblocking(False)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
                status = _LOST
                with suppress(OSError):
                    await _loop().sock_connect(connection, ("127.0.0.1", port))
                    status = await attack.attacker(connection, number, users)
                statuses[status] += 1
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(repeat(number)) for number in range(attack.n_connections)]
    await asyncio.sleep(RAMP_S)
    control.send("attacking")
    await asyncio.to_thread(control.recv)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return statuses


async def _slow_body(connection: socket.socket, number: int, _: tuple[str, ...]) -> int:
    """Announce a body, and send a byte of it now and then."""
    if number % 2:
        return await _trickle(connection, _post(b"", "Content-Length: 1000"), b" ")
    return await _trickle(connection, _post(b"", "Transfer-Encoding: chunked"), b"1\r\n \r\n")


async def _slow_head(connection: socket.socket, *_: object) -> int:
    """Send a byte of a header now and then."""
    return await _trickle(connection, get("/check_users?users=x")[:-2] + b"X-A: ", b"a")


async def _idle(connection: socket.socket, *_: object) -> int:
    """Say nothing."""
    return await _status(connection)


async def _slow_reader(connection: socket.socket, number: int, users: tuple[str, ...]) -> int:
    """Ask for the longest lists, and read a byte a second, or nothing."""
    await _loop().sock_sendall(connection, _largest_requests(users)[0])
    status = await _status(connection)
    if number % 2:
        await asyncio.sleep(10 * _PAUSE_S)
        return status
    with suppress(OSError):  # the server lets go of it
        while await _loop().sock_recv(connection, 1):
            await asyncio.sleep(_PAUSE_S)
    return status


async def _largest(connection: socket.socket, number: int, users: tuple[str, ...]) -> int:
    """Ask for as much as is allowed, and read all of it."""
    requests = _largest_requests(users)
    return await _exchange(connection, requests[number % len(requests)])


async def _hostile_name(connection: socket.socket, number: int, _: tuple[str, ...]) -> int:
    """Ask for names that are expensive to clean."""
    requests = _hostile_requests()
    return await _exchange(connection, requests[number % len(requests)])


async def _reload(connection: socket.socket, *_: object) -> int:
    """Have the data read again, as an operator may."""
    return await _exchange(connection, _post(b"", "Content-Length: 0", path="/reload_data"))


@cache
def _hostile_requests() -> tuple[bytes, ...]:
    """Write names that are as long as they may be, or longer, in every place where names may be."""
    longest = [_MARKS[:500] + str(number) for number in range(1_000)]
    return (
        get(f"/recommendations?users={quote(_MARKS)}"[:60_000]),
        get(f"/recommendations?users={quote(_ENTITY)}"),
        get(f"/check_users?users={','.join(quote(name) for name in longest[:19])}"),
        _post(json.dumps({"users": longest}, ensure_ascii=False).encode()),
        _post(json.dumps({"users": [_MARKS * 20]}).encode()),
        _post(b"[" * 1_000_000),
        get(f"/users/{quote(_ENTITY)}"),
    )


@cache
def _largest_requests(users: tuple[str, ...]) -> tuple[bytes, ...]:
    """Write requests that just fit MAX_USERS_PER_BODY and MAX_ITEMS_PER_REQUEST."""
    everybody = [f"{users[n % len(users)]} {n}" for n in range(10_000)]
    bodies = (
        {"users": everybody},
        {"users": users[:500], "n": 100},
        {"users": users[:250], "n": 100, "detail": True},
        {"users": users[:1_000], "price_min": 1, "price_max": 1_000},
    )
    return tuple(_post(json.dumps(body).encode()) for body in bodies)


def _post(body: bytes, *headers: str, path: str = "/recommendations") -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        *(headers or (f"Content-Length: {len(body)}",)),
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _trickle(connection: socket.socket, begin: bytes, byte: bytes) -> int:
    """Send one byte a second until there is an answer."""
    await _loop().sock_sendall(connection, begin)
    while True:
        with suppress(TimeoutError):
            return await asyncio.wait_for(_status(connection), _PAUSE_S)
        await _loop().sock_sendall(connection, byte)


async def _exchange(connection: socket.socket, request: bytes) -> int:
    """Send a request that asks for the connection to be closed, and read the whole answer."""
    closing = request.replace(b"Host: localhost", b"Host: localhost\r\nConnection: close", 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    await _loop().sock_sendall(connection, closing)
    status = await _status(connection)
    while await _loop().sock_recv(connection, 1 << 20):
        pass
    return status


async def _status(connection: socket.socket) -> int:
    head = await _loop().sock_recv(connection, _STATUS_BYTES)
    return int(head[9:12]) if head[9:12].isdigit() else _LOST


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


ATTACKS: Final = {
    "slow_bodies": Attack("400 slow bodies", 400, _slow_body),
    "slow_readers": Attack("300 slow readers", 300, _slow_reader),
    "slow_heads": Attack("500 slow heads", 500, _slow_head),
    "idle": Attack("5,000 idle connections", 5_000, _idle),
    "largest": Attack("8 × largest requests", 8, _largest),
    "names": Attack("8 × hostile names", 8, _hostile_name),
    "reloads": Attack("reloads", 1, _reload),
}
