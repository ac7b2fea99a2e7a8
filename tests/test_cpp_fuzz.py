# SPDX-License-Identifier: BSD-2-Clause
"""A short run of the fuzzer on the readers of the C++ half."""

import os
import shutil
import subprocess

import cppbuild
import pytest

FLAGS = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
SECONDS = os.environ.get("COMA_FUZZ_SECONDS", "10")
SEEDS = (
    '<m><first><n>1</n><more><count>1</count><item_version>0</item_version><item><n>2</n><more><count>0</count><item_version>0</item_version></more><shared/><own/><weak/></item></more><shared/><own/><weak/>'
    '</first><map><count>0</count><item_version>0</item_version></map><optional/><variant><which>1</which><value>x</value>'
    '</variant><tree><a class_name="bool">1</a><b>&amp;&#65;<![CDATA[x]]></b></tree></m>',
    '<boost_serialization signature="serialization::archive" version="19"><m class_id="0" tracking_level="1" version="0" '
    'object_id="_0"><n>1</n><more class_id="1" tracking_level="0" version="0"><count>0</count><item_version>0</item_version>'
    '</more><shared class_id="2" tracking_level="0" version="1"><px class_id="3" tracking_level="1" version="0" object_id="_1"><n>1</n></px></shared>'
    '<own><tx class_id="-1"></tx></own><weak><weak_ptr><px class_id_reference="3" object_id_reference="_1"/></weak_ptr></weak></m></boost_serialization>',
    '{"a": [1, 2.5, "\\u00e4", null, true, {"b": NaN}]}',
)


def test_readers_survive_any_bytes(tmp_path):
    """Nothing crashes, leaks or hangs; what is read comes back equal."""
    cppbuild.need("clang++")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_text(seed)
    for archive in (cppbuild.ROOT / "tests" / "golden" / "boost").glob("*.xml"):
        shutil.copy(archive, corpus)
    try:
        fuzzer = cppbuild.compile_cpp(tmp_path / "fuzz", [cppbuild.ROOT / "tests/cpp/fuzz/xml.cpp"], *FLAGS, compiler="clang++")
    except AssertionError as error:
        if "libclang_rt.fuzzer" not in str(error):
            raise
        pytest.skip("clang's fuzzer library, libclang_rt.fuzzer, is not installed")
    options = [f"-max_total_time={SECONDS}", "-max_len=4096", "-timeout=5", "-rss_limit_mb=2048", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run([fuzzer, *options, corpus], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-5000:]
