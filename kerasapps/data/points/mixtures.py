"""Mixtures of Gaussians: data sets whose density is known."""

import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from kerasapps.data.pipeline import replica_batch_size
from kerasapps.errors import InputError


class Mixture(NamedTuple):
    """Gaussians of equal weights, with one deviation in all directions.

    Attributes:
        means: Mean of each mode, float32 `[modes, dimensions]`.
        deviation: Standard deviation of each mode in each dimension.
    """

    means: np.ndarray
    deviation: float

    def draw(self, seed: tf.Tensor, number: int) -> tf.Tensor:
        """Returns points, float32 `[number, dimensions]`.

        Args:
            seed: int32 or int64 `[2]`; the same seed gives the same points.
            number: How many.
        """
        modes, dimensions = self.means.shape
        mode_seed, noise_seed = tf.unstack(tf.random.split(seed, 2))
        mode = tf.random.stateless_uniform([number], mode_seed, 0, modes, tf.int32)
        noise = tf.random.stateless_normal([number, dimensions], noise_seed)
        return tf.gather(tf.constant(self.means), mode) + self.deviation * noise

    def density(self, points: np.ndarray) -> np.ndarray:
        """Returns the density at each of the points, float64 `[points]`.

        Args:
            points: float `[points, dimensions]`.
        """
        steps = np.asarray(points, np.float64)[:, None] - self.means
        exponents = -np.square(steps / self.deviation).sum(axis=-1) / 2
        scale = (math.sqrt(2 * math.pi) * self.deviation) ** steps.shape[-1]
        return np.exp(exponents).mean(axis=-1) / scale


class PointData:
    """Batches of points without end, all of them new.

    It is a `kerasapps.data.pipeline.TrainingData` that draws a batch at a time.

    Args:
        mixture: Where they come from.
        size: Points in an epoch.
        batch_size: Points in a batch, over all replicas of all workers.
        seed: Seed of the points.

    Attributes:
        steps_per_epoch: Batches of an epoch.

    Raises:
        InputError: If there is less than one batch.
    """

    def __init__(self, mixture: Mixture, size: int, batch_size: int, seed: int):
        if size < batch_size:
            raise InputError(
                f"batch_size={batch_size} is more than the {size} points of an "
                f"epoch; choose at most {size}",
                argument="batch_size",
            )
        self.steps_per_epoch = size // batch_size
        self._mixture = mixture
        self._batch_size = batch_size
        self._seed = seed

    def batches(
        self,
        epoch: int = 0,
        step: int = 0,
        context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns a replica's batches from a step of an epoch on.

        Args:
            epoch: Epoch to begin with, from 0.
            step: Steps of that epoch to leave out.
            context: This worker's place among all; None for one with one replica.

        Raises:
            InputError: If the batch doesn't divide by the number of replicas.
        """
        context = context or tf.distribute.InputContext()
        replicas = context.num_replicas_in_sync
        share = replica_batch_size(self._batch_size, replicas)
        own = replicas // context.num_input_pipelines
        first = own * context.input_pipeline_id

        def of_step(number):
            points = self._mixture.draw(
                tf.stack([self._seed, number]), self._batch_size
            )
            shares = tf.reshape(points, [replicas, share, -1])
            return tf.ensure_shape(
                shares[first : first + own], [own, share, self._mixture.means.shape[1]]
            )

        return (
            tf.data.Dataset.counter(epoch * self.steps_per_epoch + step)
            .map(of_step, num_parallel_calls=tf.data.AUTOTUNE)
            .unbatch()
            .prefetch(tf.data.AUTOTUNE)
        )


def _circle(modes: int, radius: float) -> np.ndarray:
    angles = 2 * np.pi * np.arange(modes) / modes
    points = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return points.astype(np.float32)


def _column(*means: float) -> np.ndarray:
    return np.array(means, np.float32)[:, None]


MIXTURES = {
    "gaussian": Mixture(_column(4), 1.0),
    "ring": Mixture(_circle(8, 2.0), 0.02),
    "grid": Mixture(
        np.array([(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)], "float32"),
        0.05,
    ),
}
"""Mixtures by name.

- `gaussian`: one mode in one dimension, as in figure 1 of Goodfellow et al.,
  "Generative Adversarial Nets", 2014. The figure has no scale; the numbers are ours.
- `ring`: eight modes on a circle of radius 2, deviation 0.02: Metz et al., "Unrolled
  Generative Adversarial Networks", 2017, section 3.1 and appendix A.
- `grid`: five by five modes, 2 apart: Srivastava et al., "VEEGAN", 2017, section 4.1,
  with the deviation 0.05 that became usual for it.
"""

TOY_DOMAINS = {
    "toy1d": (Mixture(_column(-2, 2), 0.2), Mixture(_column(-3, 3), 0.2)),
    "toy2d": (Mixture(_circle(5, 1.0), 0.1), Mixture(_circle(10, 2.0), 0.1)),
    "toy2d_close": (Mixture(_circle(5, 0.3), 0.03), Mixture(_circle(5, 2.0), 0.1)),
}
"""Pairs of domains A and B by name.

They are the toy problems of Kim et al., "Learning to Discover Cross-Domain Relations
with Generative Adversarial Networks", 2017: two modes each in one dimension (figure 3),
and five and ten modes in two (section 3.1, figure 4). The paper prints no numbers: the
means and deviations are ours. In `toy2d_close` A's modes lie close together, and B has
no more than A: none is left over, and where two meet one of B's stays empty.
"""
