"""StyleGAN's step with all that belongs to it: fading, mixing, noise, R1."""

import functools

import keras
import numpy as np
import pytest

from kerasapps.models import StyleGAN
from kerasapps.training.gan import growth, latents
from kerasapps.training.gan.gan_trainer import GANTrainer
from kerasapps.training.optimizers import make_optimizer
from tests.training.gan import two_players
from tests.training.gan.two_players import BATCH, STEPS

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (STEPS * BATCH, 8, 8, 1)).astype("float32")


def growing(**options):
    generator = StyleGAN(8, 1, 8, 2, fmap_base=32, fmap_max=8, fading=True)
    discriminator = generator.discriminator()
    share = growth.fade_in(discriminator).share
    for model in (generator, discriminator):
        growth.fade_in(model).share.assign(0.3)
    model = GANTrainer(
        generator,
        discriminator,
        latents.generate_mixed,
        penalty="r1",
        transform_real=functools.partial(growth.faded, share=share),
    )
    # Adam would take whole steps along gradients that are but rounding.
    optimizers = [make_optimizer("sgd", 1e-3, ema=ema) for ema in (0.8, None)]
    model.compile(*optimizers, **options)
    return model


@pytest.fixture(scope="module")
def exact():
    """A training in 32 bits, on one device."""
    return two_players.fit(growing, IMAGES)


def test_two_replicas_train_as_one(exact):
    two = two_players.fit(growing, IMAGES, replicas=2)
    two_players.assert_close(exact, two, 1e-3)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_in_16_bits(policy, exact):
    keras.config.set_dtype_policy(policy)
    try:
        _, state, history = two_players.fit(growing, IMAGES)
    finally:
        keras.config.set_dtype_policy("float32")
    assert all(np.isfinite(values).all() for values in state)
    if policy == "mixed_float16":
        return  # The first steps only find the scale of the losses.
    for name in ("generator_loss", "discriminator_loss"):
        np.testing.assert_allclose(history[name], exact[2][name], rtol=0.1)


@pytest.mark.slow
def test_compiled_by_xla():
    make = functools.partial(growing, jit_compile=True)
    _, state, history = two_players.fit(make, IMAGES)
    assert all(np.isfinite(values).all() for values in state)
    assert history["penalty"][0] != history["penalty"][1]
