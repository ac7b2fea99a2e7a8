# SPDX-License-Identifier: BSD-2-Clause
"""No hang, no explosion: pipes and devices under names of files, and texts of which few bytes ask for much."""

import os
import resource
import signal
import socket
import subprocess
import sys
import warnings
from contextlib import suppress

import pytest
from helpers import environment, names, square, sweep

import coma
from coma import files
from coma.archives import boostxml, jsonarchive, xmlarchive
from coma.archives.boostxml import MOST_COPIES
from coma.programs import reading, workspace
from coma.storage import locks

SECONDS = 100
MANY = 30_000


def make_socket(path):
    """Bind a socket to a path, which is too long for it."""
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(before)


THINGS = {
    "pipe": os.mkfifo,
    "socket": make_socket,
    "directory": os.mkdir,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path),
}
PLACES = (
    *("measurement.000002.json", "measurement.000002.xml", "measurement.000005.json", "measurement.index.json"),
    *("experiment.none.json", "experiment.none.json.backup", "failure.000001.json", "measurement.index.json.lock"),
    "measurement.000001.results.psi.npy",
)
OPERATIONS = {
    "read": lambda d: [m.tree for m in coma.Experiment(d).measurements()],
    "array": lambda d: [m["results/psi"].sum() for m in coma.Experiment(d).measurements()],
    "verify": lambda d: [m.verify() for m in coma.Experiment(d).measurements()],
    "failures": lambda d: coma.Experiment(d).failures(),
    "run": lambda d: sweep(d, 5).run(square),
    "new": lambda d: coma.Experiment(d).new_measurement().save(),
    "deactivate": lambda d: coma.Experiment(d).deactivate(),
    "activate": lambda d: coma.Experiment(d).activate(),
    "reset": lambda d: coma.Experiment(d).reset(),
}


@pytest.fixture
def alarm():
    """Raise an error that is none of ours where something takes for ever."""

    def ring(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**34, limits[1]))
    yield signal.alarm
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_an_error_and_no_hang(directory, monkeypatch, alarm, thing, place):
    """Under any name that Coma opens, in whatever is done."""
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(locks, "_EMPTY_SECONDS", 0.05)
    e = sweep(directory, 3)
    e.run(lambda p: {**square(p), "results": {"psi": coma.attach([p.x])}})
    (directory / place).unlink(missing_ok=True)
    if place.endswith("backup"):
        (directory / "experiment.none.json").unlink()
    THINGS[thing](directory / place)
    for operation in OPERATIONS.values():
        alarm(SECONDS)
        with warnings.catch_warnings(), suppress(coma.ComaError):
            warnings.simplefilter("ignore", UserWarning)
            operation(directory)


@pytest.mark.parametrize("thing", ["pipe", "device"])
def test_what_is_no_file_is_neither_attached_nor_run_nor_a_configuration(tmp_path, thing):
    """These are opened, too."""
    THINGS[thing](tmp_path / "thing")
    with pytest.raises(coma.SerializerError, match="it is no file"):
        coma.attach(tmp_path / "thing")
    with pytest.raises(coma.ConfigError, match="it is no file"):
        coma.load_config(path=tmp_path / "thing")
    with pytest.raises(coma.ArchiveError, match="it is no file"):
        coma.load_boost(tmp_path / "thing")


def doubled(count):
    """Return an archive in which each object points twice to the one before."""
    text = '<r class_id="0" object_id="_0"><x>1</x></r>'
    for i in range(1, count):
        again = f'object_id_reference="_{i - 1}"'
        text += f'<s class_id="0" object_id="_{i}"><a {again}/><b {again}/></s>'
    return f'<boost_serialization signature="serialization::archive" version="19">{text}</boost_serialization>'.encode()


def test_references_that_double_are_refused():
    """A few kilobytes would be more than the memory holds."""
    assert len(doubled(12)) < 2000
    assert boostxml.loads(doubled(12))["s"][-1]["a"]
    with pytest.raises(coma.XMLArchiveError, match=f"more than {MOST_COPIES} values"):
        boostxml.loads(doubled(60))


