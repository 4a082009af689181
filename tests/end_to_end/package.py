"""The Debian package that packaging/build-deb builds, and its contents."""

import os
import pathlib
import subprocess

from lastgood import SOURCE

# The directory of systemd units in this suite: lib/systemd/system on Debian 12, usr/lib/systemd/system on 13.
UNITS = subprocess.run(
    ["pkg-config", "--variable=systemdsystemunitdir", "systemd"], stdout=subprocess.PIPE, text=True, check=True
).stdout.strip().lstrip("/")


def run(*command, check=True, seconds=400, **options):
    done = subprocess.run(
        [str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False, **options
    )
    assert not check or done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done


class Package:
    """The package in build/deb, unpacked into a directory. It is built only if it is not from these sources."""

    def __init__(self, directory):
        self.path = pathlib.Path(run(SOURCE / "packaging/build-deb", seconds=1700).stdout.splitlines()[-1])
        self.root = pathlib.Path(directory) / "root"
        self.control = pathlib.Path(directory) / "control"
        run("dpkg-deb", "--extract", self.path, self.root)
        run("dpkg-deb", "--control", self.path, self.control)
        self.binary = self.root / "usr/bin/lastgood"

    def field(self, name):
        return run("dpkg-deb", "--field", self.path, name).stdout.strip()

    def files(self):
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())

    def unit(self, name):
        return (self.root / UNITS / name).read_text()


def commands(binary):
    """Returns {command: options} from the binary's --help: {"config check": ["--config"], …}."""
    found = {}

    def look(prefix):
        text = run(binary, *prefix, "--help").stdout
        section, options, names = "", [], []
        for line in text.splitlines():
            if line and not line.startswith(" "):
                section = line.strip()
            elif section == "Options:" and line.startswith("  -"):
                options += [word.rstrip(",") for word in line.split()[:2] if word.startswith("--")]
            elif section == "Subcommands:" and line.startswith("  ") and line[2] != " ":
                names.append(line.split()[0])
        found[" ".join(prefix)] = [option for option in options if option != "--help"]
        for name in names:
            look([*prefix, name])

    look([])
    return found


def complete(root, line, path=os.environ["PATH"]):
    """Returns the words that bash offers at the end of a command line with the packaged completion."""
    script = f"""
        . "{root}/usr/share/bash-completion/completions/lastgood"
        read -r -a COMP_WORDS <<< "$1"
        [[ $1 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _lastgood
        for word in "${{COMPREPLY[@]}}"; do printf '%s\\n' "$word"; done
    """
    return run("bash", "-c", script, "bash", line, env={**os.environ, "PATH": path}, seconds=10).stdout.split("\n")[:-1]
