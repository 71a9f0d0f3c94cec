"""Python processes of their own: apps, some of which are killed, and scripts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.apps.in_process import Result
from tests.checks import ROOT

# Seconds that a process may take beside others.
_PATIENCE = 3600


def start_python(arguments: Sequence, directory: Path, **environment: str):
    """Starts Python in a directory of its own.

    Args:
        arguments: What follows `python` on the command line.
        directory: The working directory.
        **environment: Environment variables, beside those of this process.

    Returns:
        The process, with pipes for what it prints.
    """
    directory.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start(app: str, directory: Path, *given: str, **environment: str):
    """Starts an app; a string may hold several flags. See `start_python`."""
    return start_python(_command(app, given), directory, **environment)


def finish(process) -> str:
    """Waits for a process that ends well; returns what it printed."""
    output, errors = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0, errors
    return output


def run_python(arguments: Sequence, directory: Path, **environment: str) -> Result:
    """Runs Python to its end, whatever it is; see `start_python`."""
    process = start_python(arguments, directory, **environment)
    output, errors = process.communicate(timeout=_PATIENCE)
    return Result(process.returncode, output, errors)


def run(app: str, directory: Path, *given: str) -> Result:
    """Runs an app to its end, whatever it is; see `start`."""
    return run_python(_command(app, given), directory)


def _command(app, given):
    return ["-m", f"apps.{app}", *" ".join(given).split()]


def kill_at(process, directory: Path, pattern: str) -> None:
    """Kills a process as soon as there is a file of this pattern."""
    deadline = time.monotonic() + _PATIENCE
    while not list(directory.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def run_directory(directory: Path) -> Path:
    """Returns the one run directory of what was trained in a directory."""
    (folder,) = directory.glob("runs/*/*")
    return folder


def arrays(path: Path) -> dict[str, bytes]:
    """Returns the arrays of a file, byte for byte."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].tobytes() for name in file.files}
