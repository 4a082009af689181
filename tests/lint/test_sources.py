"""Checks the sources, and checks that each check finds its violations."""

import os
import re
import shutil
import subprocess

import pytest

import sources
from sources import SOURCE
from source_tree import source_files


def test_shellcheck():
    if not shutil.which("shellcheck") and os.environ.get("CI") != "true":
        pytest.skip("shellcheck is not installed")
    scripts = sources.scripts(SOURCE)
    assert len(scripts) > 5
    done = subprocess.run(["shellcheck", "-x", *scripts, "packaging/packages.sh", "tests/builds.sh"], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_clang_format():
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=False).stdout if shutil.which("clang-format") else "none"
    if not re.search(r"version 14\.", version):
        pytest.skip(f"other versions of clang-format than 14 format otherwise; there is {version.strip()}")
    files = sources.tracked(SOURCE, "*.cpp", "*.hpp")
    assert len(files) > 200
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]


@pytest.mark.parametrize("check", [sources.unlisted_tests, sources.unlisted_lies, sources.equal_names, sources.long_files, sources.long_functions, sources.wrong_arrows, sources.foreign_names, sources.other_prints],
                         ids=lambda check: check.__name__)  # fmt: skip
def test_sources(check):
    found = check(SOURCE)
    assert not found, "\n".join(found)


# --- the checks themselves


