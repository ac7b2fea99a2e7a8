# SPDX-License-Identifier: BSD-2-Clause
"""One run of a program for one parameter set: input file, process, the files that are kept, and its measurement."""

from __future__ import annotations

import errno
import fnmatch
import math
import os
import signal
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from coma import files
from coma.archives import archive as archives
from coma.errors import ArchiveError, ProgramError
from coma.parameters.parameterset import ParameterSet
from coma.programs import executables, placeholders, process, reading, strays
from coma.programs.attempt import Attempt
from coma.programs.output import Output
from coma.programs.process import Ended
from coma.storage.measurement import ROOT
from coma.trees.serializer import RecursiveSerializer

INPUT_VARIABLE = "COMA_INPUT"
OUTPUT_VARIABLE = "COMA_OUTPUT"
WITHIN = "{directory}"  # as the working directory
_STDOUT = "stdout.txt"
_STDERR = "stderr.txt"
_SERIALIZER = RecursiveSerializer()
_LONGEST = 64 * 1024**2  # bytes of standard output that may be a measurement


class Settings(NamedTuple):
    """How a program is run, for every parameter set alike; each item is as the arguments of `Program`, checked."""

    executable: str
    arguments: tuple[str, ...]
    input: str
    output: str
    directory: str | None
    environment: dict[str, str]
    timeout: float | None
    keep_files: tuple[str, ...]

    def placeholders(self) -> frozenset[str]:
        """Return the names in braces in arguments and environment."""
        return placeholders.all_names((*self.arguments, *self.environment.values()))


class Call:
    """One run of a program.

    Parameters
    ----------
    settings
        How it is run.
    parameter_set
        The point.
    directory
        A temporary directory of its own.
    attempt
        The attempt of a run to which it belongs, if any.
    """

    def __init__(
        self, settings: Settings, parameter_set: ParameterSet, directory: str, attempt: Attempt | None
    ) -> None:
        self.settings = settings
        self.parameter_set = parameter_set
        self.attempt = attempt
        self.ended: Ended | None = None
        self.directory = directory
        self.input = os.path.join(directory, settings.input)
        self.output = os.path.join(directory, settings.output)
        self.stdout = self._output(_STDOUT, _LONGEST)
        self.stderr = self._output(_STDERR, 0)
        self.values = self._values()
        self.command = [executables.find(settings.executable), *map(self._fill, settings.arguments)]

    def run(self) -> dict[str, Any]:
        """Run the program and return its measurement's tree.

        Raises
        ------
        ProgramError
            As a call of `Program` does.
        """
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
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.settings.keep_files)

    def _values(self) -> dict[str, Any]:
        """Return what may be filled in; parameters may have names such as `seed`."""
        parameters = dict(zip(self.parameter_set.names, self.parameter_set.values, strict=True))
        known: dict[str, int] = {}
        if "seed" in self.settings.placeholders():
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
        given = {name: self._fill(value) for name, value in self.settings.environment.items()}
        added = {**given, INPUT_VARIABLE: self.input, OUTPUT_VARIABLE: self.output}
        filled = {os.fsencode(name): os.fsencode(value) for name, value in added.items()}
        return {**os.environb, **filled, **strays.mark(self.directory)}

    def _write_input(self) -> None:
        tree = _SERIALIZER.encode({ROOT: self.parameter_set.tree()})
        text = archives.dumps(tree, archives.format_of(self.input))
        try:
            files.create(self.input, text)
        except ArchiveError as error:
            raise ProgramError(f"{error}; set TMPDIR to a directory with room") from error

    def _execute(self) -> Ended:
        outputs = (self.stdout, self.stderr)
        environment = self._environment()
        working = self.directory if self.settings.directory == WITHIN else self.settings.directory
        try:
            return process.run(self.command, working, environment, outputs, self.directory, self.settings.timeout)
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
            self._fail(f"was ended after the timeout of {self.settings.timeout:g} s")
        if ended.status < 0:
            self._fail(f"was ended by signal {-ended.status} ({_signal_name(-ended.status)})")
        if ended.status > 0:
            self._fail(f"failed with exit status {ended.status}")

    def _keep(self) -> None:
        if self.attempt is None or not self.settings.keep_files:
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
