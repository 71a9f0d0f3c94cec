"""Ctrl-C and SIGTERM: one line and an exit code, from a command's first moment on."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

# Seconds that a step, or waiting for other workers, may go on after a signal.
_PATIENCE = 10

# What makes the main thread look up, also from a wait. SIGUSR1 is absl's.
_INTERRUPT = signal.SIGUSR2

_received: int | None = None
_in_main = _is_raised = _is_said = False


def listen() -> None:
    """Takes the signals from now on; called before anything that takes long.

    But in `as_interrupt` a signal ends the process at once. Nothing is lost by that:
    what is written appears whole or not at all.
    """
    # A copy, as the import of TensorFlow closes the other for a while.
    errors = os.dup(2)
    # What is started in the background, or by nohup, is to ignore some.
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    signal.signal(_INTERRUPT, _on_interrupt)
    # Python's own handlers wait for the end of a call into TensorFlow, and with several
    # workers that puts another in their place. A signal that is blocked, in the threads
    # to come too, comes to who waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    arguments = (numbers, threading.get_ident(), errors)
    threading.Thread(target=_watch, args=arguments, daemon=True).start()


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


def _on_interrupt(number, frame):
    global _is_raised
    if _in_main and not _is_raised:
        _is_raised = True
        raise KeyboardInterrupt


def _watch(numbers, main_thread, errors):
    global _received
    _received = signal.sigwait(numbers)
    end = time.monotonic() + (_PATIENCE if _in_main else 0)
    while time.monotonic() < end:
        # Again and again: what comes just before a wait begins doesn't end it.
        if not _is_raised:
            signal.pthread_kill(main_thread, _INTERRUPT)
        time.sleep(0.1)
    if not _is_said:
        os.write(errors, b"\nStopped.\n")
    os._exit(128 + _received)
