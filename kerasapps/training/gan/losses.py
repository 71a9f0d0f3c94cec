"""The losses of generators and discriminators.

Each loss is a number for each example, float32 `[batch]`, of logits `[batch, 1]`: the
caller averages, as over several replicas it must.
"""

from collections.abc import Callable

import tensorflow as tf


def discriminator_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Returns -log D(x) - log(1 - D(G(z))).

    Goodfellow et al., "Generative Adversarial Nets", 2014, equation 1 and algorithm 1;
    D is the sigmoid of the logit.

    Args:
        real: Logits of real examples.
        fake: Logits of generated ones.
    """
    return _each(tf.nn.softplus(-real) + tf.nn.softplus(fake))


def minimax_loss(fake: tf.Tensor) -> tf.Tensor:
    """Returns log(1 - D(G(z))), algorithm 1; it is flat where D is sure."""
    return _each(-tf.nn.softplus(fake))


def non_saturating_loss(fake: tf.Tensor) -> tf.Tensor:
    """Returns -log D(G(z)), the last paragraph of section 3."""
    return _each(tf.nn.softplus(-fake))


def critic_loss(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Returns the critic's, f(G(z)) - f(x).

    Arjovsky, Chintala and Bottou, "Wasserstein GAN", 2017, equation 2 and algorithm 1.
    """
    return _each(fake - real)


def wasserstein_loss(fake: tf.Tensor) -> tf.Tensor:
    """Returns the generator's, -f(G(z))."""
    return _each(-fake)


def r1_penalty(
    discriminator: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    gamma: float = 10.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns D(x) of real examples and gamma / 2 |grad D(x)|^2; D is the logit.

    Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually
    Converge?", 2018, equation 9. StyleGAN's gamma is 10 (Karras et al. 2019, appendix
    C).

    Args:
        discriminator: From examples to logits.
        real: Real examples, `[batch, ...]`.
        gamma: Weight of the penalty.
    """
    logits, squared = _squared_gradient(discriminator, real)
    return logits, gamma / 2 * squared


def gradient_penalty(
    discriminator: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    share: tf.Tensor,
    weight: float = 10.0,
) -> tf.Tensor:
    """Returns weight (|grad f(x)| - 1)^2 between real and generated examples.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved Training of
    Wasserstein GANs", 2017, equation 3. Karras et al. add 0.001 f(x)^2 to it against
    drift ("Progressive Growing of GANs for Improved Quality, Stability, and Variation",
    2018, appendix A.1), which isn't part of it here.

    Args:
        discriminator: From examples to numbers.
        real: Real examples, `[batch, ...]`.
        fake: As many generated ones.
        share: Where between them the gradient is taken, uniform from 0 to 1, `[batch]`.
        weight: Weight of the penalty.
    """
    share = tf.reshape(share, (-1, *[1] * (len(real.shape) - 1)))
    between = real + share * (fake - real)
    # A root of zero has no gradient.
    norm = tf.sqrt(_squared_gradient(discriminator, between)[1] + 1e-12)
    return weight * tf.square(norm - 1)


def _squared_gradient(function, examples):
    """Returns a function's values of examples, and its squared gradient at each."""
    with tf.GradientTape() as tape:
        tape.watch(examples)
        values = function(examples)
        total = tf.reduce_sum(values)
    gradient = tf.cast(tape.gradient(total, examples), tf.float32)
    return values, tf.reduce_sum(tf.square(gradient), range(1, len(gradient.shape)))


def _each(losses):
    return tf.cast(tf.squeeze(losses, axis=-1), tf.float32)
