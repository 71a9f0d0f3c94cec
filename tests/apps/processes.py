"""Training apps as processes of their own, some of which are killed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np

from tests.checks import ROOT

# Seconds that a process may take beside others.
_PATIENCE = 3600


def start(app, directory, *flags):
    """Starts an app in a directory of its own; a string may hold several flags."""
    directory.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", f"apps.{app}", *" ".join(flags).split()],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_python(arguments, directory):
    """Runs Python to its end in a directory; returns the completed process."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )


def finish(process):
    """Waits for a process that ends well; returns what it printed."""
    output, errors = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 0, errors
    return output


def kill_at(process, directory, pattern):
    """Kills a process as soon as there is a file of this pattern."""
    deadline = time.monotonic() + _PATIENCE
    while not list(directory.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def run_directory(directory):
    """Returns the one run directory of what was trained in a directory."""
    (folder,) = directory.glob("runs/*/*")
    return folder


def arrays(path):
    """Returns the arrays of a file, byte for byte."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].tobytes() for name in file.files}
