# SPDX-License-Identifier: BSD-2-Clause
"""Six Python processes and four C++ programs fill one directory while a killer is at work.

With COMA_MEASUREMENTS=5000 in the environment, they add that many.
"""

import os
import random
import tempfile
import time
from pathlib import Path

import pytest
from cppbuild import compile_cpp
from helpers import until
from killer import ForkServer, Witness, assert_tidy, memory

import coma

MEASUREMENTS = int(os.environ.get("COMA_MEASUREMENTS", "500"))
PYTHONS, PROGRAMS = 6, 4
WRITER = r"""
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <coma/coma.hpp>

// Adds measurements until its log, which a line follows each of them, says that all are there.
int main(int, char** argv) try {
    const std::string log = argv[3];
    int done = 0;
    std::ifstream file(log);
    for (std::string line; std::getline(file, line); ++done) continue;
    coma::experiment experiment(argv[1]);
    for (; done < std::atoi(argv[4]); ++done) {
        coma::measurement m("writer", "1.0");
        m["parameters/writer"] = std::atoi(argv[2]);
        m["parameters/n"] = done;
        m["results/text"] = std::string(500, 'x');
        const std::string line = std::to_string(experiment.add(m)) + " " + std::to_string(done) + "\n";
        const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
        if (to < 0 || ::write(to, line.data(), line.size()) < 0) return 1;
        ::close(to);
    }
} catch (const coma::error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
"""


@pytest.fixture
def directory(tmp_path):
    """Return the path of an experiment that does not exist yet, in memory if possible."""
    with tempfile.TemporaryDirectory(dir=memory() or tmp_path) as made:
        yield Path(made) / "experiment"


@pytest.fixture
def server():
    """Return what starts processes that are up at once."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    """Return the C++ program."""
    return compile_cpp(tmp_path_factory.mktemp("writer") / "writer", [WRITER], "-O1")


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize("format", ["json", "xml"])
def test_many_writers_share_a_directory_while_a_killer_is_at_work(directory, server, writer, tmp_path, format):
    """Every measurement that a writer knows to be there is there, whole, under an id of its own."""
    coma.Experiment(directory, config={"archive_default_format": format})
    share = MEASUREMENTS // (PYTHONS + PROGRAMS)
    logs = [tmp_path / f"log{number}" for number in range(PYTHONS + PROGRAMS)]

    def begin(number):
        if number < PYTHONS:
            return server.start("write", directory, number, share, format, output=tmp_path / "output")
        return server.start(
            "execute", writer, directory, str(number), logs[number], str(share), output=tmp_path / "output"
        )

    chance, witness, killed = random.Random(5), Witness(directory), 0
    writers = dict(enumerate(map(begin, range(PYTHONS + PROGRAMS))))
    while writers:
        goal = count(directory) + chance.randint(1, 20)
        until(
            lambda goal=goal: count(directory) >= goal or any(child.has_ended() for child in writers.values()),
            seconds=600,
        )
        time.sleep(chance.uniform(0, 0.01))
        ended = [number for number, child in writers.items() if child.has_ended()]
        number = chance.choice(ended or sorted(writers))
        if writers[number].wait_or_kill(0):
            del writers[number]
        else:
            killed += 1
            writers[number] = begin(number)
        if killed % 10 == 0:
            witness.look()
    witness.look()
    print(f"{len(witness.seen)} measurements by {PYTHONS + PROGRAMS} writers, which were killed {killed} times")

    e = coma.Experiment(directory)
    found = {m.id: (m.parameters.writer, m.parameters.n) for m in e.measurements()}
    assert len(found) == len(witness.seen) >= MEASUREMENTS
    python = sorted(point for point in found.values() if point[0] < PYTHONS)
    assert python == [(number, n) for number in range(PYTHONS) for n in range(share)]
    for number in range(PYTHONS, PYTHONS + PROGRAMS):
        known = [tuple(map(int, line.split())) for line in logs[number].read_text().splitlines()]
        assert [found[id] for id, _ in known] == [(number, n) for _, n in known]
    assert e.mindex.read() >= max(found)
    assert e.mindex.next() not in found
    run_nothing(e)
    assert_tidy(directory)


def count(directory):
    """Return how many measurement files there are."""
    return sum(name.startswith("measurement.0") for name in os.listdir(directory))


def run_nothing(e):
    """Run a sweep that is done, which tidies."""
    e.define_parameter_set(("n", "parameters/n"))
    e.add_parameter_set(0)
    assert e.run(lambda p: {"parameters": {"n": p.n}}) == (0, 1)
