# SPDX-License-Identifier: BSD-2-Clause
"""Two processes that work on one experiment, at every interleaving of their steps on the file system.

One stops itself after a step, the other does all that it has to do, or stops itself as well, and both go on. Whatever
one of them said that it did is there afterwards, what it could not do it said, and no reader ever fails.
"""

import functools
import json
import os
import random
import shutil
import warnings

import pytest
from cppbuild import compile_cpp
from killer import ForkServer, build_shim

import coma

pytestmark = [pytest.mark.slow, pytest.mark.cpp]
STRIDE = int(os.environ.get("COMA_STRIDE", "5"))  # one step in so many is tried, on average; 1 tries all
ROUNDS = int(os.environ.get("COMA_ROUNDS", "40"))
OLD = {0.0: "old", 1.0: "old", 2.0: "old"}
WRITERS = ["run", "add", "save", "new"]
OWNERS = ["deactivate", "activate", "reset"]
LOCKED = ("IndexFileError", "the lock '")
ADD = """
#include <cstdio>
#include <fstream>

#include <coma/experiment.hpp>

int main(int, char** argv) {
    std::ofstream said(argv[2]);
    try {
        coma::experiment experiment(argv[1]);
        coma::measurement m("add", "1.0");
        m["parameters/x"] = 7.0;
        m["note"] = "added";
        said << experiment.add(m);
    } catch (const coma::error& e) {
        said << '"' << (std::string(e.what()).find("the lock '") == 0 ? "the lock '" : "refused") << '"';
    }
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return what starts processes that stop themselves."""
    server = ForkServer(build_shim(tmp_path_factory.mktemp("shim")))
    yield server
    server.close()


@pytest.fixture(scope="module")
def add(tmp_path_factory):
    """Return the C++ program that adds a measurement."""
    return compile_cpp(tmp_path_factory.mktemp("add") / "add", [ADD], "-O1")


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Return an experiment of three measurements, active and inactive."""
    home = tmp_path_factory.mktemp("templates")
    for state in ("active", "inactive"):
        e = coma.Experiment(home / state)
        e.define_parameter_set(("x", "parameters/x"))
        e.add_parameter_grid(x=list(OLD))
        e.run(lambda p: {"parameters": {"x": p.x}, "note": "old"})
    e.deactivate()
    return home


class Stage:
    """A directory for each try, and the processes that work on it."""

    def __init__(self, server, add, templates, tmp_path):
        self.server, self.add, self.templates, self.home = server, add, templates, tmp_path
        self.count = 0

    def set_up(self, *operations):
        """Copy the experiment on which some operations make sense."""
        self.count += 1
        self.directory = self.home / f"d{self.count}"
        state = "inactive" if "activate" in operations else "active"
        shutil.copytree(self.templates / state, self.directory / "e")

    def start(self, operation, step):
        """Start an operation that stops itself after a step; return the process, and what tells what it said."""
        said = self.directory / f"{operation}{step}.said"
        output = self.directory / f"{operation}{step}.output"
        if operation == "add":
            child = self.server.start("execute_stopping", step, self.add, self.directory / "e", said, output=output)
        else:
            child = self.server.start("operate", step, self.directory / "e", operation, said, output=output)
        return child, functools.partial(self.ended, child, said, output)

    def ended(self, child, said, output):
        """Let a process go on to its end, and return what it said."""
        child.go_on()
        while not child.ends_within(0.05):  # one that waited for another may come to its step only now
            child.go_on()
        assert child.wait() == 0, output.read_text()
        return json.loads(said.read_text())

    def do(self, operation, others=()):
        """Do a whole operation, and return what it said; if it waits for the lock, others that hold it go on first."""
        child, ended = self.start(operation, -1)
        if not child.ends_within(0.15):
            for other in others:
                other.go_on()
        return ended()

    def notes(self):
        """Return the note of each measurement, and remove the directory; whoever opens it now must be able to read."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            e = coma.Experiment(self.directory / "e")
            measurements = list(e.measurements())
            assert len({m.id for m in measurements}) == e.number_of_measurements()
            found = {m.parameters.x: m.note for m in measurements}
            state = e.isactive()
            getattr(e, "deactivate" if state else "activate")()
            assert {m.parameters.x: m.note for m in e.measurements()} == found
            if not e.isactive():
                e.activate()
            e.new_measurement().save()
        shutil.rmtree(self.directory)
        return found


