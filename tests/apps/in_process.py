"""Runs apps in this process, as a process of their own starts slowly."""

import contextlib
import importlib
import io
import sys
import traceback
from typing import NamedTuple
from unittest import mock

import keras
from tensorflow.python.framework.config import disable_op_determinism

from apps.run import command


class Result(NamedTuple):
    """What one run came to."""

    code: int
    output: str
    errors: str


def run(app, flags, folder):
    """Runs an app as `python -m apps.<app>` would.

    Args:
        app: The app's name, as in "train_gan".
        flags: Its flags, in one string or, where one has spaces, in a list.
        folder: The working directory.
    """
    return run_module(importlib.import_module(f"apps.{app}"), flags, folder)


def run_module(module, flags, folder):
    """Runs a module that has a `main` and its `FLAGS`; see `run`."""
    arguments = flags.split() if isinstance(flags, str) else [*map(str, flags)]
    output, errors = io.StringIO(), io.StringIO()
    policy = keras.config.dtype_policy()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "argv", [f"{module.__name__}.py", *arguments]),
    ):
        try:
            command.run(module.main, module.FLAGS)
        except SystemExit as exit:
            code = exit.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
        finally:
            disable_op_determinism()
            keras.config.set_dtype_policy(policy)
            keras.utils.clear_session()
    return Result(code, output.getvalue(), errors.getvalue())


def run_all(app, cases, folder):
    """Returns the result of each case.

    Args:
        app: The app's name.
        cases: The flags of each case by its name: one string.
        folder: The working directory.
    """
    return {name: run(app, flags, folder) for name, flags in cases.items()}
