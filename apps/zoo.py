"""Lists every model of the suite.

    python -m apps.zoo           a table
    python -m apps.zoo --json    the same for programs

Nothing is listed by hand: the models are those that `kerasapps.models` exports, the
papers those that their files name, and the numbers are counted on the model as the
paper has it.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import inspect
import json
import pathlib

from absl import flags

from apps.run import command
from apps.run.models import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.weights.blueprint import blueprint

FLAGS = flags.FlagValues()
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)

_FLAGFILES = pathlib.Path(__file__).parent / "flags"


def describe(constructor) -> dict:
    """Returns what the zoo says of one model.

    Args:
        constructor: What `kerasapps.models` exports; called without arguments it makes
            the model as the paper has it.

    Returns:
        A dictionary with the keys `name`, `paper`, `year`, `task`, `parameters` (those
        that are trained), `multiply_adds` (of one example at the paper's input size;
        None where that depends on its length), `app` and `flagfiles`.
    """
    paper = inspect.getmodule(constructor).PAPER
    model = blueprint(constructor)
    app = f"train_{paper.task}"
    name = constructor.__name__.lower()
    return {
        "name": name,
        "paper": f"{paper.authors}: {paper.title}. {paper.url}",
        "year": paper.year,
        "task": paper.task,
        "parameters": trainable_parameters(model),
        "multiply_adds": multiply_adds(model) if hasattr(model, "inputs") else None,
        "app": f"apps.{app}",
        "flagfiles": [
            f"apps/flags/{app}/{path.name}"
            for path in sorted((_FLAGFILES / app).glob(f"{name}_*.flags"))
        ],
    }


def main() -> None:
    """Prints the list."""
    oldest_first = sorted(
        models().values(), key=lambda model: inspect.getmodule(model).PAPER.year
    )
    rows = map(describe, oldest_first)
    if FLAGS.json:
        print(json.dumps(list(rows), indent=2))
        return
    print(
        f"{'model':<16} {'year':<4} {'task':<12} {'parameters':>12} {'mult-adds':>16}"
    )
    paper = None
    for row in rows:
        if row["paper"] != paper:
            paper = row["paper"]
            print(f"\n{paper}")
        cost = row["multiply_adds"]
        cost = "-" if cost is None else f"{cost:,}"
        print(
            f"{row['name']:<16} {row['year']:<4} {row['task']:<12} "
            f"{row['parameters']:>12,} {cost:>16}",
            flush=True,
        )
        for flagfile in row["flagfiles"] or [""]:
            flag = f" --flagfile={flagfile}" if flagfile else f" --model={row['name']}"
            print(f"{'':<16} python -m {row['app']}{flag}")


if __name__ == "__main__":
    command.run(main, FLAGS)
