# SPDX-License-Identifier: BSD-2-Clause
"""The family of errors."""

import pickle

import pytest

from coma import errors

ALL = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, Exception)]


def drawn():
    """Return the tree that the module's docstring draws, as (name, parents) of each error."""
    path = []
    for line in errors.__doc__.splitlines():
        name, _, others = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ").strip().partition(" ")
        if not name.endswith("Error"):
            continue
        depth = len(line) - len(line.lstrip(" │├└─"))
        path = [entry for entry in path if entry[0] < depth]
        yield name, [entry[1] for entry in path[-1:]] + [part for part in others.strip("()").split(", ") if part]
        path.append((depth, name))


def test_the_drawn_tree_is_the_real_one():
    """Each error is drawn below its parent, with its other parent in parentheses."""
    real = {error.__name__: [base.__name__ for base in error.__bases__ if base is not Exception] for error in ALL}
    assert dict(drawn()) == real


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_an_error_travels_and_says_its_text(error):
    """Through pickle, and without quotes around it."""
    raised = error("the text")
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), str(again), again.args) == (error, "the text", ("the text",))
    assert isinstance(raised, errors.ComaError)
    assert error.__doc__
