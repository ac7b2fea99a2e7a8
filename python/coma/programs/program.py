# SPDX-License-Identifier: BSD-2-Clause
"""An external executable used as a function: parameter set in, tree out."""

from __future__ import annotations

import copy
import errno
import fnmatch
import math
import os
import signal
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from coma import files
from coma.archives import archive as archives
from coma.archives.archive import FORMATS
from coma.errors import ArchiveError, ProgramError
from coma.parameters.parameterset import ParameterSet
from coma.programs import attempt, executables, placeholders, process, reading, workspace
from coma.programs.attempt import Attempt
from coma.programs.output import Output
from coma.programs.process import Ended
from coma.programs.timeout import check_timeout
from coma.storage.measurement import ROOT
from coma.trees.serializer import RecursiveSerializer

INPUT_VARIABLE = "COMA_INPUT"
OUTPUT_VARIABLE = "COMA_OUTPUT"
_PLACES = ("input", "output", "directory")
_WITHIN = "{directory}"  # as the working directory
_STDOUT = "stdout.txt"
_STDERR = "stderr.txt"
_SERIALIZER = RecursiveSerializer()
_LONGEST = 64 * 1024**2  # bytes of standard output that may be a measurement


class Program:
    """Call an executable for each parameter set, and read the measurement that it writes.

    The program gets the parameters in one of two ways. With ``{...}`` in its arguments, these are filled in:
    ``{name}`` a parameter, ``{input}`` a file with all parameters at their paths, ``{output}`` the file to write,
    ``{directory}`` a temporary directory, ``{seed}`` the seed of the parameter set and, in a run, ``{id}`` the
    measurement's id; ``{{`` and ``}}`` are braces that are meant literally. Without, the environment variables
    ``COMA_INPUT`` and ``COMA_OUTPUT`` hold the two paths, which programs written with ``coma::program`` know. A program
    that leaves no output file is read from its standard output, JSON or XML, up to 64 MiB. Parameters that its
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
    >>> from coma.parameters.parameterset import Definition, ParameterSet
    >>> say = coma.Program(['echo', '<results><twice>{n}{n}</twice></results>'])
    >>> say(ParameterSet(Definition([('n', 'parameters/n')]), [3]))
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
        single = isinstance(command, str | os.PathLike)
        self.command = [os.fspath(command)] if single else [os.fspath(part) for part in command]  # type: ignore[union-attr,arg-type]
        if not self.command:
            raise ProgramError("a program needs at least the path of its executable, as in coma.Program('./pendulum')")
        for name in (input, output):
            _check_file_name(name)
        if input == output:
            raise ProgramError(f"input and output are both {input!r}; give them different names")
        check_timeout(timeout, ProgramError)
        self._file = _anchored(self.command[0])
        self.input = input
        self.output = output
        self.directory = None if directory is None else _working_directory(os.fspath(directory))
        self.environment = _variables(environment)
        self.timeout = timeout
        self.keep_files = _patterns(keep_files)

    def __repr__(self) -> str:
        return f"Program({' '.join(self.command)})"

    @property
    def executable(self) -> str:
        """The executable's absolute path.

        Raises
        ------
        ProgramError
            If it is missing or cannot be executed.
        """
        return executables.find(self._file)

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the executable as it is now; None where it cannot be read."""
        return executables.sha256(self.executable)

    def limited(self, timeout: float | None) -> Program:
        """Return this program with another timeout, unless that is None."""
        if timeout is None:
            return self
        limited = copy.copy(self)
        limited.timeout = timeout
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
        executables.find(self._file)
        self._check_places(names)

    def _check_places(self, names: Collection[str]) -> None:
        """Look for what arguments refer to, and for the working directory."""
        for name in self.placeholders():
            _check_place(name, names)
        if self.directory not in (None, _WITHIN) and not os.path.isdir(self.directory):
            raise ProgramError(
                f'the working directory "{self.directory}" does not exist; make it, or write directory="{_WITHIN}" for '
                "a temporary one"
            )

    def placeholders(self) -> frozenset[str]:
        """Return the names in braces in arguments and environment."""
        return placeholders.all_names((*self.command[1:], *self.environment.values()))

    def __call__(self, parameter_set: ParameterSet) -> dict[str, Any]:
        """Run the program for one parameter set and return its measurement's tree.

        Raises
        ------
        ProgramError
            If it cannot be started, fails, is ended by a signal or the timeout, leaves no readable measurement, or one
            of other parameters. The error shows the command and the last lines of its standard error; its `details`
            hold command, exit status or signal, duration, and the last lines of both outputs.
        """
        self._check_places(parameter_set.names)
        with workspace.directory() as directory:
            return _Call(self, parameter_set, directory, attempt.current()).run()


