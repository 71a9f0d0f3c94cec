"""Runs an app several times in one process, as each process starts slowly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_RUN_ALL = """
import contextlib, importlib, io, json, sys, traceback
from absl.testing import flagsaver
from apps.run import command

name, cases = json.load(sys.stdin)
app = importlib.import_module(name)
results = []
for case in cases:
    output, errors = io.StringIO(), io.StringIO()
    sys.argv = [name, *case]
    with (
        flagsaver.flagsaver(),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        try:
            command.run(app.main)
        except SystemExit as exit:
            code = exit.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
    results.append([code, output.getvalue(), errors.getvalue()])
json.dump(results, sys.stdout)
"""


class Result(NamedTuple):
    """What one run came to."""

    code: int
    output: str
    errors: str


def run_all(app, cases, folder):
    """Returns the result of each case.

    Args:
        app: The app's module, as in "apps.train_gan".
        cases: The flags of each case by its name: one string.
        folder: The working directory.
    """
    process = subprocess.run(
        [sys.executable, "-c", _RUN_ALL],
        input=json.dumps([app, [flags.split() for flags in cases.values()]]),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )
    assert process.returncode == 0, process.stderr
    results = json.loads(process.stdout.splitlines()[-1])
    return {name: Result(*result) for name, result in zip(cases, results, strict=True)}
