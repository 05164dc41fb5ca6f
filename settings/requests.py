"""Who may ask, and for how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from settings.setting import Setting


@dataclass(frozen=True)
class RequestSettings:
    """Who may ask, and for how much."""

    admin_token: Annotated[
        str,
        Setting(
            "ADMIN_TOKEN",
            "Bearer token of the operators' endpoints; without one they accept only this machine.",
        ),
    ] = field(default="", repr=False)  # a secret stays out of logs
    max_users_per_request: Annotated[
        int,
        Setting("MAX_USERS_PER_REQUEST", "Largest number of users in a request.", 1, 1_000_000),
    ] = 1_000
    max_users_per_body: Annotated[
        int,
        Setting(
            "MAX_USERS_PER_BODY",
            "Largest number of users in the body of `POST /recommendations`.",
            1,
            1_000_000,
        ),
    ] = 10_000
    max_items_per_request: Annotated[
        int,
        Setting(
            "MAX_ITEMS_PER_REQUEST",
            "Largest number of items ranked for a response: users times `offset` + `n`, twice that "
            "with `detail`, 100 more for each item with `explain`; for each user at least 10 with any "
            "option, and 100 with `diversity` or `max_per_category`.",
            10_000,
            100_000_000,
        ),
    ] = 50_000
    max_body_bytes: Annotated[
        int,
        Setting(
            "MAX_BODY_BYTES",
            "Largest body of `POST /recommendations`, in bytes.",
            1_024,
            1_073_741_824,
        ),
    ] = 2_097_152
    rate_limit: Annotated[
        str,
        Setting(
            "RATE_LIMIT",
            "Most requests from one client address to all workers together, such as "
            "`600/minute`; no limit by default.",
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Setting(
            "CORS_ORIGINS",
            "Comma-separated origins whose pages may read responses; `*` allows all.",
        ),
    ] = ""
