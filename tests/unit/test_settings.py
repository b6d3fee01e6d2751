"""Settings: known names, right values, no secret repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.errors import SettingsFault
from cds_service.settings import PREFIX, Settings, settings_table


def test_defaults_hold_where_nothing_is_set() -> None:
    settings = Settings.from_environ({"PATH": "/bin", "COBALT": "x"})

    assert settings == Settings()
    assert (settings.host, settings.demo, settings.protocol) == ("127.0.0.1", False, "us-practice")


READ: list[tuple[str, str, object]] = [
    ("PORT", "0", 0),
    ("PORT", "65535", 65535),
    ("DEMO", "true", True),
    ("SPOOL_DIR", "/x", Path("/x")),
    ("DRAIN_SECONDS", "0.5", 0.5),
    ("TIME_ZONE", "America/New_York", "America/New_York"),
    ("MAX_CARDS", "1", 1),
]


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_a_setting_is_read_from_the_environment(name: str, text: str, value: object) -> None:
    assert getattr(Settings.from_environ({PREFIX + name: text}), name.lower()) == value


def test_what_is_given_goes_before_the_environment_and_none_is_not_given() -> None:
    environ = {"COBALAMIN_PORT": "1", "COBALAMIN_HOST": "here"}
    settings = Settings.from_environ(environ, port=2, host=None)

    assert (settings.port, settings.host) == (2, "here")


def test_an_unknown_name_is_refused_and_the_known_ones_are_told() -> None:
    environ = {"COBALAMIN_PROT": "secret", "COBALAMIN_": "secret"}
    with pytest.raises(SettingsFault, match=r"got COBALAMIN_, COBALAMIN_PROT; known: .*COBALAMIN_PORT") as fault:
        Settings.from_environ(environ)
    assert "secret" not in str(fault.value)


WRONG = {
    "PORT": ["x", "-1", "65536", "1.5", ""],
    "WORKERS": ["0", "65"],
    "DEMO": ["perhaps", ""],
    "DRAIN_SECONDS": ["0", "nan", "3601"],
    "TIME_ZONE": ["Mars/Olympus", "", "../etc/passwd", "\0"],
    "MAX_BODY_BYTES": ["999"],
    "MAX_CARDS": ["0", "51"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_a_wrong_value_is_refused_by_the_settings_name(name: str, text: str) -> None:
    with pytest.raises(SettingsFault, match=f"^{PREFIX}{name}: "):
        Settings.from_environ({PREFIX + name: text})


@pytest.mark.parametrize("name", ["PORT", "TIME_ZONE", "DEMO", "DRAIN_SECONDS"])
def test_a_wrong_value_is_never_repeated(name: str) -> None:
    with pytest.raises(SettingsFault) as fault:
        Settings.from_environ({PREFIX + name: "hunter2"})
    assert "hunter2" not in str(fault.value)
    assert fault.value.__cause__ is None
    assert fault.value.__suppress_context__


def test_a_wrong_given_value_is_refused_too() -> None:
    with pytest.raises(SettingsFault, match=r"^COBALAMIN_PORT"):
        Settings.from_environ({}, port="x")


def test_the_table_tells_every_setting_with_type_and_help() -> None:
    table = list(settings_table())

    assert [name for name, *_ in table] == [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    assert all(kind and help_text.endswith(".") for _, _, kind, help_text in table)


def test_a_setting_may_be_the_words_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2\n", "utf-8")

    settings = Settings.from_environ({"COBALAMIN_PSEUDONYM_KEY_FILE": str(tmp_path / "key")})

    assert settings.pseudonym_key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_file_that_cannot_be_read_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match=r"^COBALAMIN_DATABASE_URL_FILE: expected a readable file, got FileNot"):
        Settings.from_environ({"COBALAMIN_DATABASE_URL_FILE": str(tmp_path / "hunter2")})


@pytest.mark.parametrize("names", [("DATABASE_URL", "DATABASE_URL_FILE"), ("DATABASE_URL_FILE", "DATABASE_URL")])
def test_a_setting_and_its_file_are_not_both_taken(names: tuple[str, str], tmp_path: Path) -> None:
    """Which of the two goes first would be up to the order of the environment."""
    (tmp_path / "url").write_text("sqlite:///a.db", "utf-8")
    with pytest.raises(SettingsFault, match=r"^COBALAMIN_DATABASE_URL_FILE: expected this or .*, got both$"):
        Settings.from_environ({PREFIX + name: str(tmp_path / "url") for name in names})
