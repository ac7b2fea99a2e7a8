# SPDX-License-Identifier: BSD-2-Clause
"""The table of types that a tree holds as dictionaries with a ``__type__``: numpy arrays, complex, dates, paths, ..."""

from __future__ import annotations

import base64
import datetime
import enum
import itertools
import pathlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MemberDescriptorType
from typing import Any, NamedTuple

import numpy as np

from coma.errors import SerializerError

TYPE = "__type__"
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # two surrogates, which JSON reads back as one character
ARRAYS = (np.ndarray, np.memmap)  # of arrays that are no more than their numbers
_KNOWN = sys.stdlib_module_names | {"numpy", "pandas"}
_PLAIN = (str, int, float, complex, bytes, list, tuple, dict, datetime.date, datetime.timedelta, pathlib.PurePath)
_LARGEST = 1024**3  # bytes of an array of texts, which a file can ask for in a few characters
State = dict[str, Any]
Restore = Callable[[State], Any]


class RegisteredType(NamedTuple):
    """How objects of one class become a dictionary and come back."""

    cls: type
    name: str
    encode: Callable[[Any], State]
    decode: Callable[[State], Any]


_BY_NAME: dict[str, RegisteredType] = {}
_OF_USERS: dict[str, RegisteredType] = {}


def register_type(cls: type, name: str, encode: Callable[[Any], State], decode: Callable[[State], Any]) -> None:
    """Teach trees to hold objects of `cls` (and its subclasses).

    Parameters
    ----------
    cls
        The class.
    name
        What ``__type__`` says in the file; it must be the same whenever such files are read.
    encode
        Returns the object's state as a dictionary.
    decode
        Returns an equal object from that dictionary.

    Raises
    ------
    SerializerError
        If another class has that name.

    Examples
    --------
    >>> from fractions import Fraction
    >>> register_type(Fraction, 'fraction',
    ...               lambda f: {'numerator': f.numerator, 'denominator': f.denominator},
    ...               lambda state: Fraction(state['numerator'], state['denominator']))
    """
    known = _BY_NAME.get(name)
    if known and (known.cls.__module__, known.cls.__qualname__) != (cls.__module__, cls.__qualname__):
        raise SerializerError(f"type name {name!r} belongs to {known.cls.__qualname__}; choose another name")
    _OF_USERS[name] = RegisteredType(cls, name, encode, decode)
    add(_OF_USERS[name])


def add(entry: RegisteredType) -> None:
    """Put one of Coma's own types into the table."""
    _BY_NAME[entry.name] = entry


def of_users() -> tuple[RegisteredType, ...]:
    """Return the types that users registered, which workers must know, too."""
    return tuple(_OF_USERS.values())


def find(value: Any) -> RegisteredType | None:
    """Return the last registered type of which `value` is an instance."""
    return next((entry for entry in reversed(_BY_NAME.values()) if isinstance(value, entry.cls)), None)


def of_user(value: Any) -> RegisteredType | None:
    """Return the last type that a user registered of which `value` is an instance."""
    if not _OF_USERS:
        return None
    known = (entry for name, entry in reversed(_BY_NAME.items()) if _OF_USERS.get(name) is entry)
    return next((entry for entry in known if isinstance(value, entry.cls)), None)


def check_plain(value: Any) -> None:
    """Refuse what is derived from a plain class, or from an array, and is more than the value that would be stored.

    An enumeration is its value, a named tuple a list. Of others, the attributes that an object has of its own tell.

    Raises
    ------
    SerializerError
        If something would be lost.
    """
    if isinstance(value, np.ndarray):
        _check_array(value)
    elif isinstance(value, (*_PLAIN, np.generic)) and not isinstance(value, enum.Enum):
        attributes = list(_attributes(value))
        if attributes:
            kind = next((kind for kind in _PLAIN if isinstance(value, kind)), np.generic).__name__
            raise SerializerError(
                f"a {type(value).__name__} is more than a {kind}: it has {', '.join(map(repr, attributes))}, which would "
                f"be lost; store that beside the {kind}, or use coma.register_type()"
            )


def _attributes(value: Any) -> Iterator[str]:
    """Yield the names of the attributes that an object has beyond those of Python's own classes, and of numpy's."""
    if _is_known(type(value)):
        return
    own = (name for name in getattr(value, "__dict__", ()) if not name.startswith("__"))
    yield from (name for name in own if not (isinstance(value, Mapping) and name in value))
    for cls in itertools.takewhile(lambda cls: not _is_known(cls), type(value).__mro__):
        yield from (n for n, item in vars(cls).items() if isinstance(item, MemberDescriptorType) and hasattr(value, n))


