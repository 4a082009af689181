"""What copies share with their source, on stacks of real mounts: loop devices in loop devices, bind mounts, overlays, tmpfs.

tests/lab has drives, md, LVM, LUKS and btrfs."""

import json
import os
import subprocess

import lastgood
import pytest
from conftest import needs_loop_devices
from loop_device import run


class Stack:
    def __init__(self, directory):
        self.directory = directory
        self.undo = []

    def mount(self, name, *arguments):
        point = self.directory / name
        point.mkdir(exist_ok=True)
        run("mount", *arguments, str(point))
        self.undo.append(("umount", "--lazy", str(point)))
        return point

    def loop(self, name, image, megabytes=8):
        """A filesystem on a loop device, mounted at NAME; its drive is that of the image."""
        run("truncate", f"--size={megabytes}M", str(image))
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", str(image))
        device = run("losetup", "--find", "--show", str(image))
        self.undo.append(("losetup", "--detach", device))
        return self.mount(name, "-t", "ext4", device)

    def clean_up(self):
        for command in reversed(self.undo):
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)


@pytest.fixture
def stack(tmp_path, root):
    needs_loop_devices()
    made = Stack(tmp_path)
    yield made
    made.clean_up()


def domains(directory, places):
    """{name: domain} of backups whose copies and source lie at (copies, source)."""
    lines = []
    for name in ("runtime", "state"):
        (directory / name).mkdir(exist_ok=True)
        lines.append(f'{name}_directory = "{directory / name}"')
    for name, (copies, source) in places.items():
        lines += ["[[backup]]", f'name = "{name}"', f'files = "{copies}/*"', f'covers = ["{source}"]']
    config = directory / "lastgood.toml"
    config.write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [lastgood.BINARY, "collect", "backups", "--config", str(config)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return {
        line["subject"]: line["labels"]["domain"]
        for line in map(json.loads, done.stdout.splitlines())
        if line.get("metric") == "lastgood_backup_failure_domain"
    }


def test_domains_of_real_stacks(tmp_path, stack):
    outer = stack.loop("outer", tmp_path / "outer.img", 64)
    inner = stack.loop("inner", outer / "inner.img")
    other = stack.loop("other", tmp_path / "other.img")
    memory = stack.mount("memory", "-t", "tmpfs", "none")
    bound = stack.mount("bound", "--bind", str(outer))
    for name in ("lower", "upper", "work"):
        (outer / name).mkdir()
    over = stack.mount("over", "-t", "overlay", "-o", f"lowerdir={outer}/lower,upperdir={outer}/upper,workdir={outer}/work", "none")
    (tmp_path / "link").symlink_to(outer)
    (tmp_path / "data").mkdir()
    (tmp_path / "dumps").mkdir()
    found = domains(
        tmp_path,
        {
            "beside": (tmp_path / "dumps", tmp_path / "data"),
            "image-on-it": (outer, tmp_path / "data"),
            "loop-in-loop": (inner, tmp_path / "data"),
            "inner-and-outer": (inner, outer),
            "two-images-of-one-drive": (outer, other),
            "bind-mount": (bound, outer / "lower"),
            "by-a-link": (tmp_path / "link", outer),
            "overlay": (over, outer / "lower"),
            "overlay-on-its-drive": (over, tmp_path / "data"),
            "memory": (memory, tmp_path / "data"),
            "not-there": (tmp_path / "unplugged" / "dumps", tmp_path / "data"),
        },
    )
    assert found == {
        "beside": "same-filesystem",
        "image-on-it": "same-drive",
        "loop-in-loop": "same-drive",
        "inner-and-outer": "same-drive",
        "two-images-of-one-drive": "same-drive",
        "bind-mount": "same-filesystem",
        "by-a-link": "same-filesystem",
        "overlay": "same-drive",  # a mount of its own, on the same drive
        "overlay-on-its-drive": "same-drive",
        "memory": "unknown",  # it lies on no drive
        "not-there": "unknown",  # perhaps on a disk that is not plugged in
    }
    assert os.path.ismount(inner)
