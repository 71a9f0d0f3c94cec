"""What would take more memory than there is, refused before it is tried."""

import pathlib
import sys
from collections.abc import Iterator

from kerasapps.errors import InputError

_PROC = pathlib.Path("/proc")
_CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Version 2 of control groups, then version 1.
_CGROUP_FILES = (
    ("", "memory.max", "memory.current"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def available() -> int:
    """Returns how many bytes of memory this process can still take.

    It is the least of what the machine has free, what the control groups of the process
    leave, as those of a container, and what its own limits leave (`ulimit -v`).
    Elsewhere than on Linux it is 2**63, as nothing is known.
    """
    return max(0, min([2**63, *_machine(), *_cgroups(), *_limits()]))


def check(needed: float, what: str, argument: str | None = None) -> None:
    """Raises an error unless there is as much memory as is needed.

    Args:
        needed: Bytes.
        what: What needs them, for the error.
        argument: The argument that asks for so much, as in `InputError`.

    Raises:
        InputError: If there is less.
    """
    there = available()
    if needed > there:
        raise InputError(
            f"{what} would take {amount(needed)} of memory, and {amount(there)} are "
            "free here: choose less",
            argument,
        )


def amount(size: float) -> str:
    """Returns a number of bytes for people, as in "1.5 GB"."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}"


def _machine() -> Iterator[int]:
    yield from _of_proc("meminfo", "MemAvailable")


def _cgroups() -> Iterator[int]:
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller, limit, usage in _CGROUP_FILES:
            if controller in controllers.split(","):
                folder = _CGROUPS / controller
                # In a container the path is often the host's, and not to be seen.
                for part in ("", *path.strip("/").split("/")):
                    folder /= part
                    yield from _of_cgroup(folder, limit, usage)


def _of_cgroup(folder, limit, usage) -> Iterator[int]:
    try:
        most = int((folder / limit).read_text())
        used = int((folder / usage).read_text())
        lines = (folder / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # None is set, or there is no such group.
        return
    # Files in the cache make room when it is needed.
    cached = [int(n) for name, n in map(str.split, lines) if name == "inactive_file"]
    yield most - used + sum(cached)


def _limits() -> Iterator[int]:
    if sys.platform != "linux":
        return
    import resource

    for limit, used in (
        (resource.RLIMIT_AS, "VmSize"),
        (resource.RLIMIT_DATA, "VmData"),
    ):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            yield from (most - size for size in _of_proc("self/status", used))


def _of_proc(path, name) -> Iterator[int]:
    """Yields the bytes that a line such as "MemAvailable: 24 kB" tells."""
    try:
        lines = (_PROC / path).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith(f"{name}:"):
            yield 1024 * int(line.split()[1])
