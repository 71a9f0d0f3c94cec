"""Files that appear whole or not at all."""

import contextlib
import errno
import os
import pathlib
import secrets
import shutil
from collections.abc import Iterator

_PARTIAL = ".partial-"
# What an error says of a disk, or a user's share of it, that takes no more.
_FULL = {
    os.strerror(number): number for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
}


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a temporary path to write to, which then takes the place of `path`.

    After an error what was written is removed, and `path` is as it was. Where it can't
    be written, the `OSError` names `path`. What a process that was killed leaves lies
    in a folder of its own, so that no pattern of files finds it;
    `remove_leftovers` removes it.

    Args:
        path: Where the file is to appear; its folder exists. The temporary path has
            the same suffix.
    """
    path = pathlib.Path(path)
    # Of its own name: several workers may write the same file.
    folder = path.with_name(f"{_PARTIAL}{secrets.token_hex(4)}")
    partial = folder / f"new{path.suffix}"
    try:
        with naming_full_disk(path):
            folder.mkdir()
            yield partial
            partial.replace(path)
    except OSError as error:
        if str(error.filename) in (str(partial), str(folder)):
            error.filename = str(path)
            error.filename2 = None
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Removes what processes that were killed while they wrote have left in a folder.

    No other process may be writing there.

    Args:
        folder: The folder; those below it aren't looked at.
    """
    for leftover in pathlib.Path(folder).glob(f"{_PARTIAL}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            # Of a version that wrote beside the file.
            leftover.unlink()


@contextlib.contextmanager
def naming_full_disk(path: str | os.PathLike) -> Iterator[None]:
    """Within it, an error of a disk that is full names what was written.

    Args:
        path: The file or folder; not told where the error has a name itself.

    Raises:
        OSError: In place of any error that tells of a full disk, such as TensorFlow's.
    """
    try:
        yield
    except Exception as error:
        full = full_disk(error)
        if full is None or full.filename is not None:
            raise
        raise OSError(full.errno, full.strerror, str(path)) from error


def full_disk(error: BaseException) -> OSError | None:
    """Returns what an error tells of a full disk as an `OSError`; None if nothing.

    Args:
        error: Of any kind: TensorFlow and HDF5 have their own.
    """
    if isinstance(error, OSError) and error.errno in _FULL.values():
        return error
    for text, number in _FULL.items():
        if text in str(error):
            return OSError(number, text)
    return None
