"""Spools: a queue that no longer drains, one that is gone, one that cannot be read, one that hangs."""

import os
import threading
import time

from lastgood import SOURCE, lastgood
from test_backup_places import never_answering

FAST = '[collectors.spools]\ninterval = "200ms"\ndeadline = "2s"\n'


def test_the_example_is_a_valid_configuration():
    example = SOURCE / "packaging" / "examples" / "seven-seconds.toml"
    checked = lastgood("config", "check", "--config", str(example))
    assert checked.returncode == 0, checked


def spool(name, path, more=""):
    return f'[[spool]]\nname = "{name}"\npath = "{path}"\n{more}\n'


class Queue:
    """A directory to which records come, and from which a reader takes them."""

    def __init__(self, directory):
        self.directory = directory
        self.directory.mkdir()
        self.drains = True
        self.number = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.ended.wait(0.02):
            self.number += 1
            (self.directory / f"{self.number:08}.msg").write_text("record")
            if self.drains:
                for path in sorted(self.directory.iterdir())[:3]:
                    path.unlink()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def test_a_spool_that_no_longer_drains_is_told_with_its_growth(installation, tmp_path):
    installation.write_config(sections=FAST + spool("outbox", tmp_path / "outbox", 'max_pause = "2s"\nmax_age = "5s"'))
    with Queue(tmp_path / "outbox") as queue:
        installation.start("agent")
        installation.wait_for_report(lambda report: report.value("spool_growth_per_minute", "outbox") is not None, 30)
        time.sleep(3)
        assert not [one for one in installation.report().findings if one.get("subject") == "outbox"]

        queue.drains = False
        report = installation.wait_for_report(lambda report: report.find("spool_not_draining", "outbox"), 30, "it stands still")
        (finding,) = report.find("spool_not_draining", "outbox")
        assert finding["severity"] == "critical" and "entries a minute" in finding["summary"], finding
        assert report.value("spool_growth_per_minute", "outbox") > 500
        report = installation.wait_for_report(lambda report: report.find("spool_too_old", "outbox"), 30, "its age")
        screen = installation.call("status", "outbox").stdout
        assert "nothing has left since" in screen and "5 s allowed" in screen, screen
        assert "nothing leaves it for" in installation.call("status").stdout

        queue.drains = True
        installation.wait_for_report(lambda report: report.value("spool_empty_at_timestamp_seconds", "outbox"), 30, "it drains")
        installation.wait_for_report(lambda report: not report.find("spool_not_draining"), 30, "the end of the finding")
    metrics = installation.textfile.read_text()
    assert 'lastgood_spool_count{' in metrics and 'spool="outbox"' in metrics


def test_a_spool_is_empty_only_if_it_is_there(installation, tmp_path):
    (tmp_path / "empty").mkdir()
    sections = FAST + spool("empty", tmp_path / "empty") + spool("gone", tmp_path / "gone") + spool("pattern", f"{tmp_path}/x*/out")
    installation.write_config(sections=sections)
    checked = installation.call("config", "check")
    words = " ".join((checked.stdout + checked.stderr).split())
    assert checked.returncode == 0 and f"there is no {tmp_path}/gone" in words, checked
    installation.start("agent")
    report = installation.wait_for_report(
        lambda report: report.value("spool_missing", "gone") == 1 and report.value("spool_missing", "pattern") == 1, 30
    )
    assert report.value("spool_count", "empty") == 0 and report.value("spool_count", "gone") is None
    screen = installation.call("status", "empty")
    assert screen.returncode == 0 and "none" in screen.stdout, screen.stdout
    assert "there is NO such directory" in installation.call("status", "gone").stdout


def test_a_spool_that_hangs_hides_no_other(installation, tmp_path):
    (tmp_path / "cloud").mkdir()
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "1").write_text("x")
    with never_answering(tmp_path / "cloud"):
        installation.write_config(sections=FAST + spool("cloud", tmp_path / "cloud" / "out") + spool("local", tmp_path / "local"))
        installation.start("agent", wait=False)
        report = installation.wait_for_report(
            lambda report: report.value("spool_readable", "cloud") == 0 and report.value("spool_count", "local") == 1, 30
        )
        assert report.value("spool_missing", "cloud") is None
        status = installation.call("status", "cloud", "--json").stdout
        assert '"health":"unknown"' in status, status


def test_what_comes_and_goes_and_has_odd_names_is_counted(installation, tmp_path):
    queue = tmp_path / "queue"
    (queue / "a" / "b").mkdir(parents=True)
    (queue / "a" / "b" / "\x1b[2J\n").write_text("x")
    (queue / ".hidden").write_text("x")
    os.symlink("/proc/self/root", queue / "link")
    os.mkfifo(queue / "pipe")
    installation.write_config(sections=FAST + spool("queue", queue, "max_count = 2"))
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("spool_too_many", "queue"), 30)
    assert report.value("spool_count", "queue") == 3
    assert report.value("spool_count_incomplete", "queue") == 0
