"""Prints the results of pytest or `meson test` as lines for tests/run: "pass|fail|skip<TAB>test[: reason]".

usage: results.py NAME_OF_THE_PART JUNIT_FILE [MESON_LOG]

MESON_LOG: meson's testlog.json, the only one that shows which assertion failed, and that a program failed after its last test case."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree


def results_of(junit):
    """(kind, test, reason) of each test case."""
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        suite = case.get("classname", "").rsplit(".", 1)[-1].rpartition(" / ")[2]
        # meson puts a test case's number before its name.
        name = f"{suite}: {case.get('name').partition(' - ')[2] or case.get('name')}"
        skipped, broken = case.find("skipped"), case.find("failure")
        if broken is None:
            broken = case.find("error")
        if broken is not None:
            yield "fail", name, first_line(broken, case)
        elif skipped is not None:
            yield "skip", name, first_line(skipped, case)
        else:
            yield "pass", name, ""


def first_line(element, case):
    lines = (element.get("message") or element.text or case.findtext("system-out") or "").splitlines()
    return lines[0][:200] if lines else "no reason given"


def results_of_programs(meson_log):
    """The programs that ended badly; a program that the filter left nothing of is nothing."""
    with open(meson_log, encoding="utf-8") as lines:
        for program in map(json.loads, lines):
            name = program["name"].rpartition(" / ")[2]
            if program["result"] in ("ERROR", "TIMEOUT", "INTERRUPT") or program["returncode"] != 0:
                yield name, f"{program['result']}, status {program['returncode']}"


def assertions(meson_log):
    """{"program: test case": its first assertion that failed, with the values}, from what doctest printed"""
    found = {}
    with open(meson_log, encoding="utf-8") as lines:
        for program in map(json.loads, lines):
            case = ""
            said = program.get("stderr", "").splitlines()
            for line, after in zip(said, [*said[1:], ""]):
                if line.startswith("TEST CASE:"):
                    case = f"{program['name'].rpartition(' / ')[2]}: {line.partition(':')[2].strip()}"
                elif re.search(r": (FATAL )?ERROR: ", line):
                    values = after.strip() if after.startswith("  values: ") else ""
                    found.setdefault(case, f"{line.removeprefix('../../')} {values}".strip()[:300])
    return found


def main(part, junit, meson_log=None):
    try:
        cases = list(results_of(junit))
        programs = dict(results_of_programs(meson_log)) if meson_log else {}
        why = assertions(meson_log) if meson_log else {}
    except (OSError, ElementTree.ParseError, ValueError) as error:
        print(f"fail\t{part}: there are no results: {error}")
        return
    failed = {name.partition(":")[0] for kind, name, _ in cases if kind == "fail"}
    if meson_log:
        # Of a program without any test case meson makes one, named by the project.
        cases = [(kind, name, why.get(name, reason)) for kind, name, reason in cases if not name.startswith("lastgood: ")]
    cases += [("fail", name, reason) for name, reason in programs.items() if name not in failed]
    for kind, name, reason in cases:
        print(f"{kind}\t{part}: {name}" + (f": {reason}" if reason else ""))


main(*sys.argv[1:])