@pytest.mark.parametrize("git", [pytest.param(True, marks=pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")), False])
def test_source_files(tmp_path, monkeypatch, git):
    write(tmp_path, {"core/a.cpp": "", "build/gcc/a.cpp": "", ".gitignore": "/build\n__pycache__\n", "tests/__pycache__/a.pyc": ""})
    (tmp_path / "tests" / "dangling").symlink_to("nowhere")
    if git:
        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    else:
        monkeypatch.setenv("PATH", "")
    assert list(map(str, source_files(tmp_path))) == [".gitignore", "core/a.cpp", "tests/dangling"]


def write(directory, files):
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def test_a_test_that_is_not_listed_is_noticed(tmp_path):
    write(tmp_path, {"tests/core/a_test.cpp": "", "tests/core/fuzz/b_fuzzer.cpp": "", "core/meson.build": "'core/a_test.cpp'"})
    assert sources.unlisted_tests(tmp_path) == ["tests/core/fuzz/b_fuzzer.cpp is in no meson.build"]


def test_unlisted_lies(tmp_path):
    test = '@lie("tar", "one")\ndef test_one(): pass\n@lie("tar", "a | two")\ndef test_two(): pass\n@lie("tar", "three")\ndef test_three(): pass\n'
    write(tmp_path, {"docs/lies.md": "| tar | one | is not fooled | |\n| tar | a \\| two | is not fooled | |\n", "tests/end_to_end/test_tar.py": test})
    assert sources.unlisted_lies(tmp_path) == ["tests/end_to_end/test_tar.py:5: not in docs/lies.md: tar: three"]


@pytest.mark.parametrize("code", ['fmt::print("x");', "std::cerr << x;", "::fputs(x, stderr);", 'std::printf("x");', "perror(x);", "std::fwrite(x, 1, 2, stdout);"])
def test_what_prints_past_the_one_place_is_noticed(tmp_path, code):
    write(tmp_path, {"agent/a.cpp": f"// fmt::print\nvoid f() {{\n    {code}\n}}\n", "core/print.cpp": code, "tools/a.cpp": code, "agent/b.cpp": "std::snprintf(a, 1, b);"})
    (found,) = sources.other_prints(tmp_path)
    assert found.startswith("agent/a.cpp:3: ")


def test_two_tests_with_one_name_are_noticed(tmp_path):
    one, two = "unit_tests += {'memory': ['a.cpp']}\n", "unit_tests += {\n    'memory': [\n        'b.cpp',\n    ],\n}\n"
    write(tmp_path, {"core/meson.build": one, "agent/meson.build": two})
    assert sources.equal_names(tmp_path) == ["unit_tests: memory is in several meson.build"]
    write(tmp_path, {"core/meson.build": one.replace("unit_tests", "fuzz_targets")})
    assert sources.equal_names(tmp_path) == []


def test_a_long_file_is_noticed(tmp_path):
    write(tmp_path, {"core/a.cpp": "\n" * 500, "core/b.hpp": "\n" * 501, "tests/run": "#!/bin/bash\n" + "\n" * 500})
    assert sources.long_files(tmp_path) == ["core/b.hpp has 501 lines", "tests/run has 501 lines"]


LONG = "    f();\n" * 69


@pytest.mark.parametrize(
    "code, name",
    [
        (f"void long_one() {{\n{LONG}}}\n", "long_one"),
        (f"namespace a::b {{\nnamespace {{\nclass C final : D {{\n    int long_one(\n        int x) const override {{\n{LONG}    }}\n}};\n}}\n}}\n", "long_one"),
        (f"C::C(int x) : x_{{x}}, y_(x) {{\n{LONG}}}\n", "C"),
        (f"auto long_one() -> std::vector<int> {{\n    const auto inner = [] {{ return '}}'; }};  // }}\n{LONG}}}\n", "long_one"),
        (f'TEST_CASE("a {{ test") {{\n{LONG}}}\n', "TEST_CASE"),
    ],
    ids=range(5),
)
def test_a_long_function_is_noticed(tmp_path, code, name):
    write(tmp_path, {"core/a.cpp": code})
    (found,) = sources.long_functions(tmp_path, {})
    assert f": {name} has 7" in found
    assert sources.long_functions(tmp_path, {("core/a.cpp", name): "a reason"}) == []
    # A shorter function with the same braces passes.
    write(tmp_path, {"core/a.cpp": code.replace(LONG, "    f();\n" * 60)})
    assert sources.long_functions(tmp_path, {}) == []
    assert sources.long_functions(tmp_path, {("core/a.cpp", name): "a reason"}) == [f"core/a.cpp: {name} is not an exception any more"]


def test_many_short_functions_are_no_long_one(tmp_path):
    short = 'int f() {\n    return "{" == g();\n}\nstruct S {\n    int a = 1;\n    int h() const { return 1; }\n};\nconst int table[] = {\n    1,\n};\n'
    write(tmp_path, {"core/a.cpp": short * 40, "tests/a.py": "def f():\n    pass\n" * 100})
    assert sources.long_functions(tmp_path, {}) == []
    write(tmp_path, {"tests/a.py": "def f():\n" + "    pass\n" * 100})
    assert sources.long_functions(tmp_path, {}) == ["tests/a.py:1: f has 101 lines"]


@pytest.mark.parametrize(
    "includer, included, allowed",
    [
        ("core/host.cpp", "core/time.hpp", True),
        ("core/host.cpp", "collectors/collector.hpp", False),
        ("core/host.cpp", "agent/log.hpp", False),
        ("core/host.cpp", "tests/support.hpp", False),
        ("collectors/smart/smart.cpp", "collectors/collector.hpp", True),
        ("collectors/smart/smart.cpp", "collectors/smart/parse/pages.hpp", True),
        ("collectors/smart/smart.cpp", "collectors/drives/drives.hpp", False),
        ("collectors/smart/smart.cpp", "rules/rule.hpp", False),
        ("collectors/smart/parse/pages.cpp", "core/time.hpp", True),
        ("collectors/smart/parse/pages.cpp", "collectors/smart/parse/text.hpp", True),
        ("collectors/smart/parse/pages.cpp", "collectors/smart/smart.hpp", False),
        ("collectors/smart/parse/pages.cpp", "collectors/collector.hpp", False),
        ("collectors/smart/parse/pages.cpp", "collectors/drives/parse/text.hpp", False),
        ("collectors/inbox.cpp", "collectors/collector.hpp", True),
        ("collectors/inbox.cpp", "collectors/smart/smart.hpp", False),
        ("collectors/inbox.cpp", "agent/log.hpp", False),
        ("rules/evaluate.cpp", "rules/table/table.hpp", True),
        ("rules/evaluate.cpp", "collectors/collector.hpp", False),
        ("rules/evaluate.cpp", "exporters/status/view.hpp", False),
        ("exporters/status/view.cpp", "exporters/status/text.hpp", True),
        ("exporters/status/view.cpp", "exporters/prometheus/textfile.hpp", False),
        ("exporters/prometheus/textfile.cpp", "exporters/status/view.hpp", True),
        ("exporters/status/view.cpp", "rules/rule.hpp", False),
        ("exporters/status/view.cpp", "agent/log.hpp", False),
        ("agent/agent.cpp", "collectors/smart/smart.hpp", True),
        ("agent/agent.cpp", "rules/rule.hpp", True),
        ("agent/agent.cpp", "tools/manual.hpp", False),
        ("agent/agent.cpp", "tests/support.hpp", False),
        ("tools/manual.cpp", "agent/agent.hpp", True),
        ("tools/manual.cpp", "tests/support.hpp", False),
        ("tests/core/host_test.cpp", "core/host.hpp", True),
        ("tests/core/host_test.cpp", "tests/support.hpp", True),
        ("tests/core/host_test.cpp", "collectors/smart/smart.hpp", False),
        ("tests/collectors/smart/parse/pages_test.cpp", "collectors/explainer.hpp", True),
        ("tests/collectors/smart/fuzz/pages_fuzzer.cpp", "collectors/smart/smart.hpp", True),
        ("tests/collectors/smart/smart_test.cpp", "collectors/drives/drives.hpp", False),
        ("tests/collectors/smart/smart_test.cpp", "rules/rule.hpp", False),
        ("tests/collectors/smart/smart_test.cpp", "tests/collectors/golden.hpp", True),
        ("tests/collectors/smart/smart_test.cpp", "tests/collectors/drives/made_up.hpp", False),
        ("tests/collectors/golden.hpp", "collectors/collector.hpp", True),
        ("tests/support.cpp", "core/time.hpp", True),
        ("tests/support.cpp", "rules/rule.hpp", False),
        ("tests/agent/agent_test.cpp", "rules/rule.hpp", True),
        ("tests/agent/agent_test.cpp", "tools/manual.hpp", False),
        ("tests/tools/manual_test.cpp", "agent/agent.hpp", True),
        ("tests/example/example_test.cpp", "rules/rule.hpp", True),
    ],
)
def test_arrows(tmp_path, includer, included, allowed):
    write(tmp_path, {included: "#pragma once\n", includer: f'#include <vector>\n#include "{included}"\n'})
    found = sources.wrong_arrows(tmp_path)
    assert found == [] if allowed else len(found) == 1 and found[0].startswith(f"{includer}:2: ") and included in found[0]


def test_an_include_that_hides_its_room_is_noticed(tmp_path):
    write(tmp_path, {"core/a.hpp": "", "core/b.cpp": '#include "a.hpp"\n'})
    assert sources.wrong_arrows(tmp_path) == ['core/b.cpp:1: "a.hpp" is not a path from the top of the tree']


def test_other_hosts_and_paths_are_noticed(tmp_path, monkeypatch):
    write(tmp_path, {
        "docs/a.md": "See https://www.debian.org/x and http://127.0.0.1:9847/metrics.\n",
        "docs/b.md": f"get it from https://registry.{'made-up'}.net/x\ncd {tmp_path}/core\n",
    })  # fmt: skip
    monkeypatch.setenv("CI", "true")
    first, second = sources.foreign_names(tmp_path)
    assert first.startswith("docs/b.md:1: ") and "made-up" in first
    assert second.startswith("docs/b.md:2: ")
