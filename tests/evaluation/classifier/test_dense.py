import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.evaluation.classifier.dense import dense_network, dense_probabilities
from kerasapps.models import AlexNet, GoogLeNet, LeNet5
from kerasapps.models.resnet import ResNet
from kerasapps.models.vgg import VGG

ALEXNET = {"filters": (4, 6, 8, 4), "units": 8, "num_classes": 3}
VGG_ = {"convolutions": (1, 2), "widths": (4, 6), "units": 8, "num_classes": 3}
RESNET = {
    "blocks": (1, 1),
    "widths": (4, 8),
    "bottleneck": False,
    "stem": "cifar",
    "num_classes": 3,
}

GOOGLENET = {
    "stem": (4, 4, 8),
    "inception": (((4,) * 6,), ((4,) * 6,) * 2),
    "num_classes": 3,
}


def trained(model, kept=None):
    """Gives a model weights that tell images apart, and statistics that aren't 0, 1.

    Of the kernels of the layers in `kept` only that part, the same in height and
    width, isn't zero.
    """
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif len(weight.shape) > 1:
            bound = np.sqrt(6 / np.prod(weight.shape[:-1]))
            weight.assign(random.uniform(-bound, bound, weight.shape))
        elif "float" in weight.dtype:
            weight.assign(random.uniform(-0.1, 0.1, weight.shape))
    for name, part in (kept or {}).items():
        kernel = model.get_layer(name).kernel
        mask = np.zeros(kernel.shape, "float32")
        mask[part, part] = 1
        kernel.assign(kernel * mask)
    logits = np.asarray(model(random_images(8, *model.input_shape[1:])))
    output = model.layers[-1]
    output.kernel.assign(output.kernel / logits.std(axis=0))
    output.bias.assign((output.bias - logits.mean(axis=0)) / logits.std(axis=0))
    return model


def random_images(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("factory", "arguments", "size"),
    [(AlexNet, ALEXNET, (72, 100)), (VGG, VGG_, (12, 9)), (ResNet, RESNET, (8, 12))],
)
def test_equals_the_plain_network_at_the_size_of_the_training(factory, arguments, size):
    model = trained(factory(input_shape=(*size, 3), **arguments))
    images = random_images(4, *size, 3)
    plain = np.asarray(keras.ops.softmax(model(images)))
    assert np.ptp(plain, axis=0).min() > 0.01
    dense = dense_probabilities(model, images)
    assert dense.shape == (4, 3)
    assert dense.dtype == "float32"
    np.testing.assert_allclose(dense, plain, atol=1e-5)


