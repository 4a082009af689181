"""Units of systemd as the jobs of backups. A unit's result alone hides failures: each way is a test, over a real bus and a real journal."""

import gzip
import json
import shutil
import socket
import subprocess
import time
import uuid

import lastgood
import pytest
from fake_systemd import FakeSystemd, forgotten, oneshot
from journal import WRITER, Journal
from lies import lie
from repositories import DAY, Expected, make_older

STARTING, DONE = "7d4958e842da4a758f6c1cdc7b36dcc5", "39f53479d3a045ac8e11786248231fbf"
DEACTIVATED, STOPPING = "7ad2d189f7e94e70a38c781354912448", "de5b426a63be47a7b6ac3eaac82e2f6f"
FAILED, EXITED = "d9b373ed55a64feb8242e02dbe79a49c", "98e322203f7a4ed290d09fe03c09fe15"


class Job:
    """A [[backup]] with systemd = "restic.service", a bus and a journal."""

    def __init__(self, directory, systemd, journal):
        self.systemd, self.journal = systemd, journal
        self.expected = Expected(directory, systemd="restic.service", max_age="26h")
        self.expected.config.write_text(
            f'state_directory = "{directory}/state"\nruntime_directory = "{directory}/runtime"\n'
            f'[journal]\ndirectory = "{journal.directory}"\n[[backup]]\nname = "it"\nsystemd = "restic.service"\nmax_age = "26h"\n'
        )

    def look(self, **units):
        self.systemd.set(**units)
        self.expected.collect()
        return self.expected

    def log(self, *entries, when, run=None, pid="1", **fields):
        """Entries of PID 1: their MESSAGE_ID, in the order in which systemd writes them."""
        run = uuid.uuid4().hex if run is None else run
        for number, entry in enumerate(entries):
            more = {"JOB_TYPE": "start", "JOB_RESULT": "done"} if entry == DONE else {}
            self.journal.write(
                "systemd", f"{entry} of {run}", when + number / 1000, _PID=pid, UNIT="restic.service", MESSAGE_ID=entry,
                INVOCATION_ID=run or None, **more, **fields,
            )
        self.journal.wait_for(f"{entries[-1]} of {run}")


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    if not shutil.which("dbus-daemon") or subprocess.run(["/usr/bin/python3", "-c", "import dbus, gi"], check=False).returncode != 0:
        lastgood.cannot_run("dbus-daemon, python3-dbus or python3-gi is not installed")
    (tmp_path / "systemd").mkdir()
    made = FakeSystemd(tmp_path / "systemd")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", made.address)
    yield made
    made.close()


@pytest.fixture
def job(tmp_path, systemd):
    if not WRITER.exists():
        lastgood.cannot_run("systemd-journal-remote is not installed")
    journal = Journal(tmp_path / "journal")
    yield Job(tmp_path, systemd, journal)
    journal.close()


def test_a_successful_run_is_a_copy(job):
    ended = time.time() - 3600
    seen = job.look(restic=oneshot(ended), restic_timer={"LoadState": "loaded", "ActiveState": "active"})
    assert seen.newest("exact") == pytest.approx(ended, abs=0.01)
    assert seen.value("job_failed") == 0
    assert seen.value("job_outcome", outcome="exit status 0") == 1
    assert seen.value("job_running") == 0
    assert seen.value("job_timer_active") == seen.value("job_timer", timer="restic.timer") == 1
    assert seen.value("job_unit_state", load_state="loaded") == 1
    assert not seen.problems()


def test_no_secret_of_the_unit_leaves_the_bus(job):
    """Everybody may read Environment= and the command lines, and both hold passwords: lastgood prints neither, nor keeps them."""
    seen = job.look(restic=oneshot(time.time() - 60, status=3, Result="exit-code", ActiveState="failed"))
    assert "geheim" not in json.dumps(seen.lines) + seen.error
    assert seen.value("job_partly") == 1  # though it knows that restic ran
    for path in job.expected.state.rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes()


@lie("systemd", "SuccessExitStatus=3 makes restic's unreadable source a success")
def test_a_status_that_counts_as_success(job):
    good, bad = time.time() - DAY, time.time() - 600
    job.look(restic=oneshot(good))
    seen = job.look(restic=oneshot(bad, status=3, SuccessExitStatus=[[3], []]))
    assert seen.proven() == pytest.approx(good, abs=0.01)
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 3") == 1
    assert seen.value("job_partly") == 1
    assert seen.value("job_exit_status") == 3


