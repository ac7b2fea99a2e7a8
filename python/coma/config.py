# SPDX-License-Identifier: BSD-2-Clause
"""The options: one table of names, types, defaults and sentences, and the file they are kept in."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict, cast

from coma.errors import ConfigError, warn

FAILURE_FILE = "failure.${measurement_id}"
_SECTION = "coma"
_WORDS = {"yes": True, "on": True, "true": True, "1": True, "no": False, "off": False, "false": False, "0": False}


class Option(NamedTuple):
    """One row of the table of options."""

    name: str
    default: str | bool
    sentence: str


OPTIONS = (
    Option("experiment_file", "experiment.${experiment_id}", "Name of the experiment file, without suffix."),
    Option("experiment_index", "experiment.index", "Global experiment index, relative to the configuration directory."),
    Option("measurement_file", "measurement.${measurement_id}", "Name of a measurement file, without suffix."),
    Option("measurement_index", "measurement.index", "Name of the measurement index, without suffix."),
    Option("archive_default_format", "json", "Format of new files: json or xml."),
    Option("archive_pretty_print", True, "Indent files: yes or no."),
    Option("record_environment", True, "Keep host, user, versions and git commit of each run: yes or no."),
    Option("serializer_getstate", "coma_getstate", "Method that returns an object's state."),
    Option("serializer_setstate", "coma_setstate", "Method that restores an object from its state."),
)
_BY_NAME = {option.name: option for option in OPTIONS}


class Config(TypedDict):
    """The value of each option."""

    experiment_file: str
    experiment_index: str
    measurement_file: str
    measurement_index: str
    archive_default_format: str
    archive_pretty_print: bool
    record_environment: bool
    serializer_getstate: str
    serializer_setstate: str


def config_directory() -> Path:
    """Return the directory of the configuration file, ``~/.config/coma`` unless ``XDG_CONFIG_HOME`` says otherwise."""
    return (_absolute("XDG_CONFIG_HOME") or (_absolute("HOME") or _home()) / ".config") / "coma"


def _absolute(variable: str) -> Path | None:
    """Return the directory that a variable names; None for a relative one, which is to be ignored."""
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def _home() -> Path:
    """Return the user's home; one that is not there where the system knows none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def config_file() -> Path:
    """Return the path of the configuration file, whether it exists or not."""
    return config_directory() / "preferences.conf"


def expand_path(path: str | os.PathLike[str]) -> str:
    """Return `path` absolute, with ``~`` and ``$VARIABLES`` filled in.

    Parameters
    ----------
    path
        A path, which need not exist; a relative one is taken from the working directory.

    Examples
    --------
    >>> import os
    >>> expand_path('~/data') == os.path.join(os.path.expanduser('~'), 'data')
    True
    """
    return os.path.abspath(os.path.expandvars(os.path.expanduser(os.fspath(path))))


def default_config() -> Config:
    """Return every option with its default.

    Examples
    --------
    >>> default_config()['archive_default_format']
    'json'
    """
    return cast(Config, {option.name: option.default for option in OPTIONS})


def load_config(config: Mapping[str, Any] | None = None, path: str | os.PathLike[str] | None = None) -> Config:
    """Return the options: defaults, then the configuration file, then `config`.

    Parameters
    ----------
    config
        Options that override all others.
    path
        The configuration file; by default ``~/.config/coma/preferences.conf``, if it exists.

    Returns
    -------
    dict
        The value of each option by name.

    Warns
    -----
    UserWarning
        For an unknown option or a value that does not fit; the default is used then.

    Raises
    ------
    ConfigError
        If the file cannot be parsed, or `path` is given and does not exist.

    Examples
    --------
    >>> load_config({'archive_default_format': 'xml'})['archive_default_format']
    'xml'
    """
    options = dict[str, Any](default_config())
    source = Path(path) if path is not None else config_file()
    if path is not None or os.path.isfile(source):  # False too where we may not look
        _update(options, _parse_file(source), str(source))
    _update(options, config or {}, "the config argument")
    _tell_files_apart(options)
    return cast(Config, options)


def create_config_file(path: str | os.PathLike[str] | None = None) -> str:
    """Write a configuration file that lists every option as a comment; an existing file is left as it is.

    Parameters
    ----------
    path
        The file; by default ``~/.config/coma/preferences.conf``. Its directory is made if it does not exist.

    Returns
    -------
    str
        The path of the file.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    target = Path(path) if path is not None else config_file()
    if target.exists():
        print(f'Config file "{target}" already exists')
        return str(target)
    _create_directory(target.parent)
    print(f'Creating config file "{target}"')
    try:
        target.write_text(_template(), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f'Cannot write config file "{target}": {error.strerror}') from error
    return str(target)


def _create_directory(directory: Path) -> None:
    if not directory.is_dir():
        print(f"Creating directory {directory}")
        try:
            directory.mkdir(parents=True)
        except OSError as error:
            raise ConfigError(
                f'Cannot create directory "{directory}": {error.strerror}; set XDG_CONFIG_HOME'
            ) from error


def _template() -> str:
    lines = [f"[{_SECTION}]"]
    for option in OPTIONS:
        lines += [f"; {option.sentence}", f"; {option.name} = {_as_text(option.default)}"]
    return "\n".join(lines) + "\n"


def _as_text(value: str | bool) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _parse_file(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f'Cannot read config file "{path}": it is no file')
        parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
    except FileNotFoundError:
        raise ConfigError(f'Config file "{path}" does not exist; coma.create_config_file() writes one') from None
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise ConfigError(f'Cannot read config file "{path}": {error}') from error
    return dict(parser[_SECTION]) if parser.has_section(_SECTION) else {}


def _update(options: dict[str, Any], changes: Mapping[str, Any], source: str) -> None:
    for name, value in changes.items():
        fitted = _fit(name, value)
        if fitted is None:
            warn(f"{source}: {_complaint(name, value)}")
        else:
            options[name] = fitted


def _tell_files_apart(options: dict[str, Any]) -> None:
    """Use the defaults where two kinds of files would get the same names."""
    names = ("experiment_file", "measurement_file")
    templates = [FAILURE_FILE, *(options[name] for name in names)]
    if len({re.sub(r"\$\{\w+\}", "", template) for template in templates}) < len(templates):
        given = " and ".join(f"{name} {options[name]!r}" for name in names)
        warn(
            f"{given}: experiment, measurements and failure records ({FAILURE_FILE!r}) need different names; using the "
            "defaults"
        )
        options.update({name: _BY_NAME[name].default for name in names})


def _fit(name: str, value: object) -> str | bool | None:
    """Return `value` as the option's type, or None where it does not fit."""
    if name not in _BY_NAME:
        return None
    if isinstance(_BY_NAME[name].default, bool):
        return value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
    if not isinstance(value, str) or not value.strip():
        return None
    return value if _is_allowed(name, value) else None


def _is_allowed(name: str, value: str) -> bool:
    if name == "archive_default_format":
        return value in ("json", "xml")
    if name in ("experiment_file", "measurement_file"):
        has_id = "${" + name.replace("_file", "_id") + "}" in value
        return has_id and "/" not in value and not value.endswith((".json", ".xml"))
    return True


def _complaint(name: str, value: object) -> str:
    if name not in _BY_NAME:
        return f"unknown option {name!r} is ignored; the options are {', '.join(_BY_NAME)}"
    option = _BY_NAME[name]
    return f"{value!r} is no value for {name} ({option.sentence}); using {_as_text(option.default)!r}"
