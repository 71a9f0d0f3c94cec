import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

APP = '''"""Greets so many times."""
from absl import flags, logging
from apps.run import command
from kerasapps.errors import InputError

flags.DEFINE_integer("times", 2, "How often.", lower_bound=1)
flags.DEFINE_float("loudness", 0.5, "How loud.", 0, 1)
flags.DEFINE_enum("language", "en", ["en", "fr"], "Which language.")
flags.DEFINE_bool("politely", True, "How.")
{needs}


def main(*names):
    logging.info("not shown")
    if flags.FLAGS.times > 9:
        raise InputError("--times=10 is too much; at most 9")
    if flags.FLAGS.times == 9:
        raise ValueError("a mistake of the program")
    if flags.FLAGS.times == 8:
        raise KeyboardInterrupt
    print(flags.FLAGS.times, *names)


if __name__ == "__main__":
    command.run(main, takes_files={takes_files})
'''


@pytest.fixture
def app(tmp_path):
    """Runs the app above, or with `takes_files` its twin that takes files."""

    def run(*arguments, takes_files=False, needs=""):
        source = APP.format(takes_files=takes_files, needs=needs)
        (tmp_path / "app.py").write_text(source)
        return subprocess.run(
            [sys.executable, "app.py", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    return run


def test_stopped_by_the_user(app):
    run = app("--times=8")
    assert (run.returncode, run.stdout) == (130, "")
    assert run.stderr == "\nStopped.\n"


def test_runs(app, tmp_path):
    run = app("--times=3")
    assert (run.returncode, run.stdout, run.stderr) == (0, "3\n", "")
    (tmp_path / "app.flags").write_text("# a remark\n--times=4\n")
    assert app("--flagfile=app.flags").stdout == "4\n"
    files = app("a.png", "--times=5", "b.png", takes_files=True)
    assert files.stdout == "5 ['a.png', 'b.png']\n"


def test_help(app):
    run = app("--help")
    assert run.returncode == 0
    assert "Greets so many times." in run.stdout
    assert "--times: How often.\n    (default: '2')" in run.stdout


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--times=10", ["--times=10 is too much; at most 9"]),
        ("--tims=1", ["'tims'", "times"]),
        ("--times=many", ["--times=many: ", "'many'; it takes a positive integer"]),
        ("--times=0", ["--times=0: 0 is not a positive integer"]),
        ("--times", ["times"]),
        ("--loudness=loud", ["'loud'; it takes a number in the range [0, 1]"]),
        ("--loudness=2", ["--loudness=2: 2.0 is not a number in the range [0, 1]"]),
        ("--language=de", ["--language=de: value should be one of <en|fr>"]),
        ("--politely=perhaps", ["--politely=perhaps", "bool"]),
        ("--flagfile=nope.flags", ["nope.flags"]),
        ("times=3", ["'times=3'", "--name=value"]),
    ],
)
def test_bad_input_is_one_line(app, argument, words):
    run = app(argument)
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("error: ")
    for word in words:
        assert word in line


def test_a_flag_that_is_needed_is_asked_for(app):
    needs = """flags.DEFINE_multi_string("who", None, "Whom.")
flags.mark_flag_as_required("who")"""
    run = app("--times=1", needs=needs)
    assert (run.returncode, run.stderr) == (1, "error: --who is missing: Whom.\n")


def test_a_mistake_of_the_program_keeps_its_traceback(app):
    run = app("--times=9")
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "a mistake of the program" in run.stderr
