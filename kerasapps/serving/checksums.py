"""Checksums of what is exported, kept with it, by which damage is noticed.

They are written as `sha256sum` writes them: in the folder of a version,
`sha256sum --check assets.extra/sha256sums` checks them, too.
"""

import hashlib
import pathlib

from kerasapps.errors import InputError

# TensorFlow Serving passes over what it doesn't know in assets.extra.
FILE = pathlib.Path("assets.extra", "sha256sums")


def write(folder: pathlib.Path) -> None:
    """Writes the checksums of all files of a folder.

    Args:
        folder: The folder of a SavedModel that is whole.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [
        f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files
    ]
    (folder / FILE).parent.mkdir(exist_ok=True)
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


def check(folder: pathlib.Path) -> None:
    """Checks that all files of a folder are as they were when `write` was called.

    Where no checksums were written, nothing is checked. Files that came later are
    passed over.

    Args:
        folder: The folder of a SavedModel.

    Raises:
        InputError: If a file is another, or is gone.
    """
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError):
        lines = []
    if not lines:
        raise _damaged(folder / FILE)
    for line in lines:
        checksum, _, file = line.partition("  ")
        try:
            same = _sha256(folder / file) == checksum
        except (OSError, ValueError):
            same = False
        if not same:
            raise _damaged(folder / file)


def _damaged(path):
    return InputError(
        f"{path} isn't as it was exported: the SavedModel is damaged; export it again"
    )


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
