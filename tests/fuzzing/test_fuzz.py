"""Runs each fuzz target for a short time (tests/fuzz)."""

import os
import pathlib
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build" / "sanitize"


def targets():
    """The names of the targets; meson.build writes the list."""
    lines = (BUILD / "tests" / "targets").read_text().splitlines()
    return [line.split()[0] for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="session")
def results(request):
    """{target: output of tests/fuzz} for all selected targets, from one run that has one target per processor at a time."""
    wanted = [item.callspec.params["target"] for item in request.session.items]
    done = subprocess.run(
        [SOURCE / "tests" / "fuzz", *wanted], env={**os.environ, "LASTGOOD_FUZZ_BUILD": str(BUILD)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    found, before = {}, []
    for line in done.stdout.splitlines():
        before.append(line)
        for target in wanted:
            if line.startswith((f"PASS: fuzz {target}: ", f"FAIL: fuzz {target}: ")):
                found[target] = "\n".join(before)
                before = []
    print(done.stdout)
    return found


@pytest.mark.parametrize("target", targets())
def test_fuzz(results, target):
    assert results.get(target, "it did not run").startswith("PASS: "), results
