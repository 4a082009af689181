"""The guest: a Debian system in a disk image. It is built once and kept (see cache_directory) until its inputs change."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
SUITE = platform.freedesktop_os_release().get("VERSION_CODENAME", "")  # this machine's suite, which the package is built for
PACKAGES = [
    # the system of a server
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "procps", "less", "iproute2", "linux-image-amd64"),
    *("smartmontools", "mdadm", "lvm2", "btrfs-progs", "nvme-cli", "sg3-utils", "cryptsetup-bin", "sqlite3", "e2fsprogs", "xfsprogs", "fdisk", "dmsetup"),
    # tools of the lab
    *("qemu-guest-agent", "zstd", "python3-minimal"),
]


def cache_directory():
    """LASTGOOD_LAB_CACHE, or else lastgood-lab in the user's cache directory. It may be removed whenever no lab runs."""
    default = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "lastgood-lab"
    path = pathlib.Path(os.environ.get("LASTGOOD_LAB_CACHE") or default)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def built_once(name, newest=3):
    """Yields (directory, is_new). If `name` is not in the cache, the directory is empty: fill it; it is kept if the block succeeds.

    Keeps only the `newest` directories of the same kind (the name up to its last dash)."""
    cache = cache_directory()
    kind = name.rsplit("-", 1)[0]
    kept = cache / name
    if kept.exists():  # without the lock: do not wait for another build
        os.utime(kept)
        yield kept, False
        return
    with open(cache / f"{kind}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            os.utime(kept)
            yield kept, False
            return
        for left in cache.glob(f".new-{kind}-*"):
            shutil.rmtree(left)
        new = pathlib.Path(tempfile.mkdtemp(prefix=f".new-{kind}-", dir=cache))
        yield new, True
        new.rename(kept)
        siblings = sorted(cache.glob(f"{kind}-*"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in siblings[newest:]:
            shutil.rmtree(old)


def digest(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def mirror():
    """The site that this machine's apt gets Debian from; it has every suite."""
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)|$(CODENAME)|$(COMPONENT)", "Created-By: Packages"],
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.splitlines()
    for line in sites:
        site, codename, component = line.split("|")
        if (codename, component) == (SUITE, "main"):
            return site
    raise AssertionError(f"apt on this machine knows no mirror of Debian's {SUITE}: {sites}")


def run(log, *command):
    """Runs a step of the build. Its output goes to a log and, if it fails, also into the error."""
    with open(log, "ab") as output:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
    if status != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise AssertionError(f"{' '.join(map(str, command))} ended with status {status}:\n{tail}")


def guest_image(packages):
    """The directory with root.img, vmlinuz and initrd. `packages`: the dependencies of lastgood's package."""
    setup = HERE / "guest" / "setup"
    wanted = sorted({*PACKAGES, *packages})
    name = "guest-" + digest(SUITE, wanted, setup.read_text())
    with built_once(name) as (directory, is_new):
        if is_new:
            build_guest(directory, wanted, setup)
    return cache_directory() / name


def build_guest(directory, packages, setup):
    assert os.geteuid() == 0, "the lab builds its guest by debootstrap, which needs root"
    log = directory / "build.log"
    tree = directory / "tree"
    run(log, "debootstrap", "--variant=minbase", f"--include={','.join(packages)}", SUITE, tree, mirror())
    shutil.copy(setup, tree / "setup")
    run(log, "chroot", tree, "/setup")
    (tree / "setup").unlink()
    shutil.copy(next(tree.glob("boot/vmlinuz-*")), directory / "vmlinuz")
    shutil.copy(next(tree.glob("boot/initrd.img-*")), directory / "initrd")
    run(log, "mke2fs", "-q", "-t", "ext4", "-d", tree, "-F", directory / "root.img", "3G")
    shutil.rmtree(tree)
