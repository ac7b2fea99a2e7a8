# SPDX-License-Identifier: BSD-2-Clause
"""The points of an experiment: defined, added, cleared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coma.parameters.sweep import Sweep
from coma.trees import identity
from coma.trees.path import TreePath


class ParameterSets:
    """What the parameters of an experiment are, and the parameter sets that were added."""

    def __init__(self) -> None:
        self._sweep = Sweep()

    def define_parameter_set(
        self,
        *parameters: tuple[str, TreePath],
        digits: int | Mapping[str, int | None] | None = identity.DIGITS,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what the parameters are: a short name, and the path in the measurement, of each.

        Parameters
        ----------
        *parameters
            Tuples such as ``('theta', 'parameters/theta')``; a path may be a sequence of keys, too.
        digits
            Significant digits in which floats must agree to be the same value; a number, or a dictionary by name.
            None compares exactly.
        defaults
            By name, the values that older measurements have which lack the parameter, so that they are not made again.

        Raises
        ------
        ParameterSetError
            If a tuple is wrong, or parameter sets of another definition were added before.
        """
        self._sweep.define(parameters, digits, defaults)

    def add_parameter_set(self, /, *values: Any, **named: Any) -> None:
        """Add one point; a point that is there already is not added again.

        Parameters
        ----------
        *values
            Numbers, strings, lists, dictionaries or numpy arrays, in the order of the definition.
        **named
            The values of the other parameters, by name.

        Raises
        ------
        ParameterSetError
            If the values do not fit the definition, or one would not come back from a file as it is.
        """
        self._sweep.add(values, named)

    def add_parameter_grid(self, /, **axes: Any) -> None:
        """Add all combinations of some values, ``add_parameter_grid(A=[1, 2], B=[3, 4])``.

        In the order of the definition, the last parameter varies fastest.

        Parameters
        ----------
        **axes
            By name, the values of each parameter: a list, a range or an array. A single value need not be in a list.

        Raises
        ------
        ParameterSetError
            If the parameters do not fit the definition.

        Examples
        --------
        >>> import coma, tempfile
        >>> e = coma.Experiment(tempfile.mkdtemp())
        >>> e.define_parameter_set(('A', 'parameters/A'), ('B', 'parameters/B'))
        >>> e.add_parameter_grid(A=[1, 2, 3], B=[0.5, 1.5])
        >>> print(e.status())
        0 of 6 done, 0 failed, 6 missing
        """
        self._sweep.add_grid(axes)

    def add_parameter_sets(self, points: Any) -> None:
        """Add many points.

        Parameters
        ----------
        points
            An iterable of tuples in the order of the definition, of dictionaries by name, or of single values; or a
            `pandas.DataFrame`, whose columns are the parameters.

        Raises
        ------
        ParameterSetError
            If a point does not fit the definition.
        """
        self._sweep.add_points(points)

    def clear_parameter_sets(self) -> None:
        """Remove all parameter sets. Measurements stay."""
        self._sweep.clear()
