import re

import pytest

from apps.run import lock
from kerasapps.errors import InputError
from tests.apps.processes import start_python

HOLD = """
import pathlib, sys, time
from apps.run import lock
lock.hold(pathlib.Path(sys.argv[1]), sys.argv[2:], lambda: print("clears"))
print("holds", flush=True)
time.sleep(600)
"""


@pytest.fixture
def hold(tmp_path):
    """Starts processes that lock a folder, and says what each comes to."""
    begun = []

    def begin(*workers):
        process = start_python(["-c", HOLD, tmp_path, *workers], tmp_path)
        begun.append(process)
        said = []
        while (line := process.stdout.readline()) and line != "holds\n":
            said.append(line)
        if not line:
            said = process.communicate()[1].splitlines()[-1]
        return process, said

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def ends(process):
    process.kill()
    process.wait()


def test_the_second_process_is_told_of_the_first(hold, tmp_path):
    first, said = hold()
    assert said == ["clears\n"]
    with pytest.raises(InputError) as caught:
        lock.hold(tmp_path, [], lambda: pytest.fail("cleared"))
    pattern = rf"{tmp_path} is in use by process {first.pid} on \S+, since 20.+; wait"
    assert re.match(pattern, str(caught.value))
    # The lock ends with the process, and its file is no hindrance.
    ends(first)
    cleared = []
    lock.hold(tmp_path, [], lambda: cleared.append(1))
    # A process has what it has, as often as it asks.
    lock.hold(tmp_path, [], lambda: cleared.append(2))
    assert cleared == [1, 2]
    assert "is in use by process" in hold()[1]


def test_the_workers_of_one_run_share_it(hold, tmp_path):
    first, said = hold("a:1", "b:1")
    assert said == ["clears\n"]
    second, said = hold("a:1", "b:1")
    # The first is there and may be writing.
    assert said == []
    for others in ((), ("a:1", "c:1")):
        with pytest.raises(InputError, match=f"by process {first.pid} on "):
            lock.hold(tmp_path, others, lambda: pytest.fail("cleared"))
    ends(first)
    first, said = hold("a:1", "b:1")
    assert said == []
    ends(first)
    ends(second)
    assert hold()[1] == ["clears\n"]


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"pid": 1}', "\0\xff"])
def test_whatever_the_file_holds(hold, tmp_path, content):
    first, _ = hold()
    (tmp_path / ".lock").write_text(content)
    with pytest.raises(InputError, match="is in use by another process; "):
        lock.hold(tmp_path, [], list)
    ends(first)
    lock.hold(tmp_path, [], list)


def test_where_nothing_can_be_locked_it_says_so_and_goes_on(
    tmp_path, monkeypatch, capsys
):
    def flock(descriptor, kind):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock.fcntl, "flock", flock)
    cleared = []
    lock.hold(tmp_path, [], lambda: cleared.append(1))
    assert cleared == [1]
    assert "can't be locked (No locks available)" in capsys.readouterr().out
    lock.hold(tmp_path, ["a:1", "b:1"], lambda: pytest.fail("cleared"))
