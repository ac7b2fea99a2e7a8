# SPDX-License-Identifier: BSD-2-Clause
"""Each dtype that the files have, in each place of a table: values are kept, or refused with the reason."""

import datetime
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import coma
from coma.results.retrieval import retrieve

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"
UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "10s", "25ns"]
TOO_FINE = ("ps", "fs", "as")
LONG = np.longdouble
SAMPLES = {  # by the rows of the table in docs/formats.md
    "bool": [np.array([True, False])],
    "int8 to int64, uint8 to uint64": [
        *(np.array([3, 1], f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)),
        np.array([2**63 + 1, 2**63 + 3], "u8"),
        np.array([2**53 + 1, -(2**62) - 1]),
        np.array([3, 1], ">i4"),
    ],
    "float16, float32, float64": [
        *(np.array([0.1, 1.5], f"f{size}") for size in (2, 4, 8)),
        np.array([np.nan, np.inf]),
        np.array([0.1, 1.5], ">f8"),
    ],
    "float128 (float96 on some machines)": [np.array(["0.33333333333333333334", "1.5"], LONG)],
    "complex64, complex128": [np.array([0.5j, 1 - 0.1j], "c8"), np.array([0.5j, 1 - 0.1j])],
    "complex256 (complex192)": [np.array([LONG("0.1") * 1j, 1.5], np.clongdouble)],
    "<M8[D], <M8[us], ...": [
        *(np.array([70, 90], f"M8[{unit}]") for unit in UNITS),
        np.array([70, 54321], ">M8[ns]"),
        np.array(["2024-01-02T03:04:05.123456789", "2024-01-01"], "M8[ns]"),
        np.array(["NaT", "2024-01-01"], "M8[ns]"),
    ],
    "<m8[s], <m8[ms], ...": [
        *(np.array([70, 54321], f"m8[{unit}]") for unit in UNITS),
        np.array([70, 54321], "m8"),
        np.array([1, 10**18 + 1], "m8[ns]"),
        np.array(["NaT", 3], "m8[us]"),
    ],
    "<U3": [np.array(["abc", "é"])],
    "T": [np.array(["ab", "abcd"], np.dtypes.StringDType())] if hasattr(np.dtypes, "StringDType") else [],
    r"\|S3": [np.array([b"ab", b"\xff"])],
    "object": [
        np.array([1, "a", None, datetime.date(2024, 1, 2)], object),
        np.array([datetime.timedelta.max, datetime.timedelta.min], object),
        np.array([datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), 2**70], object),
    ],
}
ARRAYS = [array for arrays in SAMPLES.values() for array in arrays]


def test_each_documented_dtype_has_a_sample():
    """The table of the page is that of this file."""
    table = FORMATS.read_text(encoding="utf-8").partition("| `dtype` | `list` | example |\n")[2].partition("\n\n")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1].strip().replace("`", "") for line in table.splitlines()[1:]]
    assert rows == list(SAMPLES)


def held(array):
    """Tell whether pandas and xarray have a dtype for the times in an array."""
    if array.dtype.kind == "O":
        return datetime.timedelta.max not in array.tolist()
    kind = array.dtype.kind
    unit = np.datetime_data(array.dtype)[0] if kind in "mM" else "s"
    return unit not in (*TOO_FINE, "generic") and not (kind == "m" and unit in "YM")


def alike(found, expected):
    """Tell whether two values are equal, in whatever class they are; every NaN and NaT is the same."""
    if isinstance(expected, np.timedelta64 | np.datetime64) and np.isnat(expected):
        return bool(np.isnat(found))
    if isinstance(expected, np.datetime64 | np.timedelta64):
        return bool(np.asarray(found)[()] == expected)
    if type(expected) is datetime.date:
        is_date = isinstance(found, datetime.date | np.datetime64)
        return is_date and bool(np.asarray(found, "M8[s]")[()] == np.datetime64(expected))
    return bool(found == expected) or bool(found != found and expected != expected)  # noqa: PLR0124


