# SPDX-License-Identifier: BSD-2-Clause
"""A C++ program: its command line, Coma's protocol, and experiments shared with Python."""

import json
import subprocess
from pathlib import Path

import cppbuild
import filelock
import pytest

from coma.archives import xmlarchive

pytestmark = pytest.mark.cpp
PROGRAM = r"""
#include <coma/coma.hpp>

int main(int argc, char** argv) {
    coma::program program("swing", "1.2", "An example");
    program.parameter<double>("theta_0", "starting angle");
    program.parameter<double>("theta", "final angle", 0.0);
    program.parameter<int>("steps", "number of steps", 10).at("parameters/numerics/steps");
    program.parameter<bool>("fast", "whether to hurry", false);
    program.parameter<std::string>("name", "a name", "pendulum");
    program.parameter<std::vector<double>>("lengths", "some lengths", {1.0, 2.5});
    program.parameter<std::vector<std::string>>("words", "some words", {});
    program.parameter<float>("f", "a float", 0.1f);
    program.parameter<unsigned char>("small", "a small number", 7);
    return program.run(argc, argv, [](const coma::parameters& p, coma::measurement& m) {
        if (p.get<double>("theta_0") > 180) throw std::runtime_error("theta_0 is too large");
        if (p.get<double>("theta_0") < -1000) throw 7;
        if (p.get<std::string>("name") == "cheat") m["parameters/theta"] = 1;
        m["results/sum"] = p.get<double>("theta_0") + p.get<double>("parameters/theta");
        m["results/steps"] = p.get<int>("steps");
        if (p.get<float>("f") != 0.1f) m["results/f"] = p.get<float>("f");
    });
}
"""


@pytest.fixture(scope="module")
def swing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the program once."""
    return cppbuild.compile_cpp(tmp_path_factory.mktemp("swing") / "swing", [PROGRAM], *cppbuild.SANITIZERS)


def tree(text: str) -> dict:
    """Read a measurement with Python's half of Coma."""
    return xmlarchive.loads(text.encode())["measurement"]


def test_parameters_of_the_command_line(swing):
    """Values are read by their declared types and recorded together with the defaults."""
    done = cppbuild.run(swing, "--theta_0=-5", "--theta", "1e-3", "--fast", "--name= 12 ", "--lengths=3,4e5")
    measured = tree(done.stdout)
    assert measured["parameters"] == {
        "theta_0": -5.0, "theta": 0.001, "fast": True, "name": " 12 ", "lengths": [3.0, 4e5], "words": [],
        "f": 0.1, "small": 7, "numerics": {"steps": 10},
    }  # fmt: skip
    assert isinstance(measured["parameters"]["theta_0"], float)
    assert measured["results"] == {"sum": -4.999, "steps": 10}
    assert next(iter(measured)) == "info"
    assert list(measured["info"]) == ["start_date", "end_date", "program", "version", "host"]


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--f=0.1"], "f", 0.1),
        (["--f=0.30000000000000004"], "f", 0.30000000000000004),
        (["--f=1e20"], "f", 1e20),
        (["--f=3"], "f", 3.0),
        (["--f=inf"], "f", float("inf")),
        (["--fast", "False"], "fast", False),
        (["--fast", "TRUE"], "fast", True),
        (["--fast=0"], "fast", False),
        (["--fast", "--small=255"], "fast", True),
        (["--small=255"], "small", 255),
        (["--words=a,,b,"], "words", ["a", "", "b", ""]),
        (["--words="], "words", []),
        (["--name="], "name", ""),
        (["--name=--fast"], "name", "--fast"),
    ],
)
def test_what_was_given_is_recorded(swing, arguments, name, value):
    """The parameter stands in the measurement as it was given, so that a sweep finds it again."""
    recorded = tree(cppbuild.run(swing, "--theta_0=1", *arguments).stdout)["parameters"][name]
    assert recorded == value
    assert type(recorded) is type(value)


def test_a_float_is_computed_with_and_recorded_in_its_own_digits(swing):
    """A result that is a float has the digits that read back as that float."""
    assert tree(cppbuild.run(swing, "--theta_0=1", "--f=0.3").stdout)["results"]["f"] == 0.3
    assert "f" not in tree(cppbuild.run(swing, "--theta_0=1").stdout)["results"]


