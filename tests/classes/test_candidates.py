"""The filters of a request, and what a caller is told about a name that doesn't exist."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.errors import OptionError
from classes.options import RecommendationOptions
from storage.name_table import NameIndex
from tests.support.artifacts import write_tiny_data


def shop_with(folder: Path, name: str, labels: list[str]) -> AppDataProcessor:
    """A tiny shop whose categories or brands have other names."""
    arrays = AppDataProcessor.from_artifacts(write_tiny_data(folder, categories=True)).arrays
    return AppDataProcessor(arrays | NameIndex.of(sorted(labels)).arrays(f"{name}_name"))


def test_of_many_categories_with_long_names_three_alike_are_suggested_at_once(
    tmp_path: Path,
) -> None:
    many = [f"{number:05} shelf {'of the shop ' * 40}" for number in range(20_000)]
    shop = shop_with(tmp_path, "category", many)
    started = time.perf_counter()
    with pytest.raises(OptionError, match=r"of 20,000 categories are '1[12]\d\d\d .*', '1"):
        choose(shop, RecommendationOptions(category=("1234 shelf " + "of the shop " * 40,)))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(("name", "nouns"), [("category", "categories"), ("brand", "brands")])
def test_of_few_names_the_most_similar_are_suggested_wherever_they_stand(
    tmp_path: Path, name: str, nouns: str
) -> None:
    shop = shop_with(tmp_path, name, ["adapters", "kettles", "pans", "zinc"])
    with pytest.raises(OptionError, match=f"the {name} 'Kettle'. .* 4 {nouns} are 'kettles'"):
        choose(shop, RecommendationOptions(**{name: ("kettles", "Kettle")}))


def test_data_without_brands_refuses_any(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'brand' is 'Acme', but the data has no brands"):
        choose(shop_with(tmp_path, "brand", []), RecommendationOptions(brand=("Acme",)))
