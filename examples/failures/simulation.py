# SPDX-License-Identifier: BSD-2-Clause
"""A simulation that is not to be trusted: it fails for x = 3 and hangs for x = 5, until it is mended.

Usage: python simulation.py X [--mended]
"""

import sys
import time

x = float(sys.argv[1])
mended = "--mended" in sys.argv
print(f"simulating x = {x}", file=sys.stderr)
time.sleep(0.3)
if x == 3.0 and not mended:
    sys.exit("the solver does not converge")
if x == 5.0 and not mended:
    time.sleep(1000.0)
print(f'{{"results": {{"y": {x**2}}}}}')
