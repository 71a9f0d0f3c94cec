import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.layers import FadeIn
from kerasapps.models import StyleGAN
from kerasapps.training.checkpoint import Checkpoint
from kerasapps.training.gan import growth
from tests.training.test_checkpoint import KillAt, Killed

EPOCHS, STEPS = 3, 4


def fading(nested):
    """A network that moves from one line to another, or one that holds it."""
    x = keras.Input((1,))
    both = [keras.layers.Dense(1)(x), keras.layers.Dense(1)(x)]
    model = keras.Model(x, FadeIn(name="fade_in")(both))
    if nested:
        outer = keras.Input((1,))
        return keras.Model(outer, model(keras.layers.Dense(1)(outer)))
    return model


def train(directory, nested=False, kill_at=None):
    """Returns the model and the share of each step that was done."""
    keras.utils.set_random_seed(0)
    model = fading(nested)
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    model.optimizer.build(model.trainable_variables)
    x = np.random.default_rng(0).normal(size=(STEPS, 1)).astype("float32")
    # A metric's variables are part of a checkpoint.
    model.evaluate(x, x, verbose=0)
    history = keras.callbacks.History()
    checkpoint = Checkpoint(directory, STEPS, 1, history)
    checkpoint.restore(model)
    shares = {}

    def note(batch, logs):
        shares[checkpoint.epoch, batch] = float(growth.fade_in(model).share)

    schedule = growth.FadeInSchedule([model], EPOCHS * STEPS, STEPS)
    note = keras.callbacks.LambdaCallback(on_train_batch_end=note)
    callbacks = [schedule, note, history, checkpoint]
    if kill_at is not None:
        callbacks.append(KillAt(kill_at))
    data = tf.data.Dataset.from_tensor_slices((x, 2 * x)).batch(1).repeat()
    model.fit(
        data.skip(checkpoint.step),
        steps_per_epoch=STEPS,
        initial_epoch=checkpoint.epoch,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    return model, shares


@pytest.mark.parametrize("nested", [False, True])
def test_the_share_rises_over_the_first_half(nested, tmp_path):
    _, shares = train(tmp_path, nested)
    expected = [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1, 1, 1, 1, 1, 1]
    assert [*shares] == [(e, s) for e in range(EPOCHS) for s in range(STEPS)]
    np.testing.assert_allclose([*shares.values()], expected, rtol=1e-6)


def test_a_resumed_training_goes_on_with_its_share(tmp_path):
    whole, shares = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "stopped", kill_at=5)
    resumed, later = train(tmp_path / "stopped")
    assert min(later) == (1, 0)
    assert later.items() <= shares.items()
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_faded_images_lose_the_detail_of_half_the_resolution():
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    means = images.reshape(2, 2, 2, 3, 2, 3).mean(axis=(2, 4))
    coarse = np.kron(means, np.ones((1, 2, 2, 1)))
    for share in (0.0, 0.3, 1.0):
        np.testing.assert_allclose(
            growth.faded(tf.constant(images), tf.constant(share)),
            (1 - share) * coarse + share * images,
            rtol=1e-5,
            atol=1e-6,
        )


def stylegan(size, seed, **options):
    """Returns generator and discriminator, their weights all moved from the start."""
    keras.utils.set_random_seed(seed)
    generator = StyleGAN(size, 1, 8, 2, fmap_base=32, fmap_max=8, **options)
    discriminator = generator.discriminator()
    random = np.random.default_rng(seed)
    for model in (generator, discriminator):
        for weight in model.trainable_variables:
            weight.assign(weight + random.normal(0, 0.3, weight.shape))
    return generator, discriminator


def layers(model):
    """Returns the weights of all layers by their names."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= layers(layer)
        elif layer.weights:
            found[layer.name] = layer.get_weights()
    return found


@pytest.mark.parametrize("before_fades", [False, True])
def test_layers_of_the_same_name_are_taken_over(before_fades):
    small = stylegan(8, 0, fading=before_fades)
    for before, model in zip(small, stylegan(16, 1, fading=True), strict=True):
        if before_fades:
            growth.fade_in(before).share.assign(0.5)
        olds, own = layers(before), layers(model)
        growth.take_over(model, before)
        common = own.keys() & olds.keys() - {"fade_in"}
        assert len(common) >= 5
        assert own.keys() - common > {"fade_in"}
        for name, weights in layers(model).items():
            expected = (olds if name in common else own)[name]
            for one, other in zip(weights, expected, strict=True):
                np.testing.assert_array_equal(one, other)
        # The smaller network has its last layers in the other, too.
        assert olds.keys() - common <= {"fade_in", "image4"}


def test_a_grown_network_begins_as_the_smaller_one():
    random = np.random.default_rng(0)
    w = random.normal(size=(3, 6, 8)).astype("float32")
    sizes = (4, 4, 8, 8, 16, 16)
    noise = [random.normal(size=(3, n, n, 1)).astype("float32") for n in sizes]
    images = random.normal(size=(3, 16, 16, 1)).astype("float32")
    halved = images.reshape(3, 8, 2, 8, 2, 1).mean(axis=(2, 4))
    (small, judge), (large, large_judge) = stylegan(8, 0), stylegan(16, 1, fading=True)
    growth.take_over(large, small)
    growth.take_over(large_judge, judge)
    made = np.asarray(small.synthesis([w[:, :4], *noise[:4]]))
    enlarged = np.kron(made, np.ones((1, 2, 2, 1)))
    judged = judge(halved)
    assert made.std() > 0.1
    for share, same in ((0.0, True), (0.5, False)):
        for model in (large, large_judge):
            growth.fade_in(model).share.assign(share)
        for one, other in (
            (large.synthesis([w, *noise]), enlarged),
            (large_judge(images), judged),
        ):
            assert np.allclose(one, other, rtol=1e-4, atol=1e-5) == same


def test_a_network_that_has_been_faded_in_is_one_that_does_not_fade():
    random = np.random.default_rng(0)
    w = random.normal(size=(2, 4, 8)).astype("float32")
    noise = [random.normal(size=(2, n, n, 1)).astype("float32") for n in (4, 4, 8, 8)]
    images = random.normal(size=(2, 8, 8, 1)).astype("float32")
    faded, last = stylegan(8, 0, fading=True), stylegan(8, 1)
    for before, model in zip(faded, last, strict=True):
        growth.fade_in(before).share.assign(1.0)
        growth.take_over(model, before)
    one, other = (m.synthesis([w, *noise]) for m in (faded[0], last[0]))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(faded[1](images), last[1](images), rtol=1e-4, atol=1e-5)
