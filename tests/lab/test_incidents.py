"""The four incidents of docs/incidents.md, on one server: each is told before the data is lost, and what is healthy beside it is not."""

import pytest

from company import COPIES, HEALTHY_BACKUPS, Company, copy, mount
from story import Story

# Only `tests/run long` plays them until each has been played through once: docs/incidents.md has no timelines yet.
pytestmark = [pytest.mark.whole, pytest.mark.only_whole]


@pytest.fixture(scope="session")
def company(whole_lab):
    return Company(whole_lab, "incidents")


@pytest.fixture
def tell(company, record_property):
    """tell(title): begins a story."""
    return lambda title: Story(title, company.server, company.twins, record_property)


# --- seven seconds a write

LINKS = """
[[spool]]
name = "records"
path = "/var/spool/records"
max_pause = "1min"
[[probe]]
name = "links-write"
write = "/srv/links"
interval = "2s"
[[backup]]
name = "links"
files = "/srv/copies/twin-*.tar"
covers = ["/srv/links"]
max_age = "26h"
settle_time = "1s"
"""
# The web servers put a record each second; the sender writes it to the database, and removes it when that is done.
WEB_SERVER = "while :; do n=$((n + 1)); echo $n > /var/spool/records/$n; sleep 1; done"
SENDER = """cd /var/spool/records; while :; do for record in *; do
    [ -e $record ] && dd if=$record of=/srv/links/database oflag=append conv=notrunc,fsync status=none && rm $record
done; sleep 0.2; done"""


def test_incident_seven_seconds_a_write(company, tell):
    """After the move every write takes seconds. Two weeks later the records were found, unsent."""
    server, story = company.server, tell("seven seconds a write")
    drive = server.plug("scsi")
    mount(server, drive.by_id, "/srv/links")
    server.run("mkdir /var/spool/records")
    for unit, script in (("web-server", WEB_SERVER), ("sender", SENDER)):
        server.machine.agent.write_file(f"/root/{unit}", script.encode())
        server.run(f"systemd-run -q --unit={unit} bash /root/{unit}")
    server.configure(LINKS)
    company.wait("probe_usual_seconds", "links-write")
    company.wait("spool_count", "records")

    story.happens("day 0", "The provider moves the machine. From now on each write takes seconds")
    drive.slow_down(4000)
    story.says("writes_take_seconds", server.id_of(drive), within=5 * 60)
    found = story.says("probe_slow", "links-write", within=5 * 60)
    assert "usual is" in found["summary"]
    story.says("spool_not_draining", "records", within=5 * 60, severity="critical")
    story.happens("2 weeks later", "Somebody looks at the web servers: records of two weeks lie there, unsent")
    drive.release()
    story.end()


# --- the temporary disk


def test_incident_temporary_disk(company, tell):
    """The full OS disk is relieved onto the cloud's temporary disk. 41 days later the provider moves the machine."""
    server, story = company.server, tell("the temporary disk")
    disk = server.plug("scsi")
    server.run(
        f"mkfs.ext4 -q -E lazy_itable_init=0 {disk.by_id} && mkdir -p /mnt/resource && mount {disk.by_id} /mnt/resource"
        " && touch /mnt/resource/DATALOSS_WARNING_README.txt && head -c 80M /dev/zero > /srv/shop/orders"
    )
    company.wait("filesystem_ephemeral", "/mnt/resource")
    company.wait("data_backed_up", "precious /srv/shop")

    story.happens("day 0", "The OS disk is nearly full. The shop's data moves to the second disk, and a symbolic link takes its place")
    assert not story._look("filesystem_ephemeral", "/mnt/resource")  # nothing lies there yet that could be lost
    server.run(f"mv /srv/shop /mnt/resource/shop && ln -s /mnt/resource/shop /srv/shop && sync && {HEALTHY_BACKUPS}")
    moved = story.says("data_moved", "precious /srv/shop", within=300, severity="critical")
    story.says("data_on_temporary_disk", "temporary /mnt/resource", within=300, severity="critical")
    assert not story._look("backup_too_old", "system")  # the backup of the OS disk goes on, and is green

    story.happens("day 40", "The backup of the OS disk ran each night. It has the symbolic link")
    story.days_pass(40, HEALTHY_BACKUPS)
    story.still_says("data_moved", "precious /srv/shop", moved["since"])
    story.loses("day 41", "The provider moves the machine. The temporary disk is a new one, and empty")
    server.run("umount /mnt/resource")
    disk.pull()
    story.end()


# --- the rebuild

MYSQL = """
[[backup]]
name = "mysql"
files = "/srv/copies/mysql-*.tar"
covers = ["/var/lib/mysql"]
max_age = "26h"
settle_time = "1s"
"""
WRITER = "while :; do dd if=/dev/zero of=/var/lib/mysql/ibdata bs=4k count=1 conv=notrunc,fsync status=none; sleep 0.5; done"


