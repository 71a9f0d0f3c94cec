import pytest

from apps.run import console
from tests.apps.processes import run_python

CONSOLE = [
    "-c",
    "import sys; sys.argv[0] = 'kerasapps'; from apps.run import console; "
    "console.main()",
]


def test_every_app_is_a_command():
    found = console.commands()
    assert {"train_classifier", "predict", "zoo"} <= set(found)
    assert found["zoo"] == "Lists every model of the suite."
    assert all(found.values())


def test_the_list_comes_without_tensorflow(tmp_path):
    before = "import sys; sys.modules['tensorflow'] = None; "
    run = run_python([CONSOLE[0], before + CONSOLE[1]], tmp_path)
    assert run.code == 0, run.errors
    assert "train-classifier " in run.output


@pytest.mark.parametrize("package", ["apps", "kerasapps"])
def test_a_folder_with_a_package_of_the_same_name_hides_nothing(tmp_path, package):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("raise RuntimeError")
    # As an installed script: its own folder, not the working directory, is searched.
    script = tmp_path / "bin" / "kerasapps"
    script.parent.mkdir()
    script.write_text("from apps.run.console import main\nmain()\n")
    run = run_python(["bin/kerasapps", "--version"], tmp_path)
    assert run.output.startswith("kerasapps 0."), run.errors


def test_what_is_no_command(tmp_path):
    run = run_python([*CONSOLE, "train-clasifier"], tmp_path)
    assert run.code == 1
    (line,) = run.errors.splitlines()
    assert line.startswith("error: unknown command 'train-clasifier'; did you mean ")
    assert "train-classifier" in line


def test_an_app_gets_its_flags_and_files(tmp_path):
    run = run_python([*CONSOLE, "compare-classifiers", "--output=a.jpg", "b"], tmp_path)
    assert run.errors == "error: --output=a.jpg: give a name that ends in .png\n"
