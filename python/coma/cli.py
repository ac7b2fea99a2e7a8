# SPDX-License-Identifier: BSD-2-Clause
"""The command ``coma``: look at experiments from a shell."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import coma
from coma.text import cell, cut, first_line, harmless, one_line
from coma.trees.path import as_text, leaves

_WIDTH = 80
_CELL = 24
_ID = "measurement_id"
_FORMULA = re.compile(r"\s*(?:[=@\uff1d\uff20]|[-+\uff0d\uff0b].*[(|!\[])", re.DOTALL)  # what a spreadsheet would run
Rows = list[dict[str, Any]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments
        The words of the command line, without the command itself; those of this process by default.

    Returns
    -------
    int
        The exit status: 0, or 1 after an error, of which one line is printed to standard error.

    Raises
    ------
    SystemExit
        With status 2 if the words make no sense, and with 0 after ``--help`` and ``--version``.

    Examples
    --------
    >>> main(['status', 'no/such/directory'])
    1
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale can show
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        with _warnings_in_one_line():
            _run(options, parser)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, head say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (coma.ComaError, OSError) as error:
        _say(error)
        return 1
    return 0


def _run(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    if options.includes:
        print(f"-I{coma.get_include()}")
    if options.cmakedir:
        print(coma.get_cmake_dir())
    if options.command:
        options.command(_open(options.directory), options)
    elif not (options.includes or options.cmakedir):
        parser.print_help()


def _status(e: coma.Experiment, options: argparse.Namespace) -> None:
    records = e.failures()
    failures = [{_ID: f.id, **f.tree.get("error", {}), "parameters": f.get("parameters")} for f in records]
    if options.json:
        names = ("directory", "id", "description", "tags", "start_date", "end_date")
        state = {"active": e.isactive(), "measurements": e.number_of_measurements(), "failures": failures}
        _print_json({**{name: getattr(e, name) for name in names}, **state})
        return
    print(harmless(str(e)))
    print(f"  failures: {len(failures)}")
    for record in records:
        number, reason = f"    {record.id}", _reason(record)
        point = _point(record, max(_CELL, _WIDTH - len(f"{number}  {reason}")))
        print(cut(f"{number} {point} {reason}", _WIDTH))


def _point(record: coma.Measurement, width: int) -> str:
    """Return the parameters of a failure, cut to a width."""
    tree = {name: item for name, item in record.tree.items() if name not in ("info", "error")}
    values = (f"{one_line(as_text(path).removeprefix('parameters/'))}={cell(item)}" for path, item in leaves(tree))
    return cut(f"({','.join(values)}", width - 1) + ")"


def _reason(record: coma.Measurement) -> str:
    """Return type and first line of an error; a program is named by its file's name alone."""
    error = record.tree.get("error", {})
    first = first_line(error.get("message"))
    command = error.get("command")
    if isinstance(command, list) and command:
        first = first.replace(str(command[0]), os.path.basename(str(command[0])), 1)
    return one_line(f"{error.get('type')}: {first}")


def _show(e: coma.Experiment, options: argparse.Namespace) -> None:
    if options.id is None:
        _print_rows(
            [
                {_ID: m.id, **{str(path): item for path, item in leaves(m.get("parameters", {}))}}
                for m in e.measurements()
            ],
            options.json,
        )
        return
    m = next((m for m in e.measurements() if m.id == options.id), None) or _failure(e, options)
    found = m[options.path] if options.path else m.tree
    if options.json:
        _print_json(found)
    else:
        print("\n".join(_lines(_plain(found))))


def _failure(e: coma.Experiment, options: argparse.Namespace) -> coma.Measurement:
    """Return the record of a failure, marked as such: its tree is within `failure`, or a line says so."""
    record = next((record for record in e.failures() if record.id == options.id), None)
    if record is None:
        raise coma.ExperimentError(
            f'no measurement or failure {options.id} in "{e.directory}"; "coma show DIR" lists all measurements'
        )
    if options.path:
        _say(f"there is no measurement {options.id}; this is from the record of its failure")
        return record
    return coma.Measurement({"failure": record.tree})


def _table(e: coma.Experiment, options: argparse.Namespace) -> None:
    rs = e.retrieve_results(options.columns, options.by, where=options.where, on_ragged="pad")
    rows = [row for result in rs for row in _rows(result)]
    for path in dict.fromkeys(missing.path for missing in rs.missing):
        number = len({missing.measurement_id for missing in rs.missing if missing.path == path})
        _say(f"{number} measurement(s) left out, which lack {path!r}")
    if options.csv:
        _write_csv(rows, options.csv)
    else:
        _print_rows(rows, options.json)


def _rows(result: coma.Result) -> Iterator[dict[str, Any]]:
    shared = dict(zip(result.parameters.names, result.parameters.values, strict=True))
    for number, *cells in zip(result.measurement_ids, *result.columns, strict=True):
        yield {_ID: number, **shared, **dict(zip(result.table_columns, cells, strict=True))}


def _open(directory: str) -> coma.Experiment:
    """Open an experiment that is there; none is created."""
    pattern = re.sub(r"\$\{\w+\}", "*", coma.load_config()["experiment_file"]) + ".*"
    if not any(Path(directory).glob(pattern)):
        raise coma.ExperimentError(f'no experiment in "{directory}": there is no file {pattern}')
    return coma.Experiment(directory)


