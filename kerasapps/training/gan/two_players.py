"""The part that GAN trainers share: two sets of networks, an optimizer for each.

Generators have the first optimizer, discriminators the other.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf


def means(*names: str) -> dict[str, keras.metrics.Mean]:
    """Returns a metric for each name, the mean over the epoch."""
    return {name: keras.metrics.Mean(name=name) for name in names}


def build_optimizers(
    model: keras.Model,
    discriminator_optimizer: keras.optimizers.Optimizer,
    generators: Sequence[keras.Model],
    discriminators: Sequence[keras.Model],
) -> keras.optimizers.Optimizer:
    """Builds the optimizers of a model that was just compiled with the first.

    The moving average that the first may keep is that of the generators alone.

    Args:
        model: The model.
        discriminator_optimizer: The other optimizer.
        generators: The networks that the first trains.
        discriminators: Those that the other trains.

    Returns:
        The other optimizer, which scales its losses where the first does.
    """
    optimizer = model.optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # Keras scales the losses of the first only.
        discriminator_optimizer = keras.optimizers.LossScaleOptimizer(
            discriminator_optimizer, name="discriminator_scale"
        )
    optimizer.build(_trained(generators))
    discriminator_optimizer.build(_trained(discriminators))
    for generator in generators:
        getattr(optimizer, "inner_optimizer", optimizer).average_statistics(generator)
    return discriminator_optimizer


def mean_loss(each: tf.Tensor, optimizer: keras.optimizers.Optimizer) -> tf.Tensor:
    """Returns the loss whose gradient an optimizer takes.

    Args:
        each: Loss of each of this replica's examples, `[batch]`.
        optimizer: The optimizer.
    """
    # Gradients are summed over the replicas.
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    return optimizer.scale_loss(tf.reduce_mean(each) / replicas)


def descend(
    tape: tf.GradientTape,
    loss: tf.Tensor,
    networks: Sequence[keras.Model],
    optimizer: keras.optimizers.Optimizer,
) -> None:
    """Takes one step of an optimizer.

    Args:
        tape: The tape that recorded the loss.
        loss: The loss that `mean_loss` returned.
        networks: The networks that learn.
        optimizer: Their optimizer.
    """
    variables = _trained(networks)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    optimizer.apply(gradients, variables)


def _trained(networks):
    return [
        variable for network in networks for variable in network.trainable_variables
    ]
