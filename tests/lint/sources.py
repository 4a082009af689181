"""The checks of the sources. Each is a function of a source tree and returns the violations as lines to print."""

import ast
import os
import collections
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from source_tree import SOURCE, source_files  # noqa: E402

MOST_LINES = 500
LONGEST_FUNCTION = 70

# Functions that may be longer, each with the reason.
TABLE = "it is one table, a row for each rule"
LONG_FUNCTIONS = {
    ("rules/table/agent.cpp", "agent_rules"): TABLE,
    ("rules/table/arrays.cpp", "array_rules"): TABLE,
    ("rules/table/backup_plans.cpp", "backup_plan_rules"): TABLE,
    ("rules/table/backups.cpp", "backup_rules"): TABLE,
    ("rules/table/drive_failing.cpp", "drive_failing_rules"): TABLE,
    ("rules/table/drive_suspect.cpp", "sector_rules"): TABLE,
    ("rules/table/drive_suspect.cpp", "other_rules"): TABLE,
    ("rules/table/filesystems.cpp", "filesystem_rules"): TABLE,
    ("agent/commands/command_line.cpp", "make_command_line"): "it is the list of the commands and their options",
    ("collectors/kernel_log/parse/event.cpp", "to_string"): "it is one switch, a line for each kind",
}


def tracked(root, *patterns):
    """Files of the tree that match one of the patterns, as relative paths; no links."""
    return [
        path for path in source_files(root)
        if any(path.match(pattern) for pattern in patterns) and (root / path).is_file() and not (root / path).is_symlink()
    ]  # fmt: skip


def scripts(root):
    """Shell scripts, by their first line, because tests and documents quote scripts."""
    return [path for path in tracked(root, "*") if (root / path).open("rb").readline().strip() in (b"#!/bin/bash", b"#!/bin/sh")]


def unlisted_tests(root):
    """Tests that no meson.build names: they would never run."""
    listed = "".join((root / path).read_text() for path in tracked(root, "meson.build"))
    tests = [path.relative_to("tests") for path in tracked(root, "*_test.cpp", "*_fuzzer.cpp")]
    return [f"tests/{path} is in no meson.build" for path in tests if f"'{path}'" not in listed]


