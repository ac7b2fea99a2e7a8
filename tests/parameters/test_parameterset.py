# SPDX-License-Identifier: BSD-2-Clause
"""The values of one point."""

import copy
import pickle

import numpy as np
import pytest
from helpers import parameter_set

import coma
from coma.parameters.parameterset import Definition


@pytest.fixture
def p():
    """Return a parameter set of two."""
    definition = Definition([("T", "parameters/T"), ("n", "parameters/lattice/n")])
    return coma.ParameterSet(definition, [1.5, 8])


def test_values_are_reached_by_name_path_and_position(p):
    """Names are attributes, paths and positions index."""
    assert (p.T, p["parameters/T"], p[0], p[-2]) == (1.5, 1.5, 1.5, 1.5)
    assert (p.n, p["parameters/lattice/n"], p[1]) == (8, 8, 8)
    assert (p.get("n"), p.get("parameters/T"), p.get("x", 7)) == (8, 1.5, 7)
    assert p.has("T")
    assert p.has("parameters/lattice/n")
    assert not p.has("x")
    assert (list(p), len(p), p.names, p.values) == ([1.5, 8], 2, ("T", "n"), (1.5, 8))


def test_what_is_not_there_says_what_there_is(p):
    """A name does not index: ``p['T']`` is an IndexError, as in Coma 2.0."""
    with pytest.raises(IndexError, match=r"no parameter at path 'T'; there is 'parameters/T', 'parameters/lattice/n'"):
        p["T"]
    with pytest.raises(IndexError):
        p[2]
    with pytest.raises(AttributeError, match=r"no parameter 'x'; there is 'T', 'n'"):
        _ = p.x
    assert not hasattr(p, "__array__")


def test_it_cannot_be_changed(p):
    """A function cannot alter the point that is recorded."""
    with pytest.raises(AttributeError, match="cannot be changed"):
        p.T = 2
    with pytest.raises(AttributeError):
        p.new = 2
    with pytest.raises(TypeError):
        p[0] = 2
    values = [1, [2, 3]]
    q = parameter_set(x=values)
    values[1].append(4)
    assert q.x == (1, (2, 3))


def test_it_prints_hashes_copies_and_pickles(p):
    """Copies are equal, and equal sets are one key of a dictionary."""
    assert repr(p) == "(T=1.5,n=8)"
    assert p.tree() == {"parameters": {"T": 1.5, "lattice": {"n": 8}}}
    for other in (pickle.loads(pickle.dumps(p)), copy.copy(p), copy.deepcopy(p)):
        assert other == p
        assert {p: 1}[other] == 1
        assert (other.T, other.n) == (1.5, 8)
    assert {"T", "n"} <= set(dir(p))


def test_equal_values_make_equal_sets():
    """1 equals 1.0 and 0.1 + 0.2 equals 0.3; other paths or values make other sets."""
    assert parameter_set(x=1) == parameter_set(x=1.0)
    assert parameter_set(x=0.1 + 0.2) == parameter_set(x=0.3)
    assert parameter_set(x=float("nan")) == parameter_set(x=float("nan"))
    assert parameter_set(x=1) != parameter_set(x=True)
    assert parameter_set(x=1) != parameter_set(y=1)
    assert parameter_set(x=1) != (1,)


def test_numpy_values_become_python_values():
    """Scalars of any dtype, also within lists."""
    p = parameter_set(
        a=np.float32(0.5), b=np.int8(3), c=np.bool_(True), d=[np.int64(1), (np.float64(2.0),)], e=np.array(4)
    )
    assert p.values == (0.5, 3, True, (1, (2.0,)), 4)
    assert [type(value) for value in p.values] == [float, int, bool, tuple, int]
    assert type(p.d[0]) is int


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (["theta"], r"'theta' is no parameter; write \('theta', 'parameters/theta'\)"),
        ([("a",)], r"\('a',\) is no parameter"),
        ([("a", 1)], r"\('a', 1\) is no parameter"),
        ([("", "p/a")], r"is no parameter"),
        ([None], r"None is no parameter"),
        ([("a", "p/a"), ("a", "p/b")], r"defined more than once: 'a'"),
        ([("a", "p/a"), ("b", "p/a")], r"defined more than once: 'p/a'"),
        ([("a", "p/*")], r"path 'p/\*' of 'a' must lead to one place"),
        ([("a", "p//a")], r"path 'p//a' of 'a' must lead to one place"),
        ([("a", "/")], r"path '/' of 'a' must lead to one place"),
        ([("values", "p/v")], r"'values' is a name that a parameter set uses itself"),
        ([("key", "p/v")], r"'key' is a name that a parameter set uses itself"),
        ([("_values", "p/v")], r"'_values' is a name that a parameter set uses itself"),
    ],
)
def test_a_wrong_definition_is_refused(items, text):
    """The error says what is wrong with which parameter."""
    with pytest.raises(coma.ParameterSetError, match=text) as caught:
        Definition(items)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        (0, "digits of 'a' must be 1 to 17"),
        (18, "must be 1 to 17"),
        (2.5, "must be 1 to 17"),
        ({"x": 3}, "digits for unknown parameters 'x'; there is 'a'"),
    ],
)
def test_wrong_digits_are_refused(digits, text):
    """A number of digits that makes no sense is named."""
    with pytest.raises(coma.ParameterSetError, match=text):
        Definition([("a", "p/a")], digits)


