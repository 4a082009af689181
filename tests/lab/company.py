"""The server of the four incidents (test_incidents.py): what every company has, and the twins, to which nothing happens.

No Prometheus outside: its clock is not the server's. Other scenarios show that it agrees with the host."""

from lastgood import wait_until

COPIES = "/srv/copies"  # on a drive of their own
CONFIG = f"""
[filesystems]
not_backed_up = ["{COPIES}"]
[data]
precious = ["/srv/shop"]
[collectors.smart]
enabled = false
[collectors.data]
interval = "10s"
[collectors.backups]
interval = "5s"
[collectors.filesystems]
interval = "5s"
[collectors.spools]
interval = "10s"
[[backup]]
name = "system"
files = "{COPIES}/system-*.tar"
covers = ["/"]
max_age = "26h"
settle_time = "1s"
[[backup]]
name = "twin"
files = "{COPIES}/twin-*.tar"
covers = ["/srv/twin"]
max_age = "26h"
settle_time = "1s"
[[spool]]
name = "twin-spool"
path = "/srv/twin/spool"
max_pause = "1min"
[[probe]]
name = "twin-write"
write = "/srv/twin"
interval = "2s"
"""
# Ends when there is a report of this start.
START = "rm -f /run/lastgood/report.json; systemctl start lastgood; until [ -s /run/lastgood/report.json ]; do sleep 0.2; done"
HEALTHY_BACKUPS = "/usr/local/bin/healthy-backups"


def copy(stream, when="now"):
    """A shell command that makes a copy, as if it had been made then. `stream`: directory and name, without the time."""
    return f"tar -cf {stream}-$(date -d '{when}' +%Y-%m-%dT%H-%M-%S).tar -C /etc hostname\n"


HEALTHY_SCRIPT = "#!/bin/sh\n" + copy(f"{COPIES}/system") + copy(f"{COPIES}/twin")
# Someone puts an entry there each second, and someone takes it out again.
TWIN_SPOOL = "while :; do n=$((n + 1)); echo record > /srv/twin/spool/$n; sleep 1; rm /srv/twin/spool/$n; done"


def mount(server, device, place):
    """Makes a filesystem, mounts it, and sees that it is mounted again at the next boot."""
    server.run(
        f"mkfs.ext4 -q -E lazy_itable_init=0 {device} && mkdir -p {place} && mount {device} {place}"
        f" && echo UUID=$(blkid -s UUID -o value {device}) {place} ext4 nofail,x-systemd.device-timeout=10 0 2 >> /etc/fstab"
    )


class Company:
    def __init__(self, lab, name):
        self.server = lab.server(name, start=False)
        server = self.server
        mirror = [server.drive("sas1"), server.drive("sas2")]
        server.run(
            "mdadm --create /dev/md/twin --run --quiet --assume-clean --level=1 --raid-devices=2 " + " ".join(drive.by_id for drive in mirror)
        )
        mount(server, "/dev/md/twin", "/srv/twin")
        mount(server, server.drive("ata1").by_id, COPIES)
        server.run("mkdir /srv/twin/spool /srv/shop")
        self.start_spool()
        server.machine.agent.write_file(HEALTHY_BACKUPS, HEALTHY_SCRIPT.encode())
        server.machine.agent.write_file("/etc/lastgood/conf.d/lab.toml", CONFIG.encode())
        server.run(f"chmod 644 /etc/lastgood/conf.d/lab.toml; chmod 755 {HEALTHY_BACKUPS} && {HEALTHY_BACKUPS} && sync")
        server.run(f"{START}; systemctl enable -q --now lastgood-probe", 120)
        self.twins = {self.array("twin"), *map(server.id_of, mirror), "/srv/twin", "twin", "twin-spool", "twin-write", "system"}
        for metric, subject in (("backup_newest_timestamp_seconds", "twin"), ("spool_count", "twin-spool"), ("filesystem_backed_up", "/srv/twin")):
            self.wait(metric, subject)

    def start_spool(self):
        self.server.run(f"systemd-run -q --unit=twin-spool sh -c '{TWIN_SPOOL}'")

    def wait(self, metric, subject, within=90):
        """Waits until the report has a value of the metric. Returns it; 0 counts as well."""
        what = f"{metric} of {subject} is known"
        return wait_until(lambda: [one["value"] for one in self.server.report().select(metric, subject)], within, what, step=0.5)[0]

    def array(self, name):
        """Waits until lastgood knows /dev/md/NAME. Returns its id."""

        def known():
            infos = self.server.report().select("array_info")
            return [one["subject"] for one in infos if one["labels"]["name"].endswith(name)]

        return wait_until(known, 90, f"array {name} is known", step=0.5)[0]
