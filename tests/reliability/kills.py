"""Kills trainings at random moments and compares what they end with."""

import json
import signal
import socket
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tests.reliability import material
from tests.reliability.forks import Ended, Forks

# Several epochs, with a checkpoint after each step.
_LONGER = "--checkpoint_every=1 --epochs=3"
TRAININGS = {
    name: (app, f"{flags} {_LONGER}") for name, (app, flags) in material.RUNS.items()
}
_APP, _FLAGS = TRAININGS["classifier"]
TRAININGS["two workers"] = (_APP, f"{_FLAGS} --strategy=multi_worker")


class Killed(NamedTuple):
    """What became of a training that was killed.

    Attributes:
        kills: How often it was.
        problems: What is wrong with what it left, in words; best empty.
    """

    kills: int
    problems: list[str]


class Kills:
    """Trainings, each of which is once left alone.

    Args:
        folder: Where the data are, and nothing else.
        forks: What runs them; two, as there are two workers.
    """

    def __init__(self, folder: Path, forks: tuple[Forks, Forks]):
        self._folder, self._forks = folder, forks
        self._whole: dict = {}

    def train(self, name: str, kills: int, random: np.random.Generator) -> Killed:
        """Trains, kills, resumes, and compares.

        Args:
            name: Which training, a key of `TRAININGS`.
            kills: How often it is killed at most: it may end before.
            random: Draws the moments.
        """
        if name not in self._whole:
            ended, files = self._train(name, [], 0)
            assert ended[-1].code == 0, ended
            self._whole[name] = ended[-1].seconds, files
        seconds, whole = self._whole[name]
        # A worker that is killed after the other has ended would wait for it.
        share = 0.6 if name == "two workers" else 1
        moments = random.uniform(0, share * seconds, kills).tolist()
        ended, files = self._train(name, moments, int(random.integers(2)))
        killed = sum(one.code == -signal.SIGKILL and not one.stopped for one in ended)
        problems = [f"ended with {one}" for one in ended if one.code not in (0, -9)]
        problems += [f"took too much: {one}" for one in ended if one.stopped]
        return Killed(killed, [*problems, *differences(whole, files)])

    def _train(self, name, moments, worker):
        """Returns how the processes ended, the killed one's last; and what is left."""
        with material.undone(self._folder):
            if name == "two workers":
                ended = self._workers(name, moments, worker)
            else:
                ended = self._process(name, moments)
            return ended, contents(self._folder)

    def _process(self, name, moments, worker=0, environment=None):
        """Runs a process, again after each kill, until it ends by itself."""
        app, flags = TRAININGS[name]
        arguments = [*flags.split(), *material.places("killed")]
        ended: list[Ended] = []
        for moment in [*moments, None]:
            one = self._forks[worker].run(
                app, arguments, self._folder, 300, 4, moment, environment
            )
            ended.append(one)
            if one.code != -signal.SIGKILL or one.stopped:
                break
        return ended

    def _workers(self, name, moments, killed):
        ports = _free_ports(2)
        cluster = {"worker": [f"localhost:{port}" for port in ports]}

        def run(worker, moments):
            task = {"type": "worker", "index": worker}
            configuration = json.dumps({"cluster": cluster, "task": task})
            environment = {"TF_CONFIG": configuration}
            return self._process(name, moments, worker, environment)

        with ThreadPoolExecutor() as threads:
            one = threads.submit(run, killed, moments)
            others = run(1 - killed, [])
            return [*others, *one.result()]


def _free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def contents(folder: Path) -> dict[str, object]:
    """Returns what a training left, by its path: what must be equal of each file."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): _content(path) for path in paths}


def _content(path):
    if path.suffix == ".keras":
        # Beside the weights it holds the date.
        with zipfile.ZipFile(path) as file:
            names = {*file.namelist()} - {"metadata.json"}
            return {name: file.read(name) for name in names}
    if path.name == "variables.index":
        # The variables and the nodes of their graph are in no fixed order.
        reader = tf.train.load_checkpoint(str(path.with_suffix("")))
        keys = {*reader.get_variable_to_shape_map()} - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
        return sorted(reader.get_tensor(key).tobytes() for key in keys)
    # A lock tells the process and the time; sums are of what differs.
    if path.suffix == ".pb" or path.name in (".lock", "sha256sums"):
        return None
    if path.name.startswith("variables."):
        return None
    return path.read_bytes()


def differences(whole: dict, files: dict) -> Iterator[str]:
    """Yields in what one training's files differ from another's, in words."""
    # Each start writes a file of its own, named by the time.
    kept = [{n for n in names if "tfevents" not in n} for names in (whole, files)]
    yield from (f"{name} is missing" for name in sorted(kept[0] - kept[1]))
    yield from (f"{name} is left over" for name in sorted(kept[1] - kept[0]))
    yield from (
        f"{name} differs"
        for name in sorted(kept[0] & kept[1])
        if whole[name] != files[name]
    )
