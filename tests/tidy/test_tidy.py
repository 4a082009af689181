"""Runs clang-tidy (.clang-tidy) on each source file. A file that was clean is not checked again before one of its inputs changes."""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build" / "gcc"
# A file for each source file that was clean, with the digest of its inputs; every clone uses it.
CLEAN = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lastgood-tidy"
CONFIGURATION = [".clang-tidy", "tests/.clang-tidy"]

VERSION = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=False).stdout if shutil.which("clang-tidy") else "none"
pytestmark = pytest.mark.skipif(
    "LLVM version 14." not in VERSION, reason=f"other versions of clang-tidy than 14 have other checks; there is {' '.join(VERSION.split())[:60]}"
)  # fmt: skip


def tree_path(path):
    """A path that the build uses, relative to the tree if it lies there."""
    path = os.path.normpath(BUILD / path)
    return os.path.relpath(path, SOURCE) if path.startswith(f"{SOURCE}/") else path


def inputs():
    """{source file: all files that its compilation read, after ninja's log}"""
    log = subprocess.run(["ninja", "-C", str(BUILD), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    of_object = {}
    for line in log.splitlines():
        if match := re.match(r"(\S.*): #deps \d+, ", line):
            of_object[match[1]] = files = []
        elif line.startswith(" "):
            files.append(tree_path(line.strip()))
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    return {tree_path(command["file"]): of_object.get(command["output"], []) for command in commands}


INPUTS = inputs()
# This build has no fuzz targets; clang-tidy takes a neighbour's command for them.
FUZZERS = [str(path.relative_to(SOURCE)) for path in SOURCE.glob("tests/**/fuzz/*.cpp")]
ALL_INPUTS = {path for paths in INPUTS.values() for path in paths}


@functools.cache
def content(path):
    return hashlib.sha256((SOURCE / path).read_bytes()).hexdigest()


def digest(file):
    paths = sorted({file, *CONFIGURATION, *(INPUTS.get(file) or ALL_INPUTS)})
    parts = [VERSION, *(f"{path} {content(path)}" for path in paths)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def clang_tidy(*arguments):
    """(whether the file is clean, what is wrong)"""
    done = subprocess.run(["clang-tidy", "--quiet", *arguments], capture_output=True, text=True, check=False)
    said = [line.replace(f"{BUILD}/../../", "").replace(f"{SOURCE}/", "") for line in done.stdout.splitlines()]
    return done.returncode == 0, "\n".join(said) or done.stderr


@pytest.mark.parametrize("file", sorted({*INPUTS, *FUZZERS}))
def test_file(file):
    now, before = digest(file), CLEAN / file.replace("/", "_")
    if before.is_file() and before.read_text() == now:
        return
    clean, said = clang_tidy("-p", BUILD, SOURCE / file)
    assert clean, said
    CLEAN.mkdir(parents=True, exist_ok=True)
    before.write_text(now)


# --- the check itself


@pytest.mark.parametrize("file", ["core/a.hpp", "tests/core/a.hpp", "core/a.cpp"])
def test_a_violation_is_noticed(tmp_path, file):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("inline unsigned long size(int blocks) { return blocks * 512; }\n")
    (tmp_path / "main.cpp").write_text(f'#include "{file}"\nint main() {{ return size(0) != 0; }}\n')
    checked = tmp_path / (file if file.endswith(".cpp") else "main.cpp")
    clean, said = clang_tidy(f"--config-file={SOURCE / CONFIGURATION[0]}", checked, "--", "-std=c++20")
    assert not clean
    assert f"{file}:1:" in said and "bugprone-implicit-widening-of-multiplication-result" in said


def test_an_input_that_changes_changes_the_digest(tmp_path, monkeypatch):
    header = tmp_path / "a.hpp"
    header.write_text("int a;")
    monkeypatch.setitem(INPUTS, "core/host.cpp", [str(header)])
    before = digest("core/host.cpp")
    assert digest("core/host.cpp") == before
    header.write_text("int b;")
    content.cache_clear()
    assert digest("core/host.cpp") != before


def test_every_source_file_is_checked():
    listed = {path for folder in ("core", "collectors", "rules", "exporters", "agent", "tools", "tests") for path in (SOURCE / folder).rglob("*.cpp")}
    assert len(listed) > 200
    assert {str(path.relative_to(SOURCE)) for path in listed} <= {*INPUTS, *FUZZERS}