def test_a_status_that_the_configuration_counts_as_success(job):
    """borg ends with 1 each night, as a log file changes while it is read."""
    with job.expected.config.open("a") as config:
        config.write("success_exit_status = [1]\n")
    ended = time.time() - 600
    seen = job.look(restic=oneshot(ended, status=1, Result="exit-code", ActiveState="failed"))
    assert seen.proven() == pytest.approx(ended, abs=0.01)
    assert seen.value("job_failed") == seen.value("job_partly") == 0
    assert seen.value("job_exit_status") == 1
    seen = job.look(restic=oneshot(ended + 60, status=2, Result="exit-code", ActiveState="failed"))
    assert seen.value("job_failed") == 1
    assert seen.proven() == pytest.approx(ended, abs=0.01)


@pytest.mark.parametrize("setting", ["ExecStartPost", "ExecStopPost"])
@lie("systemd", "a status of SuccessExitStatus= hides that ExecStartPost= or ExecStopPost= failed: the copy to the NAS, a check")
def test_another_command_that_failed(job, setting):
    with job.expected.config.open("a") as config:
        config.write("success_exit_status = [3]\n")
    ended = time.time() - 600
    unit = oneshot(ended, status=3, Result="exit-code", ActiveState="failed", SuccessExitStatus=[[3], []])
    then = int((ended + 10) * 1e6)
    unit[setting] = [["/usr/bin/rclone", ["/usr/bin/rclone", "sync", "--geheim"], False, then, 1, then + 1000, 2, 4712, 1, 1]]
    seen = job.look(restic=unit)
    assert seen.proven() is None
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome=f"exit status 1 of {setting}=") == 1
    assert seen.value("job_exit_status") is None
    assert "geheim" not in json.dumps(seen.lines)


@lie("systemd", "a - before the command makes each failure a success")
def test_ignored_failure(job):
    seen = job.look(restic=oneshot(time.time() - 600, status=1, ignores_failure=True))
    assert seen.proven() is None
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 1") == 1


@lie("systemd", "a skipped unit reads as success: condition not met")
def test_skipped_unit(job):
    good, skipped = time.time() - 2 * DAY, time.time() - 600
    job.look(restic=oneshot(good))
    seen = job.look(restic=oneshot(good) | {"ConditionResult": False, "ConditionTimestamp": int(skipped * 1e6)})
    assert seen.is_stale()
    assert seen.value("job_skipped_timestamp_seconds") == pytest.approx(skipped, abs=0.01)
    # After a reboot only the journal tells, which says "done".
    job.expected.forget()
    job.log(DONE, when=skipped, run="")
    seen = job.look(restic=forgotten())
    assert seen.proven() is None
    assert seen.value("job_skipped_timestamp_seconds") == pytest.approx(skipped, abs=0.01)


@lie("systemd", "Type=simple logs that it is done at its start")
def test_simple_service_that_failed(job):
    simple = forgotten(Type="simple")
    job.log(DONE, EXITED, FAILED, when=time.time() - 600, EXIT_CODE="exited", EXIT_STATUS="1", UNIT_RESULT="exit-code")
    seen = job.look(restic=simple)
    assert seen.proven() is None
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 1") == 1


@lie("systemd", "a simple service that is stopped half-way reads as success")
def test_simple_service_that_was_stopped(job):
    ended = time.time() - 600
    seen = job.look(restic=oneshot(ended, status=15, Type="simple", ExecMainCode=2))
    assert seen.proven() is None
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="signal 15") == 1
    job.expected.forget()
    job.log(DONE, STOPPING, DEACTIVATED, when=ended)
    assert job.look(restic=forgotten(Type="simple")).proven() is None


@lie("systemd", "after a reboot a failed unit reads as success")
def test_reboot_takes_no_failure_and_no_success_away(job):
    good, bad = time.time() - DAY, time.time() - 600
    job.look(restic=oneshot(good))
    job.look(restic=oneshot(bad, status=1, Result="exit-code", ActiveState="failed"))
    seen = job.look(restic=forgotten())
    assert seen.proven() == pytest.approx(good, abs=0.01)
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 1") == 1
    # And what lastgood has not seen, the journal tells.
    job.expected.forget()
    job.log(STARTING, DEACTIVATED, DONE, when=good)
    job.log(STARTING, EXITED, FAILED, when=bad, EXIT_CODE="exited", EXIT_STATUS="7", UNIT_RESULT="exit-code")
    seen = job.look(restic=forgotten())
    assert seen.newest("exact") == pytest.approx(good, abs=0.01)
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 7") == 1


@lie("systemd", "a unit that nothing holds is forgotten at once after its success")
def test_unloaded_unit(job):
    ended = time.time() - 600
    job.log(STARTING, DEACTIVATED, DONE, when=ended)
    assert job.look(restic=forgotten()).newest("exact") == pytest.approx(ended, abs=0.01)
    shutil.rmtree(job.journal.directory)  # rotated away
    assert job.look(restic=forgotten()).newest("exact") == pytest.approx(ended, abs=0.01)


