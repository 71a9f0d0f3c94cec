"""The command `kerasapps`, by which the apps are called from anywhere."""

import ast
import importlib
import pathlib
import sys

import apps
import kerasapps
from apps.run import command
from kerasapps.errors import unknown_name


def commands() -> dict[str, str]:
    """Returns the first line of each app's text by the app's name."""
    found = {}
    for path in sorted(pathlib.Path(apps.__file__).parent.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = text.partition("\n")[0]
    return found


def main() -> None:
    """Runs the app that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h", "help"):
        print("kerasapps COMMAND [--help] [flags]\n")
        for app, about in commands().items():
            print(f"  {app.replace('_', '-'):<22} {about}")
        return
    if name == "--version":
        print(f"kerasapps {kerasapps.__version__}")
        return
    known = commands()
    app = name.replace("-", "_")
    if app not in known:
        choices = [known_app.replace("_", "-") for known_app in known]
        command.fail(str(unknown_name("command", name, choices)))
    module = importlib.import_module(f"apps.{app}")
    command.run(module.main, module.FLAGS, sys.argv[2:])
