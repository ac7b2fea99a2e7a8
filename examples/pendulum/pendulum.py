# SPDX-License-Identifier: BSD-2-Clause
r"""The time at which a pendulum, released at rest, passes a given angle.

The time to swing from the angle :math:`\theta_0 < 0` to :math:`\theta` is [1]_

.. math:: t(\theta) = \int_{\theta_0}^{\theta} \left[ \frac{2g}{L} (\cos\theta' - \cos\theta_0) \right]^{-1/2} d\theta'

and, as long as the angles are small, :math:`t = \sqrt{L/g} \arccos(\theta/\theta_0)`. The same is done three times: here
in Python, in the compiled module ``pendulum_ext``, and in the program ``pendulum``.

References
----------
.. [1] L. D. Landau and E. M. Lifshitz, Mechanics (1976), section 11, problem 1.
"""

from __future__ import annotations

import importlib.metadata
import math
from typing import Any

import scipy.constants
import scipy.integrate

G: float = scipy.constants.g


def swing_time(theta_0: float, theta: float, L: float = 1.0) -> float:
    """Time in seconds to swing from `theta_0` to `theta` (degrees), for a pendulum of length `L` (metres).

    The quadrature does not know that the integrand is singular at both turning points: its relative error is 9e-10.

    Examples
    --------
    >>> round(swing_time(-60.0, 60.0), 6)
    1.076621
    """
    if theta == theta_0:
        return 0.0
    start, end = math.radians(theta_0), math.radians(theta)
    integral, _ = scipy.integrate.quad(lambda x: 1 / math.sqrt(math.cos(x) - math.cos(start)), start, end)
    return math.sqrt(L / (2 * G)) * float(integral)


def small_angle_time(theta_0: float, theta: float, L: float = 1.0) -> float:
    """Return the same time in the small-angle approximation.

    Examples
    --------
    >>> round(small_angle_time(-60.0, 60.0), 6)
    1.003205
    """
    return math.sqrt(L / G) * math.acos(theta / theta_0)


def run_it(p: Any) -> dict[str, dict[str, float]]:
    """Compute one parameter set and return its tree."""
    L = 1.0
    return {
        "parameters": {"theta_0": p.theta_0, "theta": p.theta, "L": L},
        "results": {"t": swing_time(p.theta_0, p.theta, L), "t_": small_angle_time(p.theta_0, p.theta, L)},
    }


class Pendulum:
    """The simulation as an object, which tells Coma its state.

    Examples
    --------
    >>> s = Pendulum()
    >>> s.theta_0, s.theta = -5.0, -5.0
    >>> s.run()
    >>> s.coma_getstate()
    {'parameters': {'theta_0': -5.0, 'theta': -5.0, 'L': 1.0}, 'results': {'t': 0.0, 't_': 0.0}}
    """

    program = "pendulum"
    version = "1.0.0"
    g = G

    def __init__(self) -> None:
        self.L = 1.0
        self.theta_0 = self.theta = self.t = self.t_ = math.nan

    def run(self) -> None:
        """Compute `t` and `t_` from `theta_0`, `theta` and `L`."""
        self.t = swing_time(self.theta_0, self.theta, self.L)
        self.t_ = small_angle_time(self.theta_0, self.theta, self.L)

    def coma_getstate(self) -> dict[str, dict[str, float]]:
        """Return the tree that Coma stores."""
        return {
            "parameters": {"theta_0": self.theta_0, "theta": self.theta, "L": self.L},
            "results": {"t": self.t, "t_": self.t_},
        }


def run_class(p: Any, kind: type[Any] = Pendulum) -> Any:
    """Compute one parameter set with an object of `kind`: the class above, or the extension's."""
    simulation = kind()
    simulation.theta_0, simulation.theta = p.theta_0, p.theta
    simulation.run()
    return simulation


def run_extension(p: Any) -> Any:
    """Compute one parameter set in C++."""
    import pendulum_ext

    return run_class(p, pendulum_ext.Pendulum)


def binary() -> str:
    """Path of the installed program ``pendulum``."""
    files = importlib.metadata.files("coma-pendulum") or []
    return next(str(file.locate()) for file in files if file.name in ("pendulum", "pendulum.exe"))
