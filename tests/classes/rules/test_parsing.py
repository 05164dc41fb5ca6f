"""Rules are read as their schema says, and what isn't one is refused with the reason."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.contract.rule_list import RULE
from classes.rules.document import RuleDocument
from classes.rules.parsing import MOST_RULES, MOST_SCENARIOS, RuleError, parse_rule, parse_rules

HIDE = {"id": "h", "action": "hide", "item": "blue kettle"}
VALID: dict[str, Any] = {
    "id": "summer",
    "action": "boost",
    "items": ["blue kettle", "red lamp"],
    "category": "kettles",
    "brand": "Blue & Co",
    "price_min": 0,
    "price_max": 20.5,
    "by": 1,
    "from": "2026-06-01T00:00:00Z",
    "until": "2026-09-01T02:00+02:00",
    "scenario": "home",
    "note": "what people read",
}
NEAR_MISSES = st.one_of(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    st.integers(-1, 102) | st.floats(-1, 52),
    st.sampled_from(["hide", "pin", " ", "", "a" * 64, "a" * 65, "a" * 512, "a" * 513]),
    st.lists(st.sampled_from(["blue kettle", "", 1]), max_size=2),
    st.sampled_from(["2026-06-01T00:00:00Z", "2026-06-01", "2026-06-01T00:00", "20260601T0000Z"]),
)


def test_a_rule_is_read_whole() -> None:
    rule = parse_rule(VALID)
    assert (rule.id, rule.action, rule.items) == ("summer", "boost", ("blue kettle", "red lamp"))
    assert (rule.category, rule.brand, rule.scenario) == ("kettles", "Blue & Co", "home")
    assert (rule.price_min, rule.price_max, rule.offset) == (0.0, 20.5, 1.0)
    assert rule.ends_at - rule.starts_at == 92 * 86_400
    assert parse_rule({**HIDE, "action": "bury", "by": 0.5}).offset == -0.5


def test_what_is_read_is_written_as_it_came() -> None:
    document = RuleDocument(3, "2026-06-01T00:00:00+00:00", parse_rules([VALID, HIDE]))
    written = json.loads(json.dumps(document.to_json()))
    assert written["rules"] == [VALID, HIDE]
    assert RuleDocument.from_json(written, 3) == document
    with pytest.raises(RuleError):
        RuleDocument.from_json(written, 4)


@settings(deadline=None, max_examples=300)
@given(member=st.sampled_from(sorted({*VALID, "item", "place", "other"})), value=NEAR_MISSES)
def test_each_member_may_be_what_its_schema_allows_and_nothing_else(
    member: str, value: Any
) -> None:
    schema = RULE["properties"].get(member, False)
    valid = jsonschema.Draft202012Validator(schema).is_valid(value)
    try:
        parse_rule({**HIDE, member: value})
        refused = ""
    except RuleError as error:
        refused = str(error)
    assert valid or refused.startswith("Rule 1 (")
    # A valid member may not fit the others, which no schema of one member can say.
    assert not (valid and "expected" in refused)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"item": None}, "'item' is None; expected text of 1 to 512 characters"),
        ({"price": 3}, "has 'price'; a rule may have id, action, item, "),
        ({"action": "push"}, "'action' is 'push'; expected one of hide, pin, boost, bury"),
        ({"items": ["a"]}, "has both 'item' and 'items'"),
        ({"place": 2}, "takes no 'place', since its action is 'hide'"),
        ({"action": "pin"}, "needs 'place', since its action is 'pin'"),
        ({"action": "boost"}, "needs 'by', since its action is 'boost'"),
        ({"action": "boost", "by": 50.5}, "'by' is 50.5; expected a number above 0 and up to 50"),
        ({"action": "boost", "by": float("nan")}, "'by' is nan; expected a number above 0"),
        ({"action": "pin", "place": 0}, "'place' is 0; expected a whole number from 1 to 100"),
        ({"action": "pin", "place": 1, "brand": "b"}, "pins more than one item"),
        ({"price_min": 3, "price_max": 2}, "has a price_min above its price_max"),
        ({"from": "2026-02-30T00:00Z"}, "expected a time with its zone, such as 2026-12-24T"),
        ({"from": "2026-02-03T00:00"}, "expected a time with its zone, such as 2026-12-24T"),
        ({"from": "2026-02-03T00:00Z", "until": "2026-02-03T01:00+01:00"}, "ends before it begins"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rules([HIDE, {**HIDE, "id": "second", **changes}])
    assert str(refused.value).startswith("Rule 2 ('second')")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({}, "isn't a list"),
        ([3], "Rule 1 is 3; expected a JSON object"),
        ([{"action": "hide", "item": "a"}], "Rule 1 has no 'id'"),
        ([{"id": "a", "action": "hide"}], "Rule 1 ('a') names no items"),
        ([HIDE, HIDE], "Rule 2 has the id 'h' of an earlier one"),
        ([HIDE] * (MOST_RULES + 1), "There are 5,001 rules; at most 5,000"),
        (
            [{**HIDE, "id": str(i), "scenario": str(i)} for i in range(MOST_SCENARIOS + 1)],
            "name 21 scenarios; at most 20",
        ),
    ],
)
def test_rules_that_do_not_fit_together_are_refused(rules: Any, reason: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rules(rules)
    assert reason in str(refused.value)
