"""Each kind of parameter accepts exactly what its schema allows, and names what it refuses."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.contract.parameter import Parameter
from api.contract.parameters import Flag, Names, Number, Text, WholeNumber
from api.contract.request_values import MAX_QUERY_BYTES, BodyValues, QueryValues
from api.wsgi.problems import ProblemError
from recsys.cleaning.text import MAX_NAME_LENGTH
from tests.support.hostile_text import hostile_texts

USERS = Names(name="users", meaning="", default=[], most=10_000, nouns="users", required=True)
N = WholeNumber(name="n", meaning="", default=5, low=1, high=100)
PRICE = Number(name="price", meaning="", low=0, high=1e9)
FLAG = Flag(name="flag", meaning="", default=True)
ITEM = Text(name="item", meaning="")
ALL: tuple[Parameter[Any], ...] = (USERS, N, PRICE, FLAG, ITEM)
NAMES = [each.name for each in ALL]

JSON = st.recursive(
    # A schema can't tell a NaN, which JSON doesn't have, from a number.
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)
NEAR_MISSES = st.one_of(
    JSON,
    st.integers(-2, 102),
    st.floats(-1, 101).map(lambda number: round(number, 1)),
    st.lists(st.text(" ,a\t\x1c\x85\u3000", max_size=3), max_size=3),
    st.text(" ,a\t\x1c\x85\u3000\ufeff", max_size=3),
    st.sampled_from(["true", "false", "1", "5"]),
    st.lists(st.integers(510, 514).map("x".__mul__), min_size=1, max_size=2),
    st.integers(510, 514).map(lambda length: "李" + " " * (length - 1)),
)


def read_query(text: str, parameter: Parameter[Any] = USERS) -> Any:
    """Read a query in the form that WSGI passes it."""
    return QueryValues(text.encode().decode("latin-1"), [parameter.name]).read(parameter)


def refusal(read: Callable[[], object]) -> ProblemError | None:
    """Return the refusal of a caller's mistake; any other error is raised."""
    try:
        read()
    except ProblemError as error:
        return error
    return None


@pytest.mark.parametrize("parameter", ALL, ids=lambda each: each.name)
@settings(deadline=None)
@given(value=NEAR_MISSES)
def test_a_body_takes_what_the_schema_allows_and_nothing_else(
    parameter: Parameter[Any], value: Any
) -> None:
    body = BodyValues(json.dumps({parameter.name: value}).encode(), [parameter.name])
    valid = jsonschema.Draft202012Validator(parameter.schema()).is_valid(value)
    refused = refusal(lambda: body.read(parameter))
    assert (refused is None) == valid
    assert refused is None or refused.status == 400
    assert refused is None or f"'{parameter.name}'" in str(refused)


def test_blank_means_the_same_in_schemas_as_in_python() -> None:
    text, name = re.compile(ITEM.schema()["pattern"]), USERS.schema()["contains"]["pattern"]
    for character in map(chr, range(sys.maxunicode + 1)):
        assert bool(text.search(character)) == bool(character.strip())
        assert bool(re.search(name, character)) == bool(character.strip(", ").strip())


@settings(deadline=None)
@given(names=st.lists(st.text(max_size=200), max_size=20), in_place_of_space=st.sampled_from("+ "))
def test_any_names_come_through_a_query_trimmed_and_distinct(
    names: list[str], in_place_of_space: str
) -> None:
    names = [name.encode("utf-8", "replace").decode() for name in names]
    quoting = quote_plus if in_place_of_space == "+" else quote
    query = urlencode([("users", name) for name in [*names, "x", "y"]], quote_via=quoting)
    stripped = [name.strip() for name in [*names, "x", "y"]]
    expected = list(dict.fromkeys(name for name in stripped if re.search(r"[^,\s]", name)))
    assert read_query(query) == expected


@settings(deadline=None)
@given(names=st.lists(st.text("aé李, \x00\n%&=+;/\ufeff", max_size=5), min_size=1, max_size=5))
def test_a_single_value_is_a_list_whatever_is_encoded_in_it(names: list[str]) -> None:
    joined = ",".join(names)
    expected = list(dict.fromkeys(filter(None, (name.strip() for name in joined.split(",")))))
    for query in (f"users={quote(joined)}", f"users={quote(joined, safe=',/')}"):
        if expected:
            assert read_query(query) == expected
        else:
            with pytest.raises(ProblemError, match="names no users"):
                read_query(query)


@settings(deadline=None)
@given(raw=st.binary(max_size=300))
def test_no_bytes_of_a_query_cause_anything_but_a_refusal(raw: bytes) -> None:
    text = raw.decode("latin-1")
    for parameter in ALL:
        for query in (text, f"{parameter.name}={text}"):
            refused = refusal(lambda: QueryValues(query, NAMES).read(parameter))  # noqa: B023 - called at once
            assert refused is None or refused.status == 400


