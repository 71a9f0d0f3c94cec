import keras
import numpy as np
import pytest

from kerasapps.models import LeNet1989
from kerasapps.models.lenet1989 import H2_CONNECTIONS, PlaceCodeMeanSquaredError


def test_parameters_of_each_layer():
    model = LeNet1989()
    counts = {
        name: sum(model.get_layer(layer).count_params() for layer in layers)
        for name, layers in {
            "H1": ("H1", "H1_bias"),
            "H2": ("H2", "H2_bias"),
            "H3": ("H3",),
            "output": ("output",),
        }.items()
    }
    assert counts == {"H1": 1_068, "H2": 2_592, "H3": 5_790, "output": 310}


def test_each_map_of_h1_feeds_eight_of_h2():
    assert [len(set(row)) for row in H2_CONNECTIONS] == [8] * 12
    assert np.bincount(np.ravel(H2_CONNECTIONS)).tolist() == [8] * 12


def test_units_see_every_second_pixel_and_a_background_of_minus_one():
    model = LeNet1989()
    h1 = model.get_layer("H1")
    feature = keras.Model(model.input, h1.output)
    image = np.random.default_rng(0).normal(size=(1, 16, 16, 1)).astype("float32")
    maps = np.asarray(feature(image))[0]
    kernel = h1.get_weights()[0][:, :, 0]
    assert maps.shape == (8, 8, 12)
    # Receptive fields of neighbours are two pixels apart; the first is centred on the
    # first pixel, so two of its five rows and columns lie beyond the border.
    inside = np.einsum("ij,ijo->o", image[0, 2:7, 4:9, 0], kernel)
    np.testing.assert_allclose(maps[2, 3], inside, rtol=1e-4, atol=1e-6)
    corner = -np.ones((5, 5))
    corner[2:, 2:] = image[0, :3, :3, 0]
    np.testing.assert_allclose(
        maps[0, 0], np.einsum("ij,ijo->o", corner, kernel), rtol=1e-4, atol=1e-6
    )


def test_size_must_be_fixed():
    with pytest.raises(ValueError, match="fixed size, not Nonex16"):
        LeNet1989(input_shape=(None, 16, 1))


def test_paper_loss_by_hand():
    logits = np.array([[1.0, -1.0], [0.0, 0.0]])
    # f(1) = 1 and f(-1) = -1, to the digits that the constants have: no error.
    loss = PlaceCodeMeanSquaredError(reduction=None)
    np.testing.assert_allclose(loss(np.array([0, 1]), logits), [0, 1], atol=1e-6)
    # The squashed outputs are 1 and -1, the targets -1 and 1.
    assert float(loss(np.array([[1]]), logits[:1])[0]) == pytest.approx(4, rel=1e-4)


def test_paper_loss_round_trips():
    loss = LeNet1989().paper_loss()
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(again, PlaceCodeMeanSquaredError)


def test_paper_loss_learns():
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1))
    labels = np.arange(8)
    model = LeNet1989()
    model.compile(keras.optimizers.Adam(0.01), model.paper_loss(), metrics=["accuracy"])
    # Forty times the same batch.
    again = np.tile(images, (40, 1, 1, 1)), np.tile(labels, 40)
    model.fit(*again, batch_size=8, shuffle=False, verbose=0)
    assert model.evaluate(images, labels, verbose=0)[1] == 1