@pytest.fixture(params=ARRAYS, ids=lambda array: f"{array.dtype}-{'_'.join(map(str, array.tolist()))[:40]}")
def array(request):
    """Return each sample."""
    return request.param


@pytest.fixture
def rs(array, directory):
    """Return results, one for each element: it is the parameter x, the column v, and both elements of the column a."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"), digits=None)
    for value in array:
        e.add_parameter_set(value)
    e.run(lambda p: {**p.tree(), "results": {"v": p.x, "a": np.array([p.x, p.x], array.dtype)}})
    assert e.run(lambda p: p.tree()) == (0, len(array))
    return e.retrieve_results([("v", "results/v"), ("a", "results/a")], [("x", "parameters/x")])


def test_as_parameter_and_column(rs, array):
    """What was asked for is found again, value by value, also after a table was made of all."""
    assert len(rs) == len(array)
    for value, r, x in zip(array, rs, rs.x, strict=True):
        assert alike(x, value)
        assert alike(r.parameters.x, value)
        assert alike(r["v"][0], value)
        assert all(alike(item, value) for item in r["a"][0])
        found = [r.measurement_ids for r in rs["x", value]]
        assert found == [r.measurement_ids] == [r.measurement_ids for r in rs.where(x=value)]


def test_in_frames(rs, array):
    """Of all results, of one, and of the whole experiment."""
    frame = rs.to_dataframe()
    for name in ("x", "v"):
        assert all(map(alike, frame[name].to_numpy(), array))
    for value, cell in zip(array, frame["a"], strict=True):
        assert all(alike(item, value) for item in cell)


def test_in_a_frame_of_the_whole_experiment(rs, array, directory):
    """By path."""
    frame = coma.Experiment(directory).to_dataframe()
    for path in ("parameters/x", "results/v"):
        assert len(frame) == len(rs)
        if array.dtype != object and array.dtype.kind != "S":  # bytes and None are no scalars of a frame
            assert all(map(alike, frame[path].to_numpy(), array))


def test_as_dimension_coordinate_and_variable(rs, array, tmp_path):
    """In a dataset, and in the NetCDF file that xarray writes of it, if it does."""
    if not held(array):
        with pytest.raises(coma.ExperimentError, match=r"holds times \(.*\) that xarray would change"):
            rs.to_xarray()
        return
    data = rs.to_xarray()
    for name in ("x", "v"):
        found = list(data[name].values)
        assert len(found) == len(array)
        assert all(any(alike(item, value) for item in found) for value in array)
    check(data)
    for name in ("v", "a"):
        check(written(data[[name]].drop_vars("x"), tmp_path / f"{name}.nc", data))
    check(written(data[["x"]], tmp_path / "x.nc", data))


def written(data, path, original):
    """Return a dataset with some of the variables as they come back from a file; the original if it was refused."""
    try:
        data.to_netcdf(path, engine="scipy")
    except (ValueError, TypeError, FutureWarning):  # NetCDF has few types
        return original
    with xr.open_dataset(path, engine="scipy") as again:
        return original.assign({name: (again[name].dims, again[name].values) for name in again.variables})


def check(data):
    """Compare what stands in one row of a dataset: coordinate, variable and array are one value."""
    for x, v, a in zip(data.x.values, data.v.values, data.a.values, strict=True):
        assert all(alike(one, v) or alike(v, one) for one in [x, *a])


def test_integers_are_never_rounded_where_results_are_put_together():
    """Beside floats, beside unsigned integers, and where a column is missing."""
    values = [[2**53 + 1], [0.5], [-(2**60) - 1], [2**63 + 1], [1, 2**53 + 3]]
    trees = [{"info": {"measurement_id": i}, "k": i, "v": value} for i, value in enumerate(values, 1)]
    frame = retrieve(trees, [("v", "v")], [("k", "k")]).to_dataframe()
    assert frame[["v_1", "v_2"]].stack().dropna().tolist() == [item for value in values for item in value]
