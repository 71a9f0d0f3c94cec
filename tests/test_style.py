"""What holds for all of the code, and can be seen without running it."""

import ast
import subprocess
import sys

import pytest

from tests.checks import ROOT

SOURCES = sorted([*ROOT.glob("kerasapps/**/*.py"), *ROOT.glob("apps/**/*.py")])


def run(*command):
    result = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_has_nothing_to_say(command):
    run("-m", "ruff", *command, "--no-cache", ".")


def test_imports_go_down_and_never_in_a_circle():
    contracts = "from importlinter.cli import lint_imports; import sys; "
    run("-c", contracts + "sys.exit(lint_imports(no_cache=True))")


def test_types_fit():
    run("-m", "mypy", "--cache-dir=/dev/null")


def public_functions(tree):
    """Yields the public functions of a module, and of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (
                method
                for method in public_functions(node)
                # Keras knows what its callbacks and layers are called with.
                if not method.name.startswith("on_")
                and method.name not in ("build", "call", "compute_output_shape")
            )
        elif isinstance(node, ast.FunctionDef) and (
            not node.name.startswith("_") or node.name == "__init__"
        ):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_parameters_of_public_functions_have_types(path):
    for function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
        arguments = function.args
        for argument in (
            *(arguments.posonlyargs + arguments.args + arguments.kwonlyargs),
        ):
            known = argument.annotation or argument.arg in ("self", "cls")
            assert known, f"{function.name}, line {function.lineno}: {argument.arg}"


def test_flags_end_at_main():
    apps = ROOT / "apps"
    allowed = {*apps.glob("*.py"), *(apps / "run").glob("*.py")}
    below = [path for path in SOURCES if "FLAGS" in path.read_text(encoding="utf-8")]
    assert set(below) <= allowed
