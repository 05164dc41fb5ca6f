from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Config, ConfigError, parse_rate, settings, settings_table

WHOLE_NUMBERS = [(name, each) for name, each, default in settings() if isinstance(default, int)]


def test_without_variables_every_setting_has_its_default() -> None:
    config = Config.from_environment({})
    assert config == Config()
    assert (config.host, config.port, config.data_path) == (
        "127.0.0.1",
        8080,
        PROJECT_ROOT / "data",
    )


def test_every_setting_is_read_from_its_own_variable() -> None:
    values = {"PORT": "9", "WORKERS": "3", "HOST": "::1", "ADMIN_TOKEN": "t", "LOG_PATH": "/tmp/l"}
    config = Config.from_environment(values)
    assert (config.port, config.workers, config.host) == (9, 3, "::1")
    assert (config.admin_token, config.log_path) == ("t", Path("/tmp/l"))
    assert len({each.variable for _, each, _ in settings()}) == len(list(settings()))


def test_an_empty_variable_keeps_the_default() -> None:
    assert Config.from_environment({"PORT": "", "DATA_PATH": ""}) == Config()


def test_relative_folders_count_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.from_environment({"DATA_PATH": "mine"}).data_path == tmp_path / "mine"


def test_a_folder_may_be_a_link_that_is_pointed_elsewhere_later(tmp_path: Path) -> None:
    link = tmp_path / "current"
    link.symlink_to(tmp_path / "monday", target_is_directory=True)
    assert Config.from_environment({"DATA_PATH": str(link)}).data_path == link


@pytest.mark.parametrize(("name", "setting"), WHOLE_NUMBERS, ids=lambda each: str(each)[:20])
def test_a_whole_number_outside_its_range_is_refused_with_the_range(name, setting) -> None:
    for value in (setting.low - 1, setting.high + 1):
        with pytest.raises(ConfigError, match=f"^{setting.variable} is {value}; expected "):
            Config(**{name: value})
    for value in (setting.low, setting.high):
        assert getattr(Config(**{name: value}), name) == value


@pytest.mark.parametrize("text", ["eighty", "8080.0", "80 80", "8o8o"])
def test_text_where_a_number_belongs_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^PORT is .*expected a whole number"):
        Config.from_environment({"PORT": text})


@pytest.mark.parametrize(
    ("text", "rate"),
    [("", None), ("600/minute", (600, 60)), ("10 per second", (10, 1)), (" 1/hours ", (1, 3_600))],
)
def test_a_rate_is_so_many_requests_in_so_many_seconds(
    text: str, rate: tuple[int, int] | None
) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["600", "0/minute", "-1/minute", "6/day", "six/minute", "1.5/hour"]
)
def test_any_other_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^RATE_LIMIT is .*600/minute"):
        Config.from_environment({"RATE_LIMIT": text})


def test_a_word_that_is_not_a_choice_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"^LOG_FORMAT is 'xml'; expected console or json"):
        Config.from_environment({"LOG_FORMAT": "xml"})


def test_settings_survive_the_way_through_the_environment_of_a_child() -> None:
    config = Config(port=9, data_path=Path("/tmp/d"), admin_token="t", cold_start_window_days=7)
    assert Config.from_environment(config.as_environment()) == config


@pytest.mark.parametrize(
    "url", ["s3://shop/p", "gs://shop", "az://shop/p", "file:///srv/shop", "s3://shop?region=x"]
)
def test_artifacts_may_lie_in_a_store_and_are_then_mirrored_in_a_folder(url: str) -> None:
    config = Config.from_environment({"DATA_PATH": url, "SNAPSHOT_PATH": "/srv/snapshots"})
    assert config.data_path.parent == Path("/srv/snapshots/artifacts")
    assert config.remotes == {config.data_path: url}
    assert config.as_environment()["DATA_PATH"] == url
    assert Config.from_environment(config.as_environment()) == config


@pytest.mark.parametrize("url", ["ftp://s3cret@shop/p", "s3://", "s3cret", "file://", "s3:shop"])
def test_any_other_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^SNAPSHOT_URL isn't .*s3://bucket/prefix") as refused:
        Config.from_environment({"SNAPSHOT_URL": url})
    assert "s3cret" not in str(refused.value)


def test_events_lie_among_the_snapshots_unless_they_have_a_folder_of_their_own() -> None:
    config = Config.from_environment({"SNAPSHOT_PATH": "/srv/snapshots"})
    assert config.events_path == Path("/srv/snapshots/events")
    config = Config.from_environment({"SNAPSHOT_PATH": "/srv/snapshots", "EVENTS_PATH": "/srv/e"})
    assert config.events_path == Path("/srv/e")
    assert Config.from_environment(config.as_environment()).events_path == Path("/srv/e")


@pytest.mark.parametrize("url", ["mysql://s3cret@shop/p", "s3cret", "s3://s3cret"])
def test_events_are_shared_through_postgresql_alone(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^EVENTS_URL isn't .*postgresql://") as refused:
        Config(events_url=url)
    assert "s3cret" not in str(refused.value)
    assert Config(events_url="postgresql://s3cret@host/shop").events_url


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().port = 1  # type: ignore[misc]


def test_secrets_do_not_show_in_logs() -> None:
    url = "s3://shop/p?secret_access_key=secret"
    assert "secret" not in repr(Config(admin_token="secret", snapshot_url=url))
    database = "postgresql://shop:secret@host/shop"
    assert "secret" not in repr(Config(events_token="secret", events_url=database))
    assert "secret" not in repr(Config.from_environment({"DATA_PATH": url}))


def test_the_table_has_a_row_for_every_setting_with_its_default() -> None:
    rows = settings_table().splitlines()
    assert len(rows) == 2 + len(list(settings()))
    assert "| `PORT` | `8080` | Port that the server listens on. |" in rows
    assert rows[2].startswith("| `DATA_PATH` | `data` |")