def _is_known(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in _KNOWN


def is_reserved(name: Any) -> bool:
    """Tell whether a dictionary whose ``__type__`` is `name` would not come back as a dictionary."""
    return isinstance(name, str) and name in _BY_NAME


def restore(state: State) -> Any:
    """Return the object that a dictionary stands for, or the dictionary itself where it stands for none.

    Raises
    ------
    SerializerError
        If it is a registered type whose content does not fit.
    """
    name = state.get(TYPE)
    if not is_reserved(name):
        return state
    try:
        return _BY_NAME[str(name)].decode(state)
    except SerializerError:
        raise
    except Exception as error:
        raise SerializerError(f"damaged {name}: {type(error).__name__}: {error}") from error


def _check_array(array: np.ndarray[Any, Any]) -> None:
    if isinstance(array, np.ma.MaskedArray):
        raise SerializerError("a masked array loses its mask; store array.data and array.mask, or array.filled()")
    if array.dtype.kind == "V":
        raise SerializerError("a structured array has no form as a tree; store each field as an array of its own")
    if type(array) not in ARRAYS:
        raise SerializerError(
            f"a {type(array).__name__} is more than the numbers in it; store numpy.asarray() of it, and beside that what "
            "else it says (a unit, say), or use coma.register_type()"
        )


def _encode_array(array: np.ndarray[Any, Any]) -> State:
    _check_array(array)
    if array.dtype.kind == "T" and array.dtype != np.dtypes.StringDType():
        raise SerializerError(f"an array of {array.dtype} does not come back as such; store array.tolist()")
    return {"shape": list(array.shape), "dtype": _dtype_name(array.dtype), "list": _flat_list(np.asarray(array))}


def _dtype_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "T":
        return "T"
    return dtype.name if dtype.isnative and dtype.kind in "biufcO" else dtype.str


def _flat_list(array: np.ndarray[Any, Any]) -> list[Any]:
    flat = array.ravel()
    kind = flat.dtype.kind
    if kind == "c":
        parts = np.empty(2 * flat.size, dtype=flat.real.dtype)
        parts[0::2], parts[1::2] = flat.real, flat.imag
        return _flat_list(parts)
    if kind == "f" and flat.dtype.itemsize > 8:
        return [str(number) for number in flat]
    if kind in "mM":
        return flat.astype("int64").tolist()
    if kind == "S":
        return [text.decode("latin-1") for text in flat.tolist()]
    return flat.tolist()


def _decode_array(state: State) -> np.ndarray[Any, Any]:
    items, shape = state["list"], tuple(state["shape"])
    if "dtype" not in state:
        return np.array(items).reshape(shape)
    dtype = np.dtype(state["dtype"])
    if dtype.kind in "SUV" and dtype.itemsize * len(items) > _LARGEST:
        raise SerializerError(f"an array of {dtype.str} with {len(items)} items would be larger than {_LARGEST} bytes")
    return _array(items, dtype).reshape(shape)


def _array(items: list[Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if dtype.kind == "c":
        parts = _array(items, np.empty(0, dtype).real.dtype)
        array = np.empty(parts.size // 2, dtype)
        array.real, array.imag = parts[0::2], parts[1::2]
        return array
    if dtype.kind == "O":
        array = np.empty(len(items), dtype)
        array[:] = items
        return array
    if dtype.kind in "mM":
        return np.array(items, dtype="int64").astype(dtype)
    if dtype.kind == "S":
        return np.array([text.encode("latin-1") for text in items], dtype)
    return np.array(items, dtype)


def _encode_datetime(date: datetime.datetime) -> State:
    text = date.isoformat()
    try:
        comes_back = datetime.datetime.fromisoformat(text) == date
    except ValueError:  # pandas' NaT
        comes_back = False
    if not comes_back:
        raise SerializerError(f"{date!r} is no datetime to the last digit; store it as a numpy.datetime64")
    return {"iso": text}


def _encode_timedelta(time: datetime.timedelta) -> State:
    days, seconds, microseconds = time.days, time.seconds, time.microseconds
    if datetime.timedelta(days, seconds, microseconds) != time:  # nanoseconds of pandas
        raise SerializerError(f"{time!r} is no timedelta to the last digit; store it as a numpy.timedelta64")
    return {"days": days, "seconds": seconds, "microseconds": microseconds}


def _decode_datetime(state: State) -> datetime.datetime:
    return datetime.datetime.fromisoformat(state["iso"])


for _entry in (
    RegisteredType(np.ndarray, "numpy.ndarray", _encode_array, _decode_array),
    RegisteredType(
        complex,
        "complex",
        lambda z: {"real": z.real, "imag": z.imag},
        lambda state: complex(state["real"], state["imag"]),
    ),
    RegisteredType(
        bytes,
        "bytes",
        lambda data: {"base64": base64.b64encode(data).decode("ascii")},
        lambda state: base64.b64decode(state["base64"], validate=True),
    ),
    RegisteredType(
        datetime.date,
        "date",
        lambda day: {"iso": day.isoformat()},
        lambda state: datetime.date.fromisoformat(state["iso"]),
    ),
    RegisteredType(datetime.datetime, "datetime", _encode_datetime, _decode_datetime),
    RegisteredType(
        datetime.timedelta,
        "timedelta",
        _encode_timedelta,
        lambda state: datetime.timedelta(state["days"], state["seconds"], state["microseconds"]),
    ),
    RegisteredType(
        pathlib.PurePath, "path", lambda path: {"path": str(path)}, lambda state: pathlib.Path(state["path"])
    ),
):
    add(_entry)