def test_incident_rebuild(company, tell):
    """A drive of a RAID 10 is swapped. Its partner dies in the rebuild, and the newest backup is two and a half years old."""
    server, story = company.server, tell("the rebuild")
    drives = [server.plug("scsi") for _ in range(4)]
    bad, partner = drives[:2]
    names = " ".join(drive.by_id for drive in drives)
    server.run(f"mdadm --create /dev/md/databases --run --quiet --assume-clean --level=10 --layout=n2 --raid-devices=4 {names}")
    mount(server, "/dev/md/databases", "/var/lib/mysql")
    server.run("head -c 8M /dev/urandom > /var/lib/mysql/ibdata; " + copy(f"{COPIES}/mysql"))
    server.configure(MYSQL)
    array = company.array("databases")
    offset = int(server.run("cat /sys/block/$(basename $(readlink -e /dev/md/databases))/md/dev-*/offset | head -n 1"))
    company.wait("backup_newest_timestamp_seconds", "mysql")

    story.happens("2.5 years before", "The databases move to this server. Their backup is switched off for the move, and stays off")
    story.days_pass(2, HEALTHY_BACKUPS)
    story.says("backup_too_old", "mysql", within=300)
    story.happens("2.5 years later", "Nobody has switched it on again")
    story.days_pass(910, HEALTHY_BACKUPS)
    story.says("backup_far_too_old", "mysql", within=300, severity="critical")

    blamed, next_blamed = server.id_of(bad), server.id_of(partner)
    story.happens("weeks before", "A drive of the array is slow, and has I/O errors in dmesg")
    bad.fail(reads=[offset + 800], times=20)
    server.read_sector(bad.by_id, offset + 800)
    story.says("drive_suspect_kernel_errors", blamed)
    server.run(f"systemd-run -q --unit=mysql sh -c '{WRITER}'")
    bad.slow_down(4000)
    story.says("writes_take_seconds", blamed, within=5 * 60)
    story.happens("weeks before", "Its mirror partner has sectors that cannot be read, which only a rebuild would read")
    partner.fail(reads=[offset + 1600], error="ENODATA")
    server.read_sector(partner.by_id, offset + 1600)
    story.says("drive_failing_medium_errors", next_blamed, severity="critical")

    story.happens("the day of the swap", "Before the drive is pulled: may it be pulled?")
    status, answer, _ = server.run(f"lastgood preflight {bad.device}", check=False)
    assert status == 2 and "NO-GO" in answer and partner.device in answer and "/var/lib/mysql" in answer, answer
    story.answers("lastgood preflight", " ".join(answer.split()), after=0)

    story.happens("the same day", "It is pulled all the same. The rebuild onto a new drive begins")
    bad.release()
    server.run("systemctl stop mysql")
    bad.pull()
    spare = server.plug("scsi", serial="LABNEW")
    server.run(f"echo 1000 > /proc/sys/dev/raid/speed_limit_max; mdadm --quiet /dev/md/databases --add {spare.by_id}")
    story.says("array_fatal_members", array, severity="critical")
    story.loses("before the rebuild ends", "The partner dies. The array is lost, and with it the databases")
    partner.pull()
    server.run("dd if=/dev/zero of=/dev/md/databases bs=64k count=8 oflag=direct", check=False)
    story.says("array_failed", array, severity="critical")
    server.run("umount -l /var/lib/mysql; mdadm --quiet --stop /dev/md/databases", check=False)
    story.end()


# --- the old copy

STREAM = """
[[backup]]
name = "stream"
files = "/srv/stream/backups/*.tar"
covers = ["/srv/stream"]
max_age = "6h"
settle_time = "1s"
keep_span = "7d"
delete_after = "7d"
"""
STREAM_COPIES = "/srv/stream/backups/stream"


def test_incident_old_copy(company, tell, leave_after):
    """The provider puts an older copy of the disk back. Ten hours of writes are gone, and the backups lay on the same disk."""
    server, story = company.server, tell("the old copy")
    leave_after(server)
    drive = server.plug("scsi")
    mount(server, drive.by_id, "/srv/stream")
    server.run("mkdir /srv/stream/backups;" + "".join(copy(STREAM_COPIES, f"-{hours} hours") for hours in range(5, 7 * 24 + 6, 6)))

    story.happens("always", "The backups lie on the server that they are of")
    server.configure(STREAM)
    story.says("backup_beside_source", "stream", within=300)
    server.run("sync")
    old = drive.copy_of_image()
    for hours in (5, 5):
        story.days_pass(hours / 24, HEALTHY_BACKUPS + "\n" + copy(STREAM_COPIES))
    server.run("echo 10 hours of writes > /srv/stream/writes; sync")
    company.wait("backup_newest_timestamp_seconds", "stream")

    story.loses("hour 10", "The provider starts the server with an older copy of the disk")
    server.run("systemctl stop lastgood; sync")
    server.machine.cut_power()
    drive.image.write_bytes(old.read_bytes())
    server.machine.power_on()
    server.machine.wait_until_booted()
    server.run("until [ -s /run/lastgood/report.json ]; do sleep 0.2; done", 120)
    assert not server.run("ls /srv/stream/writes || true")
    story.says("filesystem_rolled_back", "/srv/stream", within=600, severity="critical")
    story.says("backup_went_back", "stream", within=600)
    story.says("backup_too_old", "stream", within=600)
    story.happens("after it", "The new rule: a copy each 6 hours, kept for 7 days. The deletion takes too much, or too little")
    server.run(copy(STREAM_COPIES) + "cd /srv/stream/backups; ls | head -n -2 | xargs rm")
    story.says("backup_span_short", "stream", within=300)
    server.run(copy(STREAM_COPIES, "-9 days"))
    story.says("backup_outlived", "stream", within=300)
    story.end()
