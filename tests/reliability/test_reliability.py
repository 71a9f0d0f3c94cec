"""Bad input, kills, full disks and load: a little of each, and all of it if slow."""

import collections

import numpy as np
import pytest

from tests.reliability import fuzz, kills, material
from tests.reliability.forks import Forks
from tests.reliability.full_disk import fill
from tests.reliability.served import serve

SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def forks():
    with Forks() as one, Forks() as other:
        yield one, other


@pytest.fixture(scope="module")
def made(tmp_path_factory, forks):
    folder = tmp_path_factory.mktemp("made") / "made"
    folder.mkdir()
    material.make(folder, forks[0])
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "data"
    folder.mkdir()
    material.data(folder)
    return folder


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=SLOW)])
def test_bad_input_gives_one_line_or_the_right_answer(made, forks, count):
    # What takes long alone is told by the slow one; others may run beside this.
    seconds = 60 if count == 1000 else 300
    counts, bad = fuzz.Fuzz(made, forks[0], seconds).draw(count, chosen=0)
    assert sum(counts.values(), collections.Counter()).total() >= count
    assert not bad, "\n\n".join(bad)


@pytest.mark.parametrize(
    ("name", "trainings"),
    [
        *[("points", 1), ("classifier", 1)],
        *[pytest.param(name, 13, marks=SLOW) for name in kills.TRAININGS],
    ],
)
def test_killed_trainings_end_as_undisturbed_ones(data, forks, name, trainings):
    random = np.random.default_rng(0)
    killing = kills.Kills(data, forks)
    ends = [killing.train(name, 4, random) for _ in range(trainings)]
    assert sum(end.kills for end in ends) >= trainings
    assert not [problem for end in ends for problem in end.problems]


@pytest.mark.parametrize(
    ("name", "count"),
    [("points", 3), *[pytest.param(name, None, marks=SLOW) for name in material.RUNS]],
)
def test_a_full_disk_costs_one_line_and_nothing_more(data, forks, name, count):
    ends = [*fill(data, forks[0], name, count)]
    assert any(end.outcome == "one line" for end in ends)
    assert not [end for end in ends if end.problems]


@pytest.mark.parametrize("seconds", [5, pytest.param(3600, marks=SLOW)])
def test_served_models_answer_each_call_as_if_it_were_the_only_one(made, seconds):
    served = serve(made, seconds)
    assert served.calls
    assert not served.wrong
    # What each thread keeps for itself comes with its first calls.
    assert served.megabytes[-1] < 1.2 * served.megabytes[0]
