# SPDX-License-Identifier: BSD-2-Clause
"""One point costs one point: whatever a function raises or returns, a program prints, or a file system refuses."""

import errno
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import names, run, square, sweep

import coma
from coma import files

BAD = 1.0
POINTS = 3
PLACES = pytest.mark.parametrize("place", ["here", "threads", "workers"])
SHARED = ValueError("one object for all points")


def raised(function):
    """Return a function that calls another one at the bad point."""

    def call(p):
        return function(p) if p.x == BAD else square(p)

    return call


def thrower(error):
    """Return a function that raises what another one makes."""

    def throw(_p):
        raise error()

    return raised(throw)


def returner(result):
    """Return a function that returns, at the bad point, results that another one makes."""
    return raised(lambda p: {**square(p), "results": result()})


class Base(BaseException):
    """An exception that is no `Exception`."""


class Rude(Exception):
    """An exception that ends whoever asks for its text, its state or its notes."""

    def __str__(self):
        raise SystemExit(1)

    __repr__ = __str__

    def __reduce__(self):
        raise GeneratorExit

    def add_note(self, note):
        """Refuse."""
        raise RuntimeError(note)


class Pretender(BaseException):
    """An exception that says it is another."""

    __class__ = property(lambda _: ValueError)


class Lost(Exception):
    """An exception that ends whoever unpickles it."""

    def __reduce__(self):
        return sys.exit, ("unpickled",)


class Wordy(str):
    """A text that cannot be encoded."""

    __slots__ = ()

    def encode(self, *_):
        """Refuse."""
        raise ZeroDivisionError


class Talker(Exception):
    """An exception whose text is of a class of its own."""

    def __str__(self):
        return Wordy("text")


class Stateful:
    """An object without a usable state."""

    def coma_getstate(self):
        """Refuse."""
        raise Base("no state")


def odd_syntax_error():
    """Return an error that Python itself cannot show."""
    error = SyntaxError("odd")
    error.text, error.lineno, error.offset, error.filename = 5, "a", [], object()
    return error


def deep():
    """Return a list that holds itself."""
    own = []
    own.append(own)
    return own


EXCEPTIONS = {
    "pair of surrogates": lambda: ValueError("\ud83d\ude00"),
    "lone surrogate": lambda: ValueError("caf\udce9"),
    "control characters": lambda: ValueError("\0\x1b[31m\u2028"),
    "base": Base,
    "generator exit": GeneratorExit,
    "stop iteration": StopIteration,
    "system exit": lambda: SystemExit("\ud83d\ude00"),
    "group": lambda: ExceptionGroup("all", [ValueError("a"), ExceptionGroup("some", [KeyError("b")])]),
    "base group": lambda: BaseExceptionGroup("all", [Base("\ud83d\ude00")]),
    "rude": Rude,
    "pretender": Pretender,
    "lost": Lost,
    "talker": Talker,
    "odd syntax error": odd_syntax_error,
    "odd notes": lambda: type("Noted", (Exception,), {"__notes__": 5})(),
    "details": lambda: coma.ProgramError("of a user", {"when": threading, 5: {6}}),
    "more details": lambda: coma.ProgramError("of a user", {"text": "\ud83d\ude00"}),
    "no details": lambda: coma.ProgramError("of a user", 5),
    "memory": MemoryError,
    "recursion": RecursionError,
    "os": lambda: OSError(errno.ENOSPC, "of the function itself"),
}
RESULTS = {
    "pair of surrogates": lambda: "\ud83d\ude00",
    "key of surrogates": lambda: {"\ud83d\ude00": 1},
    "long name": lambda: {"a_rather_long_name_" * 20: coma.attach(np.zeros(2))},
    "reserved type": lambda: {"__type__": "attached", "suffix": ".x", "content": "text"},
    "reserved types": lambda: [{"__type__": "numpy.ndarray"}],
    "deep": deep,
    "stateful": Stateful,
    "object": threading.Lock,
    "huge integer": lambda: 10**5000,
    "suffix": lambda: coma.trees.attachment.Attached(b"", "." + "x" * 300),
}
FUNCTIONS = {**{name: thrower(error) for name, error in EXCEPTIONS.items()}}
FUNCTIONS |= {f"returns {name}": returner(result) for name, result in RESULTS.items()}


def run_at(e, function, place):
    """Run here, on threads or on workers, and return what the one point raised."""
    options = {"here": {}, "threads": {"executor": lambda: ThreadPoolExecutor(2)}, "workers": {"workers": 2}}[place]
    with pytest.raises(ExceptionGroup, match=f"1 of {POINTS} measurements failed") as caught:
        e.run(function, **options)
    (error,) = caught.value.exceptions
    return error


def assert_one_failed(e):
    """Check that two are measured, one failed and has its record, and the next run does it."""
    assert sorted(m.parameters.x for m in e.measurements()) == [0.0, 2.0]
    (record,) = e.failures()
    assert record.parameters.x == BAD
    assert isinstance(record.error.type, str)
    assert isinstance(record.error.message, str)
    assert coma.Experiment(e.directory).failures()[0].tree == record.tree
    assert e.run(square) == (1, POINTS)
    assert e.failures() == []


@PLACES
@pytest.mark.parametrize("what", FUNCTIONS)
def test_whatever_a_function_raises_or_returns_costs_its_point(directory, place, what):
    """The others are measured, and a record is left, here as on threads and workers."""
    e = sweep(directory, POINTS)
    error = run_at(e, FUNCTIONS[what], place)
    assert f"for the parameter set (x={BAD})" in error.__notes__[-1]
    assert_one_failed(e)


