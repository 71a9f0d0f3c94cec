import functools
import inspect
import re
import urllib.error
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.applications import densenet, efficientnet, resnet
from keras.src.legacy.saving import legacy_h5_format

from kerasapps import models
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.models.densenet import DenseNet
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.resnet import ResNet
from kerasapps.weights import keras_applications
from kerasapps.weights.blueprint import blueprint

# The smallest images that the twins of `keras.applications` take.
SIZE = 32
VARIANTS = {
    name.lower(): getattr(models, name)
    for name in vars(models)
    if name.lower() in keras_applications.TWINS
}


def shallow_resnet(**arguments):
    """Returns what `keras.applications` makes of ResNet-50's parts, but fewer."""

    def stack(x):
        x = resnet.stack_residual_blocks_v1(x, 64, 2, stride1=1, name="conv2")
        return resnet.stack_residual_blocks_v1(x, 16, 2, name="conv3")

    return resnet.ResNet(stack, False, True, name="resnet50", **arguments)


# Of each family but VGG, a shallow and narrow twin and the suite's network.
SHALLOW = {
    "ResNet50": (
        shallow_resnet,
        functools.partial(ResNet, (2, 2), (64, 16), name="resnet50"),
    ),
    "DenseNet121": (
        functools.partial(densenet.DenseNet, [2, 1, 3, 1], name="densenet121"),
        functools.partial(DenseNet, (2, 1, 3, 1), name="densenet121"),
    ),
    "EfficientNetB0": (
        functools.partial(
            efficientnet.EfficientNet, 0.3, 0.4, SIZE, name="efficientnetb0"
        ),
        functools.partial(EfficientNet, 0.3, 0.4, name="efficientnetb0"),
    ),
}


def random_twin(factory, classes=10):
    """Returns a twin in which no weight has a value that hides a mistake."""
    twin = factory(
        weights=None,
        input_shape=(SIZE, SIZE, 3),
        classes=classes,
        classifier_activation=None,
    )
    random = np.random.default_rng(0)
    for layer in twin.layers:
        for weight in layer.weights:
            draw = {
                "bias": (-0.2, 0.2),
                "beta": (-0.2, 0.2),
                "moving_mean": (-0.2, 0.2),
                "gamma": (0.8, 1.2),
                "moving_variance": (0.6, 1.4),
            }.get(weight.name)
            if weight.name == "kernel":
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                fan_in = np.prod(weight.shape[: 2 if depthwise else -1])
                value = random.standard_normal(weight.shape, "float32")
                weight.assign(value * np.sqrt(2 / fan_in))
            elif draw:
                weight.assign(random.uniform(*draw, weight.shape))
    return twin


def random_images():
    images = np.random.default_rng(1).integers(-4, 5, (2, SIZE, SIZE, 3))
    # Of much and of little contrast, a bright and a dark one.
    images = images * [[[[1.0]]], [[[0.25]]]] + [[[[2.0]]], [[[-1.0]]]]
    return (16 * images).astype("float32")


def assert_alike(model, twin):
    images = random_images()
    # EfficientNet's twin begins with layers that the suite's network doesn't have.
    for layer in twin.layers:
        if isinstance(layer, keras.layers.Rescaling):
            layer.scale = 1.0
    expected = np.asarray(twin(images))
    largest = np.abs(expected).max()
    # That of the images something is left, neither vanished nor too large to compare.
    assert 1e-3 < largest < 1e5
    assert np.abs(expected[0] - expected[1]).max() > 0.01 * largest
    np.testing.assert_allclose(
        np.asarray(model(images)), expected, rtol=0, atol=1e-4 * largest
    )


@pytest.mark.parametrize("name", SHALLOW)
def test_answers_as_its_twin(name):
    theirs, ours = SHALLOW[name]
    twin = random_twin(theirs)
    model = ours(num_classes=10, input_shape=(SIZE, SIZE, 3))
    assert keras_applications.take_weights(model, twin, name) is model
    assert_alike(model, twin)


@pytest.fixture(scope="module")
def vgg16():
    return random_twin(keras.applications.VGG16)


def test_vgg_answers_as_its_twin(vgg16):
    model = models.VGGD(num_classes=10, input_shape=(SIZE, SIZE, 3), weights=vgg16)
    assert_alike(model, vgg16)


def shapes(layer):
    return {weight.name: tuple(weight.shape) for weight in layer.weights}


