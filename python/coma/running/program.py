# SPDX-License-Identifier: BSD-2-Clause
"""An external executable used as a function: parameter set in, tree out."""

from __future__ import annotations

import copy
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from coma.archives import archive as archives
from coma.archives.archive import FORMATS
from coma.errors import ArchiveError, PathError, ProgramError
from coma.running.parameterset import ParameterSet
from coma.storage.measurement import ROOT
from coma.trees import identity
from coma.trees import path as paths
from coma.trees.serializer import RecursiveSerializer

INPUT_VARIABLE = "COMA_INPUT"
OUTPUT_VARIABLE = "COMA_OUTPUT"
_PLACES = ("input", "output", "directory")
_RUNNING: set[subprocess.Popen[bytes]] = set()
_FIELD = re.compile(r"\{([^\W\d]\w*)\}")
_FORMATTED = re.compile(r"\{([^\W\d]\w*)[:!][^{}]*\}")
_TAIL = 20
_GRACE = 2.0
_LONGEST_TAIL = 16384


class Program:
    """Call an executable for each parameter set, and read the measurement that it writes.

    The program gets the parameters in one of two ways. With ``{...}`` in its arguments, these are filled in:
    ``{name}`` a parameter, ``{input}`` a file with all parameters at their paths, ``{output}`` the file to write,
    ``{directory}`` a temporary directory. Without, the environment variables ``COMA_INPUT`` and ``COMA_OUTPUT`` hold
    the two paths, which programs written with ``coma::program`` know. A program that leaves no output file is read
    from its standard output, JSON or XML. Parameters that its measurement lacks are added to it.

    Parameters
    ----------
    command
        Path of the executable, or a list with the executable and its arguments. There is never a shell.
    input, output
        Names of the two files; the suffixes ``.xml`` or ``.json`` tell their format.
    directory
        Working directory of the program; by default that of the caller.
    environment
        Variables added to the caller's environment.
    timeout
        Seconds after which the program, and all that it started, is ended.

    Examples
    --------
    >>> import coma
    >>> from coma.running.parameterset import Definition, ParameterSet
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
    ) -> None:
        single = isinstance(command, str | os.PathLike)
        self.command = [os.fspath(command)] if single else [os.fspath(part) for part in command]  # type: ignore[union-attr,arg-type]
        if not self.command:
            raise ProgramError("a program needs at least the path of its executable, as in coma.Program('./pendulum')")
        for name in (input, output):
            _check_file_name(name)
        self.input = input
        self.output = output
        self.directory = None if directory is None else os.path.abspath(directory)
        self.environment = dict(environment or {})
        self.timeout = timeout

    def __repr__(self) -> str:
        return f"Program({' '.join(self.command)})"

    def limited(self, timeout: float | None) -> Program:
        """Return this program with another timeout, unless that is None."""
        if timeout is None:
            return self
        limited = copy.copy(self)
        limited.timeout = timeout
        return limited

    def check(self, names: Iterable[str] = ()) -> None:
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
        _executable(self.command[0])
        known = {*names, *_PLACES}
        for name in self._placeholders():
            if name not in known:
                raise ProgramError(
                    f"argument refers to {{{name}}}, which is no parameter; there is {', '.join(sorted(known))}"
                )
        if self.directory is not None and not os.path.isdir(self.directory):
            raise ProgramError(f'the working directory "{self.directory}" does not exist')

    def __call__(self, parameter_set: ParameterSet) -> dict[str, Any]:
        """Run the program for one parameter set and return its measurement's tree.

        Raises
        ------
        ProgramError
            If it cannot be started, fails, is ended by a signal or the timeout, leaves no readable measurement, or one
            of other parameters. The error shows the command and the last lines of its standard error.
        """
        self.check(parameter_set.names)
        with tempfile.TemporaryDirectory(prefix="coma-") as directory:
            return _Call(self, parameter_set, Path(directory)).run()

    def _placeholders(self) -> set[str]:
        return {name for part in self.command[1:] for name in _fields(part)}


def end_all() -> None:
    """End every program that is running, and all that they started."""
    for process in list(_RUNNING):
        _end(process)


class _Call:
    """One run of a program."""

    def __init__(self, program: Program, parameter_set: ParameterSet, directory: Path) -> None:
        self.program = program
        self.parameter_set = parameter_set
        self.input = directory / program.input
        self.output = directory / program.output
        self.stdout = directory / ".stdout"
        self.stderr = directory / ".stderr"
        self.command = self._command(directory)

    def run(self) -> dict[str, Any]:
        self._write_input()
        self._check_status(self._execute())
        tree = self._measurement()
        for path, value in zip(self.parameter_set.paths, self.parameter_set.values, strict=True):
            self._settle(tree, path, value)
        return tree

    def _command(self, directory: Path) -> list[str]:
        places = {"input": str(self.input), "output": str(self.output), "directory": str(directory)}
        parameters = dict(zip(self.parameter_set.names, self.parameter_set.values, strict=True))
        first, *arguments = self.program.command
        return [_executable(first), *(_fill(part, {**parameters, **places}) for part in arguments)]

    def _write_input(self) -> None:
        tree = RecursiveSerializer().encode({ROOT: self.parameter_set.tree()})
        self.input.write_bytes(archives.dumps(tree, archives.format_of(str(self.input))))

    def _execute(self) -> int | None:
        """Run the program; its exit status, negative for a signal, None for a timeout."""
        variables = {INPUT_VARIABLE: str(self.input), OUTPUT_VARIABLE: str(self.output)}
        with self.stdout.open("wb") as stdout, self.stderr.open("wb") as stderr:
            try:
                process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=self.program.directory,
                    env={**os.environ, **self.program.environment, **variables},
                    start_new_session=True,
                )
            except OSError as error:
                self._fail(f"could not be started: {error.strerror}")
        _RUNNING.add(process)
        try:
            return process.wait(self.program.timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)
            _RUNNING.discard(process)

    def _check_status(self, status: int | None) -> None:
        if status is None:
            self._fail(f"was ended after the timeout of {self.program.timeout:g} s")
        if status < 0:
            self._fail(f"was ended by signal {_signal_name(-status)}", signal=-status)
        if status > 0:
            self._fail(f"failed with exit status {status}", exit_status=status)

    def _measurement(self) -> dict[str, Any]:
        if self.output.is_file():
            tree = self._parse(self.output.read_bytes(), archives.format_of(str(self.output)), "its output file")
        else:
            text = self.stdout.read_bytes().strip()
            format = {b"{": "json", b"<": "xml"}.get(text[:1])
            if format is None:
                found = "neither JSON nor XML" if text else "empty"
                self._fail(f"wrote no output file, and its standard output is {found}")
            tree = self._parse(text, format, "its standard output")
        content = tree.get(ROOT, tree) if isinstance(tree, dict) else tree
        if not isinstance(content, dict):
            self._fail(f"wrote a {type(content).__name__}, not a measurement")
        return content

    def _parse(self, text: bytes, format: str, name: str) -> Any:
        try:
            return FORMATS[format].loads(text, name)
        except ArchiveError as error:
            self._fail(f"wrote a malformed measurement: {error}")

    def _settle(self, tree: dict[str, Any], path: str, asked: Any) -> None:
        """Add a parameter that the measurement lacks; refuse one that differs."""
        if not paths.has(tree, path):
            try:
                paths.set_(tree, path, asked)
            except PathError as error:
                self._fail(f"wrote a measurement without room for {path}: {error}")
            return
        found = paths.get(tree, path)
        if identity.key(found, None) != identity.key(asked, None):
            self._fail(f"wrote a measurement for other parameters: {path} is {found!r}, asked for was {asked!r}")

    def _fail(self, what: str, **status: int) -> NoReturn:
        lines = [f"{self.command[0]} {what}", f"  parameters: {self.parameter_set}", f"  command: {self.command}"]
        tail = _tail(self.stderr)
        lines += ["  last lines of standard error:", *(f"    {line}" for line in tail)] if tail else []
        raise ProgramError("\n".join(lines), {"command": self.command, **status, "stderr": tail})


def _executable(name: str) -> str:
    found = shutil.which(name)
    if found:
        return os.path.abspath(found)
    if os.path.isdir(name):
        raise ProgramError(f'"{name}" is a directory, not a program')
    if os.path.isfile(name):
        raise ProgramError(f'"{name}" is not executable; chmod +x "{name}" makes it so')
    hint = "; give the arguments as a list, [program, argument, ...]" if " " in name else ""
    where = f'"{os.path.abspath(name)}" does not exist' if os.sep in name else f'no "{name}" on the PATH'
    raise ProgramError(f"cannot find the program: {where}{hint}")


def _check_file_name(name: str) -> None:
    if os.path.basename(name) != name or name.rpartition(".")[2] not in FORMATS:
        raise ProgramError(f"{name!r} is no file name that ends with .xml or .json")


def _fields(template: str) -> list[str]:
    """Return the names in braces; a format such as ``{x:.3f}`` is refused, as it could change the number."""
    formatted = _FORMATTED.search(template)
    if formatted:
        raise ProgramError(
            f"argument {template!r}: write {{{formatted[1]}}} alone, so that the value is passed exactly"
        )
    return _FIELD.findall(template)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    return _FIELD.sub(lambda match: _text(match[1], values[match[1]]), template)


def _text(name: str, value: Any) -> str:
    """Return a value as an argument that reads back as the same value."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise ProgramError(f"{{{name}}} is a {type(value).__name__}, which is no argument; let the program read {{input}}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, if anything of it is left."""
    _kill_group(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _kill_group(process.pid, signal.SIGKILL)
    process.wait()


def _kill_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)


def _tail(path: Path) -> list[str]:
    """Return the last lines of a file, however long it is."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LONGEST_TAIL))
            return file.read().decode("utf-8", "replace").splitlines()[-_TAIL:]
    except FileNotFoundError:
        return []
