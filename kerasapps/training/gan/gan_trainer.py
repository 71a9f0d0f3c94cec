"""Training a generator against a discriminator."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.training.gan import losses, two_players

LOSSES = ("minimax", "non_saturating", "wasserstein")
PENALTIES = ("none", "r1", "gradient_penalty")


class GANTrainer(keras.Model):
    """A generator and a discriminator that `fit` trains in turn.

    Goodfellow et al., "Generative Adversarial Nets", 2014, algorithm 1: in each step
    the discriminator learns `discriminator_steps` times, each time from new examples
    and new noise, then the generator once. Batch normalization sees real and generated
    examples apart.

    Noise is drawn for the whole global batch from the seed and the number of the step,
    and each replica takes its part: neither a restart nor the number of replicas
    changes it.

    Args:
        generator: The generator.
        discriminator: The discriminator.
        generate: Called with the generator, a seed, int32 `[2]`, the size of the global
            batch, this replica's part of it as a slice, and the conditions of that
            part; makes its examples, in training. As `latents.generate`.
        loss: "minimax", "non_saturating" or "wasserstein".
        penalty: "r1" or "gradient_penalty" of the discriminator, or "none".
        penalty_weight: Weight of the penalty.
        discriminator_steps: k of algorithm 1. A batch holds the examples of all.
        seed: Seed of the noise, from 0 to 2^32 - 1.
        transform_real: Called with real examples, float32 `[batch, ...]`; returns
            those that the discriminator gets, of the same shape. None for the examples
            themselves.

    Data: Examples, `[batch, ...]`, or a pair of these and their conditions.

    Metrics: The two losses, the mean penalty, and but for a critic the shares of the
    real and of the generated examples that the discriminator takes for what they are.

    Raises:
        InputError: If the loss or the penalty isn't one of these.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        generate: Callable[..., tf.Tensor],
        loss: str = "non_saturating",
        penalty: str = "none",
        penalty_weight: float = 10.0,
        discriminator_steps: int = 1,
        seed: int = 0,
        transform_real: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ):
        if loss not in LOSSES or penalty not in PENALTIES:
            raise InputError(
                f"losses are {', '.join(LOSSES)} and penalties {', '.join(PENALTIES)}, "
                f"not {loss} and {penalty}",
                argument="penalty" if loss in LOSSES else "loss",
            )
        super().__init__()
        names = ["generator_loss", "discriminator_loss"]
        names += [] if penalty == "none" else ["penalty"]
        # A critic tells distances, and its zero means nothing.
        names += [] if loss == "wasserstein" else ["real_right", "generated_right"]
        self.means = two_players.means(*names)
        self.generator = generator
        self.discriminator = discriminator
        self._generate = generate
        self._loss_name = loss
        self._penalty = penalty
        self._penalty_weight = penalty_weight
        self._discriminator_steps = discriminator_steps
        # Of 32 bits, and TensorFlow's seeds have a sign.
        self._seed = int(np.array(seed, np.uint32).astype(np.int32))
        self._transform_real = transform_real
        self.built = True

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        **kwargs,
    ) -> None:
        """Sets the two optimizers and builds them.

        Args:
            optimizer: The generator's.
            discriminator_optimizer: The discriminator's.
            **kwargs: Other arguments of `keras.Model.compile`.
        """
        super().compile(optimizer, **kwargs)
        self.discriminator_optimizer = two_players.build_optimizers(
            self, discriminator_optimizer, self.generators, self.discriminators
        )

    @property
    def generators(self) -> list[keras.Model]:
        """The generator, as the only one."""
        return [self.generator]

    @property
    def discriminators(self) -> list[keras.Model]:
        """The discriminator, as the only one."""
        return [self.discriminator]

    @property
    def metrics(self):
        """The metrics that are reset at the beginning of each epoch."""
        return list(self.means.values())

    def train_step(self, data: Any) -> dict:
        """Trains the discriminator, then the generator; returns the metrics."""
        real, conditions, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self._transform_real:
            real = self._transform_real(real)
        step = self.optimizer.iterations
        parts = self._discriminator_steps
        for part in range(parts):
            examples = self._part(real, part, parts)
            given = self._part(conditions, part, parts)
            self._train_discriminator(examples, given, (step, part))
        self._train_generator(examples, given, (step, parts))
        return self.get_metrics_result()

    def _train_discriminator(self, real, conditions, number):
        fake = self._fake(real, conditions, number)
        with tf.GradientTape() as tape:
            if self._penalty == "r1":
                real_logits, penalty = losses.r1_penalty(
                    lambda examples: self._logits(examples, conditions),
                    real,
                    self._penalty_weight,
                )
            else:
                real_logits = self._logits(real, conditions)
            fake_logits = self._logits(fake, conditions)
            if self._loss_name == "wasserstein":
                each = losses.critic_loss(real_logits, fake_logits)
            else:
                each = losses.discriminator_loss(real_logits, fake_logits)
            total = each
            if self._penalty == "gradient_penalty":
                penalty = self._gradient_penalty(real, fake, conditions, number)
            if self._penalty != "none":
                self.means["penalty"].update_state(penalty)
                total += penalty
            loss = two_players.mean_loss(total, self.discriminator_optimizer)
        two_players.descend(
            tape, loss, [self.discriminator], self.discriminator_optimizer
        )
        self.means["discriminator_loss"].update_state(each)
        if self._loss_name != "wasserstein":
            self.means["real_right"].update_state(real_logits > 0)
            self.means["generated_right"].update_state(fake_logits < 0)

    def _train_generator(self, real, conditions, number):
        with tf.GradientTape() as tape:
            fake = self._fake(real, conditions, number)
            logits = self._logits(fake, conditions)
            each = {
                "minimax": losses.minimax_loss,
                "non_saturating": losses.non_saturating_loss,
                "wasserstein": losses.wasserstein_loss,
            }[self._loss_name](logits)
            loss = two_players.mean_loss(each, self.optimizer)
        two_players.descend(tape, loss, [self.generator], self.optimizer)
        self.means["generator_loss"].update_state(each)

    def _logits(self, examples, conditions):
        given = examples if conditions is None else [examples, conditions]
        return self.discriminator(given, training=True)

    def _fake(self, real, conditions, number):
        """Returns generated examples, as many as real ones."""
        size, part = _replica_part(real)
        seed = self._seed_of(*number)
        return self._generate(self.generator, seed, size, part, conditions)

    def _gradient_penalty(self, real, fake, conditions, number):
        def logits(examples):
            return self._logits(examples, conditions)

        # Another number than that of the noise.
        seed = self._seed_of(*number) + tf.constant([0, 1])
        size, part = _replica_part(real)
        share = tf.random.stateless_uniform([size], seed)[part]
        return losses.gradient_penalty(logits, real, fake, share, self._penalty_weight)

    def _seed_of(self, step, part):
        """Returns the seed of one update, int32 `[2]`."""
        steps = tf.cast(step, tf.int32) * (self._discriminator_steps + 1) + part
        return tf.stack([tf.constant(self._seed, tf.int32), 2 * steps])

    def _part(self, examples, part, parts):
        """Returns every so many-th example: on each replica those of the same part."""
        if examples is None:
            return None
        return tf.reshape(examples, [-1, parts, *examples.shape[1:]])[:, part]


def _replica_part(examples):
    """Returns the size of the global batch, and this replica's part as a slice."""
    replica = tf.distribute.get_replica_context()
    size = tf.shape(examples)[0]
    first = replica.replica_id_in_sync_group * size
    return size * replica.num_replicas_in_sync, slice(first, first + size)
