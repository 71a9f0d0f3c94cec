"""Lists every model of the suite.

    python -m apps.zoo               a table
    python -m apps.zoo --json        the same for programs
    python -m apps.zoo --markdown    the same as a page, docs/MODELS.md

Nothing is listed by hand: the models are those that `kerasapps.models` exports, the
papers those that their classes name, and the numbers are counted on the model as the
paper has it.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from absl import flags

from apps.run import command
from apps.run.models import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.weights.blueprint import blueprint

FLAGS = flags.FlagValues()
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)
flags.DEFINE_bool(
    "markdown", False, "Print a page in Markdown instead of a table.", flag_values=FLAGS
)


def describe(constructor: Any) -> dict:
    """Returns what the zoo says of one model.

    Args:
        constructor: What `kerasapps.models` exports; called without arguments it makes
            the model as the paper has it.

    Returns:
        A dictionary with the keys `name`, `about` (the first line of its docstring),
        `paper`, `year`, `task`, `parameters` (those that are trained), `multiply_adds`
        (of one example at the paper's input size; None where that depends on its
        length), `app` and `flagfiles` (by their bare names).
    """
    paper = constructor.paper
    model = blueprint(constructor)
    app = f"train_{constructor.task}"
    name = constructor.__name__.lower()
    return {
        "name": name,
        "about": constructor.__doc__.partition("\n")[0],
        "paper": f"{paper.authors}: {paper.title}. {paper.url}",
        "year": paper.year,
        "task": constructor.task,
        "parameters": trainable_parameters(model),
        "multiply_adds": multiply_adds(model) if hasattr(model, "inputs") else None,
        "app": f"apps.{app}",
        "flagfiles": [f for f in command.flagfiles(app) if f.startswith(f"{name}_")],
    }


def main() -> None:
    """Prints the list."""
    oldest_first = sorted(
        models().values(), key=lambda model: (model.paper.year, model.paper.title)
    )
    rows = map(describe, oldest_first)
    if FLAGS.json:
        print(json.dumps(list(rows), indent=2))
    elif FLAGS.markdown:
        print("\n".join(markdown(list(rows))))
    else:
        for line in table(rows):
            print(line, flush=True)


def table(rows: Iterator[dict]) -> Iterator[str]:
    """Yields the lines of the table, with the commands that work here.

    Args:
        rows: What `describe` returns.
    """
    yield f"{'model':<16} {'year':<4} {'task':<12} {'parameters':>12} {'mult-adds':>16}"
    for paper, of_paper in itertools.groupby(rows, lambda row: row["paper"]):
        yield f"\n{paper}"
        for row in of_paper:
            yield (
                f"{row['name']:<16} {row['year']:<4} {row['task']:<12} "
                f"{row['parameters']:>12,} {_number(row['multiply_adds']):>16}"
            )
            called = command.invocation(row["app"].removeprefix("apps."))
            arguments = [f"--flagfile={name}" for name in row["flagfiles"]]
            for argument in arguments or [f"--model={row['name']}"]:
                yield f"{'':<16} {called} {argument}"


def markdown(rows: Sequence[dict]) -> Iterator[str]:
    """Yields the lines of docs/MODELS.md.

    Args:
        rows: What `describe` returns.
    """
    yield from (
        "# The models",
        "",
        "`python -m apps.zoo --markdown` writes this page. Parameters are those that",
        "are trained, multiply-adds those of one example at the paper's input size. Of",
        "GANs they are the generator's, of translators those with the paper's",
        "vocabularies. A flagfile is given by its name: `--flagfile=lenet5_mnist`.",
    )
    by_task = sorted(rows, key=lambda row: row["task"])
    for task, of_task in itertools.groupby(by_task, lambda row: row["task"]):
        yield f"\n## Trained by `apps.train_{task}`"
        for paper, of_paper in itertools.groupby(of_task, lambda row: row["paper"]):
            authors, _, rest = paper.partition(": ")
            title, _, url = rest.rpartition(". ")
            *first, last = of_paper
            yield f"\n{authors}, {last['year']}: [{title}]({url})\n"
            yield "| model | | parameters | multiply-adds | flagfiles |"
            yield "| --- | --- | ---: | ---: | --- |"
            for row in (*first, last):
                flagfiles = ", ".join(f"`{name}`" for name in row["flagfiles"])
                cost = _number(row["multiply_adds"])
                yield (
                    f"| `{row['name']}` | {row['about']} | {row['parameters']:,} | "
                    f"{cost} | {flagfiles} |"
                )


def _number(value):
    return "-" if value is None else f"{value:,}"


if __name__ == "__main__":
    command.run(main, FLAGS)