@pytest.mark.parametrize("name", keras_applications.TWINS)
def test_every_array_has_its_twin(name, paper_blueprint):
    twin = keras_applications.TWINS[name]
    model = paper_blueprint(VARIANTS[name])
    source = blueprint(
        getattr(keras.applications, twin),
        weights=None,
        input_shape=model.input_shape[1:],
    )
    pairs = keras_applications.twin_layers(model, source, twin)
    assert [ours for ours, _ in pairs] == [x for x in model.layers if x.weights]
    assert len({theirs.name for _, theirs in pairs}) == len(pairs)
    for ours, theirs in pairs:
        expected = shapes(theirs)
        if twin.startswith("ResNet") and theirs.name.endswith("_conv"):
            # It goes into the moving mean.
            del expected["bias"]
        assert shapes(ours) == expected
        # Another block of the same shape would have another number.
        if twin.startswith("ResNet") and ours.name.startswith("conv"):
            numbers = re.findall(r"\d+", ours.name.replace("shortcut", "0"))
            assert re.findall(r"\d+", theirs.name)[: len(numbers)] == numbers
    if not twin.startswith("ResNet"):
        # They are chains, whose layers come in the same order.
        chain = [x for x in source.layers if x.weights and x.name != "normalization"]
        assert [theirs for _, theirs in pairs] == chain


@pytest.mark.parametrize("name", ["vgge", "resnet50", "densenet121", "efficientnetb0"])
def test_asks_for_its_twin(name, monkeypatch):
    def nothing(weights):
        assert weights == "imagenet"
        raise OSError("nothing there")

    twin = keras_applications.TWINS[name]
    monkeypatch.setattr(keras.applications, twin, nothing)
    with pytest.raises(InputError, match=f"weights of {twin} can't be downloaded"):
        blueprint(VARIANTS[name], weights="imagenet")


@pytest.mark.parametrize("name", keras_applications.TWINS)
def test_names_its_twin(name):
    twin = keras_applications.TWINS[name]
    assert f"those of `keras.applications.{twin}`" in VARIANTS[name].__doc__


def same_weights(model, values):
    pairs = zip(model.get_weights(), values, strict=True)
    return [np.array_equal(a, b) for a, b in pairs]


# The files are those of a shallow EfficientNet-B0, which takes no time.


@pytest.fixture
def shallow_b0(monkeypatch):
    """The twin that a file is read into is as shallow."""
    factory, _ = SHALLOW["EfficientNetB0"]
    monkeypatch.setattr(keras.applications, "EfficientNetB0", factory)


def small_network(num_classes=10):
    _, factory = SHALLOW["EfficientNetB0"]
    return factory(num_classes=num_classes, input_shape=(SIZE, SIZE, 3))


@pytest.fixture(scope="module")
def twin():
    return random_twin(SHALLOW["EfficientNetB0"][0])


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def taken(network, twin):
    """The weights that the network is to have."""
    return keras_applications.take_weights(
        network, twin, "EfficientNetB0"
    ).get_weights()


@pytest.fixture
def model(network, taken):
    """The network, none of its weights yet the twin's."""
    network.set_weights([value + 1 for value in taken])
    return network


def take(model, weights):
    return keras_applications.take_weights(model, weights, "EfficientNetB0")


def write(twin, path):
    if path.name.endswith(".weights.h5"):
        twin.save_weights(path)
    elif path.suffix == ".h5":
        # As the files are that keras.applications downloads.
        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, twin)
    else:
        twin.save(path)


@pytest.mark.usefixtures("shallow_b0")
@pytest.mark.parametrize("name", ["a.keras", "a.weights.h5", "a.h5"])
def test_a_file(name, twin, model, taken, tmp_path):
    write(twin, tmp_path / name)
    assert not any(same_weights(model, taken))
    take(model, str(tmp_path / name))
    assert all(same_weights(model, taken))


@pytest.mark.usefixtures("shallow_b0")
@pytest.mark.parametrize("name", ["a.keras", "a.weights.h5", "a.h5"])
def test_a_file_of_a_trained_twin(name, twin, model, taken, tmp_path):
    # What the optimizer keeps of the last layer's kernel has two axes as well.
    twin.compile(keras.optimizers.SGD(momentum=0.9))
    twin.optimizer.build(twin.trainable_variables)
    if name == "a.weights.h5":
        twin.save_weights(tmp_path / name)
    else:
        twin.save(tmp_path / name)
    take(model, str(tmp_path / name))
    assert all(same_weights(model, taken))


def test_a_file_with_more_dense_layers_than_the_last(vgg16, tmp_path):
    path = str(tmp_path / "a.weights.h5")
    vgg16.save_weights(path)
    model = models.VGGD(num_classes=3, input_shape=(SIZE, SIZE, 3), weights=path)
    # All but the kernel and the bias of the last layer, in the order of the graph.
    expected = vgg16.get_weights()[:-2] + model.get_weights()[-2:]
    assert all(same_weights(model, expected))


def test_imagenet(twin, model, taken, monkeypatch):
    def downloaded(weights):
        assert weights == "imagenet"
        return twin

    monkeypatch.setattr(keras.applications, "EfficientNetB0", downloaded)
    assert all(same_weights(take(model, "imagenet"), taken))


