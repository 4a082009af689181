"""The lies of backup tools that a test plays on a real repository: what looks like a backup and is none, or hides one."""

import functools
import re
import subprocess

import pytest

known = []  # {"tool", "lie", "believed", "test"} of each decorated test, in the order of import


def lie(tool, lie, believed=False):
    """Marks a test that plays this lie. `believed`: no reader without the password can see through it; the test pins what is said."""

    def decorate(test):
        entry = {"tool": tool, "lie": lie, "believed": believed, "test": test.__name__}
        known.append(entry)
        return pytest.mark.lie(**entry)(test)

    return decorate


@functools.cache
def version_of(tool):
    """The version of an installed tool, such as "1.2.4"; "" if it does not tell."""
    commands = {
        "restic": ["restic", "version"],
        "pgbackrest": ["pgbackrest", "version"],
        "lvm": ["true"],  # its records are made by the tests
        "dirvish": ["dpkg-query", "--show", "dirvish"],  # it tells by itself only in an image
    }
    try:
        done = subprocess.run(
            commands.get(tool, [tool, "--version"]), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
        )
    except OSError:
        return ""
    found = re.search(r"\d+(\.\d+)+[^\s,;()]*", done.stdout + done.stderr)
    return found.group() if found else ""


def note(item):
    """Adds the lie and the tool's version to the results of the test (properties in JUnit's file); a table can be made of these."""
    for mark in item.iter_markers("lie"):
        version = version_of(mark.kwargs["tool"])
        item.user_properties += [(f"lie.{key}", str(value)) for key, value in {**mark.kwargs, "version": version}.items()]