ARRAY = b"<__type__>numpy.ndarray</__type__><shape>"
LONG = b"</shape><dtype>float64</dtype><list><count>1</count><item_version>0</item_version>"
TEXTS = {
    "roots": ("boost", b"".join(b"<a%d>1</a%d>" % (i, i) for i in range(MANY))),
    "roots of one name": ("boost", b"<a>1</a>" * MANY),
    "roots in xml": ("xml", b"<a>1</a>" * MANY),
    "members": ("xml", b"<r>%b</r>" % b"".join(b"<a%d>1</a%d>" % (i, i) for i in range(10 * MANY))),
    "members of one name": ("boost", b"<r>%b</r>" % (b"<a>1</a>" * 10 * MANY)),
    "arrays without an end": ("xml", b"<r>%b</r>" % (ARRAY * 10 * MANY)),
    "lists without an end": ("xml", b"<r>%b</r>" % ((ARRAY + LONG) * 10 * MANY)),
    "lists with one end": ("xml", b"<r>%b</list></r>" % ((ARRAY + LONG) * 10 * MANY)),
    "digits": ("xml", b"<r>%bx</r>" % (b"1" * 10**6)),
    "digits of boost": ("boost", b"<r>%bx</r>" % (b"1" * 10**6)),
    "digits and a point": ("xml", b"<r>%b.%bx</r>" % (b"1" * 10**6, b"1" * 10**6)),
    "base64": ("boost", b"<r>\n%b!</r>" % ((b"A" * 76 + b"\n") * 10**5)),
    "blanks": ("xml", b"<r>%b</r>" % ((ARRAY[:-7] + b" " * 1000) * MANY)),
}
READER = """
    import sys
    import coma
    from coma.archives import boostxml, xmlarchive
    sys.path.insert(0, {here!r})
    from test_limits import TEXTS
    format, text = TEXTS[sys.argv[1]]
    try:
        (boostxml if format == "boost" else xmlarchive).loads(text)
    except coma.XMLArchiveError:
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", TEXTS)
def test_reading_takes_time_by_the_size(script, what):
    """By its square, each would take many minutes: the process would be ended."""
    reader = script(READER.format(here=os.path.dirname(__file__)))
    subprocess.run([sys.executable, reader, what], env=environment(), timeout=SECONDS, check=True)


@pytest.mark.parametrize("levels", [300, 600, 990, 5000, 100_000])
@pytest.mark.parametrize("before", [b"", b'{\n  "a": ', b'{"z": {"__type__": "bytes", "base64": ""}, "a": '])
@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "dictionaries"])
def test_json_that_is_too_deep_is_refused(levels, before, opened, closed):
    """Whatever is done with the tree afterwards goes down as deep."""
    text = before + opened * levels + b"1" + closed * levels + (b"}" if before else b"")
    with pytest.raises(coma.JsonArchiveError, match="is nested too deeply"):
        jsonarchive.loads(text)
    assert jsonarchive.loads_all([text, text]) is None


@pytest.mark.parametrize("levels", [300, 600, 2000, 5000])
@pytest.mark.parametrize("loads", [xmlarchive.loads, boostxml.loads], ids=["xml", "boost"])
def test_xml_that_is_too_deep_is_refused(levels, loads):
    """As JSON is."""
    with pytest.raises(coma.XMLArchiveError, match=r"nested too deeply|Excessive depth"):
        loads(b"<a>" * levels + b"1" + b"</a>" * levels)


def test_what_is_deep_is_refused_when_it_is_written():
    """In both formats."""
    tree = deep = []
    for _ in range(100_000):
        deep.append([])
        deep = deep[0]
    for dumps in (jsonarchive.dumps, xmlarchive.dumps):
        with pytest.raises(coma.ArchiveError, match="nested too deeply"):
            dumps({"a": tree})
    while tree:  # Python itself goes down when it lets go of it
        tree = tree.pop()


@pytest.mark.parametrize("format", [jsonarchive, xmlarchive], ids=["json", "xml"])
def test_an_integer_of_too_many_digits_is_refused_both_ways(tmp_path, format):
    """Python neither prints nor reads it; what is written before stays."""
    archive = coma.Archive(tmp_path / "a", format.SUFFIX)
    archive.save({"a": {"n": 10**4000}})
    assert archive.load() == {"a": {"n": 10**4000}}
    with pytest.raises(coma.SerializerError, match=r"'a/n' is an integer of more than 4300 digits"):
        archive.save({"a": {"n": 10**5000}})
    assert archive.load() == {"a": {"n": 10**4000}}
    with pytest.raises(coma.ArchiveError, match="digits"):
        format.dumps({"a": {"n": 10**5000}})
    text = format.dumps({"a": {"n": 7}}).replace(b"7", b"7" * 5000)
    for loads in (format.loads, boostxml.loads) if format is xmlarchive else (format.loads,):
        with pytest.raises(coma.ArchiveError, match="digits"):
            loads(text)


@pytest.mark.parametrize("dtype", ["S1000000000", "<U200000000", "|V1000000000"])
def test_an_array_of_texts_may_not_ask_for_more_than_it_holds(dtype):
    """A few characters say how long each text may be."""
    items = ["a"] * 100
    text = jsonarchive.dumps({"__type__": "numpy.ndarray", "shape": [100], "dtype": dtype, "list": items})
    with pytest.raises(coma.JsonArchiveError, match="would be larger than"):
        jsonarchive.loads(text)


CONDITIONS = {
    "long": "a" * 10**6,
    "not": "not " * 10**5 + "a",
    "some not": "not " * 2000 + "a",
    "parentheses": "(" * 4000 + "a" + ")" * 4000,
    "lists": "[" * 150 + "]" * 150 + " == " + "[" * 4000,
    "minus": "-" * 5000 + "1",
    "path": "a/" * 4900 + "b",
    "digits": "9" * 5000,
    "quotes": "`" * 9999,
}


@pytest.mark.parametrize("what", CONDITIONS)
def test_conditions_that_are_too_long_or_deep_are_refused(directory, what):
    """In a sentence that does not repeat all of it."""
    e = sweep(directory, 1)
    e.run(square)
    with pytest.raises(coma.ExperimentError, match=r"is no condition|is too long|cannot be decided") as caught:
        e.retrieve_results([("x", "parameters/x")], where=CONDITIONS[what])
    assert len(str(caught.value)) < 1000


def test_a_condition_may_be_nested_as_people_do(directory):
    """And as long as a program makes it."""
    e = sweep(directory, 1)
    e.run(square)
    for where in ("not not not x == 1", "((((x == 0))))", " or ".join(f"x == {i}" for i in range(500))):
        assert len(e.retrieve_results([("x", "parameters/x")], where=where)[0].table) == 1


def test_an_output_of_many_gigabytes_is_refused_unread(directory, tmp_path, monkeypatch):
    """Its size is enough; what grows meanwhile is read up to the limit."""
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\ntruncate -s 6G "$COMA_OUTPUT"\n')
    program.chmod(0o755)
    e = sweep(directory, 1)
    monkeypatch.setattr(reading, "_parse", None)
    with pytest.raises(ExceptionGroup) as caught:
        e.run(coma.Program(program))
    assert "an output file of 6442450944 bytes, where a measurement may have 1073741824" in str(
        caught.value.exceptions[0]
    )
    assert len(e.failures()) == 1


def deepen(directory, name, levels, mode=0o700):
    """Make a directory in a directory in a directory."""
    opened = os.open(directory, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=opened)
        inner = os.open(name, os.O_RDONLY, dir_fd=opened)
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=inner))
        os.chmod(name, mode, dir_fd=opened)
        os.close(opened)
        opened = inner
    os.close(opened)


@pytest.mark.parametrize("name", ["d", "d" * 200])
def test_deep_directories_of_programs_are_removed(tmp_path, monkeypatch, name):
    """Deeper than Python's stack, longer than a path may be, and those of dead processes, too."""
    monkeypatch.setattr(workspace.tempfile, "tempdir", str(tmp_path))
    with workspace.directory() as made:
        deepen(made, name, 1500)
        os.makedirs(f"{made}/a/b")
        os.makedirs(f"{made}/c/b")
        os.symlink(tmp_path, f"{made}/c/link")
    assert names(tmp_path) == []
    left = tmp_path / f"coma-99999999-{workspace._here()}-ab"
    left.mkdir()
    deepen(left, name, 1500)
    workspace.remove_leftovers.cache_clear()
    with workspace.directory() as made:
        assert names(tmp_path) == [os.path.basename(made)]