@settings(deadline=None)
@given(raw=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode()))
def test_no_bytes_of_a_body_cause_anything_but_a_refusal(raw: bytes) -> None:
    for body in (raw, b'{"users": ' + raw + b"}", b'{"users": ["' + raw + b'"]}'):
        refused = refusal(lambda: BodyValues(body, NAMES).read(USERS))  # noqa: B023 - called at once
        assert refused is None or refused.status == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("users=a&users=b,%20c", ["a", "b, c"]),
        ("users=a,b&users=", ["a,b"]),
        ("users=a%00b", ["a\x00b"]),
        ("users=%ff%fe", ["\ufffd\ufffd"]),
        ("users=%", ["%"]),
        ("users=%zz%4", ["%zz%4"]),
        ("users=a;b", ["a;b"]),
        ("users=a=b", ["a=b"]),
        ("users=é", ["é"]),
        ("users=%C3%A9,%E9", ["é", "\ufffd"]),
        ("users=%u0041", ["%u0041"]),
        ("users=a%26users=b", ["a&users=b"]),
        ("&&users=a&", ["a"]),
        ("users=%2525", ["%25"]),
    ],
)
def test_odd_queries_are_read_as_written(query: str, expected: list[str]) -> None:
    assert read_query(query) == expected


@settings(max_examples=200, deadline=None)
@given(text=hostile_texts)
def test_hostile_text_is_read_as_written_or_refused_for_its_length(text: str) -> None:
    sent = text.encode(errors="replace").decode()
    in_query = urlencode([("users", sent), ("users", "x")])
    in_body = json.dumps({"users": [text, "x"]}).encode()
    if len(sent) > MAX_NAME_LENGTH:
        for read in (lambda: read_query(in_query), lambda: BodyValues(in_body, NAMES).read(USERS)):
            assert f"a name of {len(sent):,} characters; at most 512" in str(refusal(read))
        return
    names = [sent.strip()] if re.search(r"[^,\s]", sent) else []
    assert read_query(in_query) == list(dict.fromkeys([*names, "x"]))
    assert len(BodyValues(in_body, NAMES).read(USERS)) == len({*names, "x"})


def test_names_of_512_characters_and_10_000_users_are_read_and_no_more() -> None:
    long = "李" * MAX_NAME_LENGTH
    assert read_query(f"users={long}") == [long]
    for names in (long + "x", f"a,{long}x", f"{long}%CC%81"):
        with pytest.raises(ProblemError, match="'users' has a name of 513 characters; at most 512"):
            read_query(f"users={names}")
    many = [f"u{i}" for i in range(10_000)]
    assert read_query("users=" + ",".join(many)) == many
    with pytest.raises(ProblemError, match="names 10,001 users; at most 10,000 are allowed"):
        read_query("users=" + ",".join([*many, "v"]))


def test_a_query_may_have_60_000_bytes_and_not_one_more() -> None:
    longest = "users=" + "x," * (MAX_QUERY_BYTES // 2 - 3)
    assert read_query(longest) == ["x"]
    with pytest.raises(ProblemError, match="60,001 bytes; at most 60,000 are allowed") as caught:
        read_query(longest + "x")
    assert caught.value.status == 414


@pytest.mark.parametrize("name", ["users[]", "users[0]", "users.0", "USERS", " users", "users%00"])
def test_what_only_looks_like_a_parameter_is_unknown(name: str) -> None:
    with pytest.raises(ProblemError, match="is unknown; allowed: users"):
        read_query(f"{name}=a")


def test_a_message_shows_what_came_shortened() -> None:
    with pytest.raises(ProblemError) as caught:
        read_query("n=" + "x" * 50_000, N)
    assert len(str(caught.value)) < 200
    with pytest.raises(ProblemError) as caught:
        BodyValues(b'{"n": [' + b"[1]," * 9_999 + b"1]}", ["n"]).read(N)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "value", [[[1]] * 500_000, {str(n): [n] for n in range(200_000)}, int("9" * 4_299), 1e308]
)
def test_a_message_about_a_large_value_is_short_and_quick(value: Any) -> None:
    started = time.perf_counter()
    message = str(N.refuse(value, "expected a whole number"))
    assert time.perf_counter() - started < 0.1
    assert len(message) < 200


def test_hostile_values_take_no_longer_than_their_length_explains() -> None:
    started = time.perf_counter()
    for query in (
        "price=" + "0" * 29_000 + "." + "0" * 29_000 + "e",
        "price=" + "9" * 59_000,
        "n=" + "9" * 59_000,
        "users=" + "," * 59_000,
        "users=" + "a," * 29_000,
        "users&" * 9_000,
        "x&" * 29_000,
    ):
        for each in (USERS, PRICE, N):
            refusal(lambda: QueryValues(query, NAMES).read(each))  # noqa: B023 - called at once
    assert time.perf_counter() - started < 2
