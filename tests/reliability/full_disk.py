"""Lets the disk be full at each write of a training, and then not any more."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.reliability import kills, material
from tests.reliability.forks import Forks
from tests.reliability.fuzz import outcome


class Full(NamedTuple):
    """What became of a training whose disk was full.

    Attributes:
        limit: How long files could become, in bytes.
        outcome: What came of it, as `fuzz.outcome` has it.
        problems: What is wrong with what was left, and with what the training came to
            once there was room, in words; best empty.
    """

    limit: int
    outcome: str
    problems: list[str]


def fill(
    folder: Path, forks: Forks, name: str, count: int | None = None
) -> Iterator[Full]:
    """Trains with a limit on the length of files: each length that there is in turn.

    Args:
        folder: Where the data are, and nothing else.
        forks: What runs the apps.
        name: Which training, a key of `kills.TRAININGS`.
        count: How many of the lengths; None for all of them.

    Yields:
        What became of each.
    """
    app, flags = kills.TRAININGS[name]
    arguments = [*flags.split(), *material.places("full")]

    def train(limit=None):
        return forks.run(app, arguments, folder, seconds=300, file_bytes=limit)

    before = {*kills.contents(folder)}
    with material.undone(folder):
        ended = train()
        assert ended.code == 0, ended.errors
        whole = kills.contents(folder)
        new = [folder / path for path in {*whole} - before]
        lengths = sorted({path.stat().st_size for path in new})
    # One byte less than a file needs: it is then the first of that length to fail.
    limits = [0, *(length - 1 for length in lengths if length > 1)]
    for limit in limits[:: -(-len(limits) // (count or len(limits)))]:
        with material.undone(folder):
            ended = train(limit)
            partial = sorted(str(path) for path in folder.rglob(".partial-*"))
            problems = [f"{path} is left" for path in partial]
            found = outcome(ended)
            if found != "one line":
                problems.append(ended.errors)
            ended = train()
            problems += [ended.errors] if ended.code else []
            problems += kills.differences(whole, kills.contents(folder))
            yield Full(limit, found, problems)
