# SPDX-License-Identifier: BSD-2-Clause
"""The order of the modules, and the public names."""

import ast
import importlib
from pathlib import Path

import pytest

import coma

PACKAGE = Path(coma.__file__).parent
ROOT = Path(__file__).parents[1]
FLOORS = [
    ["errors"],
    ["owners"],
    ["config", "files", "headers", "text"],
    ["trees"],
    ["archives"],
    ["storage"],
    ["parameters"],
    ["programs", "results"],
    ["running"],
    ["experiment"],
    ["parallelexperiment"],
    ["__init__"],
    ["cli"],
    ["__main__"],
]
MODULES = sorted(path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))


def imported(path):
    """Return the modules of coma that a file imports, also within functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(module):
    """Return the room of a module or one of its names; None outside coma."""
    first, *rest = module.split(".")
    if first != "coma":
        return None
    return rest[0] if rest and any(rest[0] in rooms for rooms in FLOORS) else "__init__"


def floor(room):
    """Return the number of a room's floor."""
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_from_its_room_and_from_floors_below(module):
    """From values at the ground to conveniences at the top; the rooms of one floor do not know each other."""
    own = room(f"coma.{'.'.join(module.parts)}")
    used = {room(name) for name in imported(PACKAGE / f"{module}.py")} - {None, own}
    assert [name for name in used if floor(name) >= floor(own)] == []


def test_there_are_no_cycles():
    """Within a floor neither."""
    names = {".".join(("coma", *module.parts)): PACKAGE / f"{module}.py" for module in MODULES}
    found = {name: [f"{used}." for used in imported(path)] for name, path in names.items()}
    uses = {
        name: {other for other in names for used in found[name] if used.startswith(f"{other}.")}
        - {name, "coma.__init__"}
        for name in names
    }
    while free := [name for name, others in uses.items() if not others]:
        uses = {name: others - set(free) for name, others in uses.items() if name not in free}
    assert uses == {}


def rooms():
    """Return the modules that the design lists, as paths, in its order."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    room, listed = Path(), []
    for line in text.partition("\npython/coma/\n")[2].partition("\ncpp/")[0].splitlines():
        name = line.split()[0]
        if name.endswith("/"):
            room = Path(name)
        else:
            listed.append((room if line.startswith("    ") else Path()) / Path(name).stem)
    return listed


def test_the_design_has_a_line_for_each_module():
    """Each once; empty ``__init__.py`` hold nothing. A module imports only from lines above its own."""
    listed = rooms()
    assert sorted(listed) == [path for path in MODULES if (PACKAGE / f"{path}.py").read_text()]
    above = set()
    for path in listed:
        names = {name for name in map(module_of, imported(PACKAGE / f"{path}.py")) if name}
        assert names <= above, path
        above.add(".".join(path.parts))


def module_of(name):
    """Return the module of coma in which an imported name lies; None outside coma."""
    if name.partition(".")[0] != "coma":
        return None
    parts = name.split(".")[1:]
    found = (parts[:n] for n in range(len(parts), 0, -1) if Path(*parts[:n]) in MODULES)
    return ".".join(next(found, ["__init__"]))


def test_the_public_names_are_listed():
    """In alphabetical order, each exists, and none is missing."""
    public = [name for name in vars(coma) if not name.startswith("_")]
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert coma.__all__ == sorted(coma.__all__)
    assert all(hasattr(coma, name) for name in coma.__all__)
    assert {name for name in public if name not in modules} - set(coma.__all__) <= {"version", "annotations"}
    for path in PACKAGE.rglob("*.py"):
        assert path.read_text().startswith("# SPDX-License-Identifier: BSD-2-Clause\n") or not path.read_text()


def test_every_public_object_says_what_it_is():
    """Classes, functions and the public methods of classes."""
    for name in coma.__all__:
        item = getattr(coma, name)
        assert item.__doc__ or name == "__version__"
        members = vars(item).items() if isinstance(item, type) else ()
        bare = [member for member, value in members if callable(value) and member[0] != "_" and not value.__doc__]
        assert bare == [], name


@pytest.mark.parametrize("name", ["IPython", "ipyparallel", "matplotlib", "pandas", "xarray", "scipy"])
def test_extras_are_imported_where_they_are_used(name):
    """No module imports them when it is imported itself."""
    for module in MODULES:
        tree = ast.parse((PACKAGE / f"{module}.py").read_text())
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        for node in top:
            used = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert name not in {item.partition(".")[0] for item in used}, module


def test_every_module_can_be_imported_alone():
    """Each says what it is."""
    for module in MODULES:
        if module.name not in ("__init__", "__main__"):
            assert importlib.import_module(".".join(("coma", *module.parts))).__doc__
