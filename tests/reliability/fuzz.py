"""Gives the apps what they can't have foreseen, and counts what they make of it."""

import collections
import re
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.reliability import inputs, material
from tests.reliability.forks import Ended, Forks

# What is asked of each case, in the order in which it is looked at.
GOOD = ("one line", "answer", "trained on")
BAD = ("time", "memory", "aborted", "traceback", "more than a line", "another answer")
# What a training prints as it goes on.
_TRAINS = re.compile(r"^(Epoch \d+/|\d+/\d+ - |\d+ of \d+: )", re.MULTILINE)


def outcome(ended: Ended) -> str:
    """Returns what one case came to: one of `GOOD` or `BAD`.

    A training that is long since it was asked to be is no hang.
    """
    if ended.stopped:
        trains = _TRAINS.search(ended.output + ended.errors)
        return "trained on" if ended.stopped == "time" and trains else ended.stopped
    if ended.code < 0:
        return "aborted"
    if "Traceback" in ended.errors + ended.output or ended.code == 70:
        return "traceback"
    lines = [
        line
        for line in ended.errors.splitlines()
        if line.strip() and not re.match(r"W\d{4} |warning: ", line)
    ]
    if ended.code == 0:
        return "more than a line" if lines else "answer"
    one = ended.code == 1 and len(lines) == 1 and lines[0].startswith("error: ")
    return "one line" if one else "more than a line"


class Fuzz:
    """The material, and the processes that are given it.

    Args:
        folder: The material's folder.
        forks: What runs the apps.
        seconds: How long a case may take.
    """

    def __init__(self, folder: Path, forks: Forks, seconds: float = 60):
        self._folder, self._forks, self._seconds = folder, forks, seconds
        self.files = sorted(
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file()
        )
        self._answers: dict = {}

    def run(self, case: inputs.Case) -> tuple[str, Ended]:
        """Returns what a case came to."""
        ended = self._run(case)
        found = outcome(ended)
        if found == "answer" and case.must_agree:
            key = (case.app, *case.arguments)
            if key not in self._answers:
                self._answers[key] = self._run(case._replace(damages=[])).output
            if ended.output != self._answers[key]:
                found = "another answer"
        return found, ended

    def _run(self, case):
        with material.undone(self._folder):
            for damage in case.damages:
                damage.apply(self._folder)
            return self._forks.run(
                case.app, case.arguments, self._folder, self._seconds
            )

    def draw(self, count: int, chosen: int) -> tuple[dict, list[str]]:
        """Runs drawn cases.

        Args:
            count: How many.
            chosen: Seeds what is drawn.

        Returns:
            For each app the counter of what came of its cases; and what was bad.
        """
        counts: dict = collections.defaultdict(collections.Counter)
        bad: list[str] = []

        @seed(chosen)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(inputs.command_lines(self.files) | inputs.damaged_files(self.files))
        def run(case):
            found, ended = self.run(case)
            counts[case.app][found] += 1
            if found in BAD:
                bad.append(f"{found}: {case}\n{ended.errors[-2000:]}")

        run()
        return counts, bad