def test_imagenet_without_a_network(model, monkeypatch, tmp_path):
    def unreachable(*arguments):
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    files = "keras.src.utils.file_utils"
    monkeypatch.setattr(f"{files}.urlretrieve", unreachable)
    monkeypatch.setattr(f"{files}.config.keras_home", lambda: str(tmp_path))
    words = r"EfficientNetB0 can't be downloaded \(.*\); give a file"
    with pytest.raises(InputError, match=words) as info:
        take(model, "imagenet")
    assert "\n" not in str(info.value)


def test_another_number_of_classes_leaves_the_last_layer_fresh(twin, taken):
    model = small_network(num_classes=4)
    fresh = model.get_weights()[-2:]
    take(model, twin)
    assert all(same_weights(model, taken[:-2] + fresh))


def test_none_leaves_the_network_as_it_is(model):
    before = model.get_weights()
    assert take(model, None) is model
    assert all(same_weights(model, before))


@pytest.mark.usefixtures("shallow_b0")
def test_what_is_no_twin(twin, model, tmp_path):
    twin.save(tmp_path / "whole.keras")
    whole = (tmp_path / "whole.keras").read_bytes()
    (tmp_path / "torn.keras").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "empty.keras", "w"):
        pass
    (tmp_path / "junk.h5").write_bytes(b"junk")
    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10)])
    small.save_weights(tmp_path / "small.weights.h5")
    grey = keras.applications.EfficientNetB0(
        weights=None, input_shape=(SIZE, SIZE, 1), classes=10
    )
    with keras.StatelessScope(initialize_variables=False):
        larger = keras.applications.EfficientNetB1(
            weights=None, input_shape=(SIZE, SIZE, 3), classes=10
        )
    before = model.get_weights()
    for weights, words in {
        str(tmp_path / "torn.keras"): "isn't a .keras, .weights.h5 or .h5 file",
        str(tmp_path / "empty.keras"): "with the weights of EfficientNetB0",
        str(tmp_path / "junk.h5"): "isn't a .keras, .weights.h5 or .h5 file",
        str(tmp_path / "small.weights.h5"): "with the weights of EfficientNetB0",
        str(tmp_path / "nowhere.h5"): "there is no such file",
        str(tmp_path): "isn't a .keras, .weights.h5 or .h5 file",
        small: "only one of them has a layer",
        larger: "only one of them has a layer block1b_",
        grey: r"in stem_conv they have the shape \(3, 3, 1, 16\), not \(3, 3, 3, 16\)",
    }.items():
        with pytest.raises(InputError, match=words) as info:
            take(model, weights)
        assert "\n" not in str(info.value)
        assert all(same_weights(model, before))


def test_every_network_with_a_twin_is_named():
    takes_weights = {
        name.lower()
        for name, factory in vars(models).items()
        if callable(factory) and "weights" in inspect.signature(factory).parameters
    }
    assert takes_weights == set(keras_applications.TWINS)


@pytest.mark.parametrize(
    ("name", "module"),
    [("vggd", "vgg16"), ("resnet50", "resnet"), ("densenet121", "densenet")],
)
def test_preprocessing(name, module):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    ours = Preprocessing((5, 6, 3), **keras_applications.preprocessing(name))
    theirs = getattr(keras.applications, module).preprocess_input
    np.testing.assert_allclose(ours(pixels), theirs(pixels), rtol=0, atol=1e-4)


def test_preprocessing_of_efficientnet(twin):
    """As its twin's first layers with what is in the file of ImageNet's weights."""
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    _, rescaling, *_ = twin.layers
    normalization = keras.layers.Normalization(mean=mean, variance=std)
    last = keras.layers.Rescaling(1 / np.sqrt(std))
    expected = last(normalization(rescaling(pixels[np.newaxis])))[0]
    ours = Preprocessing(
        pixels.shape, **keras_applications.preprocessing("efficientnetb0")
    )
    np.testing.assert_allclose(ours(pixels), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["a.keras", "a.weights.h5", "a.h5"])
@pytest.mark.parametrize("imagenet", [False, True])
def test_preprocessing_of_a_file_of_efficientnet(name, imagenet, tmp_path):
    """A twin that was trained without ImageNet's weights only divides by 255."""
    # Its first layers, which are what counts.
    twin = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Rescaling(1 / 255),
            normalization := keras.layers.Normalization(),
            keras.layers.Conv2D(4, 3),
        ]
    )
    if imagenet:
        normalization.set_weights(
            [np.array(x) for x in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 0)]
        )
    write(twin, tmp_path / name)
    found = keras_applications.preprocessing("efficientnetb0", str(tmp_path / name))
    expected = {"mean": [0.0] * 3, "std": [255.0] * 3, "channel_order": "rgb"}
    if imagenet:
        expected = keras_applications.preprocessing("efficientnetb0")
    assert found == expected


def test_preprocessing_of_what_is_no_file_of_weights(tmp_path):
    (tmp_path / "junk.keras").write_bytes(b"junk")
    for name, words in (("junk.keras", "isn't a .keras"), ("a.h5", "no such file")):
        with pytest.raises(InputError, match=words):
            keras_applications.preprocessing("efficientnetb0", str(tmp_path / name))
