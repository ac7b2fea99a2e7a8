# SPDX-License-Identifier: BSD-2-Clause
"""Odd but well-formed files: each value of each file replaced by others; whatever is done then, errors are Coma's own."""

import copy
import itertools
import json
import warnings

import numpy as np
import pytest
from killer import memory

import coma
from coma import cli
from coma.archives import jsonarchive, xmlarchive

GONE = object()
DEEP = json.loads("[" * 150 + "]" * 150)
OTHERS = (GONE, None, [], {}, [None], {"a": None}, "text", "", 0, -1, 1.5, 10**30, True, DEEP)
TABLE = [("x", "parameters/x"), ("E", "results/E"), ("z", "results/z"), ("a", "results/a")]
EACH = 2  # operations on each mutation; every place meets all of them
FAILING = 2.0
PROGRAM = """#!/bin/sh
echo noted > noted.log
echo '{"results": {"E": [1, 2]}}'
"""


def define(e):
    """Define the sweep and return the experiment."""
    e.define_parameter_set(("x", "parameters/x"))
    for x in (0.0, 1.0, FAILING):
        e.add_parameter_set(x)
    return e


def square(p):
    """Return a measurement."""
    return {"parameters": {"x": p.x}, "results": {"E": [p.x, p.x**2]}}


def look(e, _):
    """Read everything."""
    str(e), repr(e), e.id, e.description, e.start_date, e.end_date, e.isactive(), e.number_of_measurements(), [*e.tags]
    for m in e.measurements():
        str(m), repr(m), dir(m), list(m), m.id, m.start_date, m.end_date, m.get("results/E"), m.has("info/a/*")
        ours(m.verify)
    for record in e.failures():
        str(record), repr(record), record.id, record.path


def ask(e, program):
    """Ask about the sweep."""
    define(e)
    str(e.status()), e.builds(), e.explain(5.0), e.explain(FAILING), e.explain(0.0), str(e.status(program))


def tabulate(e, _):
    """Make tables."""
    ours(lambda: list(map(str, e.retrieve_results(TABLE[:2], on_ragged="pad"))))
    where = "E != 5 and x == x or not `results/t` in ['a']"
    ours(lambda: define(e).retrieve_results(TABLE, TABLE[:1], fill=0, on_ragged="pad", where=where))
    ours(lambda: e.retrieve_results(TABLE[:1], where=lambda m: m.id != 3))
    ours(e.to_dataframe)


def run(e, _):
    """Measure what is missing."""
    define(e).add_parameter_set(9.0)
    e.run(square)


def rerun(e, program):
    """Measure again what another build measured."""
    define(e).run(program, rerun="other-build")


def save(e, _):
    """Change everything and save it."""
    m = e.new_measurement()
    m["results"] = {"E": 1}
    m.save()
    e.tags.append("more")
    e.save()
    for m in e.measurements():
        ours(lambda m=m: getattr(m, "save", str)())


def archive(e, _):
    """Archive and take out again, and read in between."""
    for change in (e.deactivate, e.activate):
        ours(change)
        ours(lambda: list(coma.Experiment(e.directory).measurements()))


def reset(e, _):
    """Start again."""
    e.reset()


def command(*words):
    """Return an operation that calls the command line."""

    def call(e, _):
        assert cli.main([words[0], e.directory, *words[1:]]) in (0, 1)

    return call


COLUMNS = ("--columns", "x=parameters/x", "E=results/E")
OPERATIONS = (
    *(look, ask, tabulate, run, rerun, save, archive, reset),
    *(command("status"), command("status", "--json"), command("show"), command("show", "--json")),
    *(command("show", "1"), command("show", "3", "--json"), command("show", "1", "results/E")),
    *(command("table", *COLUMNS, "--by", "t=results/t"), command("table", *COLUMNS, "--csv", "-")),
)


def ours(call):
    """Call, and let Coma's own errors pass."""
    try:
        call()
    except coma.ComaError:
        return
    except ExceptionGroup as group:
        if group.split(coma.ComaError)[1] is not None:
            raise


def mutations(tree, path=()):
    """Yield path and replacement for every place in a tree."""
    yield from ((path, other) for other in OTHERS)
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, item in items:
        yield from mutations(item, (*path, step))


def mutated(tree, path, other):
    """Return a tree with another value in one place."""
    if not path:
        return other
    tree = copy.deepcopy(tree)
    node = tree
    for step in path[:-1]:
        node = node[step]
    if other is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = copy.deepcopy(other)
    return tree


def written(tree, format):
    """Return the text of a tree; nothing where the format cannot hold it, or there is to be no file."""
    try:
        return None if tree is GONE else format.dumps(tree)
    except coma.ArchiveError:
        return None


@pytest.fixture
def place(tmp_path):
    """Return a directory where files are written quickly."""
    found = memory()
    if found is None:
        yield tmp_path
        return
    import tempfile

    with tempfile.TemporaryDirectory(dir=found) as directory:
        yield type(tmp_path)(directory)


@pytest.mark.slow
@pytest.mark.parametrize("is_archived", [False, True], ids=["active", "archived"])
@pytest.mark.parametrize("format", [jsonarchive, xmlarchive], ids=["json", "xml"])
def test_odd_values_in_files_are_errors_of_ours_or_none(place, capsys, format, is_archived):
    """Each value by null, lists, dictionaries, texts, numbers, true, deep nesting, or nothing at all."""
    program = place / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    call = coma.Program(program, directory="{directory}", keep_files=["*.log"])

    def measure(p):
        if p.x == FAILING:
            raise coma.ProgramError("failed", {"command": ["a"], "exit_status": 1, "stderr": ["b"]})
        if p.x == 1:
            return call(p)
        results = {"E": [p.x, 2.0], "z": 1j, "a": np.arange(3.0), "t": "text", "psi": coma.attach(np.zeros(2))}
        return {"parameters": {"x": p.x}, "results": results}

    directory = place / "experiment"
    e = define(coma.Experiment(directory, tags=["a"], config={"archive_default_format": format.SUFFIX}))
    with pytest.raises(ExceptionGroup):
        e.run(measure)
    if is_archived:
        e.deactivate()
    program.write_text(f"{PROGRAM}# another build\n")
    whole = {path.name: path.read_bytes() for path in directory.iterdir()}
    operations = itertools.cycle(OPERATIONS)
    wrong, count = [], 0
    for name in sorted(name for name in whole if name.endswith(format.SUFFIX)):
        for path, other in mutations(format.loads(whole[name], restore=lambda state: state)):
            tree = mutated(format.loads(whole[name], restore=lambda state: state), path, other)
            text = written(tree, format)
            if text is None and tree is not GONE:
                continue
            for operation in itertools.islice(operations, EACH):
                restore(directory, whole)
                (directory / name).write_bytes(text) if text is not None else (directory / name).unlink()
                count += 1
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)
                    try:
                        ours(lambda operation=operation: operation(coma.Experiment(directory), call))
                    except Exception as error:  # noqa: BLE001 - whatever it is
                        wrong.append(f"{name} {path} {repr(other)[:20]} {operation.__qualname__}: {error!r}")
        capsys.readouterr()
    print(count)
    assert wrong == []


def restore(directory, whole):
    """Bring a directory back to what it was."""
    for path in directory.iterdir():
        if path.name not in whole:
            path.unlink()
    for name, text in whole.items():
        (directory / name).write_bytes(text)
