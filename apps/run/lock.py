"""A run directory is for one process at a time, or for the workers of one run."""

import datetime
import fcntl
import json
import os
import pathlib
import socket
import time
from collections.abc import Callable, Sequence

from kerasapps.errors import InputError

_FILE = ".lock"
# Seconds in which the first of several workers has cleared up, and in which who locks
# the file has written into it.
_PATIENCE, _PATIENCE_TO_WRITE = 60, 3

# Files that are locked until this process ends, by their folders.
_held: dict[pathlib.Path, int] = {}


def hold(
    directory: pathlib.Path, workers: Sequence[str], clear: Callable[[], None]
) -> None:
    """Locks a run directory until this process ends, however that ends.

    The system holds the lock, and lets it go with the process. The file that is locked
    only tells who has it; one that is left over is no hindrance.

    Args:
        directory: The run directory, which exists.
        workers: The addresses of all workers of the run, which share the directory;
            empty where there are no others.
        clear: Called where nobody else has the directory, before anyone may.

    Raises:
        InputError: If another run has it; the line tells which process that is.
    """
    folder = directory.resolve()
    path = folder / _FILE
    if folder in _held and path.exists():
        if os.path.samestat(os.fstat(_held[folder]), path.stat()):
            if not workers:
                clear()
            return
        os.close(_held.pop(folder))
    # Written to, as some network file systems lock nothing else.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        is_first = _lock(descriptor, fcntl.LOCK_EX)
    except OSError as error:  # Some network file systems have no locks.
        print(
            f"{directory} can't be locked ({error.strerror}): see to it that no other "
            "process trains in it.",
            flush=True,
        )
        os.close(descriptor)
        if not workers:
            clear()
        return
    if not is_first and not (workers and _join(descriptor, workers)):
        holder = _read(descriptor)
        os.close(descriptor)
        raise _in_use(directory, holder)
    _held[folder] = descriptor
    if is_first:
        _write(descriptor, workers)
        clear()
        # The one lock ends before the other begins.
        if workers and not _lock(descriptor, fcntl.LOCK_SH):
            raise _in_use(directory, _read(descriptor))


def _lock(descriptor, kind):
    """Returns whether the lock could be had."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _join(descriptor, workers):
    """Returns whether the directory is this run's own, and shares it then."""
    begin = time.monotonic()
    while not _lock(descriptor, fcntl.LOCK_SH):
        waited = time.monotonic() - begin
        # Who has just locked the file has yet to write into it.
        is_own = _read(descriptor).get("workers") == [*workers]
        if waited > (_PATIENCE if is_own else _PATIENCE_TO_WRITE):
            return False
        time.sleep(0.05)
    return _read(descriptor).get("workers") == [*workers]


def _write(descriptor, workers):
    about = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.datetime.now().astimezone().isoformat(" ", "seconds"),
        "workers": [*workers],
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(about).encode(), 0)


def _read(descriptor):
    """Returns what is told of the holder; nothing where that can't be read."""
    try:
        found = json.loads(os.pread(descriptor, 1 << 20, 0))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _in_use(directory, holder):
    who = "another process"
    if {"pid", "host", "since"} <= holder.keys():
        who = "process {pid} on {host}, since {since}".format(**holder)
    return InputError(
        f"{directory} is in use by {who}; wait for its end, or give another --run_dir"
    )
