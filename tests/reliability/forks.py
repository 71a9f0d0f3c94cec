"""Runs apps in processes that start at once: forks of one that has imported them all.

An app may abort its process, take all memory or hang: that is seen from outside.
"""

import importlib
import inspect
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

APPS = [
    *("benchmark", "benchmark_memory", "benchmark_translator", "compare_classifiers"),
    *("evaluate_classifier", "evaluate_gan", "evaluate_translator", "predict"),
    *("scale_classifier", "train_classifier", "train_gan", "train_translator"),
    *("translate", "zoo"),
]


class Ended(NamedTuple):
    """How a process came to its end.

    Attributes:
        code: Its exit code; of a signal that ended it the negative number.
        output: What it printed.
        errors: What it printed as errors.
        seconds: How long it took.
        bytes: The most memory that it had.
        stopped: Why it was ended from outside, "time" or "memory"; else empty.
    """

    code: int
    output: str
    errors: str
    seconds: float
    bytes: int
    stopped: str


class Forks:
    """A process that has imported the apps and forks for each run."""

    def __init__(self):
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Of TensorFlow's own lines only those before an abort.
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.communicate()

    def run(
        self,
        app: str,
        arguments: Sequence[str],
        folder: Path,
        seconds: float = 60,
        gigabytes: float = 4,
        kill_after: float | None = None,
        environment: dict[str, str] | None = None,
        file_bytes: int | None = None,
    ) -> Ended:
        """Runs an app.

        Args:
            app: Its name.
            arguments: Its command line.
            folder: The working directory.
            seconds: How long it may take.
            gigabytes: How much memory it may have.
            kill_after: Seconds after which it is killed, whatever it does.
            environment: Further environment variables.
            file_bytes: How long its files may become.
        """
        request = [app, [*arguments], str(folder), environment or {}, file_bytes]
        request += [seconds, gigabytes, kill_after]
        print(json.dumps(request), file=self._server.stdin, flush=True)
        return Ended(*json.loads(self._server.stdout.readline()))


def _serve():
    modules = {app: importlib.import_module(f"apps.{app}") for app in APPS}
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        app, arguments, folder, environment, file_bytes, *limits = json.loads(line)
        # Not files: of those there may be a limit.
        pipes = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            os.environ.update(environment)
            if file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
            _run(modules[app], arguments, folder, *(end for _, end in pipes))
        for _, end in pipes:
            os.close(end)
        answer = _wait(child, [end for end, _ in pipes], *limits)
        for end, _ in pipes:
            os.close(end)
        print(json.dumps(answer), file=answers, flush=True)


def _run(module, arguments, folder, output, errors):
    """Runs an app in a process that ends with it."""
    from apps.run import command

    code = 70
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(errors, 2)
        os.chdir(folder)
        sys.argv = [inspect.getfile(module), *arguments]
        # A worker that has lost another starts itself again.
        sys.orig_argv = [sys.executable, "-m", module.__name__, *arguments]
        command.run(module.main, module.FLAGS)
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(child, pipes, seconds, gigabytes, kill_after) -> Ended:
    """Waits for a process, and ends it where it takes too much."""
    began, stopped, highest = time.monotonic(), "", 0
    texts = [b"", b""]
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        for index, pipe in enumerate(pipes):
            while select.select([pipe], [], [], 0)[0]:
                read = os.read(pipe, 1 << 16)
                if not read:
                    break
                texts[index] += read
        taken = time.monotonic() - began
        if pid:
            break
        highest = max(highest, _resident(child))
        if kill_after is not None and taken > kill_after:
            os.killpg(child, signal.SIGKILL)
        elif taken > seconds or highest > gigabytes * 2**30:
            stopped = "time" if taken > seconds else "memory"
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.01)
    output, errors = (text.decode(errors="replace") for text in texts)
    highest = max(highest, usage.ru_maxrss * 1024)
    code = os.waitstatus_to_exitcode(status)
    return Ended(code, output, errors, taken, highest, stopped)


def _resident(process):
    """Returns the memory that a process has, in bytes."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    _serve()
