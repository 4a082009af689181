"""The contents of the Debian package, and the verdict of Debian's tools on it. The lab tests that it installs, runs and can be removed."""

import json
import os
import pathlib
import re
import time

import pytest

from lastgood import SOURCE, http_get, lastgood, wait_until
from package import UNITS, Package, commands, complete, run

pytestmark = pytest.mark.package

EXPOSURE = {  # the highest exposure allowed, by systemd-analyze
    "lastgood.service": 2.8,
    "lastgood-exporter.service": 1.1,
    "lastgood-probe.service": 3.2,
    "lastgood-remote.service": 1.1,
}


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    return Package(tmp_path_factory.mktemp("package"))


def test_what_is_in_it(package):
    documents = sorted(f"usr/share/doc/lastgood/docs/{path.name}" for path in (SOURCE / "docs").glob("*.md"))
    assert package.files() == sorted([
        "etc/lastgood/lastgood.toml",
        f"{UNITS}/lastgood-exporter.service",
        f"{UNITS}/lastgood-probe.service",
        f"{UNITS}/lastgood-remote.service",
        f"{UNITS}/lastgood.service",
        "usr/bin/lastgood",
        "usr/share/bash-completion/completions/lastgood",
        *(f"usr/share/doc/lastgood/{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")),
        "usr/share/doc/lastgood/changelog.gz",
        "usr/share/doc/lastgood/copyright",
        "usr/share/doc/lastgood/examples/alertmanager.yml",
        *(f"usr/share/doc/lastgood/examples/backups/{path.name}" for path in (SOURCE / "packaging/examples/backups").iterdir()),
        "usr/share/doc/lastgood/examples/prometheus.yml",
        "usr/share/doc/lastgood/examples/seven-seconds.toml",
        "usr/share/lastgood/lastgood.rules.yml",
        "usr/share/lintian/overrides/lastgood",
        "usr/share/man/man1/lastgood.1.gz",
        "usr/share/man/man5/lastgood.toml.5.gz",
        *documents,
    ])
    assert (package.root / "etc/lastgood/conf.d").is_dir()
    assert (package.control / "conffiles").read_text() == "/etc/lastgood/lastgood.toml\n"
    version = lastgood("--version").stdout.decode().strip()
    assert version == run(package.binary, "--version").stdout.strip()
    # The version names the suite that the package is built for, because it needs the libraries of that suite.
    suite = re.search(r"^VERSION_ID=\"(\d+)\"$", pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)
    assert package.field("Version") == f"{version}~deb{suite[1]}u1"
    assert package.field("Architecture") == run("dpkg", "--print-architecture").stdout.strip()
    assert "smartmontools (>= 7.3)" in package.field("Depends")
    assert "procps" in package.field("Depends")  # /bin/kill, which the agent's unit reloads with
    assert "libnvme" not in package.field("Depends")
    assert (package.root / "usr/share/lastgood/lastgood.rules.yml").read_text() == run(package.binary, "rules").stdout


def test_lintian_finds_nothing(package):
    done = run("lintian", "--allow-root", "--fail-on", "error,warning", package.path, check=False)
    assert done.returncode == 0 and not re.search("^[EW]:", done.stdout, re.MULTILINE), done.stdout + done.stderr


def test_it_is_not_built_again_for_nothing(package):
    before = package.path.stat().st_mtime
    begin = time.monotonic()
    assert run(SOURCE / "packaging/build-deb").stdout.strip() == str(package.path)
    assert package.path.stat().st_mtime == before
    assert time.monotonic() - begin < 30


def test_build_deb_refuses_versions_that_disagree(tmp_path):
    for name in ("meson.build", "packaging/build-deb", "packaging/packages.sh", "packaging/debian/changelog"):
        copy = tmp_path / "a clone" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((SOURCE / name).read_bytes())
    (copy.parents[2] / "meson.build").write_text("    version: '9.9.9',\n")
    done = run("bash", copy.parents[1] / "build-deb", check=False)
    assert done.returncode == 1 and "9.9.9" in done.stderr and "changelog" in done.stderr


