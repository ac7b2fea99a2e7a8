# SPDX-License-Identifier: BSD-2-Clause
"""A program that changes: which measurements come from another build, and measuring them again."""

import os
import signal

import pytest
from helpers import names, square, start, sweep, until

import coma
from coma import Program

BUILD = """#!/bin/sh
{extra}
cp "$COMA_INPUT" "$COMA_OUTPUT"
sed -i "s|<parameters>|<info><version>{version}</version></info><results><y>{version}</y></results>&|" "$COMA_OUTPUT"
echo said
"""


@pytest.fixture
def build(tmp_path):
    """Return a function that builds the program, in place, and returns it."""

    def make(version, extra="", name="program"):
        path = tmp_path / name
        path.write_text(BUILD.format(version=version, extra=extra))
        path.chmod(0o755)
        return Program(path, keep_files=["stdout.txt"])

    return make


def results(e):
    """Return id, x and y of each measurement."""
    return [(m.id, m.parameters.x, m.results.y) for m in e.measurements()]


def test_measurements_are_counted_by_build(directory, build):
    """Executable, hash and version; those that do not say are counted, too."""
    e = sweep(directory, 3)
    e.run(build(1))
    old = build(1).sha256
    sweep(directory, 5).run(build(2))
    e.new_measurement().save()
    path = build(2).executable
    assert e.builds() == {(path, old, 1): 3, (path, build(2).sha256, 2): 2, (None, None, None): 1}
    assert old != build(2).sha256
    assert str(e.status()) == "3 of 3 done, 0 failed, 0 missing"
    assert str(e.status(build(2))) == "3 of 3 done, 0 failed, 0 missing; 4 of 6 measurements come from another build"
    e.deactivate()
    assert e.status(program=build(1)).other_build == (3, 6)


def test_the_same_build_elsewhere_is_the_same(directory, build):
    """What counts is what is in the file."""
    e = sweep(directory, 2)
    e.run(build(1))
    assert e.status(build(1, name="copy")).other_build == (0, 2)
    assert e.run(build(1, name="copy"), rerun="other-build") == (0, 2)


@pytest.mark.parametrize("options", [{}, {"workers": 2}], ids=str)
def test_what_another_build_measured_is_measured_again(directory, build, options):
    """With what is missing; each old measurement goes with the files beside it, others stay."""
    old = sweep(directory, 3)
    old.run(build(1))
    foreign = coma.Experiment(directory)
    foreign.define_parameter_set(("x", "parameters/x"))
    foreign.add_parameter_set(100.0)
    foreign.run(square)
    e = sweep(directory, 4)
    assert e.run(build(2), **options) == (1, 4)
    assert e.run(build(2), **options, rerun="other-build") == (3, 4)
    assert sorted(x for _, x, y in results(e) if y == 2) == [0.0, 1.0, 2.0, 3.0]
    assert (4, 100.0, 10000.0) in results(e)
    assert len(results(e)) == 5
    assert [name for name in names(directory) if "stdout" in name] == [
        f"measurement.{i:06d}.stdout.txt" for i in (5, 6, 7, 8)
    ]
    assert e.run(build(2), rerun="other-build") == (0, 4)


def test_an_old_measurement_stays_where_the_new_build_fails(directory, build):
    """It is better than none."""
    e = sweep(directory, 2)
    e.run(build(1))
    with pytest.raises(ExceptionGroup):
        e.run(build(2, 'grep -q "<x>1" "$COMA_INPUT" && exit 3'), rerun="other-build")
    assert results(e) == [(2, 1.0, 1), (3, 0.0, 2)]
    assert e.run(build(2), rerun="other-build") == (2, 2)
    assert e.failures() == []


def test_a_rerun_that_is_killed_loses_nothing(directory, build, script, tmp_path):
    """Each point has its old measurement or its new one."""
    e = sweep(directory, 3)
    e.run(build(1))
    slow = build(
        2, f'grep -q "<x>2" "$COMA_INPUT" && {{ touch {tmp_path}/started; while kill -0 $PPID; do sleep 0.1; done; }}'
    )
    running = start(
        script(f"""
        import coma
        from helpers import sweep
        sweep({str(directory)!r}, 3).run(coma.Program({slow.executable!r}), rerun="other-build")
    """)
    )
    until((tmp_path / "started").exists)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert results(e) == [(3, 2.0, 1), (4, 0.0, 2), (5, 1.0, 2)]
    assert e.run(build(3), rerun="other-build") == (3, 3)
    assert sorted((x, y) for _, x, y in results(e)) == [(0.0, 3), (1.0, 3), (2.0, 3)]


def test_doubles_of_an_interrupted_replacement_go(directory, build):
    """The new measurement was published, and Coma killed before the old one was removed."""
    e = sweep(directory, 2)
    e.run(build(1))
    old = {path: path.read_bytes() for path in directory.glob("measurement.00000[12].*")}
    e.run(build(2), rerun="other-build")
    for path, text in old.items():
        path.write_bytes(text)
    assert len(results(e)) == 4
    assert e.run(build(2), rerun="other-build") == (0, 2)
    assert results(e) == [(3, 0.0, 2), (4, 1.0, 2)]
    assert not any(path.exists() for path in old)


def test_only_a_program_has_builds(directory, build):
    """And there is one way to run again."""
    e = sweep(directory, 1)
    with pytest.raises(coma.ExperimentError, match=r"there is rerun='other-build', which takes a Program"):
        e.run(square, rerun="other-build")
    with pytest.raises(coma.ExperimentError, match="rerun='all'"):
        e.run(build(1), rerun="all")


def test_an_archived_experiment_is_not_measured_again(directory, build):
    """Unless it is activated."""
    e = sweep(directory, 1)
    e.run(build(1))
    e.deactivate()
    with pytest.raises(coma.ExperimentError, match=r"inactive. Call activate\(\) first"):
        e.run(build(2), rerun="other-build")
    assert results(e) == [(1, 0.0, 1)]


def test_a_point_that_fails_with_the_new_build_keeps_its_measurement(directory, build):
    """And both say so: the status, and what is explained."""
    e = sweep(directory, 2)
    e.run(build(1))
    broken = build(2, extra='grep -q "<x>1.0</x>" "$COMA_INPUT" && exit 1')
    with pytest.raises(ExceptionGroup, match="1 of 2"):
        e.run(broken, rerun="other-build")
    assert sorted(results(e)) == [(2, 1.0, 1), (3, 0.0, 2)]
    assert str(e.status()) == "2 of 2 done, 0 failed, 0 missing; 1 of those done failed when measured anew"
    assert "It failed when it was measured anew, with ProgramError: " in e.explain(1.0)
    assert "failed" not in e.explain(0.0)
    assert e.run(build(2), rerun="other-build") == (2, 2)
    assert str(e.status()) == "2 of 2 done, 0 failed, 0 missing"