def unlisted_lies(root):
    """Lies that a test plays and docs/lies.md does not name. The whole table is checked by tests/lies after a run of the tests."""
    table = (root / "docs/lies.md").read_text()
    found = []
    for path in tracked(root, "tests/end_to_end/test_*.py"):
        for call in ast.walk(ast.parse((root / path).read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "lie" and all(isinstance(one, ast.Constant) for one in call.args[:2]):
                tool, text = (one.value.replace("|", "\\|") for one in call.args[:2])
                if f"| {tool} | {text} |" not in table:
                    found.append(f"{path}:{call.lineno}: not in docs/lies.md: {tool}: {text}")
    return found


def equal_names(root):
    """Tests and fuzz targets with one name: meson would keep the last of them without a word."""
    names = collections.Counter()
    for path in tracked(root, "meson.build"):
        for table, entries in re.findall(r"^(unit_tests|fuzz_targets) \+= \{(.*?)\}$", (root / path).read_text(), re.DOTALL | re.MULTILINE):
            names.update(f"{table}: {name}" for name in re.findall(r"'([^']+)':", entries))
    return [f"{name} is in several meson.build" for name, count in names.items() if count > 1]


def long_files(root):
    lines = {path: len((root / path).read_text().splitlines()) for path in tracked(root, "*.cpp", "*.hpp", "*.inc", "*.py", "*.sh", "meson.build")}
    lines |= {path: len((root / path).read_text().splitlines()) for path in scripts(root)}
    return [f"{path} has {count} lines" for path, count in lines.items() if count > MOST_LINES]


# What writes to a terminal: only core/print.cpp may, because it lets nothing pass that harms one.
WRITES = re.compile(r"fmt::print\b|\b(?:fputs|fputc|putc|putchar|puts|printf|fprintf|vfprintf|dprintf|fwrite|perror|psignal)\s*\(|std::(?:cout|cerr|clog)\b|\bSTDERR_FILENO\b")


def other_prints(root):
    rooms = ("core", "collectors", "rules", "exporters", "agent")
    found = []
    for path in tracked(root, "*.cpp", "*.hpp"):
        if path.parts[0] not in rooms or str(path) == "core/print.cpp":
            continue
        for number, line in enumerate(without_text((root / path).read_text()).splitlines(), 1):
            if match := WRITES.search(line):
                found.append(f"{path}:{number}: {match[0].strip(' (')} writes past core/print.hpp")
    return found


# --- functions


def without_text(code):
    """C++ code with comments, literals and preprocessor lines blanked; line numbers stay the same."""
    literals = (
        r'R"([^(\s"]*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*'
    )
    return re.sub(literals, lambda match: re.sub(r"[^\n]", " ", match[0]), code, flags=re.MULTILINE)


def opens_scope(head):
    """Whether the text before a brace begins a namespace or a class."""
    if re.search(r"\b(namespace|extern)\b[^()]*$", head):
        return True
    return bool(re.search(r"\b(class|struct|union)\b[^()=]*$", head))


def opens_function(head):
    """Whether the text before a brace is the signature of a function, including what may follow its parameters."""
    return bool(re.search(r"\)[\w\s:&<>,*()\[\].-]*$", head)) and not re.search(r"=\s*$|\benum\b[^)]*$", head)


def cpp_functions(code):
    """(name, first line, number of lines) of each function in a C++ file in our format. Lambdas and local classes count as part of it."""
    code = without_text(code)
    braces = []  # one entry for each open brace: "scope" (namespace or class), "value" (initialiser) or "block"
    head = 0
    function = None
    for brace in re.finditer(r"[{};]", code):
        before = code[head : brace.start()]
        if brace[0] == "{":
            outside = all(kind == "scope" for kind in braces)
            if before and not before[-1].isspace():  # member_{value}
                braces.append("value")
                continue
            if outside and opens_scope(before.strip()):
                braces.append("scope")
            else:
                if outside and opens_function(before.strip()):
                    first = code.count("\n", 0, brace.start() - len(before.lstrip())) + 1
                    name = re.search(r"([\w~]+|operator\S+)\s*\(", before)
                    function = (name[1] if name else "?", first, len(braces))
                braces.append("block")
        elif brace[0] == "}" and braces:
            if braces.pop() == "value":
                continue
            if function and len(braces) == function[2]:
                yield function[0], function[1], code.count("\n", 0, brace.start()) + 2 - function[1]
                function = None
        head = brace.end()


def python_functions(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno + 1 - node.lineno


def long_functions(root, exceptions=LONG_FUNCTIONS):
    found, used = [], set()
    for pattern, functions in (("*.[ch]pp", cpp_functions), ("*.py", python_functions)):
        for path in tracked(root, pattern):
            for name, line, lines in functions((root / path).read_text()):
                if lines > LONGEST_FUNCTION:
                    used.add((str(path), name))
                    if (str(path), name) not in exceptions:
                        found.append(f"{path}:{line}: {name} has {lines} lines")
    return found + [f"{path}: {name} is not an exception any more" for path, name in exceptions if (path, name) not in used]


# --- arrows


def may_test_include(test, included):
    """What a room's tests may include: what the room may, and the support in their own folder or above it."""
    if included.parts[0] == "tests":
        return included.parent in test.parents or test.parts[1] == included.parts[1] == "example"
    # Tests of parse/ and fuzz targets may use all of their room.
    tested = Path(*[part for part in test.parts[1:] if part not in ("parse", "fuzz")])
    if len(tested.parts) == 1:  # support of all tests
        return included.parts[0] == "core"
    return tested.parts[0] in ("example", "benchmarks") or may_include(tested, included)


def may_include(includer, included):
    """Whether docs/architecture.md allows a file to include another; both are paths in the tree."""
    room, other = includer.parts[0], included.parts[0]
    if room == "tests":
        return may_test_include(includer, included)
    if room == "tools":
        return other != "tests"
    if other in ("tests", "tools"):
        return False
    if room == "agent" or other == "core":
        return room != "core" or other == "core"
    if room == "collectors":
        shared = len(included.parts) == 2
        if "parse" in includer.parts:
            return included.parts[:3] == includer.parts[:3] and "parse" in included.parts
        return other == room and (shared or included.parts[:2] == includer.parts[:2])
    if room == "exporters":
        # The Prometheus exporter may use the status exporter: /metrics shows the same findings.
        between = len(includer.parts) == 2 or includer.parts[1] == included.parts[1] or includer.parts[1:2] == ("prometheus",)
        return other == room and between
    return other == room


def wrong_arrows(root):
    found = []
    for path in tracked(root, "*.cpp", "*.hpp", "*.inc"):
        for number, line in enumerate((root / path).read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not include:
                continue
            if not (root / include[1]).is_file():
                found.append(f'{path}:{number}: "{include[1]}" is not a path from the top of the tree')
            elif not may_include(path, Path(include[1])):
                found.append(f"{path}:{number}: {'/'.join(path.parts[:-1])} may not include {include[1]}")
    return found


# --- names that no file may contain

# Hosts of documentation, this host, and invented hosts. Packages come from the sites that the machine's own apt uses.
KNOWN_HOSTS = r"127\.0\.0\.1|localhost|[\w.-]*example\.(org|com|net)|www\.apache\.org|www\.debian\.org|raid\.wiki\.kernel\.org|smartmontools\.sourceforge\.net"


def foreign_names(root):
    """Names of other hosts, and, in CI, the path of the tree on this machine. Elsewhere a clone may lie where a text rightly points."""
    found = []
    in_ci = os.environ.get("CI") == "true" and len(root.parts) > 2
    here = re.escape(str(root)) + r"(?![\w.-])"
    for path in tracked(root, "*"):
        try:
            lines = (root / path).read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            for host in re.findall(r"https?://([^\s/\"'<>)`\\:]+)", line):
                if re.match(r"[\w.-]+\.[a-z]{2,}$", host) and not re.fullmatch(KNOWN_HOSTS, host):
                    found.append(f"{path}:{number}: names the host {host}")
            if in_ci and re.search(here, line):
                found.append(f"{path}:{number}: names a path outside the repository, {root}")
    return found
