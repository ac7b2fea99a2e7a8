# SPDX-License-Identifier: BSD-2-Clause
"""The global experiment index, from which new experiments take their ids, and the default configuration."""

from __future__ import annotations

from coma.config import Config, config_directory, create_config_file, expand_path, load_config
from coma.storage.indexfile import IndexFile


def global_index(config: Config) -> IndexFile:
    """Return the global experiment index, which need not exist."""
    return IndexFile(
        _stem(config),
        root="experiments",
        key="last_experiment_id",
        default_format=config["archive_default_format"],
        pretty_print=config["archive_pretty_print"],
    )


def create_default_config() -> None:
    """Create the configuration file and the global experiment index, where they do not exist yet.

    Both are optional. The file lists every option; the index gives new experiments their ids.

    Raises
    ------
    ConfigError
        If there is a configuration file that cannot be read.
    ArchiveError
        If the index cannot be written.
    """
    create_config_file()
    config = load_config()
    index = global_index(config)
    if index.exists():
        print(f'Experiment index "{_stem(config)}" already exists')
        return
    print(f'Creating experiment index "{_stem(config)}"')
    index.create()


def _stem(config: Config) -> str:
    """Return the index's path without suffix; a relative one lies in the configuration directory."""
    name = config["experiment_index"]
    return expand_path(name if name.startswith(("~", "$")) else config_directory() / name)
