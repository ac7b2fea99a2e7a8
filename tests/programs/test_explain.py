# SPDX-License-Identifier: BSD-2-Clause
"""Why a point would run again: each reason in the table of docs/how-to/define-a-sweep.md."""

import pytest

import coma


@pytest.fixture
def e(tmp_path):
    """Return an experiment with one measurement, of k = 2 and x = 0.3."""
    e = coma.Experiment(tmp_path / "e")
    e.define_parameter_set(("k", "parameters/k"), ("x", "parameters/x"))
    e.add_parameter_set(2, 0.3)
    assert e.run(lambda p: {**p.tree(), "results": {"y": p.k * p.x}}) == (1, 1)
    return e


def test_a_point_that_is_measured_is_named_by_its_id(e):
    """Rounding noise below the 12th digit, and 2.0 for 2, make no difference."""
    assert e.explain(2.0, 0.1 + 0.2) == "(k=2.0,x=0.30000000000000004) is measurement 1; it would not run again."


def test_another_value_is_named_with_that_of_the_nearest_measurement(e):
    """The nearest is the one that agrees in most parameters."""
    assert e.explain(x=0.3, k=3) == "(k=3,x=0.3) would run. The nearest, measurement 1, has k = 2, not 3."
    assert e.explain(3, 4) == "(k=3,x=4) would run. No measurement agrees with it in any parameter."


def test_floats_that_differ_by_noise_alone_are_told_with_the_digits_in_which_they_agree(e):
    """So that the user knows what to pass to define_parameter_set."""
    said = "(k=2,x=0.3000000001) would run. The nearest, measurement 1, has x = 0.3, not 0.3000000001"
    assert e.explain(2, 0.3000000001) == f"{said} (equal with digits=9)."
    e.clear_parameter_sets()
    e.define_parameter_set(("k", "parameters/k"), ("x", "parameters/x"), digits=9)
    assert "would not run again" in e.explain(2, 0.3000000001)


def test_a_path_that_is_missing_is_named(e):
    """As when the function forgets to return a parameter, or older measurements had not got it."""
    e.clear_parameter_sets()
    e.define_parameter_set(("k", "parameters/k"), ("x", "parameters/x"), ("m", "parameters/m"))
    assert e.explain(2, 0.3, 1) == (
        "(k=2,x=0.3,m=1) would run. The nearest, measurement 1, has nothing at 'parameters/m'."
    )


def test_a_default_that_changed_is_named(e):
    """The measurement is taken for one of the default, which no longer is what is asked for."""
    e.clear_parameter_sets()
    items = ("k", "parameters/k"), ("x", "parameters/x"), ("m", "parameters/m")
    e.define_parameter_set(*items, defaults={"m": 1})
    assert "is measurement 1" in e.explain(2, 0.3, 1)
    assert e.explain(2, 0.3, 5) == (
        "(k=2,x=0.3,m=5) would run. The nearest, measurement 1, has nothing at 'parameters/m', for which the default "
        "is 1, not 5."
    )


def test_a_failure_before_is_named_with_its_record(e):
    """With the exception, and the file that has its traceback."""
    e.add_parameter_set(2, 1.0)
    with pytest.raises(ExceptionGroup):
        e.run(lambda _: 1 / 0)
    said = e.explain(2, 1.0)
    assert said.startswith("(k=2,x=1.0) would run. It failed before, with ZeroDivisionError: division by zero (")
    assert f'"{e.failures()[0].path}"' in said
    assert str(e.status()) == "1 of 2 done, 1 failed, 0 missing"


def test_of_a_long_message_the_first_line_is_quoted(e):
    """That of a program has its command and last words, too, which the record shows."""
    e.add_parameter_set(2, 1.0)
    with pytest.raises(ExceptionGroup):
        e.run(coma.Program(["false", "{x}"]))
    (record,) = e.failures()
    assert "\n  command: " in record.error.message
    quoted = record.error.message.splitlines()[0]
    assert e.explain(2, 1.0).startswith(
        f'(k=2,x=1.0) would run. It failed before, with ProgramError: {quoted} ("{record.path}").'
    )


def test_a_point_that_was_never_run_says_so(tmp_path):
    """There is nothing to compare it with."""
    e = coma.Experiment(tmp_path / "e")
    e.define_parameter_set(("k", "parameters/k"))
    assert e.explain(1) == "(k=1) would run. There is no measurement yet."
    e.add_parameter_set(1)
    assert str(e.status()) == "0 of 1 done, 0 failed, 1 missing"


def test_a_program_that_was_built_anew_is_told(tmp_path):
    """The measurement counts, unless the user asks for those of the new build."""
    program = tmp_path / "double"
    program.write_text('#!/bin/sh\necho "{\\"parameters\\": {\\"k\\": $1}, \\"results\\": {}}"\n')
    program.chmod(0o755)
    e = coma.Experiment(tmp_path / "e")
    e.define_parameter_set(("k", "parameters/k"))
    e.add_parameter_set(1)
    double = coma.Program([str(program), "{k}"])
    e.run(double)
    assert e.explain(1) == "(k=1) is measurement 1; it would not run again."
    program.write_text(program.read_text() + "# built anew\n")
    assert e.explain(1) == (
        f'(k=1) is measurement 1; it would not run again. Another build of "{program}" measured it than lies there '
        'now; rerun="other-build" measures it anew.'
    )
    assert str(e.status(double)).endswith("1 of 1 measurements come from another build")
    assert e.run(double, rerun="other-build") == (1, 1)
    assert e.explain(1) == "(k=1) is measurement 2; it would not run again."
    program.unlink()
    assert e.explain(1) == "(k=1) is measurement 2; it would not run again."


def test_what_is_asked_must_fit_the_definition(e):
    """As when a point is added."""
    with pytest.raises(coma.ParameterSetError, match="expected 2 values"):
        e.explain(1)
    with pytest.raises(coma.ParameterSetError, match="unknown"):
        e.explain(1, z=2)


def test_a_text_that_looks_like_a_number_is_none(directory):
    """And the other way round."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("n", "parameters/n"))
    e.add_parameter_set(8)
    e.run(lambda p: p.tree())
    assert "has n = 8, not '8' (the second is a text, which equals no number)" in e.explain("8")
    assert "is a text" not in e.explain("9") + e.explain(9)
    e.add_parameter_set("9.5")
    e.run(lambda p: p.tree())
    assert "is measurement 2" in e.explain("9.5")
    assert "'9.5', not 9.5 (the first is a text" in e.explain(9.5)