@pytest.fixture
def stage(server, add, templates, tmp_path):
    """Return where it is played."""
    return Stage(server, add, templates, tmp_path)


def additions(operation, said):
    """Return what an operation added or changed, by what it said."""
    if refused(said):
        return {}
    return {
        "run": {3.0: "run", 4.0: "run"},
        "add": {7.0: "added"},
        "save": {1.0: "corrected"},
        "new": {9.0: "new"},
    }.get(operation, {})


def refused(said):
    """Tell whether an operation was refused."""
    return isinstance(said, str) and said != "saved"


def check(found, said):
    """Check that everything that was done is there, and nothing that was not, but for what a reset removed."""
    done = {name: answer for name, answer in said.items() if not refused(answer)}
    expected = {}
    for name, answer in said.items():
        expected |= additions(name, answer)
    if "reset" in done:
        assert found.keys() <= {*OLD, *expected, 3.0, 4.0}, (found, said)
        assert set(found.values()) <= {"run", *expected.values()}, (found, said)
        return
    partly = {}  # a run that was refused in the middle keeps what it has; who waits for the lock in vain has published
    for name in said:
        partly |= additions(name, None) if name in ("run", "new") else {}
    assert {**OLD, **expected}.items() <= found.items(), (found, said)
    assert found.items() <= {**OLD, **partly, **expected}.items(), (found, said)


def steps(*names):
    """Yield step after step, or, where that is too many, some of them: others for each of some names."""
    chance, step = random.Random(str(names)), 0
    while True:
        step += chance.randint(1, 2 * STRIDE - 1)
        yield step


PAIRS = [(a, b) for a in WRITERS + OWNERS for b in WRITERS + OWNERS if not (a == b and a in ("activate", "deactivate"))]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_one_does_all_while_the_other_stands_still(stage, first, second):
    """After each step of the first the second begins and ends, and a reader reads."""
    for step in steps(first, second):
        stage.set_up(first, second)
        child, ended = stage.start(first, step)
        stopped = child.stops()
        said = {second: stage.do(second, [child])}
        seen = stage.do("read")
        if first == second:
            said = {f"{second}, the second": said[second]}
        said[first] = ended()
        assert not refused(seen), (step, seen)
        if "reset" not in (first, second):
            assert OLD.keys() <= {float(x) for x in seen}, (step, seen)
        check(stage.notes(), said)
        if not stopped:
            return


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("writer", ["run", "add", "new", "save"])
def test_both_stand_still_in_turns(stage, writer, owner):
    """The writer stops, then who archives or resets stops, then the writer goes on to its end, then the other."""
    for step in steps(writer, owner):
        for other in steps(writer, owner, step):
            stage.set_up(writer, owner)
            child, ended = stage.start(writer, step)
            stopped = child.stops()
            other_child, other_ended = stage.start(owner, other)
            other_stopped = other_child.stops()
            child.go_on()
            if not child.ends_within(0.15):
                other_child.go_on()
            said = {writer: ended()}
            seen = stage.do("read")
            said[owner] = other_ended()
            assert not refused(seen), (step, other, seen)
            check(stage.notes(), said)
            if not other_stopped:
                break
        if not stopped:
            return


@pytest.mark.parametrize("other", ["run", "add", "save", "deactivate", "activate", "reset"])
def test_a_reader_that_stands_still_reads_on(stage, other):
    """Before each file that a reader opens the other begins and ends."""
    for look in steps(other):
        stage.set_up(other)
        child, ended = stage.start("read", look)
        stopped = child.stops()
        stage.do(other)
        seen = ended()
        assert not refused(seen), (look, seen)
        if other != "reset":
            assert OLD.keys() <= {float(x) for x in seen}, (look, seen)
        shutil.rmtree(stage.directory)
        if not stopped:
            return


def test_any_three_at_random(stage):
    """Each stops at a step of its own, and they go on in any order."""
    chance = random.Random(1)
    for _ in range(ROUNDS):
        names = chance.sample([*WRITERS, *OWNERS], 3)
        stage.set_up(*names)
        started, children = {}, []
        for name in names:
            child, started[name] = stage.start(name, chance.randrange(1, 30))
            child.stops(0.2)
            children.append(child)
        assert not refused(seen := stage.do("read")), seen
        for child in chance.sample(children, 3):
            child.go_on()
        said = {name: ended() for name, ended in started.items()}
        check(stage.notes(), said)
