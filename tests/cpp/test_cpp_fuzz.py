# SPDX-License-Identifier: BSD-2-Clause
"""A short run of the fuzzer on the readers of the C++ half."""

import os
import shutil
import subprocess

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
FLAGS = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
SECONDS = os.environ.get("COMA_FUZZ_SECONDS", "10")


def test_readers_survive_any_bytes(tmp_path):
    """Nothing crashes, leaks or hangs; what is read comes back equal."""
    cppbuild.need("clang++")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    tests = cppbuild.ROOT / "tests"
    for seed in [*(tests / "cpp" / "fuzz" / "seeds").iterdir(), *(tests / "golden" / "boost").glob("*.xml")]:
        shutil.copy(seed, corpus)
    try:
        fuzzer = cppbuild.compile_cpp(
            tmp_path / "fuzz", [tests / "cpp" / "fuzz" / "xml.cpp"], *FLAGS, compiler="clang++"
        )
    except AssertionError as error:
        if "libclang_rt.fuzzer" not in str(error):
            raise
        pytest.skip("clang's fuzzer library, libclang_rt.fuzzer, is not installed")
    options = [
        f"-max_total_time={SECONDS}",
        "-max_len=4096",
        "-timeout=5",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run([fuzzer, *options, corpus], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-5000:]
