"""The Debian package on a system with systemd: installed, upgraded, removed, purged."""

import subprocess

from lab import install
from lastgood import http_get, wait_until

UNITS = ("lastgood.service", "lastgood-exporter.service")


def next_version(deb, directory):
    """The same package with a higher version."""
    tree = directory / "next"
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 9:"))
    built = directory / "next.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, built], check=True, stdout=subprocess.DEVNULL)
    return built


def states(machine, word):
    return machine.run(f"systemctl {word} {' '.join(UNITS)} || true").split()


def test_package_from_installing_to_purging(lab, tmp_path):
    machine = lab.bare_machine("package")

    def scrape():
        try:
            status, text = http_get(machine.port, "/metrics")
        except OSError:
            return ""
        return text if status == 200 else ""

    # A new installation runs and can be scraped without any configuration.
    install(machine, lab.deb)
    assert states(machine, "is-active") == ["active", "active"]
    assert states(machine, "is-enabled") == ["enabled", "enabled"]
    text = wait_until(lambda: "lastgood_drive_smart_passed{" in scrape() and scrape(), 60, "the drives are in /metrics", step=0.5)
    assert 'serial="LABSATA1"' in text
    assert machine.run("lastgood config check; lastgood status > /dev/null; echo $?").split()[-1] in "0123"
    assert machine.run("man -w lastgood lastgood.toml 2>/dev/null || ls /usr/share/man/man1/lastgood.1.gz /usr/share/man/man5/lastgood.toml.5.gz")
    # The listener does not run as root; the agent opens no network socket.
    assert machine.run("stat -c %U /proc/$(systemctl show -P MainPID lastgood-exporter)").strip() != "root"
    assert ":9847" in machine.run("ss -Hltn 'sport = :9847'")
    assert "lastgood" not in machine.run("ss -Hltunp | grep pid=$(systemctl show -P MainPID lastgood), || true")
    for unit, most in (("lastgood-exporter", 2.0), ("lastgood", 3.0)):
        exposure = machine.run(f"systemd-analyze security --no-pager {unit}.service | tail -n 1")
        assert float(exposure.split(": ")[1].split()[0]) <= most, exposure

    # An upgrade restarts both services and keeps the administrator's configuration and lastgood's state.
    machine.run("echo '# mine' >> /etc/lastgood/lastgood.toml; echo remembered > /var/lib/lastgood/inbox/kept")
    before = machine.run("systemctl show -P MainPID lastgood lastgood-exporter").split()
    newer = next_version(lab.deb, tmp_path)
    install(machine, newer)
    assert machine.run("dpkg-query -W -f '${Version}' lastgood").startswith("9:")
    assert states(machine, "is-active") == ["active", "active"]
    after = machine.run("systemctl show -P MainPID lastgood lastgood-exporter").split()
    assert not set(before) & set(after)
    assert "# mine" in machine.run("cat /etc/lastgood/lastgood.toml")
    assert machine.run("cat /var/lib/lastgood/inbox/kept; ls /var/lib/lastgood/state.db")
    wait_until(scrape, 30, "it can be scraped again", step=0.5)

    # After removal nothing runs, but configuration and state are kept.
    machine.run("apt-get -q remove -y lastgood")
    assert set(states(machine, "is-active")) <= {"inactive", "failed"}
    assert not scrape()
    assert machine.run("command -v lastgood || echo no").strip() == "no"
    assert "# mine" in machine.run("cat /etc/lastgood/lastgood.toml; ls /var/lib/lastgood/state.db")

    # After a purge nothing is left.
    machine.run("apt-get -q purge -y lastgood; systemctl daemon-reload")
    left = machine.run("find / -xdev -iname '*lastgood*' -not -path '/root/*' -not -path '/var/log/*' -not -path '/proc/*'; ls -d /run/lastgood* || true")
    assert left.split() == [], left
    assert machine.run("systemctl --failed --plain --no-legend | grep -c lastgood || true").strip() == "0"
