# SPDX-License-Identifier: BSD-2-Clause
"""Experiments that others made: whatever they hold, nothing outside changes, nothing is run, and errors are Coma's own."""

import contextlib
import json
import os
import re
import subprocess
import sys
import warnings

import hostile
import numpy as np
import pytest
from helpers import environment, snapshot

import coma
from coma.cli import main
from coma.storage import attachments

INNOCENT = ("measurement.000002.results.psi.npy", "measurement.000002.run.log", "failure.000004.run.log", "notes.txt")
POINTS = [("k", "parameters/k")]


def opened(directory):
    """Return the experiment with the points of what the enemy made, and a new one."""
    e = coma.Experiment(directory)
    e.define_parameter_set(*POINTS)
    e.add_parameter_grid(k=[1, 3, 5])
    return e


def look(directory):
    """Look at whatever shows something of an experiment."""
    e = coma.Experiment(directory)
    for m in [*e.measurements(), *e.failures()]:
        _ = str(m), repr(m), m.tree, m.id, m.get("results/psi")
        for attachment in attachments.within(m.tree):
            with contextlib.suppress(coma.ComaError):
                np.sum(attachment)
            with contextlib.suppress(coma.ComaError):
                attachment.verify()
    _ = str(e), repr(e), e.description, e.tags
    opened(directory).status()


def tabulate(directory):
    """Make tables of all results, with a condition."""
    rs = coma.Experiment(directory).retrieve_results([("E", "results/E")], POINTS, where="k > 0")
    _ = rs._repr_html_(), [r._repr_html_() for r in rs], rs.to_dataframe()


def run(directory):
    """Finish a sweep that others began; one of its points fails."""

    def measure(p):
        if p.k == 5:
            raise ValueError("no")
        return {**p.tree(), "results": {"psi": coma.attach(np.zeros(2))}}

    opened(directory).run(measure)


def program(directory):
    """Replace what another build measured, by a sweep over a program."""
    command = ["/bin/sh", "-c", "echo data > {directory}/run.log; echo '{{\"a\": 1}}'"]
    e = opened(directory)
    _ = e.builds()
    e.run(coma.Program(command, keep_files=["*.log", "stdout.txt"]), rerun="other-build")


def archive(directory):
    """Archive, take out, and archive again."""
    for name in ("deactivate", "activate", "deactivate"):
        with contextlib.suppress(coma.ExperimentError):
            getattr(coma.Experiment(directory), name)()


def take_out(directory):
    """Take out, archive, and take out again."""
    for name in ("activate", "deactivate", "activate"):
        with contextlib.suppress(coma.ExperimentError):
            getattr(coma.Experiment(directory), name)()


def save(directory):
    """Save the experiment, what it holds, and a new measurement."""
    e = coma.Experiment(directory)
    for m in [m for m in e.measurements() if hasattr(m, "save")]:
        m["note"] = "seen"
        with contextlib.suppress(coma.ComaError):
            m.save()
    m = e.new_measurement()
    m["results"] = {"json": coma.attach(np.zeros(2))}
    m.save()
    e.save()


def reset(directory):
    """Remove everything."""
    coma.Experiment(directory).reset()


def command(directory):
    """Run the command in each of its forms."""
    columns = ["--columns", "E=results/E", "psi=results/psi", "--where", "E > 0"]
    for words in (["status"], ["show"], ["show", 1], ["show", 3], ["show", 1, "results"], ["table", *columns]):
        for form in ([], ["--json"]):
            main([words[0], str(directory), *map(str, words[1:]), *form])
    main(["table", str(directory), *columns, "--csv", "-"])


OPERATIONS = (look, tabulate, run, program, archive, take_out, save, reset, command)


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
@pytest.mark.parametrize("kind", hostile.KINDS)
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
def test_nothing_leads_out_of_an_experiment(tmp_path, kind, operation, is_active, monkeypatch):
    """Nothing outside is made, changed or removed; what is innocent stays; and there is no error but Coma's own."""
    sandbox = hostile.make(tmp_path, kind, is_active)
    monkeypatch.chdir(sandbox.experiment)
    before = snapshot(sandbox.outside)
    innocent = {name: (sandbox.experiment / name).read_bytes() for name in INNOCENT}
    with warnings.catch_warnings(), contextlib.suppress(coma.ComaError, ExceptionGroup):
        warnings.simplefilter("ignore")
        operation(sandbox.experiment)
    assert snapshot(sandbox.outside) == before
    assert {path.name for path in tmp_path.iterdir()} == {"experiment", "outside"}
    gone = [name for name in innocent if not (sandbox.experiment / name).exists()]
    assert gone == ([] if operation is not reset else [name for name in gone if name != "notes.txt"])
    assert all((sandbox.experiment / name).read_bytes() == innocent[name] for name in innocent if name not in gone)


@pytest.mark.slow
@pytest.mark.parametrize("kind", hostile.KINDS)
@pytest.mark.parametrize("coding", ["utf-8", "ascii"])
def test_the_command_within_the_directory(tmp_path, kind, coding):
    """It runs no module that lies there; what it prints moves no cursor, whatever the terminal can show."""
    sandbox = hostile.make(tmp_path, kind)
    before = snapshot(tmp_path)
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": coding}
    start = "import sys; from coma.cli import main; sys.exit(main())"
    for words in (["status"], ["show"], ["show", "1"], ["show", "3"], ["table", "--columns", "E=results/E"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c", start, words[0], ".", *words[1:]],
            cwd=sandbox.experiment,
            env={**environment(), **locale},
            capture_output=True,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("utf-8")
        assert done.returncode in (0, 1)
        assert "Traceback" not in said
        assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", said)
    assert snapshot(tmp_path) == before


def test_the_corpus_reads_as_it_is_meant(tmp_path):
    """Without the enemy's part, the experiment is a good one, so that its files are looked at."""
    sandbox = hostile.Sandbox(tmp_path)
    sandbox.write()
    e = coma.Experiment(sandbox.experiment)
    assert [m.id for m in e.measurements()] == [1, 2]
    assert [record.id for record in e.failures()] == [3, 4]
    assert list(e.measurements())[1]["results/psi"][3] == 3.0
    assert json.loads((sandbox.outside / "victim" / "measurement.000001.json").read_text())["measurement"]
    assert os.path.getsize(sandbox.experiment / "measurement.000002.results.psi.npy") == 160