def test_a_wrong_number_of_values_is_refused():
    """The error says which values are expected."""
    with pytest.raises(coma.ParameterSetError, match=r"expected 2 values, for 'T', 'n'; got 1: \(1\.5,\)"):
        coma.ParameterSet(Definition([("T", "p/T"), ("n", "p/n")]), [1.5])


@pytest.mark.parametrize(
    "name", ["self", "cls", "values", "function", "named", "axes", "condition", "name", "item", "definition"]
)
def test_a_parameter_may_have_the_name_of_an_argument(name, directory):
    """Wherever names are given as keywords."""
    if hasattr(coma.ParameterSet, name):
        with pytest.raises(coma.ParameterSetError, match="is a name that a parameter set uses itself"):
            coma.ParameterSet.of(**{name: 1})
        return
    assert getattr(coma.ParameterSet.of(**{name: 1}), name) == 1
    e = coma.Experiment(directory)
    e.define_parameter_set((name, f"parameters/{name}"))
    e.add_parameter_set(**{name: 1})
    e.add_parameter_grid(**{name: [1, 2]})
    e.add_parameter_sets([{name: 3}])
    e.run(lambda p: p.tree())
    assert "is measurement 3" in e.explain(**{name: 3})
    rs = e.retrieve_results([], [(name, f"parameters/{name}")])
    assert len(rs.where(**{name: 2})) == len(rs.where(f"{name} == 2")) == len(rs[name, 2]) == 1


FORMS = [("\xb5", "\u03bc"), ("e\u0301", "\xe9"), ("\u03f5", "\u03b5"), ("\ufb01t", "fit"), ("\u212b", "\xc5")]


@pytest.mark.parametrize(("name", "python"), FORMS, ids=ascii)
def test_a_name_is_found_in_the_form_that_python_gives_it(name, python, directory):
    """After a dot and as an argument, Python writes some letters in another form than was defined."""
    assert name != python
    e = coma.Experiment(directory)
    e.define_parameter_set((name, f"parameters/{name}"), ("n", "parameters/n"))
    e.add_parameter_set(**{python: 1.5}, n=1)
    e.add_parameter_grid(**{python: [1.5, 2.5], "n": 1})
    e.add_parameter_sets([{name: 3.5, "n": 1}])
    assert e.run(lambda p: {**p.tree(), "results": {name: getattr(p, python)}}) == (3, 3)
    m = next(e.measurements())
    assert getattr(m.parameters, python) == m["parameters"][name] == 1.5
    assert getattr(m.results, python) == 1.5
    setattr(m.parameters, python, 7)
    assert m["parameters"] == {name: 7, "n": 1}
    rs = e.retrieve_results([("y", f"results/{name}")], [(name, f"parameters/{name}")])
    assert getattr(rs, python).tolist() == rs[name].tolist() == rs[python].tolist() == [1.5, 2.5, 3.5]
    for chosen in (rs.where(**{python: 2.5}), rs.where(f"{name} == 2.5"), rs[name, 2.5], rs[python, 2.5]):
        assert [r.measurement_ids for r in chosen] == [(2,)]
    with pytest.raises(coma.ParameterSetError, match=r"are one name to Python, in two Unicode forms: '.*', '.*'"):
        e.define_parameter_set((name, "parameters/a"), (python, "parameters/b"))
    with pytest.raises(
        coma.PathError, match=rf"; did you mean '{name}', which looks alike but is written '.*' and not '"
    ):
        m["parameters"][python]


def test_an_exact_name_goes_before_one_that_looks_alike():
    """Keys of a tree may differ in their form alone; each is kept, and reached by its own."""
    m = coma.Measurement({"results": {"é": 1, "e\u0301": 2}})
    assert (m.results.é, m["results/é"], m["results/e\u0301"]) == (1, 1, 2)