@lie("systemd", "the journal does not log an exit status that counts as success")
def test_journal_of_a_unit_that_hides_failures(job):
    job.log(STARTING, DEACTIVATED, DONE, when=time.time() - 600)
    seen = job.look(restic=forgotten(SuccessExitStatus=[[3], []]))
    assert seen.proven() is None
    assert seen.newest("activity") is not None
    assert seen.value("job_failed") is None


@lie("systemd", "anybody can log that a unit has succeeded")
def test_forged_entries(job):
    job.log(STARTING, DEACTIVATED, DONE, when=time.time() - 600, pid="4242")
    job.log(DONE, when=time.time() - 600, pid="4242", run="")
    seen = job.look(restic=forgotten())
    assert seen.proven() is None
    assert seen.value("job_skipped_timestamp_seconds") is None


@lie("systemd", "an installed timer that nobody enabled; a unit that does not exist")
def test_nothing_starts_the_job(job):
    seen = job.look(restic=forgotten(), restic_timer={"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled"})
    assert seen.value("job_timer_active") == 0
    # LastTriggerUSec of its stamp is no run.
    seen = job.look(restic=forgotten(), restic_timer={"LoadState": "loaded", "ActiveState": "active", "LastTriggerTimestamp": 1})
    assert seen.proven() is None
    seen = job.look()
    assert seen.value("job_unit_state", load_state="not-found") == 1
    assert seen.proven() is None


def test_systemd_that_cannot_be_asked(job, monkeypatch, tmp_path):
    """No bus, one that refuses, one that never answers: cannot tell, within the deadline; what was seen keeps its age."""
    ended = time.time() - 600
    job.look(restic=oneshot(ended))
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(f"{job.systemd.short.name}/silent")
    silent.listen(16)
    with silent:
        for address in (f"unix:path={tmp_path}/absent", f"unix:path={job.systemd.short.name}/silent"):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            began = time.monotonic()
            seen = job.look(restic=oneshot(ended))
            assert time.monotonic() - began < 20
            assert not seen.readable
            assert seen.value("job_readable") == 0
            assert seen.value("readable") == 0
            assert seen.newest("inferred") == pytest.approx(ended, abs=0.01)


def test_job_beside_a_repository(tmp_path, systemd):
    """The copies are those of the repository; only the job knows that a part of the source could not be read."""
    copies = tmp_path / "copies"
    copies.mkdir()
    (copies / "db.sql.gz").write_bytes(gzip.compress(b"-- a dump"))
    make_older(copies, 3600)
    made = time.time() - 3600
    systemd.set(restic=oneshot(made, status=3, SuccessExitStatus=[[3], []]))
    seen = Expected(tmp_path, files=f"{copies}/*", systemd="restic.service", max_age="26h").collect()
    assert seen.proven() is not None
    assert seen.value("info", kind="files", unit="restic.service") == 1
    assert seen.value("job_failed") == 1
    assert seen.value("job_outcome", outcome="exit status 3") == 1
    # Without a bus the copies are still seen.
    systemd.close()
    seen.collect()
    assert seen.readable
    assert seen.proven() is not None
    assert seen.value("job_readable") == 0


def test_status_shows_the_job(tmp_path, installation):
    """On a recorded host, from the collector to the screen."""
    host = tmp_path / "host"
    now = 1_800_000_000
    (host / "units").mkdir(parents=True)
    (host / "now").write_text(str(now))
    unit = oneshot(now - 3600, status=3) | {"SuccessExitStatus": True, "ExecStart": []}
    (host / "units/nightly.service.json").write_text(json.dumps(unit))
    (host / "units/nightly.timer.json").write_text(json.dumps({"LoadState": "loaded", "ActiveState": "inactive"}))
    installation.write_config(sections='[[backup]]\nname = "it"\nsystemd = "nightly.service"\n')
    installation.start(arguments=["--root", str(host)])
    installation.wait_for_report(lambda report: report.find("backup_job_failed", "it"))
    shown = " ".join(installation.call("status", "it", "--report", str(installation.report_path)).stdout.split())
    print(shown)
    assert "the last run of nightly.service failed with exit status 3" in shown
    assert "nightly.timer is not active: nothing starts the job" in shown
    assert "journalctl -n 50 -u nightly.service" in shown
    assert "job nightly.service, FAILED" in shown
    assert "with exit status 3, no success is known" in shown
    assert "timer nightly.timer is NOT ACTIVE" in shown


def test_config_check_knows_the_units_of_this_host(tmp_path, installation):
    installation.write_config(sections='[[backup]]\nname = "it"\nsystemd = "no-such-unit@home.service"\n')
    done = installation.call("config", "check")
    assert "there is no unit no-such-unit@home.service" in done.stdout + done.stderr
    installation.write_config(sections='[[backup]]\nname = "it"\nsystemd = "nightly.timer"\n')
    done = installation.call("config", "check")
    assert done.returncode != 0
    assert "write the service that it starts" in done.stdout + done.stderr