def _lines(node: Any, indent: str = "") -> Iterator[str]:
    if not isinstance(node, dict):
        yield harmless(str(node)) if indent == "" else cut(f"{indent}{one_line(node)}", _WIDTH)
        return
    for key, item in node.items():
        if isinstance(item, dict) and item:
            yield cut(f"{indent}{one_line(key)}:", _WIDTH)
            yield from _lines(item, indent + "  ")
        else:
            yield cut(f"{indent}{one_line(key)}: {one_line(item)}", _WIDTH)


def _plain(found: Any) -> Any:
    return dict(found) if isinstance(found, Mapping) else found


def _print_json(value: Any) -> None:
    tree = coma.RecursiveSerializer().encode(value)
    print(json.dumps(tree, indent=2))


def _print_rows(rows: Rows, as_json: bool) -> None:
    if as_json:
        _print_json(rows)
    elif rows:
        print("\n\n".join(_blocks(rows)))


def _write_csv(rows: Rows, path: str) -> None:
    if path == "-":
        _csv(rows, sys.stdout)
        return
    with open(path, "w", newline="", encoding="utf-8") as file:
        _csv(rows, file)


def _csv(rows: Rows, file: Any) -> None:
    writer = csv.DictWriter(file, _names(rows), lineterminator="\n")
    writer.writerow({name: _csv_cell(name) for name in writer.fieldnames})
    writer.writerows({name: _csv_cell(value) for name, value in row.items()} for row in rows)


def _csv_cell(value: Any) -> Any:
    """Return a cell with all digits; one that holds several values is JSON, and text does nothing where it is opened."""
    if isinstance(value, coma.Attachment):
        return value.file
    if isinstance(value, np.ndarray | Mapping | list | tuple):
        return harmless(json.dumps(value, default=_json_leaf, ensure_ascii=False))
    if isinstance(value, str):
        return harmless(f"'{value}" if _FORMULA.match(value) else value)
    return value


def _json_leaf(value: Any) -> Any:
    if isinstance(value, coma.Attachment):
        return value.file
    if isinstance(value, np.ndarray | np.generic):
        is_plain = value.dtype.kind in "biuOUV" or value.dtype.char in "efd"
        return (value if is_plain else value.astype(str)).tolist()
    return dict(value) if isinstance(value, Mapping) else str(value)


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _blocks(rows: Rows) -> Iterator[str]:
    """Yield the columns in as many blocks as fit the width, each with the ids in front."""
    ids, *columns = [_column(name, [row.get(name, "") for row in rows]) for name in _names(rows)]
    block = [ids]
    for column in columns:
        if len(block) > 1 and sum(len(c[0]) + 2 for c in [*block, column]) > _WIDTH + 2:
            yield _beside(block)
            block = [ids]
        block.append(column)
    yield _beside(block)


def _beside(columns: Sequence[Sequence[str]]) -> str:
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))


def _column(name: str, values: Sequence[Any]) -> list[str]:
    """Return the cells of a column, its name first, all of one width; numbers to the right."""
    cells = [cut(text, _CELL) for text in [one_line(name.removeprefix("measurement_")), *map(cell, values)]]
    width = max(map(len, cells))
    is_number = all(isinstance(value, int | float) or hasattr(value, "dtype") for value in values)
    return [cell.rjust(width) if is_number else cell.ljust(width) for cell in cells]


def _pair(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is no column; write NAME=PATH, such as t=results/t")
    return name, path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coma", description="Look at experiments; ask where the C++ headers are.")
    parser.add_argument("--version", action="version", version=coma.__version__)
    parser.add_argument("--includes", action="store_true", help="print compiler flags for the C++ headers")
    parser.add_argument("--cmakedir", action="store_true", help="print the directory of comaConfig.cmake")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="")
    _add(commands, "status", _status, "print what an experiment holds, and which points failed")
    show = _add(commands, "show", _show, "print all measurements' parameters, one measurement, or a part of it")
    show.add_argument("id", nargs="?", type=int, metavar="ID", help="the measurement")
    show.add_argument("path", nargs="?", metavar="PATH", help="such as results/t")
    _add_table(_add(commands, "table", _table, "print a table of parameters and results"))
    return parser


def _add(commands: Any, name: str, command: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text.capitalize() + ".")
    parser.add_argument("directory", metavar="DIR", help="the experiment's directory")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=command)
    return parser


def _add_table(parser: argparse.ArgumentParser) -> None:
    pairs = {"nargs": "+", "type": _pair, "metavar": "NAME=PATH"}
    parser.add_argument("--columns", required=True, help="columns, such as t=results/t", **pairs)  # type: ignore[arg-type]
    parser.add_argument("--by", default=[], help="parameters that tell tables apart", **pairs)  # type: ignore[arg-type]
    parser.add_argument("--where", metavar="CONDITION", help="such as 'A > 3 and T < 5', by names or paths")
    parser.add_argument("--csv", metavar="FILE", help="write comma-separated values; - is standard output")


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_args, **_options: _say(f"warning: {message}")
        yield


def _say(message: object) -> None:
    print(f"coma: {one_line(message)}", file=sys.stderr)
