"""Data that somebody says is backed up elsewhere, paths that are not there, and copies on a disk that does not last."""

import os
import time

from loop_device import run

DAY = 86400
DUMP = "--\n-- PostgreSQL database dump\n--\nselect 1;\n--\n-- PostgreSQL database dump complete\n--\n"
FAST = "".join(f'[collectors.{name}]\ninterval = "1s"\n' for name in ("backups", "filesystems", "data"))


def day(days):
    return time.strftime("%Y-%m-%d", time.localtime(time.time() + days * DAY))


def declared(path, days):
    return (
        f'[[declared_elsewhere]]\npaths = ["{path}"]\nowner = "anna"\n'
        f'reason = "the NAS fetches it"\nuntil = {day(days)}\n'
    )  # fmt: skip


def test_a_word_is_accepted_by_name_until_its_end(installation, tmp_path):
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "cart").write_text("x")
    data = f"declared {shop}"

    installation.write_config(sections=declared(shop, 90) + FAST)
    agent = installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("data_not_backed_up", data), 30, "its finding")
    (finding,) = report.find("data_not_backed_up", data)
    assert finding["accepted_until"] > time.time() and not report.find("data_elsewhere_ended")
    screen = installation.call("status").stdout
    assert f"elsewhere (until {day(90)})" in screen and "anna" in screen and "the NAS fetches it" in screen, screen
    for line in screen.splitlines():
        assert str(shop) not in line or not line.lstrip().startswith("fine"), screen
    assert "nothing here sees that backup" in installation.call("status", str(shop)).stdout

    installation.write_config(sections=declared(shop, -2) + FAST)
    installation.stop(agent)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("data_elsewhere_ended", data), 30, "its end")
    (ended,) = report.find("data_elsewhere_ended", data)
    assert "anna" in ended["summary"] and "the NAS fetches it" in str(ended), ended
    assert "accepted_until" not in report.find("data_not_backed_up", data)[0]

    installation.write_config(sections=declared(shop, 400))
    refused = installation.call("config", "check")
    assert refused.returncode != 0 and "365 days at most" in refused.stderr + refused.stdout


def test_a_whole_filesystem_is_told_by_itself(installation):
    installation.write_config(sections=declared("/", 90) + FAST)
    installation.start("agent")
    report = installation.wait_for_report(lambda report: report.find("filesystem_not_backed_up", "/"), 30, "its finding")
    assert "accepted_until" in report.find("filesystem_not_backed_up", "/")[0]
    assert report.value("filesystem_elsewhere_until_timestamp_seconds", "/") > time.time()
    assert report.value("data_info", "declared /") is None
    assert f"elsewhere (until {day(90)})" in installation.call("status").stdout


def test_named_paths_that_are_not_there(installation, tmp_path):
    gone, moved = tmp_path / "gone", tmp_path / "moved"
    installation.write_config(sections=f'[data]\nprecious = ["{gone}"]\n' + declared(moved, 90) + FAST)
    checked = installation.call("config", "check")
    said = " ".join((checked.stdout + checked.stderr).split())  # it is wrapped
    assert f"there is no {gone}" in said and f"there is no {moved}" in said, said
    installation.start("agent")
    installation.wait_for_report(
        lambda report: report.value("data_missing", f"precious {gone}") == 1
        and report.value("data_missing", f"declared {moved}") == 1,
        30, "missing data",
    )  # fmt: skip
    assert "there is no such path" in installation.call("status").stdout
    gone.mkdir()
    (gone / "book").write_text("x")
    installation.wait_for_report(lambda report: report.value("data_missing", f"precious {gone}") is None, 30, "found")


def test_copies_in_memory_are_no_second_copy(installation, tmp_path, root):
    memory, shop = tmp_path / "memory", tmp_path / "shop"
    memory.mkdir()
    shop.mkdir()
    (shop / "cart").write_text("x")
    run("mount", "-t", "tmpfs", "none", str(memory))
    try:
        (memory / "a.sql").write_text(DUMP)
        os.utime(memory / "a.sql", (time.time() - 100,) * 2)
        installation.write_config(
            sections=f'[data]\nprecious = ["{shop}"]\n[[backup]]\nname = "db8"\nfiles = "{memory}/*.sql"\n'
            f'covers = ["{shop}"]\nsettle_time = "1ms"\n' + FAST
        )
        installation.start("agent")
        report = installation.wait_for_report(
            lambda report: report.find("backup_on_ephemeral_disk", "db8")
            and report.value("data_copies", f"precious {shop}", domain="ephemeral") == 1,
            30, "the temporary disk",
        )  # fmt: skip
        assert report.value("data_copies", f"precious {shop}") == 1
        assert report.value("data_drives", f"precious {shop}") == 1
        assert report.find("data_on_one_drive", f"precious {shop}")
        assert "one drive only" in installation.call("status", str(shop)).stdout
    finally:
        run("umount", "--lazy", str(memory))


def test_a_link_in_place_of_a_named_path_counts_for_nothing(installation, tmp_path):
    shop, covered, real, stamp = (tmp_path / name for name in ("shop", "covered", "real", "stamp"))
    for directory in (shop, covered, real):
        directory.mkdir()
        (directory / "book").write_text("x")
    stamp.touch()
    installation.write_config(
        sections=f'[data]\nprecious = ["{real}"]\n[[backup]]\nname = "job"\nstamp = "{stamp}"\ncovers = ["{covered}"]\n'
        + declared(shop, 90)
        + FAST
    )
    installation.start("agent")
    installation.wait_for_report(lambda report: report.find("data_not_backed_up", f"precious {real}"), 30, "no backup")
    for directory in (shop, covered):
        (directory / "book").unlink()
        directory.rmdir()
        directory.symlink_to("/")
    report = installation.wait_for_report(
        lambda report: report.find("declared_link", f"declared {shop}") and report.find("backup_source_link", "job"),
        30, "the links",
    )  # fmt: skip
    (precious,) = report.find("data_not_backed_up", f"precious {real}")
    assert "accepted_until" not in precious
    assert "leads to /" in report.find("backup_source_link", "job")[0]["summary"]
    assert "FINE" not in installation.call("status").stdout.splitlines()[0]
    assert "DOES NOT COUNT" in installation.call("status", "job").stdout
    assert "DOES NOT COUNT" in installation.call("status", f"declared {shop}").stdout
