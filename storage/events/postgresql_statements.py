"""The tables of events in a PostgreSQL database, and the statements about them."""

from __future__ import annotations

from typing import Final

IS_THERE: Final = "SELECT to_regclass('recommender_event_state')"
SCHEMA: Final = """
SELECT pg_advisory_xact_lock(1919247215);
CREATE TABLE IF NOT EXISTS recommender_events (
    seq bigint PRIMARY KEY, person bigint NOT NULL, user_name text NOT NULL, item text NOT NULL,
    kind smallint NOT NULL, time_us bigint NOT NULL, value double precision,
    event_id text UNIQUE);
CREATE INDEX IF NOT EXISTS recommender_events_person ON recommender_events (person);
CREATE TABLE IF NOT EXISTS recommender_event_tombstones (
    name_hash bytea PRIMARY KEY, seq bigint NOT NULL, time_us bigint NOT NULL);
CREATE TABLE IF NOT EXISTS recommender_event_state (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), name_key bytea NOT NULL,
    last_seq bigint NOT NULL, n_events bigint NOT NULL);
"""
BEGIN: Final = """
INSERT INTO recommender_event_state (name_key, last_seq, n_events) VALUES (%s, 0, 0)
ON CONFLICT DO NOTHING
"""
INSERT: Final = """
INSERT INTO recommender_events
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::smallint[],
                     %s::bigint[], %s::double precision[], %s::text[])
ON CONFLICT (event_id) DO NOTHING RETURNING seq
"""
NUMBER: Final = """
UPDATE recommender_event_state
SET last_seq = greatest(last_seq + 1, (extract(epoch FROM clock_timestamp()) * 1e6)::bigint) + %s
RETURNING last_seq, n_events
"""
COUNT: Final = "UPDATE recommender_event_state SET n_events = n_events + %s"
SWEEP: Final = """
DELETE FROM recommender_events WHERE seq IN
    (SELECT seq FROM recommender_events WHERE seq <= %s ORDER BY seq LIMIT %s)
"""
EVENTS_AFTER: Final = """
SELECT user_name, item, kind, time_us, value, event_id, seq FROM recommender_events
WHERE seq > %s ORDER BY seq LIMIT %s
"""
TOMBSTONES_AFTER: Final = """
SELECT name_hash, seq, time_us FROM recommender_event_tombstones WHERE seq > %s ORDER BY seq
"""
LAST_SEQ: Final = "SELECT last_seq FROM recommender_event_state"
NAME_KEY: Final = "SELECT name_key FROM recommender_event_state"
FORGET: Final = "DELETE FROM recommender_events WHERE person = %s AND user_name = %s"
BURY: Final = """
INSERT INTO recommender_event_tombstones VALUES (%s, %s, %s)
ON CONFLICT (name_hash) DO UPDATE SET seq = excluded.seq, time_us = excluded.time_us
"""
LISTEN: Final = "LISTEN recommender_events"
TELL: Final = "NOTIFY recommender_events"
