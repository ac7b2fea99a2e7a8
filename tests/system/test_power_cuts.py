# SPDX-License-Identifier: BSD-2-Clause
"""Power cuts: what a call that returned has written is on the disk, and nothing goes before what replaces it is there.

Each case is tried twice: everywhere by the order of what it writes, syncs and removes; and on a file system that is cut
off when it ends.
"""

import subprocess
import sys
import textwrap
import warnings

import pytest
from cppbuild import compile_cpp
from disk import Ext4, Order
from helpers import environment, names, snapshot, square, sweep
from killer import build_shim

import coma

CASES = {
    "a sweep with kept files": """
        sweep(place, 2).run(program(1))
    """,
    "many kept files, by several workers": """
        sweep(place, 20).run(program(1), workers=2)
    """,
    "a new directory, deep down": """
        sweep(place / "deep" / "down", 1).run(square)
    """,
    "many points": """
        sweep(place, 100).run(square)
    """,
    "attachments": """
        sweep(place, 20).run(attached)
    """,
    "another build": """
        sweep(place, 3).run(program(1))
        sweep(place, 3).run(program(2), rerun="other-build")
    """,
    "another build, killed in between": """
        e = sweep(place, 3)
        e.run(program(1))
        old = {path: path.read_bytes() for path in place.glob("measurement.00*")}
        e.run(program(2), rerun="other-build")
        for path, text in old.items():
            path.write_bytes(text)
            files.sync(path)
        files.sync(place)
        for path in place.glob("measurement.00000[456]*"):
            path.write_bytes(path.read_bytes())
        assert e.run(program(2), rerun="other-build") == (0, 3)
    """,
    "failures, again and then no more": """
        e = sweep(place, 3)
        for last in ("exit 1", "exit 2", ""):
            try:
                e.run(program(1, last))
            except ExceptionGroup as errors:
                assert len(errors.exceptions) == 3
        assert e.failures() == []
    """,
    "failures": """
        try:
            sweep(place, 3).run(program(1, "exit 1"))
        except ExceptionGroup:
            assert len(sweep(place, 3).failures()) == 3
    """,
    "archiving": """
        e = sweep(place, 20)
        e.run(attached)
        e.deactivate()
    """,
    "archiving and the way back": """
        e = sweep(place, 20)
        e.run(square)
        e.deactivate()
        e.activate()
    """,
    "saving": """
        e = sweep(place, 1)
        e.run(square)
        for m in (*e.measurements(), e.new_measurement()):
            m["results/psi"] = coma.attach(np.arange(3.0))
            m.save()
        e.save()
    """,
    "the other format": """
        files.make_directory(place)
        archive = coma.Archive(place / "measurement.000001.json")
        archive.save({"a": 1})
        archive.save({"a": 2}, format="xml")
    """,
    "reset, and anew": """
        e = sweep(place, 3)
        e.run(program(1))
        e.reset()
        e.run(program(2))
    """,
}
CODE = """
import os, sys
from pathlib import Path
import numpy as np
import coma
from coma import files
from helpers import square, sweep

place = Path(sys.argv[1])

def program(build, last=""):
    path = place.with_name("program")
    path.write_text(f'#!/bin/sh\\n# {{build}}\\necho data > run.log\\ncat "$COMA_INPUT"\\n{{last}}\\n')
    path.chmod(0o755)
    return coma.Program(path, directory="{{directory}}", keep_files=["*.log"])

def attached(p):
    return {{"parameters": {{"x": p.x}}, "results": {{"psi": coma.attach(np.full(100, p.x))}}}}

{case}
os._exit(0)
"""
KILLED = """
import os, signal, sys
from helpers import square, sweep

def function(p):
    if p.x == 255:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(p)

sweep(sys.argv[1], 300).run(function)
"""
ADD = """
#include <coma/coma.hpp>

int main(int, char** argv) {
    coma::experiment experiment(argv[1]);
    for (int x = 0; x < 20; ++x) {
        coma::measurement m("add", "1.0");
        m["parameters/x"] = x;
        experiment.add(m);
    }
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """Return the library that logs calls."""
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def disk(tmp_path):
    """Return a file system on which power can be cut."""
    disk = Ext4(tmp_path)
    with disk.mounted():
        yield disk


def carry_out(case, place, **variables):
    """Carry out a case in a process of its own, which ends at once."""
    code = CODE.format(case=textwrap.dedent(CASES[case]))
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)],
        env={**environment(), **variables},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_is_replaced_goes_after_what_replaces_it_is_on_the_disk(tmp_path, shim, case):
    """By the calls of the process: and when it ends, all that it wrote was synced, and each new name and directory."""
    log, place = tmp_path / "log", tmp_path / "experiment"
    carry_out(case, place, LD_PRELOAD=str(shim), COMA_LOG=str(log))
    order = Order(log, place)
    assert order.mistakes == []
    assert order.at_risk() == []
    assert any(line.startswith(("fsync", "syncfs")) for line in order.calls)


def test_a_wrong_order_is_noticed(tmp_path, shim):
    """The test of the tests: a file that is never synced, and one that goes too early."""
    log, place = tmp_path / "log", tmp_path / "experiment"
    code = """
        import os, sys
        os.mkdir(sys.argv[1])
        os.chdir(sys.argv[1])
        for name in ("measurement.000001.json", "measurement.000002.json"):
            with open(name, "w") as file:
                file.write("text")
        os.unlink("measurement.000001.json")
    """
    variables = {**environment(), "LD_PRELOAD": str(shim), "COMA_LOG": str(log)}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(place)], env=variables, check=True)
    order = Order(log, place)
    assert [line.split(" before ")[0] for line in order.mistakes] == [f"{place}/measurement.000001.json was removed"]
    assert order.at_risk() == [str(place), f"{place}/measurement.000002.json"]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_a_call_that_returned_has_written_outlasts_a_power_cut(disk, case):
    """Each file that is there is there afterwards, with its content; removed ones may be there again."""
    carry_out(case, disk.path / "experiment")
    before = snapshot(disk.path / "experiment")
    with disk.cut() as after:
        found = snapshot(after / "experiment")
        assert {name: found.get(name) for name in before} == before
        if case != "the other format":
            place = after / "experiment" / ("deep/down" if "deep" in case else "")
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".* was archived, but .* still there")
                assert coma.Experiment(place).status().damaged == 0


@pytest.mark.slow
def test_a_sweep_that_is_killed_just_before_a_power_cut_goes_on(disk, script):
    """What the system had not yet written is empty files: they are measured again, and stand in the way of nothing."""
    place = disk.path / "experiment"
    sweep(place, 0)
    killed = subprocess.run([sys.executable, str(script(KILLED)), str(place)], env=environment(), check=False)
    assert killed.returncode < 0
    assert len(names(place)) > 255
    with disk.cut() as after, warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\d+ damaged measurement file.* left out|.*held nothing|Removing the lock")
        place = after / "experiment"
        empty = [path for path in place.glob("measurement.0*") if not path.stat().st_size]
        print(f"{len(empty)} empty files of {len(names(place))}")
        sweep(place, 300).run(square)
        sweep(place, 300).deactivate()
        e = sweep(place, 300)
        e.activate()
        assert sorted(m.parameters.x for m in e.measurements()) == [float(x) for x in range(300)]
        assert e.run(square) == (0, 300)
        assert len([name for name in names(place) if name.endswith(".lost-in-a-power-cut")]) == len(empty)


@pytest.mark.slow
@pytest.mark.cpp
def test_what_a_cpp_program_added_outlasts_a_power_cut(disk, tmp_path):
    """Each measurement, from the first on."""
    program = compile_cpp(tmp_path / "add", [ADD], "-O1")
    subprocess.run([str(program), str(disk.path / "experiment")], check=True)
    with disk.cut() as after:
        assert [m.parameters.x for m in coma.Experiment(after / "experiment").measurements()] == list(range(20))