def exposed(package, unit):
    """Returns the settings that systemd-analyze reports as exposed, and the overall exposure."""
    path = package.root / UNITS / unit
    settings = json.loads(run("systemd-analyze", "security", "--offline=true", "--json=short", path).stdout)
    assert len(settings) > 60
    text = run("systemd-analyze", "security", "--offline=true", path).stdout
    (figure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", text)
    return [setting["name"] for setting in settings if setting["set"] is False and float(setting["exposure"] or 0) > 0], float(figure)


@pytest.mark.parametrize("unit", EXPOSURE)
def test_the_units_are_hardened_and_what_is_left_open_has_its_reason(package, unit):
    names, figure = exposed(package, unit)
    assert figure <= EXPOSURE[unit]
    assert names
    text = package.unit(unit)
    for name in names:
        reason = re.search(rf"^# {re.escape(name)}: (.+)$", text, re.MULTILINE)
        assert reason and len(reason[1]) > 10, f"{unit}: {name} is exposed, and no comment says why"
    # No comment gives a reason for a setting that is not exposed.
    for name in re.findall(r"^# (\w+=\S*?): ", text, re.MULTILINE):
        assert name in names, f"{unit}: {name} has a reason, but is not exposed"


@pytest.mark.parametrize("unit", EXPOSURE)
def test_systemd_understands_the_units(package, unit, tmp_path):
    text = package.unit(unit).replace("/usr/bin/lastgood", str(package.binary))
    text = re.sub("^Documentation=.*$", "", text, flags=re.MULTILINE)  # the pages are not installed here
    (tmp_path / unit).write_text(text)
    done = run("systemd-analyze", "verify", "--man=no", tmp_path / unit, check=False)
    assert done.returncode == 0 and unit not in done.stderr, done.stderr
    assert "Type=notify\n" in text and re.search("^WatchdogSec=", text, re.MULTILINE)


def test_the_units_call_what_there_is(package):
    options = commands(package.binary)
    for unit in EXPOSURE:
        (line,) = re.findall("^ExecStart=/usr/bin/lastgood (.+)$", package.unit(unit), re.MULTILINE)
        subcommand, *rest = line.split()
        assert [word for word in rest if word.startswith("--") and word not in options[subcommand]] == []


def test_the_shipped_config_has_every_setting_and_changes_none(package, tmp_path):
    shipped = package.root / "etc/lastgood/lastgood.toml"
    settings = re.findall(r'^ +\.key = "(\w+)",$', (SOURCE / "core/settings.hpp").read_text(), re.MULTILINE)
    assert len(settings) > 8
    for key in settings:
        assert re.search(rf"^#{key} = ", shipped.read_text(), re.MULTILINE), key
    nothing = tmp_path / "nothing.toml"
    nothing.write_text("")
    assert run(package.binary, "config", "show", "--config", shipped).stdout == run(package.binary, "config", "show", "--config", nothing).stdout


def test_manual_pages(package):
    text = run("man", "--local-file", package.root / "usr/share/man/man1/lastgood.1.gz", env={**os.environ, "MANWIDTH": "100"}).stdout
    for command, options in commands(package.binary).items():
        if command:
            assert f"lastgood {command}" in re.sub(r"\s+", " ", text), command
        for option in options:
            assert option in text, option
    for page in ("man1/lastgood.1.gz", "man5/lastgood.toml.5.gz"):
        done = run("man", "--warnings", "--local-file", package.root / "usr/share/man" / page, env={**os.environ, "MANWIDTH": "100"})
        assert done.stderr == ""


def test_completion_knows_every_subcommand_and_option(package):
    known = commands(package.binary)
    assert len(known) > 10
    for command, options in known.items():
        prefix = ("lastgood " + command).strip() + " "
        children = {name.split()[-1] for name in known if name and name.rpartition(" ")[0] == command}
        if children:
            assert set(complete(package.root, prefix)) == children
        assert set(complete(package.root, prefix + "--")) == {*options, "--help"}
    assert complete(package.root, "lastgood collect kern") == ["kernel_log"]
    assert "smart" in complete(package.root, "lastgood collect ")
    assert complete(package.root, "lastgood status --config /etc/x config ") == []


def test_completion_of_subjects_asks_status_and_does_not_wait_for_it(package, tmp_path):
    answer = {
        "drive": ("wwn-0x5", "sda"), "array": ("uuid-1", "md0"), "filesystem": (f"/srv/$(touch {tmp_path}/x)", "md0"), "backup": ("db8", None),
    }
    lines = []
    for kind, (subject, device) in answer.items():
        labels = {"device": device} if device else {"kind": "files"}
        lines.append(json.dumps({"metric": f"lastgood_{kind}_info", "subject": subject, "labels": labels, "value": 1}, separators=(",", ":")))
    fake = tmp_path / "lastgood"
    fake.write_text("#!/bin/sh\n[ \"$*\" = 'status --json' ] || exit 9\ncat << 'EOF'\n" + "\n".join(lines) + "\nEOF\nexit 2\n")
    fake.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert complete(package.root, "lastgood preflight ", path) == ["sda"]
    assert complete(package.root, "lastgood status ", path) == ["sda", "md0", rf"/srv/\$\(touch\ {tmp_path}/x\)", "db8"]
    assert not (tmp_path / "x").exists()
    assert complete(package.root, "lastgood status --json d", path) == ["db8"]
    fake.write_text("#!/bin/sh\nsleep 60\n")
    begin = time.monotonic()
    assert complete(package.root, "lastgood status ", path) == []
    assert time.monotonic() - begin < 5


def test_the_listener_answers_before_there_is_a_report_and_leaves_the_last_word_to_the_config(package, installation):
    installation.write_config()
    process = installation.start("serve", wait=False, arguments=["--default-listen", "[::]:1"])
    status, text = wait_until(lambda: answer(installation.port, "/-/healthy"), 10, "the listener answers")
    assert status == 503 and "is the agent running?" in text
    assert http_get(installation.port, "/metrics")[0] == 200
    assert installation.stop(process) == 0


def answer(port, path):
    try:
        return http_get(port, path)
    except OSError:
        return None


def test_the_example_for_prometheus(package):
    text = (package.root / "usr/share/doc/lastgood/examples/prometheus.yml").read_text()
    assert "/usr/share/lastgood/lastgood.rules.yml" in text
    run("promtool", "check", "config", "--syntax-only", package.root / "usr/share/doc/lastgood/examples/prometheus.yml")


def test_the_example_for_alertmanager(package):
    """tests/end_to_end/test_alerts.py tries it."""
    example = package.root / "usr/share/doc/lastgood/examples/alertmanager.yml"
    assert example.read_text() == (SOURCE / "packaging/examples/alertmanager.yml").read_text()
    run("amtool", "check-config", example)