def test_help_and_version(swing):
    """Both are shown instead of a run, even where parameters are missing."""
    assert "--theta_0=VALUE  starting angle (a number)" in cppbuild.run(swing, "--help").stdout
    assert 'default "pendulum"' in cppbuild.run(swing, "--help").stdout
    assert cppbuild.run(swing, "--version").stdout == "swing 1.2\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--theta=1"], "the parameter 'theta_0' is missing: add --theta_0=VALUE (starting angle, a number)"),
        (["--theta0=1"], "there is no option --theta0, did you mean --theta_0?; see --help"),
        (["--theta_0=1x"], "--theta_0=1x: '1x' is not a number"),
        (["--theta_0=1", "--steps=1.5"], "'1.5' is not an integer"),
        (["--theta_0=1", "--fast=maybe"], "'maybe' is not true or false"),
        (["--theta_0=1", "--fast", "No"], "'No' is not true or false; write --fast=true, or name the directory first"),
        (["--theta_0=1", "--fast", "runs"], "--fast runs: 'runs' is not true or false"),
        (["--theta_0=1e400"], "'1e400' is not a number that its type can hold"),
        (["--theta_0=-1e400"], "'-1e400' is not a number that its type can hold"),
        (["--theta_0=1e-400"], "'1e-400' is not a number that its type can hold"),
        (["--theta_0=9007199254740993"], "'9007199254740993' is not a number that its type can hold"),
        (["--theta_0=1", "--f=1e39"], "'1e39' is not a number that its type can hold"),
        (["--theta_0=1", "--f=1e-50"], "'1e-50' is not a number that its type can hold"),
        (["--theta_0=1", "--f=16777217"], "'16777217' is not a number that its type can hold"),
        (["--theta_0=1", "--small=256"], "'256' is not an integer that its type can hold"),
        (["--theta_0=1", "--lengths=1,1e400"], "is not a list, separated by commas"),
        (["--theta_0=1", "--lengths=1,"], "'1,' is not a list, separated by commas"),
        (["--theta_0=1", "--name", "--fast"], "--name needs a value: --name=VALUE"),
        (["--theta_0=1", "--output=a", "--output=b"], "--output is given twice: name one file"),
        (["--theta_0=1", "--output="], "--output needs a value: name one file"),
        (["--theta_0=1", "runs", "--output=m.xml"], "both the directory 'runs' and --output m.xml are named"),
        (["--theta_0=1", ""], "the name of the directory is empty"),
        (["--theta_0=1", "--theta_0=2"], "the parameter 'theta_0' is given twice: name it once"),
        (["--theta_0"], "--theta_0 needs a value: --theta_0=VALUE"),
        (["-t", "1"], "'-t' is no option: options start with two dashes"),
        (["a", "b"], "there are two directories, 'a' and 'b'"),
        (["--theta_0=1", "--output=/nonexistent/m.xml"], "No such file or directory"),
        (["--theta_0=1", "--input=/nonexistent/m.xml"], "cannot open '/nonexistent/m.xml'"),
        (["--theta_0=1", "/nonexistent/a"], "cannot create the experiment's directory '/nonexistent/a'"),
    ],
)
def test_wrong_calls(swing, tmp_path, arguments, words):
    """A wrong call ends with status 2 and one line that says what is wrong, and leaves nothing behind."""
    done = cppbuild.run(swing, *arguments, cwd=tmp_path, status=2)
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert done.stderr.startswith("swing: ")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--theta_0=200"], "theta_0 is too large"),
        (["--theta_0=-2000"], "threw something that is no std::exception"),
        (["--theta_0=1", "--name=cheat"], "the simulation changed 'parameters/theta' in the measurement"),
    ],
)
def test_failing_simulation(swing, tmp_path, arguments, words):
    """A simulation that throws ends with status 1 and leaves no file."""
    done = cppbuild.run(swing, *arguments, "--output=m.xml", cwd=tmp_path, status=1)
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_standard_output_may_be_full(swing):
    """A measurement that cannot be written is a failure."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([swing, "--theta_0=1"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write to 'standard output': No space left on device" in done.stderr


def test_output_file(swing, tmp_path):
    """A file is written once and never overwritten."""
    cppbuild.run(swing, "--theta_0=1", "--output", "m.xml", cwd=tmp_path)
    first = (tmp_path / "m.xml").read_text()
    assert "exists already" in cppbuild.run(swing, "--theta_0=2", "--output=m.xml", cwd=tmp_path, status=2).stderr
    assert (tmp_path / "m.xml").read_text() == first


def test_earlier_measurement_as_input(swing, tmp_path):
    """Parameters come from an earlier measurement unless given anew; its info and results do not."""
    cppbuild.run(swing, "--theta_0=1", "--theta=2", "--output=m.xml", cwd=tmp_path)
    again = tree(cppbuild.run(swing, "--input=m.xml", "--theta=7", cwd=tmp_path).stdout)
    assert again["parameters"]["theta_0"] == 1.0
    assert again["results"] == {"sum": 8.0, "steps": 10}


def test_protocol_of_coma(swing, tmp_path):
    """COMA_INPUT gives the parameters, with those not declared, and COMA_OUTPUT gets the measurement."""
    given = {
        "parameters": {"theta_0": 3, "extra": {"list": [1, "2", None, True]}, "name": "12", "lengths": []},
        "info": {"seed": 5},
    }
    (tmp_path / "in.xml").write_bytes(xmlarchive.dumps({"measurement": given}))
    env = {"COMA_INPUT": str(tmp_path / "in.xml"), "COMA_OUTPUT": str(tmp_path / "out.xml")}
    assert cppbuild.run(swing, env=env).stdout == ""
    measured = tree((tmp_path / "out.xml").read_text())
    for key, value in given["parameters"].items():
        assert measured["parameters"][key] == value
    assert type(measured["parameters"]["theta_0"]) is int
    assert measured["info"]["seed"] == 5
    assert measured["results"]["sum"] == 3.0


@pytest.mark.parametrize(
    ("parameters", "arguments", "words"),
    [
        ({"theta": 1.0}, [], "has no 'parameters/theta_0' (starting angle)"),
        ({"theta_0": "x"}, [], "in '{}' is a string 'x', but the program needs a number"),
        (
            {"theta_0": 1.0, "numerics": {"steps": 1.5}},
            [],
            "is a floating point number 1.5, but the program needs an integer",
        ),
        ({"theta_0": 1.0, "f": 1e39}, [], "is a floating point number 1e+39, but the program needs a number"),
        ({"theta_0": 2**53 + 1}, [], "is an integer 9007199254740993, but the program needs a number"),
        ({"theta_0": 1.0}, ["--theta_0=2"], "given twice: by '{}' and as an argument"),
    ],
)
def test_wrong_input(swing, tmp_path, parameters, arguments, words):
    """An input file that does not fit names the file, the path and what is needed."""
    file = tmp_path / "in.xml"
    file.write_bytes(xmlarchive.dumps({"measurement": {"parameters": parameters}}))
    done = cppbuild.run(swing, *arguments, env={"COMA_INPUT": str(file)}, status=2)
    assert words.format(file) in done.stderr


def test_adds_to_a_directory(swing, tmp_path):
    """A directory becomes an experiment, which Python reads."""
    for theta_0 in ("1", "2"):
        cppbuild.run(swing, "runs", f"--theta_0={theta_0}", cwd=tmp_path)
    names = ["experiment.none.xml", "measurement.000001.xml", "measurement.000002.xml", "measurement.index.xml"]
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == names
    measured = tree((tmp_path / "runs" / "measurement.000002.xml").read_text())
    assert measured["info"]["measurement_id"] == 2
    assert measured["parameters"]["theta_0"] == 2.0


def test_waits_for_the_lock_of_python(swing, tmp_path):
    """The lock that Python's filelock holds is respected, and one whose process is dead is taken over."""
    directory = tmp_path / "runs"
    cppbuild.run(swing, str(directory), "--theta_0=1")
    lock = directory / "measurement.index.xml.lock"
    with filelock.SoftFileLock(lock):
        waiting = subprocess.Popen([swing, directory, "--theta_0=2"])
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
    assert waiting.wait(20) == 0
    dead = subprocess.Popen(["true"])
    dead.wait()
    with filelock.SoftFileLock(lock):
        ours = lock.read_text().splitlines()
    lock.write_text("\n".join([str(dead.pid), ours[1]]) + "\n")
    cppbuild.run(swing, str(directory), "--theta_0=3")
    assert not lock.exists()
    assert (directory / "measurement.000003.xml").exists()


def test_filelock_takes_over_a_lock_of_cpp(tmp_path):
    """A lock that a killed C++ program left is taken over by Python at once."""
    source = "#include <coma/detail/lock.hpp>\n#include <csignal>\nint main(int, char** a) { coma::detail::file_lock l(a[1]); raise(SIGKILL); }"
    lock = tmp_path / "x.lock"
    cppbuild.run(cppbuild.compile_cpp(tmp_path / "killed", [source]), str(lock), status=-9)
    assert lock.exists()
    with filelock.SoftFileLock(lock, timeout=5):
        pass
    assert not lock.exists()


def test_experiment_of_json_files(swing, tmp_path):
    """An index that Python wrote as JSON is continued as JSON."""
    (tmp_path / "experiment.000003.json").write_text(json.dumps({"experiment": {"info": {}}}))
    (tmp_path / "measurement.index.json").write_text(json.dumps({"measurements": {"last_measurement_id": 6}}))
    cppbuild.run(swing, str(tmp_path), "--theta_0=1")
    assert json.loads((tmp_path / "measurement.index.json").read_text()) == {"measurements": {"last_measurement_id": 7}}
    assert (tmp_path / "measurement.000007.xml").exists()