SAYS = {
    "reserved type": '{"r": {"__type__": "attached", "suffix": ".x", "content": "text"}}',
    "reserved types": '{"r": [{"__type__": "numpy.ndarray"}]}',
    "info": '{"info": 5}',
    "list": "[1, 2]",
    "deep": '{"r": ' + "[" * 3000 + "]" * 3000 + "}",
    "integer": '{"r": ' + "9" * 5000 + "}",
    "xml integer": f"<r><n>{'9' * 5000}</n></r>",
    "bytes": "\\377\\376",
    "parameters": '{"parameters": null}',
}


@pytest.mark.parametrize("what", SAYS)
def test_whatever_a_program_prints_costs_its_point(directory, tmp_path, what):
    """The others are measured, and a record is left."""
    program = tmp_path / "program"
    text = tmp_path / "text"
    text.write_text(SAYS[what])
    program.write_text(f'#!/bin/sh\nif test "$1" = {BAD}; then cat {text}; else echo \'{{"results": 1}}\'; fi\n')
    program.chmod(0o755)
    e = sweep(directory, POINTS)
    run_at(e, coma.Program([program, "{x}"]), "here")
    assert_one_failed(e)


def test_a_name_that_is_too_long_for_a_file_that_is_kept_costs_its_point(directory, tmp_path):
    """The program's own name for it fits, the one beside the measurement does not."""
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\ntest "$1" = {BAD} && touch {"x" * 250}\necho \'{{"results": 1}}\'\n')
    program.chmod(0o755)
    e = sweep(directory, POINTS)
    error = run_at(e, coma.Program([program, "{x}"], directory="{directory}", keep_files=["x*"]), "here")
    assert "File name too long" in str(error)
    assert_one_failed(e)


@pytest.mark.parametrize("workers", [None, 2])
def test_a_directory_where_the_record_should_go_is_told_at_the_end(directory, workers):
    """The point's exception says that there is no record; all others are measured."""
    e = sweep(directory, POINTS)
    for number in range(1, 10):
        (directory / f"failure.{number:06d}.json").mkdir()
    with pytest.warns(UserWarning, match="failure"), pytest.raises(ExceptionGroup, match="1 of 3") as caught:
        e.run(thrower(ZeroDivisionError), workers=workers)
    assert "no record of this failure is kept: Cannot write" in caught.value.exceptions[0].__notes__[-1]
    assert e.number_of_measurements() == 2


@pytest.mark.parametrize("number", [errno.ENAMETOOLONG, errno.EFBIG, errno.EINVAL], ids=errno.errorcode.get)
def test_what_a_file_system_says_of_one_file_costs_its_point(directory, monkeypatch, number):
    """A name or size that it does not take, say."""
    publish = files.publish

    def refuse(path, data, durable=True):
        if b'"x": 1.0' in data:
            with files.reported(f'write "{path}"'):
                raise OSError(number, os.strerror(number))
        publish(path, data, durable)

    monkeypatch.setattr(files, "publish", refuse)
    e = sweep(directory, POINTS)
    run_at(e, square, "here")
    monkeypatch.undo()
    assert_one_failed(e)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_what_a_file_system_says_of_all_files_ends_the_run(directory, monkeypatch, number):
    """To go on would throw results away; what is measured stays."""
    publish = files.publish

    def refuse(path, data, durable=True):
        if b'"x": 1.0' in data:
            with files.reported(f'write "{path}"'):
                raise OSError(number, os.strerror(number))
        publish(path, data, durable)

    monkeypatch.setattr(files, "publish", refuse)
    e = sweep(directory, POINTS)
    with pytest.raises(coma.ArchiveError, match=os.strerror(number)):
        e.run(square)
    assert (e.number_of_measurements(), e.failures()) == (1, [])


def test_an_exception_that_is_raised_again_has_the_note_of_each_point(directory):
    """One object may be raised at several points."""
    e = sweep(directory, POINTS)

    def fail(_p):
        raise SHARED

    with pytest.raises(ExceptionGroup, match="3 of 3") as caught:
        e.run(fail)
    notes = [error.__notes__ for error in caught.value.exceptions]
    assert notes == [[f"for the parameter set (x={x})"] for x in (0.0, 1.0, 2.0)]


FORKS = """
    import os, sys, threading
    from concurrent.futures import ThreadPoolExecutor
    import coma
    from helpers import square, sweep

    directory, place, how = sys.argv[1:]

    def fork(p):
        child = os.fork()
        if child == 0 and how == "raises":
            raise ValueError("in the child")
        if child == 0 and how == "exits":
            sys.exit(7)
        if child:
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return {**square(p), "status": status}
        return square(p)

    options = {"here": {}, "threads": {"executor": lambda: ThreadPoolExecutor(2)}, "workers": {"workers": 2}}[place]
    print(sweep(directory, 3).run(fork, **options))
"""


@PLACES
@pytest.mark.parametrize(("how", "status"), [("returns", 0), ("raises", 1), ("exits", 7)])
def test_a_child_that_was_forked_does_not_go_on_as_a_second_run(directory, script, place, how, status):
    """It ends where it leaves the function, as Python would have ended it, and the run is told once."""
    said = run(script(FORKS), directory, place, how)
    assert said.splitlines() == ["(3, 3)"]
    e = sweep(directory, 3)
    assert [m.status for m in e.measurements()] == [status] * 3
    assert sorted(m.parameters.x for m in e.measurements()) == [0.0, 1.0, 2.0]
    assert e.failures() == []
    assert [name for name in names(directory) if name.endswith((".lock", ".tmp"))] == []
