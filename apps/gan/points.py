"""The points that a generator learns to make, and how good those are that it makes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from apps.gan.examples import Source
from apps.gan.trained import Trained
from kerasapps.data.points.mixtures import MIXTURES, Mixture, PointData
from kerasapps.errors import InputError
from kerasapps.evaluation.gan.generation import draw, generate
from kerasapps.evaluation.gan.modes import mode_coverage
from kerasapps.figures.densities import densities
from kerasapps.figures.mode_collapse import mode_collapse
from kerasapps.figures.pixels import pixels
from kerasapps.serving.generator import export_generator
from kerasapps.training.gan import snapshots

# New points in an epoch.
EPOCH_POINTS = 51_200
# Points of each snapshot; places on the line at which D is drawn, and z's for arrows.
_POINTS, _PLACES, _ARROWS = 2_000, 400, 21
# Epochs in the figures.
_PANELS = 6
# Points that are made for the measures.
_MEASURED = 10_000


class PointExamples:
    """Points of a mixture, and what a generator makes; see `training.Examples`.

    Args:
        constructor: The generator's class.
        source: Where the points come from.
        discriminator_steps: Steps of the discriminator for one of the generator.
        epochs: Epochs of the training.

    Raises:
        InputError: If the data set isn't a mixture.
    """

    def __init__(
        self,
        constructor: type[keras.Model],
        source: Source,
        discriminator_steps: int,
        epochs: int,
    ):
        if source.dataset not in MIXTURES:
            raise InputError(
                f"{constructor.__name__} makes points, not images: give --dataset="
                f"{', '.join(MIXTURES)}"
            )
        self._mixture = MIXTURES[source.dataset]
        self.training = PointData(
            self._mixture,
            EPOCH_POINTS,
            source.batch_of_steps(discriminator_steps, EPOCH_POINTS),
            source.seed,
        )
        self.batch_size = source.batch_size
        self.facts = {"points": EPOCH_POINTS}
        self.arguments = {"dimensions": self._dimensions}
        self.about = {
            "steps": epochs * self.training.steps_per_epoch,
            "conditions": None,
            "preprocessing": None,
        }

    @property
    def _dimensions(self):
        return self._mixture.means.shape[1]

    def naming_undecodable(self) -> contextlib.AbstractContextManager:
        """Nothing is decoded."""
        return contextlib.nullcontext()

    def snapshot(self, trainer: keras.Model) -> dict[str, np.ndarray]:
        """Returns points of the same z's; of the line also what both networks do."""
        generator = trainer.generator
        points = generate(generator, draw(generator, _POINTS), batch_size=_POINTS)
        if self._dimensions > 1:
            return {"samples": points}
        means, reach = self._mixture.means, 5 * self._mixture.deviation
        places = np.linspace(means.min() - reach, means.max() + reach, _PLACES)
        places = places[:, None].astype(np.float32)
        logits = trainer.discriminator(tf.constant(places))
        z = _even(generator)
        return {
            "samples": points,
            "places": places[:, 0],
            "discriminator": tf.sigmoid(logits)[:, 0].numpy(),
            "z": z[:, 0],
            "made_of_z": generate(generator, z)[:, 0],
        }

    def frame(self, epoch: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Draws a snapshot, uint8 `[height, width, channels]`."""
        _, figure = self._figure([(epoch, arrays)])
        return pixels(figure)

    def figures(
        self, networks: dict[str, keras.Model], samples: Path
    ) -> Iterator[tuple[str, Figure]]:
        """Yields the figure of the snapshots by its name."""
        yield self._figure(snapshots.read(samples, _PANELS))

    def measure(self, networks: dict[str, keras.Model]) -> dict:
        """Returns measures of generated points, by their names."""
        return measure(networks["generator"], self._mixture, _MEASURED, seed=1)

    def export(
        self, networks: dict[str, keras.Model], export_dir: str, dtype: str
    ) -> str:
        """Exports the generator; returns the version's folder."""
        return export_generator(networks["generator"], None, export_dir, dtype=dtype)

    def _figure(self, frames):
        """Returns the name of the figure of snapshots, and the figure."""
        mixture = self._mixture
        if self._dimensions == 1:
            places = frames[0][1]["places"]
            names = ("discriminator", "z", "made_of_z")
            panels = [
                (f"epoch {epoch}", a["samples"][:, 0], *(a[name] for name in names))
                for epoch, a in frames
            ]
            density = mixture.density(places[:, None])
            return "densities", densities(places, density, panels)
        target = mixture.draw([0, 1], _MEASURED).numpy()
        covered = [
            mode_coverage(arrays["samples"], mixture.means, mixture.deviation).modes
            for _, arrays in frames
        ]
        steps = self.training.steps_per_epoch
        made = [(epoch * steps, arrays["samples"]) for epoch, arrays in frames]
        modes = len(mixture.means)
        return "mode_collapse", mode_collapse(target, made, covered, modes)


def measure(
    generator: keras.Model, mixture: Mixture, number: int, seed: int
) -> dict[str, float | int | list[int]]:
    """Returns measures of generated points, by their names.

    Args:
        generator: The generator.
        mixture: The mixture that they should be of.
        number: How many points.
        seed: Their seed.
    """
    made = generate(generator, draw(generator, number, seed), batch_size=number)
    coverage = mode_coverage(made, mixture.means, mixture.deviation)
    found = {
        "modes": len(mixture.means),
        "modes_covered": coverage.modes,
        "good_samples": coverage.good,
        "samples_of_each_mode": coverage.counts.tolist(),
    }
    if mixture.means.shape == (1, 1):
        mean, deviation = float(made.mean()), float(made.std())
        found |= {
            "mean": mean,
            "deviation": deviation,
            "mean_error": abs(mean - float(mixture.means[0, 0])),
            "deviation_error": abs(deviation - mixture.deviation),
        }
    return found


def evaluate(
    run: Trained, number: int, seed: int, measures: dict
) -> Iterator[tuple[str, Figure]]:
    """Yields figures by their names; writes into the measures.

    Args:
        run: A run on points.
        number: How many points are made.
        seed: Seed of what is drawn.
        measures: What is measured, by its name.
    """
    mixture = MIXTURES[run.metrics["dataset"]]
    measures |= measure(run.network, mixture, number, seed + 1)
    if mixture.means.shape[1] == 2:
        made = generate(run.network, run.draw(number, seed + 1))
        target = mixture.draw([0, 1], number).numpy()
        yield "points", mode_collapse(target, [(run.metrics["steps"], made)])


def _even(generator):
    """Returns evenly spaced values of the first number of z; the others are 0."""
    low, high = generator.latent_bounds or (-2.0, 2.0)
    z = np.zeros([_ARROWS, generator.latent_size], np.float32)
    z[:, 0] = np.linspace(low, high, _ARROWS)
    return z
