# SPDX-License-Identifier: BSD-2-Clause
"""The options, and the file they are kept in."""

import os
import pathlib

import pytest
from helpers import environment, run, snapshot, square, sweep

import coma
from coma.config import OPTIONS, default_config
from coma.running import provenance


@pytest.fixture
def config_file(config_home):
    """Return a function that writes the options of a configuration file."""

    def write(text):
        config_home.mkdir(exist_ok=True)
        path = config_home / "preferences.conf"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_defaults_hold_where_nothing_else_is_said():
    """Without a file, every option of the table has its default."""
    assert coma.load_config() == default_config() == {option.name: option.default for option in OPTIONS}


def test_an_argument_overrides_the_file_which_overrides_the_default(config_file):
    """The nearest source wins, option by option."""
    config_file("[coma]\narchive_default_format = xml\narchive_pretty_print = no\n")
    config = coma.load_config({"archive_pretty_print": True})
    assert (config["archive_default_format"], config["archive_pretty_print"]) == ("xml", True)
    assert config["measurement_index"] == "measurement.index"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"archive_format": "xml"},
            r"the config argument: unknown option 'archive_format' is ignored; the options are",
        ),
        ({"archive_default_format": "yaml"}, r"'yaml' is no value for archive_default_format .*using 'json'"),
        ({"archive_pretty_print": "perhaps"}, r"'perhaps' is no value for archive_pretty_print .*using 'yes'"),
        ({"measurement_file": "measurement"}, r"'measurement' is no value for measurement_file"),
        (
            {"measurement_file": "m${measurement_id}.json"},
            r"'m\$\{measurement_id\}\.json' is no value for measurement_file",
        ),
        ({"experiment_file": "a/${experiment_id}"}, r"no value for experiment_file"),
        ({"measurement_index": None}, r"None is no value for measurement_index"),
    ],
)
def test_a_wrong_option_warns_and_the_default_is_used(options, text):
    """An option that is unknown or does not fit is named in a warning, and never raises."""
    with pytest.warns(UserWarning, match=text):
        assert coma.load_config(options) == default_config()


def test_a_wrong_option_in_the_file_warns_with_the_name_of_the_file(config_file):
    """The warning says where to correct it."""
    path = config_file("[coma]\nfoo = 1\n")
    with pytest.warns(UserWarning, match=f"{path}: unknown option 'foo'"):
        coma.load_config()


@pytest.mark.parametrize(
    "config",
    [
        {"measurement_file": "failure.${measurement_id}"},
        {"experiment_file": "run.${experiment_id}", "measurement_file": "run.${measurement_id}"},
    ],
)
def test_files_of_two_kinds_have_two_names(config):
    """Else one would take the place of the other; the defaults are used."""
    with pytest.warns(UserWarning, match="need different names; using the defaults"):
        assert coma.load_config(config) == default_config()


@pytest.mark.parametrize("text", ["archive_default_format = xml", "[coma]\nno value", "[coma]\na=1\na=2"])
def test_a_malformed_file_is_an_error_that_names_it(config_file, text):
    """What is no configuration file at all cannot be skipped."""
    path = config_file(text)
    with pytest.raises(coma.ConfigError, match=f'Cannot read config file "{path}"'):
        coma.load_config()


def test_a_file_that_was_asked_for_must_exist(tmp_path):
    """The error says how to write one."""
    with pytest.raises(coma.ConfigError, match=r'"\S*/no\.conf" does not exist; coma\.create_config_file'):
        coma.load_config(path=tmp_path / "no.conf")


def test_a_file_in_the_current_directory_is_not_read(tmp_path, monkeypatch):
    """Only the user's own configuration counts, wherever a script is started."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "preferences.conf").write_text("[coma]\narchive_default_format = xml\n")
    assert coma.load_config()["archive_default_format"] == "json"


def test_create_default_config_says_what_it_creates(config_home, capsys):
    """The first call prints and creates the directory, the file and the index; the second leaves them alone."""
    coma.create_default_config()
    assert capsys.readouterr().out.splitlines() == [
        f"Creating directory {config_home}",
        f'Creating config file "{config_home}/preferences.conf"',
        f'Creating experiment index "{config_home}/experiment.index"',
    ]
    before = snapshot(config_home)
    coma.create_default_config()
    assert "already exists" in capsys.readouterr().out
    assert snapshot(config_home) == before
    assert coma.load_config() == default_config()


def test_the_written_file_lists_every_option_with_its_default(tmp_path):
    """Taking away the comment signs gives a file that changes nothing."""
    path = coma.create_config_file(tmp_path / "deep" / "c.conf")
    text = (tmp_path / "deep" / "c.conf").read_text()
    (tmp_path / "c.conf").write_text("\n".join(line.removeprefix("; ") for line in text.splitlines() if "=" in line))
    (tmp_path / "c.conf").write_text("[coma]\n" + (tmp_path / "c.conf").read_text())
    assert coma.load_config(path=tmp_path / "c.conf") == coma.load_config(path=path) == default_config()
    assert all(option.name in text for option in OPTIONS)


def test_without_xdg_the_configuration_lies_in_the_home_directory(script, tmp_path):
    """``~/.config/coma`` is the place."""
    code = script("from coma.config import config_file\nprint(config_file())")
    env = {**environment(), "HOME": str(tmp_path)}
    del env["XDG_CONFIG_HOME"]
    assert run(code, env=env).strip() == str(tmp_path / ".config" / "coma" / "preferences.conf")


def test_expand_path_fills_in_home_and_variables(monkeypatch):
    """A path with ``~``, ``$X`` or relative becomes absolute."""
    monkeypatch.setenv("DATA", "/data")
    assert coma.expand_path("$DATA/a/../b") == "/data/b"
    assert coma.expand_path("~/x") == os.path.expanduser("~/x")


@pytest.mark.parametrize("xdg", [None, "", "relative/config", "~/.config", "/dev/null", "/no/such/directory"])
@pytest.mark.parametrize("home", [None, "", "relative", "/dev/null"])
def test_there_need_be_no_home(directory, tmp_path, monkeypatch, xdg, home):
    """As in a container whose user the system does not know; a relative directory is none, as XDG says."""

    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.chdir(tmp_path)
    for variable, value in (("XDG_CONFIG_HOME", xdg), ("HOME", home)):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    monkeypatch.setattr(pathlib.Path, "home", unknown)
    before = os.listdir(tmp_path)
    assert coma.load_config() == coma.load_config({})
    e = sweep(directory, 1)
    assert e.run(square) == (1, 1)
    assert sorted(os.listdir(tmp_path)) == sorted([*before, directory.name])


def test_a_configuration_that_has_no_place_is_an_error_of_ours(monkeypatch):
    """It says what to do."""
    monkeypatch.setenv("XDG_CONFIG_HOME", "/dev/null")
    with pytest.raises(coma.ConfigError, match=r'Cannot create directory "/dev/null/coma": .*; set XDG_CONFIG_HOME'):
        coma.create_default_config()


def test_a_run_needs_no_working_directory(directory, tmp_path, monkeypatch):
    """It may have been removed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    e = sweep(directory, 1)
    monkeypatch.chdir(gone)
    gone.rmdir()
    provenance.environment.cache_clear()
    monkeypatch.setattr(provenance, "_script", lambda: None)
    assert e.run(square) == (1, 1)
    provenance.environment.cache_clear()
