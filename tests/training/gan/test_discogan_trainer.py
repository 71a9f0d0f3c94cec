"""DiscoGAN's step equals one that is written out with plain Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models import ToyDiscoGAN
from kerasapps.training.gan.discogan_trainer import DISCOVERY_MODELS, DiscoGANTrainer
from kerasapps.training.optimizers import make_optimizer
from tests.training.gan import two_players
from tests.training.gan.two_players import BATCH, STEPS
from tests.training.test_checkpoint import Killed

RANDOM = np.random.default_rng(0)
A = RANDOM.normal(1, 1, (STEPS * BATCH, 2)).astype("float32")
B = RANDOM.normal(-1, 1, (STEPS * BATCH, 2)).astype("float32")
A_IMAGES = RANDOM.uniform(0, 1, (len(A), 8, 8, 1)).astype("float32")
B_IMAGES = RANDOM.uniform(0, 1, (len(A), 8, 8, 3)).astype("float32")
NETWORKS = ("a_to_b", "b_to_a", "a_discriminator", "b_discriminator")
PARTS = {
    "gan": ("a_to_b", "b_discriminator"),
    "gan_with_reconstruction": ("a_to_b", "b_to_a", "b_discriminator"),
    "discogan": NETWORKS,
}


def toy():
    a_to_b = ToyDiscoGAN(2, 6)
    b_to_a = a_to_b.inverse()
    return (
        *(a_to_b, b_to_a),
        *(network.discriminator(units=6) for network in (b_to_a, a_to_b)),
    )


def images():
    def normalized(image, maps):
        x = keras.layers.Conv2D(maps, 4, 4, use_bias=False)(image)
        return keras.layers.LeakyReLU(0.2)(BatchNormalization()(x))

    def generator(channels, target_channels):
        image = keras.Input((8, 8, channels))
        x = normalized(image, 4)
        last = keras.layers.Conv2DTranspose(target_channels, 4, 4, dtype="float32")
        return keras.Model(image, last(x))

    def discriminator(channels):
        image = keras.Input((8, 8, channels))
        x = keras.layers.Flatten()(normalized(image, 3))
        return keras.Model(image, keras.layers.Dense(1, dtype="float32")(x))

    return generator(1, 3), generator(3, 1), discriminator(1), discriminator(3)


def discovery(networks, kind="discogan", weight=1.0, ema=None, **options):
    """Returns a function that returns the compiled model."""

    def make():
        model = DiscoGANTrainer(*networks(), kind, weight)
        optimizers = [
            make_optimizer("adam", 0.01, beta_1=0.5, ema=average)
            for average in (ema, None)
        ]
        model.compile(*optimizers, **options)
        return model

    return make


def entropy(probabilities, label):
    return -tf.math.log(probabilities if label else 1 - probabilities)


def losses(networks, kind, weight, a, b):
    """Equations 2 to 8, of the sigmoids of the logits."""
    a_to_b, b_to_a, a_logit, b_logit = networks

    def is_a(x):
        return tf.sigmoid(a_logit(x))

    def is_b(x):
        return tf.sigmoid(b_logit(x))

    def distance(x, y):
        return tf.reduce_mean((x - y) ** 2)

    log = {
        "generator_loss": tf.reduce_mean(entropy(is_b(a_to_b(a)), 1)),
        "discriminator_loss": tf.reduce_mean(entropy(is_b(b), 1))
        + tf.reduce_mean(entropy(is_b(a_to_b(a)), 0)),
    }
    if kind != "gan":
        log["a_reconstruction_loss"] = distance(b_to_a(a_to_b(a)), a)
        log["generator_loss"] += weight * log["a_reconstruction_loss"]
    if kind == "discogan":
        log["b_reconstruction_loss"] = distance(a_to_b(b_to_a(b)), b)
        log["generator_loss"] += weight * log["b_reconstruction_loss"]
        log["generator_loss"] += tf.reduce_mean(entropy(is_a(b_to_a(b)), 1))
        log["discriminator_loss"] += tf.reduce_mean(entropy(is_a(a), 1))
        log["discriminator_loss"] += tf.reduce_mean(entropy(is_a(b_to_a(b)), 0))
    return log


@pytest.mark.filterwarnings("error:Gradients do not exist")
@pytest.mark.parametrize("weight", [1.0, 7.0])
@pytest.mark.parametrize("kind", DISCOVERY_MODELS)
def test_equals_steps_by_hand(kind, weight):
    keras.utils.set_random_seed(0)
    model = discovery(toy, kind, weight)()
    networks = toy()
    for network, name in zip(networks, NETWORKS, strict=True):
        network.set_weights(getattr(model, name).get_weights())
    before = [network.get_weights() for network in networks]
    players = {
        name: [weight for n in pair for weight in n.trainable_variables]
        for name, pair in (
            ("generator_loss", networks[:2]),
            ("discriminator_loss", networks[2:]),
        )
    }
    optimizers = {name: keras.optimizers.Adam(0.01, 0.5) for name in players}
    logs = []
    for first in range(0, len(A), BATCH):
        a, b = (tf.constant(x[first : first + BATCH]) for x in (A, B))
        with tf.GradientTape(persistent=True) as tape:
            log = losses(networks, kind, weight, a, b)
        logs.append(log)
        gradients = {
            name: tape.gradient(
                log[name],
                [weight.value for weight in weights],
                unconnected_gradients="zero",
            )
            for name, weights in players.items()
        }
        for name, weights in players.items():
            optimizers[name].apply(gradients[name], weights)
    data = tf.data.Dataset.from_tensor_slices((A, B))
    history = model.fit(data.batch(BATCH), shuffle=False, verbose=0).history
    assert history.keys() == logs[0].keys()
    for name, (value,) in history.items():
        expected = np.mean([log[name] for log in logs])
        np.testing.assert_allclose(value, expected, rtol=1e-5)
    for name, network, start in zip(NETWORKS, networks, before, strict=True):
        weights = getattr(model, name).get_weights()
        for one, expected in zip(weights, network.get_weights(), strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)
        moved = any((w != s).any() for w, s in zip(weights, start, strict=True))
        assert moved == (name in PARTS[kind]), name


def test_two_replicas_train_as_one():
    make = discovery(images, ema=0.8)
    one = two_players.fit(make, A_IMAGES, B_IMAGES)
    two = two_players.fit(make, A_IMAGES, B_IMAGES, replicas=2)
    two_players.assert_close(one, two, 1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_in_16_bits(policy):
    _, _, exact = two_players.fit(discovery(images), A_IMAGES, B_IMAGES)
    keras.config.set_dtype_policy(policy)
    try:
        _, state, history = two_players.fit(discovery(images), A_IMAGES, B_IMAGES)
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.isfinite(values).all() for values in state)
    if policy == "mixed_float16":
        return  # The first steps only find the scale of the losses.
    for name, values in history.items():
        np.testing.assert_allclose(values, exact[name], rtol=0.1)


def test_compiled_by_xla_it_is_the_same():
    plain = two_players.fit(discovery(toy), A, B)
    compiled = two_players.fit(discovery(toy, jit_compile=True), A, B)
    two_players.assert_close(plain, compiled, 1e-4)


def test_stopped_in_an_epoch_and_resumed_ends_the_same(tmp_path):
    make = discovery(toy, ema=0.8)
    whole = two_players.fit(make, A, B, directory=tmp_path / "whole")
    with pytest.raises(Killed):
        two_players.fit(make, A, B, directory=tmp_path / "stopped", kill_at=5)
    resumed = two_players.fit(make, A, B, directory=tmp_path / "stopped")
    two_players.assert_close(resumed, whole, 0)


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="gan_with_reconstruction, discogan, not wgan"):
        DiscoGANTrainer(*toy(), "wgan")