class _Call:
    """One run of a program."""

    def __init__(self, program: Program, parameter_set: ParameterSet, directory: str, attempt: Attempt | None) -> None:
        self.program = program
        self.parameter_set = parameter_set
        self.attempt = attempt
        self.ended: Ended | None = None
        self.directory = directory
        self.input = os.path.join(directory, program.input)
        self.output = os.path.join(directory, program.output)
        self.stdout = self._output(_STDOUT, _LONGEST)
        self.stderr = self._output(_STDERR, 0)
        self.values = self._values()
        self.command = [program.executable, *map(self._fill, program.command[1:])]

    def run(self) -> dict[str, Any]:
        self._write_input()
        sha256 = executables.sha256(self.command[0])
        self.ended = self._execute()
        self._check_end(self.ended)
        try:
            tree = reading.read(self.output, self.stdout)
            reading.complete(tree, self.parameter_set)
        except ArchiveError as error:
            self._fail(str(error))
        self._report(self.ended, tree, sha256)
        return tree

    def _output(self, name: str, limit: int) -> Output:
        is_kept = self._is_kept(name)
        return Output(os.path.join(self.directory, name), math.inf if is_kept else limit, is_kept)

    def _is_kept(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.program.keep_files)

    def _values(self) -> dict[str, Any]:
        """Return what may be filled in; parameters may have names such as `seed`."""
        parameters = dict(zip(self.parameter_set.names, self.parameter_set.values, strict=True))
        known: dict[str, int] = {}
        if "seed" in self.program.placeholders():
            known["seed"] = self.parameter_set.seed
        if self.attempt is not None:
            known["id"] = self.attempt.number
        places = {"input": self.input, "output": self.output, "directory": self.directory}
        return {**known, **parameters, **places}

    def _fill(self, template: str) -> str:
        if "id" in placeholders.names(template) and "id" not in self.values:
            raise ProgramError("{id} is the id of a measurement, which only a run has; call Experiment.run")
        return placeholders.fill(template, self.values)

    def _environment(self) -> dict[bytes, bytes]:
        given = {name: self._fill(value) for name, value in self.program.environment.items()}
        added = {**given, INPUT_VARIABLE: self.input, OUTPUT_VARIABLE: self.output}
        return {**os.environb, **{os.fsencode(name): os.fsencode(value) for name, value in added.items()}}

    def _write_input(self) -> None:
        tree = _SERIALIZER.encode({ROOT: self.parameter_set.tree()})
        text = archives.dumps(tree, archives.format_of(self.input))
        try:
            files.create(self.input, text)
        except OSError as error:
            raise ProgramError(
                f'cannot write "{self.input}": {error.strerror}; set TMPDIR to a directory with room'
            ) from error

    def _execute(self) -> Ended:
        outputs = (self.stdout, self.stderr)
        environment = self._environment()
        working = self.directory if self.program.directory == _WITHIN else self.program.directory
        try:
            return process.run(self.command, working, environment, outputs, self.directory, self.program.timeout)
        except OSError as error:
            hint = "; a script needs a first line such as #!/bin/sh" if error.errno == errno.ENOEXEC else ""
            self._fail(f"could not be started: {error.strerror}{hint}")
        finally:
            for output in outputs:
                output.close()

    def _check_end(self, ended: Ended) -> None:
        if ended.stopped:
            self._fail("was ended by Ctrl-C")
        self._keep()
        if ended.timed_out:
            self._fail(f"was ended after the timeout of {self.program.timeout:g} s")
        if ended.status < 0:
            self._fail(f"was ended by signal {-ended.status} ({_signal_name(-ended.status)})")
        if ended.status > 0:
            self._fail(f"failed with exit status {ended.status}")

    def _keep(self) -> None:
        if self.attempt is None or not self.program.keep_files:
            return
        found = sorted(path for path in Path(self.directory).iterdir() if self._is_kept(path.name) and path.is_file())
        try:
            for output in filter(lambda output: output.is_kept, (self.stdout, self.stderr)):
                output.check()
            self.attempt.keep(found)
        except ArchiveError as error:
            self._fail(f"left a file behind that is lost: {error}")

    def _report(self, ended: Ended, tree: dict[str, Any], sha256: str | None) -> None:
        """Tell the run what the measurement's info should say."""
        if self.attempt is None:
            return
        info = tree.get("info")
        said = info if isinstance(info, dict) else {}
        known = {
            "program": said.get("program", _shown(os.path.basename(self.command[0]))),
            "version": said.get("version"),
            "command": [_shown(part) for part in self.command],
            "executable": _shown(self.command[0]),
            "sha256": sha256,
            "exit_status": ended.status,
            "duration": ended.duration,
            "peak_memory": ended.peak_memory,
        }
        self.attempt.info.update({name: value for name, value in known.items() if value is not None})

    def _fail(self, what: str) -> NoReturn:
        tail = self.stderr.lines()
        lines = [f"{self.command[0]} {what}", f"  parameters: {self.parameter_set}", f"  command: {self.command}"]
        lines += ["  last lines of standard error:", *(f"    {line}" for line in tail)] if tail else []
        details = {"command": [_shown(part) for part in self.command], **_details(self.ended)}
        raise ProgramError("\n".join(lines), {**details, "stdout": self.stdout.lines(), "stderr": tail})


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
    return given if given == _WITHIN else os.path.abspath(given)


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


def _patterns(given: Any) -> list[str]:
    patterns: list[Any] = [None] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not all(isinstance(name, str) for name in patterns):
        raise ProgramError(f"keep_files must be a list of patterns of names, such as ['*.log']; got {given!r}")
    for name in patterns:
        if os.sep in name:
            raise ProgramError(
                f"keep_files has {name!r}, with a slash; give patterns of names in {{directory}}, without directories, "
                f"such as {os.path.basename(name) or '*'!r}"
            )
    return patterns


def _details(ended: Ended | None) -> dict[str, Any]:
    """Return what a failure record says of the end of a process."""
    if ended is None:
        return {}
    how = {"exit_status": ended.status} if ended.status >= 0 else {"signal": _signal_name(-ended.status)}
    memory = {} if ended.peak_memory is None else {"peak_memory": ended.peak_memory}
    return {**how, "duration": ended.duration, **memory}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _shown(text: str) -> str:
    """Return a text that every file can hold."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in text
    )
