import importlib.util
import shlex
import sys

import pytest

from apps.run import command
from tests.apps.in_process import run_module
from tests.apps.processes import run_python

APP = '''"""Greets so many times."""
from absl import flags, logging
from apps.run import command
from kerasapps.errors import InputError

FLAGS = flags.FlagValues()
flags.DEFINE_integer("times", 2, "How often.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_float("loudness", 0.5, "How loud.", 0, 1, flag_values=FLAGS)
flags.DEFINE_enum("language", "en", ["en", "fr"], "Which one.", flag_values=FLAGS)
flags.DEFINE_bool("politely", True, "How.", flag_values=FLAGS)
flags.DEFINE_float("volume", 1.0, "At most.", flag_values=FLAGS)
flags.DEFINE_string("name", None, "Whom.", flag_values=FLAGS)
{needs}


def main({files}):
    logging.info("not shown")
    times = FLAGS.times
    FLAGS.set_default("language", "fr")
    if FLAGS.name:
        raise InputError(f"no one is called {{FLAGS.name}}", argument="name")
    if times == 10:
        raise InputError("times=10 is too much; at most 9", argument="times")
    if times == 11:
        raise InputError("11 people are too much; at most 9", argument="people")
    if times == 9:
        raise ValueError("a mistake of the program")
    if times == 8:
        raise KeyboardInterrupt
    print(times, FLAGS.language, *[{files}])


if __name__ == "__main__":
    command.run(main, FLAGS)
'''


@pytest.fixture
def greet(tmp_path):
    """Runs the app above in this process, or its twin that takes files."""

    def run(*arguments, files="", needs=""):
        path = tmp_path / "greet.py"
        path.write_text(APP.format(files=files, needs=needs))
        spec = importlib.util.spec_from_file_location("greet", path)
        sys.modules["greet"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return run_module(module, arguments, tmp_path)

    yield run
    del sys.modules["greet"]


def test_stopped_by_the_user(greet):
    assert greet("--times=8") == (130, "", "\nStopped.\n")


def test_one_that_trains_says_that_it_goes_on(greet):
    needs = 'flags.DEFINE_bool("resume", True, "", flag_values=FLAGS)'
    _, _, errors = greet("--times=8", needs=needs)
    assert errors.endswith("The same command goes on from the last checkpoint.\n")


def test_runs(greet, tmp_path):
    assert greet("--times=3") == (0, "3 fr\n", "")
    (tmp_path / "app.flags").write_text("# a remark\n--times=4\n")
    assert greet("--flagfile=app.flags").output == "4 fr\n"
    assert greet("--flagfile", "app.flags", "--times=5").output == "5 fr\n"
    files = greet("a.png", "--times=5", "b.png", files="files")
    assert files.output == "5 fr ['a.png', 'b.png']\n"


def test_again_in_the_same_process_it_has_its_defaults_again(tmp_path, greet):
    greet()
    module = sys.modules["greet"]
    for flags, output in (("--times=3 --language=en", "3 en\n"), ("", "2 fr\n")):
        assert run_module(module, flags, tmp_path) == (0, output, "")
    assert module.FLAGS["language"].default == "en"
    assert not module.FLAGS.is_parsed()


def test_help(greet):
    for flag in ("--help", "-?", "--helpfull"):
        code, output, errors = greet(flag)
        assert (code, errors) == (0, "")
        assert output.startswith("Greets so many times.\n")
        assert "--times: How often.\n    (default: '2')" in output


def test_absl_s_own_flags_are_known(greet):
    assert greet("--times=3", "--verbosity=1").output == "3 fr\n"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--times=10", ["times=10 is too much; at most 9 (--times)"]),
        ("--times=11", ["11 people are too much; at most 9"]),
        ("--tims=1", ["'tims'", "times"]),
        ("--times=many", ["--times=many: ", "'many'; it takes a positive integer"]),
        ("--times=0", ["--times=0: 0 is not a positive integer"]),
        ("--times", ["times"]),
        ("--loudness=loud", ["'loud'; it takes a number in the range [0, 1]"]),
        ("--loudness=2", ["--loudness=2: 2.0 is not a number in the range [0, 1]"]),
        ("--language=de", ["--language=de: value should be one of <en|fr>"]),
        ("--politely=perhaps", ["--politely=perhaps: write --politely or --nopoli"]),
        (
            "--times=1" + "0" * 20,
            [f"--times=1{'0' * 20}: give a whole number up to 2,"],
        ),
        ("--volume=nan", ["--volume=nan: give a finite number up to 3.4e+38"]),
        ("--volume=inf", ["--volume=inf: give a finite number up to 3.4e+38"]),
        ("--volume=1e300", ["--volume=1e+300: give a finite number up to 3.4e+38"]),
        ("--name=", ["--name=: it is empty; give a value, or leave the flag out"]),
        ("--name=a\0b", ["--name=a\\x00b: leave out the character of code 0"]),
        ("--name=a\n\x1b[2Jb", ["no one is called a\\n\\x1b[2Jb (--name)"]),
        (
            "--flagfile=binary.flags",
            ["the flagfile 'binary.flags' isn't text in UTF-8"],
        ),
        ("--flagfile=nul.flags", ["the flagfile 'nul.flags' isn't text in UTF-8"]),
        ("--flagfile=empty.flags", ["the flagfile 'empty.flags' is empty"]),
        ("--flagfile=nested.flags", ["the flagfile 'empty.flags' is empty"]),
        ("--flagfile=circle.flags", ["the flagfile 'circle.flags' names itself"]),
        ("--flagfile=nope.flags", ["no flagfile 'nope.flags'"]),
        ("times=3", ["'times=3'", "--name=value"]),
    ],
)
def test_bad_input_is_one_line(greet, tmp_path, argument, words):
    (tmp_path / "binary.flags").write_bytes(b"--name=\xff\xfe")
    (tmp_path / "nul.flags").write_bytes(b"--name=a\0b")
    (tmp_path / "empty.flags").write_bytes(b"\n")
    (tmp_path / "nested.flags").write_text("# Others.\n--flagfile=empty.flags\n")
    (tmp_path / "circle.flags").write_text("--flagfile=circle.flags\n")
    code, output, errors = greet(argument)
    assert (code, output) == (1, "")
    (line,) = errors.splitlines()
    assert line.startswith("error: ")
    for word in words:
        assert word in line
    assert "people (--" not in line


