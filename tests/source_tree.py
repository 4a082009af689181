"""The files of this repository, for tests that check or copy them."""

import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def source_files(root=SOURCE):
    """The files that git tracks or could track, links among them, as relative paths. Without git (an unpacked archive, or git is
    not installed): all files except builds."""
    command = ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = [path.relative_to(root) for path in root.rglob("*") if path.is_symlink() or path.is_file()]
        ours = [path for path in found if not path.parts[0].startswith("build") and not {".git", "__pycache__"} & set(path.parts)]
        return sorted(ours)
    # git lists deleted files until the deletion is committed. lexists(), because recorded hosts have dangling links.
    return sorted(pathlib.Path(os.fsdecode(name)) for name in listed.split(b"\0") if name and os.path.lexists(os.path.join(os.fsencode(root), name)))


def copy_source_files(to):
    """Copies them, without their owners, into a directory that does not exist yet."""
    for path in source_files():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SOURCE / path, to / path, follow_symlinks=False)
