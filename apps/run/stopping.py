"""Ctrl-C and SIGTERM: one line and an exit code, from a command's first moment on."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

# Seconds that a step, or waiting for other workers, may go on after a signal.
_PATIENCE = 10

_received: int | None = None
_in_main = _is_raised = _is_said = False


def listen() -> None:
    """Takes the signals from now on; called before anything that takes long.

    But in `as_interrupt` a signal ends the process at once. Nothing is lost by that:
    what is written appears whole or not at all.
    """
    # A copy, as the import of TensorFlow closes the other for a while.
    errors = os.dup(2)
    read, write = os.pipe()
    os.set_blocking(write, False)
    for number in (signal.SIGINT, signal.SIGTERM):
        # What is started in the background, or by nohup, is to ignore some.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    # Python's own handlers wait for the end of a call into TensorFlow. This is written
    # at once.
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read, errors), daemon=True).start()


@contextlib.contextmanager
def as_interrupt() -> Iterator[None]:
    """Within it, a signal raises `KeyboardInterrupt`."""
    global _in_main
    _in_main = True
    try:
        yield
    finally:
        _in_main = False


def exit_code() -> int:
    """Returns 128 and the signal's number, after it was said that it stops here."""
    global _is_said
    _is_said = True
    return 128 + (_received or signal.SIGINT)


def _on_signal(number, frame):
    global _received, _is_raised
    _received = number
    # A second one would interrupt what the first has set going.
    if _in_main and not _is_raised:
        _is_raised = True
        raise KeyboardInterrupt


def _watch(read, errors):
    number = os.read(read, 1)[0]
    if _in_main or _is_raised:
        time.sleep(_PATIENCE)
    if not _is_said:
        os.write(errors, b"\nStopped.\n")
    os._exit(128 + number)
