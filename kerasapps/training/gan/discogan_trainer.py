"""Learning to map one domain to another from examples that aren't paired."""

from typing import Any

import keras
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.training.gan import losses, two_players

# Figure 2 of the paper: (a), (b) and (c).
DISCOVERY_MODELS = ("gan", "gan_with_reconstruction", "discogan")


class DiscoGANTrainer(keras.Model):
    """DiscoGAN's two generators and two discriminators, which `fit` trains.

    Kim, Cha, Kim, Lee and Kim, "Learning to Discover Cross-Domain Relations with
    Generative Adversarial Networks", 2017, section 3. What a generator makes of A
    should pass for B (equation 3), and the other should get it back from that
    (equation 2), and both the other way round (equations 6 to 8). The reconstruction
    loss is the mean squared difference times a weight: the paper leaves open whether
    the distance is a sum or a mean over the numbers of an example.

    By equation 3 a generator minimizes -log D_B(G_AB(x_A)). The other form of a GAN's
    loss, min log(1 - D_B(G_AB(x_A))), has small gradients where D_B is sure. It isn't
    built for two domains; `GANTrainer` has it as "minimax".

    Args:
        a_to_b: The generator from domain A to B.
        b_to_a: The one back.
        a_discriminator: Tells A from what is made of B.
        b_discriminator: Tells B from what is made of A.
        kind: "discogan", or what the paper compares it with: "gan", the generator from
            A to B alone, or "gan_with_reconstruction" of A.
        reconstruction_weight: Weight of the reconstruction losses.

    Data: Pairs of examples of A and of B, `[batch, ...]`, which have nothing to do
    with each other.

    Metrics: The losses by which generators and discriminators learn, and of the first
    the mean squared differences of A and of B.

    Raises:
        InputError: If the kind isn't one of these.
    """

    def __init__(
        self,
        a_to_b: keras.Model,
        b_to_a: keras.Model,
        a_discriminator: keras.Model,
        b_discriminator: keras.Model,
        kind: str = "discogan",
        reconstruction_weight: float = 1.0,
    ):
        if kind not in DISCOVERY_MODELS:
            raise InputError(
                f"kinds are {', '.join(DISCOVERY_MODELS)}, not {kind}", argument="kind"
            )
        alone, both = kind == "gan", kind == "discogan"
        names = ["generator_loss", "discriminator_loss"]
        names += [] if alone else ["a_reconstruction_loss"]
        names += ["b_reconstruction_loss"] if both else []
        super().__init__()
        self.means = two_players.means(*names)
        # Those that learn.
        self.generators = [a_to_b] if alone else [a_to_b, b_to_a]
        self.discriminators = [b_discriminator]
        if both:
            self.discriminators = [a_discriminator, b_discriminator]
        self.a_to_b = a_to_b
        self.b_to_a = b_to_a
        self.a_discriminator = a_discriminator
        self.b_discriminator = b_discriminator
        self.kind = kind
        self._reconstruction_weight = reconstruction_weight
        self.built = True

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        **kwargs,
    ) -> None:
        """Sets the two optimizers and builds them.

        Args:
            optimizer: The generators'.
            discriminator_optimizer: The discriminators'.
            **kwargs: Other arguments of `keras.Model.compile`.
        """
        super().compile(optimizer, **kwargs)
        self.discriminator_optimizer = two_players.build_optimizers(
            self, discriminator_optimizer, self.generators, self.discriminators
        )

    @property
    def metrics(self):
        """The metrics that are reset at the beginning of each epoch."""
        return list(self.means.values())

    def train_step(self, data: Any) -> dict:
        """Trains generators and discriminators at once; returns the metrics."""
        a, b = data
        with tf.GradientTape(persistent=True) as tape:
            ab = self.a_to_b(a, training=True)
            g_loss, d_loss = self._gan_losses(self.b_discriminator, b, ab)
            if self.kind != "gan":
                aba = self.b_to_a(ab, training=True)
                g_loss += self._reconstruction_loss("a", a, aba)
            if self.kind == "discogan":
                ba = self.b_to_a(b, training=True)
                g_loss_a, d_loss_a = self._gan_losses(self.a_discriminator, a, ba)
                bab = self.a_to_b(ba, training=True)
                g_loss += g_loss_a + self._reconstruction_loss("b", b, bab)
                d_loss += d_loss_a
            g_mean = two_players.mean_loss(g_loss, self.optimizer)
            d_mean = two_players.mean_loss(d_loss, self.discriminator_optimizer)
        two_players.descend(tape, g_mean, self.generators, self.optimizer)
        two_players.descend(
            tape, d_mean, self.discriminators, self.discriminator_optimizer
        )
        self.means["generator_loss"].update_state(g_loss)
        self.means["discriminator_loss"].update_state(d_loss)
        return self.get_metrics_result()

    def _gan_losses(self, discriminator, real, fake):
        """Returns the losses of generator and discriminator, each `[batch]`."""
        fake_logits = discriminator(fake, training=True)
        real_logits = discriminator(real, training=True)
        return (
            losses.non_saturating_loss(fake_logits),
            losses.discriminator_loss(real_logits, fake_logits),
        )

    def _reconstruction_loss(self, domain, examples, reconstructed):
        axes = range(1, len(examples.shape))
        each = tf.reduce_mean(tf.math.squared_difference(examples, reconstructed), axes)
        self.means[f"{domain}_reconstruction_loss"].update_state(each)
        return self._reconstruction_weight * each