def test_a_flag_that_is_needed_is_asked_for(greet):
    needs = """flags.DEFINE_multi_string("who", None, "Whom.", flag_values=FLAGS)
flags.mark_flag_as_required("who", flag_values=FLAGS)"""
    assert greet("--times=1", needs=needs) == (
        1,
        "",
        "error: --who is missing: Whom.\n",
    )


def test_a_mistake_of_the_program_keeps_its_traceback(greet):
    code, _, errors = greet("--times=9")
    assert code == 1
    assert "Traceback" in errors
    assert "a mistake of the program" in errors


def test_a_process_of_its_own_ends_so_too(tmp_path):
    (tmp_path / "greet.py").write_text(APP.format(files="", needs=""))
    for flag, code, output, errors in (
        ("--times=3", 0, "3 fr\n", ""),
        ("--times=10", 1, "", "error: times=10 is too much; at most 9 (--times)\n"),
        ("--times=8", 130, "", "\nStopped.\n"),
    ):
        run = run_python(["greet.py", flag], tmp_path)
        assert run == (code, output, errors)


def test_an_app_s_command_can_be_pasted(monkeypatch):
    for name, command_name in (
        ("train_gan.py", "python -m apps.evaluate_gan"),
        ("/usr/bin/kerasapps", "kerasapps evaluate-gan"),
    ):
        monkeypatch.setattr(sys, "argv", [name])
        shown = command.invocation("evaluate_gan", "--model=my runs/$a", "it's")
        assert shown.startswith(f"{command_name} ")
        words = shlex.split(shown.removeprefix(command_name))
        assert words == ["--model=my runs/$a", "it's"]


def test_flagfiles_of_the_suite_have_bare_names():
    found = command.flagfiles("train_classifier")
    assert found["lenet5_mnist"].name == "lenet5_mnist.flags"
    assert not command.flagfiles("predict")