def crops(images, size, stride):
    """Returns the crops row by row, `[positions, batch, size, size, channels]`."""
    rows, columns = ((n - size) // stride + 1 for n in images.shape[1:3])
    return [
        images[:, i * stride : i * stride + size, j * stride : j * stride + size]
        for i in range(rows)
        for j in range(columns)
    ]


# Of each kernel only the middle: no position sees the zeros around a crop.
VGG_MIDDLES = {name: slice(1, 2) for name in ("conv1_1", "conv2_1", "conv2_2")}


def test_vgg_averages_the_crops_where_padding_does_not_matter():
    model = trained(VGG(input_shape=(12, 12, 3), **VGG_), VGG_MIDDLES)
    images = random_images(2, 20, 17, 3)
    scores = [keras.ops.softmax(model(crop)) for crop in crops(images, 12, 4)]
    assert len(scores) == 3 * 2
    assert np.ptp(scores, axis=0).min() > 0.01
    np.testing.assert_allclose(
        dense_probabilities(model, images), np.mean(scores, axis=0), atol=1e-5
    )


def test_alexnet_averages_the_crops_where_padding_does_not_matter():
    # The last kernels of conv1 see three zeros past the lower and right edge of a crop.
    kept = {"conv1": slice(0, 8), "conv2": slice(2, 3)}
    kept |= {"conv3": slice(1, 2), "conv4": slice(1, 2)}
    model = trained(AlexNet(input_shape=(64, 64, 3), **ALEXNET), kept)
    images = random_images(1, 96, 128, 3)
    scores = [keras.ops.softmax(model(crop)) for crop in crops(images, 64, 32)]
    assert len(scores) == 2 * 3
    assert np.ptp(scores, axis=0).min() > 0.01
    np.testing.assert_allclose(
        dense_probabilities(model, images), np.mean(scores, axis=0), atol=1e-5
    )


def test_scores_are_laid_out_as_the_image():
    model = trained(VGG(input_shape=(12, 12, 3), **VGG_), VGG_MIDDLES)
    images = random_images(2, 20, 17, 3)
    network = model.fully_convolutional()
    assert network.output_shape == (None, None, None, 3)
    scores = network(images)
    assert scores.shape == (2, 3, 2, 3)
    each = [model(crop) for crop in crops(images, 12, 4)]
    np.testing.assert_allclose(
        scores, np.reshape(np.stack(each, 1), (2, 3, 2, 3)), atol=1e-4
    )


def test_padding_matters_elsewhere():
    # A crop has zeros around it where the larger image goes on.
    model = trained(VGG(input_shape=(12, 12, 3), **VGG_))
    images = random_images(2, 20, 20, 3)
    scores = np.asarray(model.fully_convolutional()(images))
    assert np.abs(scores[:, 1, 1] - model(images[:, 4:16, 4:16])).max() > 0.01


def test_global_average_pooling_takes_larger_images():
    model = trained(ResNet(input_shape=(8, 8, 3), **RESNET))
    images = random_images(2, 16, 12, 3)
    again = ResNet(input_shape=(16, 12, 3), **RESNET)
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(
        dense_probabilities(model, images),
        keras.ops.softmax(again(images)),
        atol=1e-5,
    )


def test_auxiliary_classifiers_stay_behind():
    model = trained(GoogLeNet(input_shape=(65, 66, 3), **GOOGLENET))
    before = model.get_weights()
    images = random_images(2, 80, 97, 3)
    again = GoogLeNet(input_shape=(80, 97, 3), **GOOGLENET)
    again.set_weights(before)
    plain = np.asarray(keras.ops.softmax(again(images)))
    assert np.ptp(plain, axis=0).min() > 1e-3
    np.testing.assert_allclose(dense_probabilities(model, images), plain, atol=1e-5)
    assert len(dense_network(model).weights) < len(before)
    # The network itself keeps them.
    assert len(model(random_images(1, 65, 66, 3), training=True)) == 3
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_a_network_is_turned_once():
    for model in (
        trained(VGG(input_shape=(12, 12, 3), **VGG_)),
        trained(ResNet(input_shape=(8, 8, 3), **RESNET)),
    ):
        network = dense_network(model)
        assert dense_network(network) is network
        images = random_images(1, 14, 13, 3)
        np.testing.assert_allclose(
            dense_probabilities(network, images),
            dense_probabilities(model, images),
            atol=1e-6,
        )


def test_turning_leaves_the_network_as_it_was():
    model = trained(VGG(input_shape=(12, 12, 3), **VGG_))
    model.compile("adam", "mse")
    before = model.get_weights()
    network = model.fully_convolutional()
    for weight in network.weights:
        weight.assign(weight + 1)
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert model.get_layer("conv1_1").output.shape == (None, 12, 12, 4)


def test_images_too_small():
    model = AlexNet(input_shape=(64, 64, 3), **ALEXNET)
    for network in (model, dense_network(model)):
        with pytest.raises(InputError, match="images of 100x63 are too small"):
            dense_probabilities(network, random_images(1, 100, 63, 3))


def test_networks_of_a_fixed_size():
    with pytest.raises(InputError, match="lenet5 can't be evaluated densely: LeNet5 "):
        dense_network(LeNet5())
    image = keras.Input((4, 4, 1))
    other = keras.Model(image, keras.layers.Flatten()(image), name="other")
    with pytest.raises(InputError, match="other can't be evaluated densely: it has"):
        dense_network(other)
