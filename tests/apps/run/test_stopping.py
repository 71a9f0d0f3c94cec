import signal

import pytest

from tests.apps.processes import run_python

# As Python does for `python -m apps.greet`: it imports the package, then the module.
COMMAND = """
import os, signal, sys, time
number = int(sys.argv.pop())
sys.argv[0] = "-m"
import apps
sys.argv[0] = "greet.py"

def stop():
    os.kill(os.getpid(), number)
    time.sleep(60)

"""
IN_MAIN = """
from absl import flags
from apps.run import command
FLAGS = flags.FlagValues()
flags.DEFINE_bool("resume", True, "", flag_values=FLAGS)

def main():
    try:
        stop()
    finally:
        print("cleared up")

command.run(main, FLAGS)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_a_line(number, tmp_path):
    code = 128 + number
    before_main = run_python(["-c", COMMAND + "stop()", int(number)], tmp_path)
    assert before_main == (code, "", "\nStopped.\n")
    in_main = run_python(["-c", COMMAND + IN_MAIN, int(number)], tmp_path)
    assert in_main == (
        code,
        "cleared up\n",
        "\nStopped. The same command goes on from the last checkpoint.\n",
    )


def test_a_signal_while_the_errors_go_nowhere(tmp_path):
    """As they do while TensorFlow is imported."""
    closed = COMMAND + "os.dup2(os.open(os.devnull, os.O_WRONLY), 2); stop()"
    result = run_python(["-c", closed, int(signal.SIGTERM)], tmp_path)
    assert result == (143, "", "\nStopped.\n")


def test_a_step_that_does_not_end_is_not_waited_for(tmp_path):
    waits = """
from apps.run import stopping
stopping._PATIENCE = 0.1
with stopping.as_interrupt():
    try:
        stop()
    except KeyboardInterrupt:
        time.sleep(60)
"""
    result = run_python(["-c", COMMAND + waits, int(signal.SIGTERM)], tmp_path)
    assert result == (143, "", "\nStopped.\n")


def test_what_is_ignored_stays_so(tmp_path):
    """As in what a shell starts in the background."""
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    goes_on = "os.kill(os.getpid(), number); print('goes on')"
    result = run_python(["-c", ignored + COMMAND + goes_on, 2], tmp_path)
    assert result == (0, "goes on\n", "")
