# SPDX-License-Identifier: BSD-2-Clause
"""Every error that Coma raises, and how it warns.

::

    ComaError
    ├── ConfigError (ValueError)
    ├── PathError (KeyError)
    ├── SerializerError (TypeError)
    ├── ArchiveError
    │   ├── JsonArchiveError
    │   └── XMLArchiveError
    ├── IndexFileError
    ├── ExperimentError
    │   ├── ParameterSetError (ValueError)
    │   └── RemoteError
    └── ProgramError

Two parents where Python has a name for the same mistake, so that both may be caught.
"""

import sys
import warnings
from types import FrameType
from typing import Any


class ComaError(Exception):
    """The ancestor of every error in this module."""


class ConfigError(ComaError, ValueError):
    """The configuration cannot be read, or a value in it cannot be used."""


class PathError(ComaError, KeyError):
    """A path leads nowhere in a tree."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class SerializerError(ComaError, TypeError):
    """A value has no lossless form as a tree."""


class ArchiveError(ComaError):
    """A file cannot be found, read or written as a tree."""


class JsonArchiveError(ArchiveError):
    """A file is not JSON, or a tree cannot be held by JSON."""


class XMLArchiveError(ArchiveError):
    """A file is not XML, or a tree cannot be held by XML."""


class IndexFileError(ComaError):
    """An index file is damaged, or its lock is held by another process."""


class ExperimentError(ComaError):
    """An experiment cannot do what was asked."""


class ParameterSetError(ExperimentError, ValueError):
    """Parameters do not fit their definition."""


class ProgramError(ComaError):
    """An external program is missing, failed, or left no usable measurement.

    Parameters
    ----------
    message
        What happened, and the remedy.
    details
        What is known of the run; empty by default.

    Attributes
    ----------
    details : dict
        What is known of the run: command, exit status or signal, the last lines of its output.
    """

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class RemoteError(ExperimentError):
    """Stands in for an exception that cannot travel from a worker, takes no note, or is no `Exception`."""


def warn(message: str) -> None:
    """Warn whoever called Coma: the warning names the first line of code that is not Coma's own."""
    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "coma":
        level += 1
        frame = frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
