"""Tries the suite in the ways that `docs/RELIABILITY.md` tells, and prints that page.

    python -m tests.reliability > docs/RELIABILITY.md

It takes about three hours. What was bad is printed as an error, with all that is needed
to do it again.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from absl import flags

from apps.run import command
from tests.reliability import fuzz, kills, material
from tests.reliability.forks import Forks
from tests.reliability.full_disk import fill
from tests.reliability.served import serve

FLAGS = flags.FlagValues()
flags.DEFINE_integer("inputs", 1000, "Command lines and damaged files.", 0, None, FLAGS)
flags.DEFINE_integer("kills", 200, "Kills at random moments.", 0, flag_values=FLAGS)
flags.DEFINE_integer("writes", None, "Full disks for each app.", 1, flag_values=FLAGS)
flags.DEFINE_float("minutes", 60, "How long models are served.", 0, flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Seeds what is drawn.", flag_values=FLAGS)

_BEGIN = """# Reliability

`python -m tests.reliability {flags}` printed this
page. `pytest` does a part of it, and `pytest -m slow` more: 1,000 inputs, 200 kills, a
full disk at each write and an hour of serving.
"""
_INPUTS = """
## Bad input

Command lines with values that mean little or too much, and files that are cut, flipped,
overwritten, exchanged, nested or missing. Right are one line that says what is wrong,
and the answer that there is without the damage; and a training that was asked to be
long. Everything else is counted as what it is; "time" is more than 60 s, "memory" more
than 4 GB.
"""
_KILLS = """
## Kills

Trainings of three epochs with a checkpoint after each step, killed at random moments
and started again. They are to end with the files of one that nothing disturbed, each
byte the same but for dates and the order of nodes in a graph; none missing, none left
over.
"""
_DISK = """
## A full disk

Each training under a limit on the length of a file: for each length that a whole
training leaves, one byte less. It is to end with one line and leave nothing half
written; without the limit it is to go on and end as one that nothing disturbed.
"""
_SERVED = """
## Served for long

A classifier, a generator and a translator in one process, called by four threads:
pictures of random size and format, batches of random length, and inputs that are none,
which are to be refused. An answer is wrong where it isn't that of a call with the input
alone.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Prints the page, section by section."""
    bad: list[str] = []
    with Forks() as forks, Forks() as others, tempfile.TemporaryDirectory() as place:
        print(_BEGIN.format(flags=" ".join(sys.argv[1:])), end="", flush=True)
        data, made = Path(place, "data"), Path(place, "made")
        data.mkdir()
        made.mkdir()
        material.data(data)
        material.make(made, forks)
        random = np.random.default_rng(FLAGS.seed)
        for text, rows in (
            (_INPUTS, _inputs(made, forks, bad)),
            (_KILLS, _kills(data, (forks, others), random, bad)),
            (_DISK, _disk(data, forks, bad)),
            (_SERVED, _served(made, bad)),
        ):
            print(text, _table(*rows), sep="\n", flush=True)
    for one in bad:
        print(one, file=sys.stderr)
    sys.exit(bool(bad))


def _inputs(made, forks, bad):
    counts, found = fuzz.Fuzz(made, forks).draw(FLAGS.inputs, FLAGS.seed)
    bad += found
    kinds = [*fuzz.GOOD, *fuzz.BAD]
    counts["all"] = sum(counts.values(), Counter())
    rows = [(app, n.total(), *(n[kind] for kind in kinds)) for app, n in counts.items()]
    return ("app", "tried", *kinds), rows


def _kills(data, forks, random, bad):
    killing, rows = kills.Kills(data, forks), []
    for name in kills.TRAININGS:
        killed = trainings = wrong = 0
        while killed < FLAGS.kills / len(kills.TRAININGS):
            one = killing.train(name, 4, random)
            killed, trainings = killed + one.kills, trainings + 1
            wrong += bool(one.problems)
            bad += [f"{name}, killed: {problem}" for problem in one.problems]
        rows.append((name, killed, trainings, wrong))
    return ("training", "kills", "trainings", "not as undisturbed"), rows


def _disk(data, forks, bad):
    rows = []
    for name in material.RUNS:
        ends = [*fill(data, forks, name, FLAGS.writes)]
        bad += [f"{name}, full disk: {one}" for one in ends if one.problems]
        lines = sum(one.outcome == "one line" for one in ends)
        rows.append((name, len(ends), lines, sum(bool(one.problems) for one in ends)))
    return ("training", "limits", "one line", "with a problem"), rows


def _served(made, bad):
    served = serve(made, FLAGS.minutes * 60)
    if served.wrong:
        bad.append(f"served: {served}")
    row = FLAGS.minutes, served.calls, served.wrong, *served.megabytes[::9]
    return ("minutes", "calls", "wrong", "MB after a tenth", "MB at the end"), [row]


if __name__ == "__main__":
    command.run(main, FLAGS)
