# SPDX-License-Identifier: BSD-2-Clause
"""Coma: run parameter sweeps, and keep every point as one plain-text measurement file."""

from importlib.metadata import version

from coma.archives.archive import Archive, JsonArchive, XMLArchive, archive_exists
from coma.archives.boostxml import load_boost
from coma.config import create_config_file, expand_path, load_config
from coma.errors import (
    ArchiveError,
    ComaError,
    ConfigError,
    ExperimentError,
    IndexFileError,
    JsonArchiveError,
    ParameterSetError,
    PathError,
    ProgramError,
    SerializerError,
    XMLArchiveError,
)
from coma.experiment import Experiment
from coma.headers import get_cmake_dir, get_include
from coma.parallelexperiment import ParallelExperiment
from coma.parameters.parameterset import ParameterSet
from coma.programs.program import Program
from coma.results.resultlist import ResultList
from coma.results.results import Result
from coma.storage.globalindex import create_default_config
from coma.storage.indexfile import IndexFile
from coma.storage.measurement import FileMeasurement, Measurement, MemoryMeasurement
from coma.trees.attachment import Attachment, attach
from coma.trees.serializer import RecursiveSerializer, Serializer
from coma.trees.types import register_type

__version__ = version("coma-toolkit")

__all__ = [
    "Archive",
    "ArchiveError",
    "Attachment",
    "ComaError",
    "ConfigError",
    "Experiment",
    "ExperimentError",
    "FileMeasurement",
    "IndexFile",
    "IndexFileError",
    "JsonArchive",
    "JsonArchiveError",
    "Measurement",
    "MemoryMeasurement",
    "ParallelExperiment",
    "ParameterSet",
    "ParameterSetError",
    "PathError",
    "Program",
    "ProgramError",
    "RecursiveSerializer",
    "Result",
    "ResultList",
    "Serializer",
    "SerializerError",
    "XMLArchive",
    "XMLArchiveError",
    "__version__",
    "archive_exists",
    "attach",
    "create_config_file",
    "create_default_config",
    "expand_path",
    "get_cmake_dir",
    "get_include",
    "load_boost",
    "load_config",
    "register_type",
]
