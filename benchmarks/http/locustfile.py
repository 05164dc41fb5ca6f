"""Load for a deployment of one's own, as visitors of a shop make it: `make load`.

    make load                                   asks http://127.0.0.1:8080, page at :8089
    make load ARGS='--headless --users 200 --spawn-rate 20 --run-time 2m --host http://HOST'

Nine of ten requests recommend: mostly to one known user, sometimes to somebody new, to a
visitor with a history, with filters, or to many at once by a body.
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
        """Ask the service for names to use, if no visitor has yet."""
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
        """Ask for somebody the service doesn't know."""
        self.ask("new user", users=f"somebody {random.randrange(10**9)}")

    @task(10)
    def visitor(self) -> None:
        """Ask for somebody by what they have looked at."""
        self.ask("visitor", history=",".join(random.sample(known_items, 3)))

    @task(10)
    def cheap_things(self) -> None:
        """Ask with filters and for details."""
        user = random.choice(known_users)
        self.ask("filters", users=user, n=10, price_max=50, detail="true")

    @task(3)
    def mailing(self) -> None:
        """Ask for many users at once."""
        body = {"users": random.sample(known_users, min(100, len(known_users)))}
        self.client.post("/recommendations", json=body, name="mailing of 100")

    @task(5)
    def similar(self) -> None:
        """Look at an item."""
        query = {"item": random.choice(known_items)}
        self.client.get("/similar_items", params=query, name="similar items")

    def ask(self, name: str, **query: Any) -> None:
        """Ask for recommendations, told apart in the report by a name."""
        self.client.get("/recommendations", params=query, name=name)
