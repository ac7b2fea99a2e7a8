# SPDX-License-Identifier: BSD-2-Clause
"""An external executable used as a function: parameter set in, tree out."""

from __future__ import annotations

import copy
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from coma.archives.archive import FORMATS
from coma.errors import ProgramError
from coma.parameters.parameterset import ParameterSet
from coma.programs import executables, workspace
from coma.programs.attempt import current_attempt
from coma.programs.call import WITHIN, Call, Settings
from coma.programs.timeout import check_timeout

_PLACES = ("input", "output", "directory")


class Program:
    """Call an executable for each parameter set, and read the measurement that it writes.

    The program gets the parameters in one of two ways. With ``{...}`` in its arguments, these are filled in:
    ``{name}`` a parameter, ``{input}`` a file with all parameters at their paths, ``{output}`` the file to write,
    ``{directory}`` a temporary directory, ``{seed}`` the seed of the parameter set and, in a run, ``{id}`` the
    measurement's id; ``{{`` and ``}}`` are braces that are meant literally. Without, the environment variables
    ``COMA_INPUT`` and ``COMA_OUTPUT`` hold the two paths, which programs written with ``coma::program`` know. A program
    that leaves no output file, which may have 1 GiB, is read from its standard output, JSON or XML, up to 64 MiB. Parameters that its
    measurement lacks are added to it.

    When it is ended by its timeout or Ctrl-C, all that it started is ended, too; when it ends by itself, all but daemons
    that left its process group and closed its outputs.

    In a run, the measurement's info has ``program`` and ``version`` (as the program says, else its file name),
    ``command``, ``executable`` (absolute path), ``sha256`` (of the executable), ``exit_status``, ``duration`` (in
    seconds), ``peak_memory`` (in bytes; left out where it is hidden in that of Coma itself) and ``kept_files``.

    Parameters
    ----------
    command
        Path of the executable, or a list with the executable and its arguments. There is never a shell.
    input, output
        Names of the two files; the suffixes ``.xml`` or ``.json`` tell their format.
    directory
        Working directory of the program; by default that of the caller. ``'{directory}'`` is its temporary directory,
        where programs that write files of fixed names do not overwrite each other's.
    environment
        Variables added to the caller's environment; ``{...}`` is filled in as in arguments.
    timeout
        Seconds after which the program, and all that it started, is ended.
    keep_files
        Patterns, such as ``['*.log']``, of names of files in ``{directory}`` that stay in the experiment's directory, as
        ``measurement.000007.run.log``; if the program fails, as ``failure.000007.run.log``. All that it says is
        there, too, as ``stdout.txt`` and ``stderr.txt``.

    Raises
    ------
    ProgramError
        If an argument makes no sense.

    Examples
    --------
    >>> import coma
    >>> say = coma.Program(['echo', '<results><twice>{n}{n}</twice></results>'])
    >>> say(coma.ParameterSet.of(n=3))
    {'results': {'twice': 33}, 'parameters': {'n': 3}}
    """

    def __init__(
        self,
        command: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        input: str = "input.xml",
        output: str = "output.xml",
        directory: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        keep_files: Sequence[str] = (),
    ) -> None:
        parts = [command] if isinstance(command, str | os.PathLike) else list(command)
        self._command = [os.fspath(part) for part in parts]
        if not self._command:
            raise ProgramError("a program needs at least the path of its executable, as in coma.Program('./pendulum')")
        for name in (input, output):
            _check_file_name(name)
        if input == output:
            raise ProgramError(f"input and output are both {input!r}; give them different names")
        check_timeout(timeout, ProgramError)
        self._settings = Settings(
            executable=_anchored(self._command[0]),
            arguments=tuple(self._command[1:]),
            input=input,
            output=output,
            directory=None if directory is None else _working_directory(os.fspath(directory)),
            environment=_variables(environment),
            timeout=timeout,
            keep_files=_patterns(keep_files),
        )

    def __repr__(self) -> str:
        return f"Program({' '.join(self._command)})"

    @property
    def executable(self) -> str:
        """The executable's absolute path.

        Raises
        ------
        ProgramError
            If it is missing or cannot be executed.
        """
        return executables.find(self._settings.executable)

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the executable as it is now; None where it cannot be read."""
        return executables.sha256(self.executable)

    def limited(self, timeout: float | None) -> Program:
        """Return this program with another timeout, unless that is None.

        Parameters
        ----------
        timeout
            Seconds after which the program, and all that it started, is ended.
        """
        if timeout is None:
            return self
        limited = copy.copy(self)
        limited._settings = self._settings._replace(timeout=timeout)
        return limited

    def check(self, names: Collection[str] = ()) -> None:
        """Look for mistakes before anything runs.

        Parameters
        ----------
        names
            The parameters that the arguments may refer to.

        Raises
        ------
        ProgramError
            If the executable is missing or cannot be executed, or the arguments refer to an unknown parameter.
        """
        executables.find(self._settings.executable)
        self._check_places(names)

    def _check_places(self, names: Collection[str]) -> None:
        """Look for what arguments refer to, and for the working directory."""
        for name in self._settings.placeholders():
            _check_place(name, names)
        directory = self._settings.directory
        if directory not in (None, WITHIN) and not os.path.isdir(directory):
            raise ProgramError(
                f'the working directory "{directory}" does not exist; make it, or write directory="{WITHIN}" for '
                "a temporary one"
            )

    def __call__(self, parameter_set: ParameterSet) -> dict[str, Any]:
        """Run the program for one parameter set and return its measurement's tree.

        Parameters
        ----------
        parameter_set
            The point; `ParameterSet.of` makes one by hand.

        Raises
        ------
        ProgramError
            If it cannot be started, fails, is ended by a signal or the timeout, leaves no readable measurement, or one
            of other parameters. The error shows the command and the last lines of its standard error; its `details`
            hold command, exit status or signal, duration, and the last lines of both outputs.
        """
        self._check_places(parameter_set.names)
        with workspace.directory() as directory:
            return Call(self._settings, parameter_set, directory, current_attempt()).run()


def _check_place(name: str, parameters: Collection[str]) -> None:
    """Refuse braces that mean nothing, or two things."""
    if name in _PLACES and name in parameters:
        raise ProgramError(
            f"{{{name}}} is a path that Coma gives to the program, and a parameter of this sweep; give the parameter "
            f"another name, {name}_0 say"
        )
    if name not in (*parameters, *_PLACES, "id", "seed"):
        there = ", ".join([*sorted({*parameters, *_PLACES}), "id", "seed"])
        raise ProgramError(
            f"argument refers to {{{name}}}, which is no parameter; there is {there}; write {{{{{name}}}}} if the "
            "braces are meant literally"
        )


def _anchored(name: str) -> str:
    """Return a relative path as it is meant now; a name without slash is looked for on the PATH."""
    return os.path.abspath(name) if os.sep in name else name


def _check_file_name(name: str) -> None:
    if os.path.basename(name) != name or name.rpartition(".")[2] not in FORMATS:
        raise ProgramError(f"{name!r} is no file name that ends with .xml or .json")


def _working_directory(given: str) -> str:
    return given if given == WITHIN else os.path.abspath(given)


def _variables(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ProgramError(f"environment must be a dictionary, such as {{'OMP_NUM_THREADS': '1'}}; got {given!r}")
    for name, value in given.items():
        if not (isinstance(name, str) and name and not {"=", "\0"}.intersection(name)):
            raise ProgramError(f"environment has {name!r}, which is no name of a variable; write a text without =")
        if not isinstance(value, str) or "\0" in value:
            raise ProgramError(
                f"environment[{name!r}] must be a text without zero bytes, such as '1'; got {value!r}, a "
                f"{type(value).__name__}"
            )
    return dict(given)


def _patterns(given: Any) -> tuple[str, ...]:
    patterns: list[Any] = [None] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not all(isinstance(name, str) for name in patterns):
        raise ProgramError(f"keep_files must be a list of patterns of names, such as ['*.log']; got {given!r}")
    for name in patterns:
        if os.sep in name:
            raise ProgramError(
                f"keep_files has {name!r}, with a slash; give patterns of names in {{directory}}, without directories, "
                f"such as {os.path.basename(name) or '*'!r}"
            )
    return tuple(patterns)
