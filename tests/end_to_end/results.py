"""Prints a JUnit file of pytest's as lines for tests/run: "pass|fail|skip<TAB>test[: reason]"."""

import sys
import xml.etree.ElementTree as ElementTree


def main(path):
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        print(f"fail\tthere are no results: {error}")
        return
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '').rsplit('.', 1)[-1]}::{case.get('name')}"
        skipped = case.find("skipped")
        broken = case.find("failure") if case.find("failure") is not None else case.find("error")
        if broken is not None:
            print(f"fail\t{name}: {first_line(broken)}")
        elif skipped is not None:
            print(f"skip\t{name}: {first_line(skipped)}")
        else:
            print(f"pass\t{name}")


def first_line(element):
    lines = (element.get("message") or element.text or "").splitlines()
    return lines[0][:200] if lines else "no reason given"


main(sys.argv[1])
