"""Load a deployment the way visitors of a shop do: `make load`.

    make load                                   loads http://127.0.0.1:8080, page at :8089
    make load ARGS='--headless --users 200 --spawn-rate 20 --run-time 2m --host http://HOST'

Most requests ask for recommendations: mostly for one known user, sometimes for an unknown one,
for a visitor with a history, with filters, or for many users in one body.
"""

from __future__ import annotations

import random
from typing import Any

from locust import FastHttpUser, between, task

N_KNOWN = 500

known_users: list[str] = []
known_items: list[str] = []


class Visitor(FastHttpUser):
    """Somebody who looks at a page every second or so."""

    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        """Ask the service for names to use, unless another visitor has."""
        if known_users:
            return
        drawn = self.client.get("/random_users", params={"n": N_KNOWN}, name="names").json()
        asked = {"users": drawn[:50], "n": 10}
        answer = self.client.post("/recommendations", json=asked, name="names").json()
        known_items[:] = sorted({item for items in answer.values() for item in items})
        known_users[:] = drawn

    @task(60)
    def known_user(self) -> None:
        """Ask for one known user."""
        self.ask("known user", users=random.choice(known_users))

    @task(15)
    def new_user(self) -> None:
        """Ask for a user that the service doesn't know."""
        self.ask("new user", users=f"somebody {random.randrange(10**9)}")

    @task(10)
    def visitor(self) -> None:
        """Ask by the items that a visitor has looked at."""
        self.ask("visitor", history=",".join(random.sample(known_items, 3)))

    @task(10)
    def cheap_things(self) -> None:
        """Ask with a filter, and for details."""
        user = random.choice(known_users)
        self.ask("filters", users=user, n=10, price_max=50, detail="true")

    @task(3)
    def mailing(self) -> None:
        """Ask for many users at once."""
        body = {"users": random.sample(known_users, min(100, len(known_users)))}
        self.client.post("/recommendations", json=body, name="mailing of 100")

    @task(5)
    def similar(self) -> None:
        """Ask for items similar to one."""
        query = {"item": random.choice(known_items)}
        self.client.get("/similar_items", params=query, name="similar items")

    def ask(self, name: str, **query: Any) -> None:
        """Ask for recommendations; `name` groups the requests in the report."""
        self.client.get("/recommendations", params=query, name=name)