def test_names_that_differ_in_case_alone_go_to_different_files(directory, monkeypatch):
    """Where the file system takes them for one, too; no id is taken for nothing."""
    publish = files.publish

    def folding(path, data, durable=True):
        there = {name.casefold() for name in os.listdir(os.path.dirname(path))}
        if os.path.basename(path).casefold() in there:
            raise FileExistsError(17, "File exists", str(path))
        publish(path, data, durable)

    monkeypatch.setattr(files, "publish", folding)
    e = sweep(directory, 2)
    results = {"psi": 1.0, "PSI": 2.0, "Straße": 3.0, "STRASSE": 4.0, "e\u0301": 5.0, "\u00e9": 6.0}
    e.run(lambda p: {**square(p), "results": {key: coma.attach([value]) for key, value in results.items()}})
    for m in e.measurements():
        m.verify()
        assert {key: float(m["results"][key][0]) for key in m["results"]} == results
    assert e.mindex.read() == 2


def test_names_that_are_taken_under_every_id_are_an_error(directory, monkeypatch):
    """And not a search without end."""
    e = sweep(directory, 1)

    def taken(path, _data, durable=True):
        raise FileExistsError(17, f"File exists {durable}", str(path))

    monkeypatch.setattr(files, "publish", taken)
    with pytest.raises(ExceptionGroup) as caught:
        e.run(square)
    assert "under each of 100 ids" in str(caught.value.exceptions[0])
