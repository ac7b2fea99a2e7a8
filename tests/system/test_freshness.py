# SPDX-License-Identifier: BSD-2-Clause
"""An experiment that was opened long ago answers like one that is opened now, whatever others did to the directory.

With COMA_ROUNDS in the environment, there are that many rounds; 1,000 by default.
"""

import os
import random
import re
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from killer import memory

import coma

ROUNDS = int(os.environ.get("COMA_ROUNDS", "1000"))
MOST = 25
COLUMNS = [("x", "parameters/x"), ("y", "results/y")]


def opened(directory):
    """Return an experiment with thirty points."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_grid(x=[float(x) for x in range(30)])
    return e


def answers(e):
    """Return all that an experiment says, and what it warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        said = (
            e.isactive(),
            e.number_of_measurements(),
            [(m.id, m.tree) for m in e.measurements()],
            [r.table.tolist() for r in e.retrieve_results(COLUMNS, [("x", "parameters/x")])],
            str(e.status()),
            e.explain(7.0),
            e.description,
        )
    return said, sorted(str(warning.message) for warning in caught)


def files(directory):
    """Return the measurement files."""
    return sorted(
        path for path in Path(directory).iterdir() if re.fullmatch(r"measurement\.\d+\.(json|xml)", path.name)
    )


def add(directory, chance):
    """Measure a point that may be there already."""
    m = coma.Experiment(directory).new_measurement()
    m["parameters/x"], m["results/y"] = float(chance.randrange(30)), chance.random()
    m.save()


def edit(directory, chance):
    """Change a digit of a file by hand, which changes neither its size nor its time."""
    path = chance.choice(files(directory))
    before, text = path.stat(), path.read_text()
    digits = [found.start() for found in re.finditer(r"(?<=[0-9]\.)[0-9]", text)]
    place = chance.choice(digits)
    with open(path, "r+") as file:
        file.write(text[:place] + str(9 - int(text[place])) + text[place + 1 :])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def delete(directory, chance):
    """Remove a file."""
    chance.choice(files(directory)).unlink()


def convert(directory, chance):
    """Give a measurement the other format."""
    archive = coma.Archive(chance.choice(files(directory)))
    archive.save(archive.load(), format="xml" if archive.format == "json" else "json")


def replace(directory, chance):
    """Save a measurement with another result."""
    m = chance.choice(list(coma.Experiment(directory).measurements()))
    m["results/y"] = chance.random()
    m.save()


def archive(directory, _chance):
    """Move all measurements into the experiment file."""
    coma.Experiment(directory).deactivate()


def describe(directory, chance):
    """Give the experiment another description."""
    e = coma.Experiment(directory)
    e.description = str(chance.random())
    e.save()


OPERATIONS = [add, add, add, edit, edit, delete, convert, replace, describe]


def operate(directory, seed):
    """Do something to the directory, as another process."""
    chance = random.Random(seed)
    if not coma.Experiment(directory).isactive():
        coma.Experiment(directory).activate()
        return
    present = files(directory)
    do = add if len(present) < 2 else delete if len(present) > MOST else chance.choice(OPERATIONS)
    if chance.random() < 0.02:
        do = archive
    do(directory, chance)


@pytest.fixture
def directory(tmp_path):
    """Return the path of an experiment that does not exist yet, in memory if possible."""
    with tempfile.TemporaryDirectory(dir=memory() or tmp_path) as made:
        yield Path(made) / "experiment"


@pytest.mark.slow
def test_an_old_handle_answers_like_a_new_one(directory):
    """Files come, go, change their format, and change within the same second at equal size; also while they are read."""
    old, chance = opened(directory), random.Random(1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
        for number in range(ROUNDS):
            reading = old.measurements()
            versions = [answers(opened(directory))[0][2]]
            seen = [(m.id, m.tree) for m, _ in zip(reading, range(chance.randrange(3)), strict=False)]
            other.submit(operate, directory, number).result()
            seen += [(m.id, m.tree) for m in reading]
            versions.append(answers(opened(directory))[0][2])
            assert all(any(item in version for version in versions) for item in seen), number
            assert answers(old) == answers(opened(directory)), number


def test_a_file_that_is_damaged_and_mended_is_seen_both_times(directory):
    """Nothing that was read before hides what is there now."""
    e = opened(directory)
    e.run(lambda p: {**p.tree(), "results": {"y": p.x}})
    path = files(directory)[1]
    whole = path.read_text()
    path.write_text(whole[:-20])
    with pytest.warns(UserWarning, match="1 damaged"):
        assert str(e.status()) == "29 of 30 done, 0 failed, 1 missing; 1 damaged measurement file(s)"
    path.write_text(whole)
    assert str(e.status()) == "30 of 30 done, 0 failed, 0 missing"
