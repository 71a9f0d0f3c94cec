"""Runs apps in this process, as a process of their own starts slowly."""

import contextlib
import importlib
import inspect
import io
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import keras
from absl import flags
from tensorflow.python.framework.config import disable_op_determinism

from apps.run import command


class Result(NamedTuple):
    """What one run came to."""

    code: int
    output: str
    errors: str


def run(app: str, given: str | Sequence, folder: Path) -> Result:
    """Runs an app as `python -m apps.<app>` would.

    Args:
        app: The app's name, as in "train_gan".
        given: Its flags and files, in one string or, where one has spaces, in a list.
        folder: The working directory.
    """
    return run_module(importlib.import_module(f"apps.{app}"), given, folder)


def run_module(module, given: str | Sequence, folder: Path) -> Result:
    """Runs a module that has a `main` and its `FLAGS`; see `run`."""
    return run_main(module.main, module.FLAGS, given, folder)


def run_main(
    main: Callable, values: flags.FlagValues, given: str | Sequence, folder: Path
) -> Result:
    """Runs a `main` with its flags; see `run`."""
    arguments = given.split() if isinstance(given, str) else [*map(str, given)]
    output, errors = io.StringIO(), io.StringIO()
    policy = keras.config.dtype_policy()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "argv", [inspect.getfile(main), *arguments]),
    ):
        try:
            command.run(main, values)
        except SystemExit as exit:
            code = exit.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
        finally:
            disable_op_determinism()
            keras.config.set_dtype_policy(policy)
            # To collect garbage after each run would take longer than most of them.
            keras.utils.clear_session(free_memory=False)
    return Result(code, output.getvalue(), errors.getvalue())


def run_well(app: str, given: str | Sequence, folder: Path) -> str:
    """Runs an app that ends well and has nothing to complain of; see `run`.

    Returns:
        What it printed.
    """
    result = run(app, given, folder)
    assert (result.code, result.errors) == (0, ""), result.errors
    return result.output


def run_all(app: str, cases: dict[str, str], folder: Path) -> dict[str, Result]:
    """Returns the result of each case.

    Args:
        app: The app's name.
        cases: The flags of each case by its name: one string.
        folder: The working directory.
    """
    return {name: run(app, given, folder) for name, given in cases.items()}


def error_line(result: Result) -> str:
    """Returns the one line of bad input, and asserts that it is one."""
    assert result.code == 1, result.errors
    assert "Traceback" not in result.output
    lines = [line for line in result.errors.splitlines() if line.strip()]
    assert len(lines) == 1, result.errors
    assert lines[0].startswith("error: "), lines[0]
    return lines[0]


def assert_bad_input(result: Result, words: Sequence[str]) -> None:
    """Asserts that the one line of bad input has these words, in that order."""
    line = error_line(result)
    position = 0
    for word in words:
        assert word in line[position:], line
        position = line.index(word, position) + len(word)
