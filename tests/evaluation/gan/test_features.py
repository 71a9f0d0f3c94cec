"""Features of images."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.gan import features
from kerasapps.evaluation.gan.frechet import frechet_distance
from kerasapps.models import LeNet5, ResNet20
from kerasapps.serving.classifier import export_classifier
from kerasapps.weights import keras_file

NAMES = tuple("0123456789")


def random_images(count, size=32, channels=1, seed=0):
    shape = [count, size, size, channels]
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def write_run(directory, network, preprocessing):
    """What apps.train_classifier leaves that matters here."""
    directory.mkdir()
    keras_file.save(network, directory / "model.keras")
    metrics = {
        "dataset": "digits",
        "preprocessing": preprocessing.to_config(),
        "class_accuracy": dict.fromkeys(NAMES, 0.5),
    }
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return str(directory)


@pytest.fixture(scope="module")
def lenet(tmp_path_factory):
    """A run and its network."""
    keras.utils.set_random_seed(0)
    network = LeNet5()
    preprocessing = Preprocessing((32, 32, 1), 70, 60)
    path = tmp_path_factory.mktemp("runs") / "lenet5_digits"
    return write_run(path, network, preprocessing), network


def test_the_last_hidden_layer_of_lenet(lenet):
    run, network = lenet
    found = features.classifier(run)
    assert (found.features.name, found.features.size) == ("lenet", 84)
    assert found.features.distance_name == "fd_lenet"
    assert found.class_names == NAMES
    images = random_images(7)
    x = (images.astype(np.float32) - 70) / 60
    for layer in network.layers[1:-1]:
        x = layer(x)
    extracted = found.features.extract(images)
    assert extracted.dtype == np.float32
    np.testing.assert_allclose(extracted, x, rtol=1e-4, atol=1e-5)
    # Any size will do; grey that is stored as RGB is the same grey.
    assert found.features.extract(random_images(2, size=28)).shape == (2, 84)
    colour = found.features.extract(np.repeat(images, 3, axis=-1))
    np.testing.assert_allclose(colour, extracted, rtol=1e-3, atol=1e-4)


def test_probabilities_of_the_classes(lenet):
    run, network = lenet
    images = random_images(5)
    found = features.classifier(run).predict(images)
    logits = network((images.astype(np.float32) - 70) / 60)
    np.testing.assert_allclose(found, tf.nn.softmax(logits), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_other_classifiers_and_dtype_policies(tmp_path):
    network = ResNet20()
    run = write_run(tmp_path / "run", network, Preprocessing((32, 32, 3), 127, 64))
    images = random_images(3, channels=3)
    whole = features.classifier(run).features
    assert (whole.name, whole.size) == ("resnet20", 64)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = features.classifier(run).features
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)
    np.testing.assert_array_equal(mixed.extract(images), whole.extract(images))


def test_moments_of_batches_give_the_frechet_distance(lenet):
    found = features.classifier(lenet[0]).features
    sets = random_images(200, seed=1), random_images(150, seed=2) // 2
    moments = [found.moments(np.array_split(images, 3)) for images in sets]
    assert [m.count for m in moments] == [200, 150]
    extracted = [found.extract(images).astype(np.float64) for images in sets]
    expected = frechet_distance(
        *(f for e in extracted for f in (e.mean(axis=0), np.cov(e, rowvar=False)))
    )
    distance = moments[0].distance(moments[1])
    assert distance == pytest.approx(expected, rel=1e-4)
    assert distance > 1e-5


@pytest.mark.parametrize("missing", ["metrics.json", "model.keras"])
def test_what_is_no_finished_run(lenet, tmp_path, missing):
    run = tmp_path / "run"
    shutil.copytree(lenet[0], run)
    (run / missing).unlink()
    with pytest.raises(InputError) as caught:
        features.classifier(str(run))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """A file of an InceptionV3 with random weights, and the network."""
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, pooling="avg"
    )
    path = tmp_path_factory.mktemp("weights") / "inception.weights.h5"
    network.save_weights(path)
    return str(path), network


def test_inception(inception_file):
    path, network = inception_file
    found = features.inception(path)
    assert (found.name, found.size) == ("inception", 2048)
    assert found.distance_name == "fid"
    images = random_images(2, size=64, channels=3)
    prepared = keras.applications.inception_v3.preprocess_input(
        tf.image.resize(images, (299, 299)).numpy()
    )
    extracted = found.extract(images)
    assert extracted.shape == (2, 2048)
    np.testing.assert_allclose(extracted, network(prepared), rtol=1e-3, atol=1e-4)


def test_inceptions_weights_that_are_not_there(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"no file .*none\.h5"):
        features.inception(str(tmp_path / "none.h5"))
    (tmp_path / "broken.weights.h5").write_bytes(b"x")
    with pytest.raises(InputError, match="holds no weights") as caught:
        features.inception(str(tmp_path / "broken.weights.h5"))
    assert "\n" not in str(caught.value)

    def offline(**kwargs):
        raise RuntimeError("URL fetch failure\non https://...")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(InputError, match=r"put the file at .*_notop\.h5") as caught:
        features.inception()
    assert "\n" not in str(caught.value)
    assert keras.config.dtype_policy().name == "float32"


class _Signatures(tf.Module):
    """Means over the pixels, with weights of 2."""

    def __init__(self):
        super().__init__()
        self.weight = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, None], tf.uint8)])
    def any_size(self, pixels):
        return {"mean": self.weight * tf.reduce_mean(tf.cast(pixels, tf.float32), [1])}

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 6, 3], tf.float32)])
    def fixed(self, images):
        flat = self.weight * images
        return {"maps": flat, "mean": tf.reduce_mean(flat, [1, 2])}

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 6, 3], tf.uint8)])
    def rounded(self, images):
        return {"pixels": images}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def words(self, text):
        return {"length": tf.strings.length(text)[:, tf.newaxis]}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    module = _Signatures()
    path = tmp_path_factory.mktemp("models") / "meanest" / "3"
    names = {"serving_default": "fixed", "any": "any_size"}
    names |= {"rounded": "rounded", "words": "words"}
    tf.saved_model.save(
        module, str(path), {k: getattr(module, v) for k, v in names.items()}
    )
    return str(path)


def test_only_inception_measures_the_fid(tmp_path):
    path = tmp_path / "inception"
    module = _Signatures()
    tf.saved_model.save(module, str(path), {"images": module.fixed})
    found = features.saved_model(f"{path}:images:mean")
    assert (found.name, found.distance_name) == ("inception", "fd_inception_mean")


def test_float_images_are_resized_and_scaled(foreign):
    found = features.saved_model(f"{foreign}:serving_default:mean")
    assert (found.name, found.size) == ("meanest", 3)
    images = random_images(5, size=12)
    resized = tf.image.resize(images.astype(np.float32), (4, 6), antialias=True)
    expected = 2 * np.mean(resized, axis=(1, 2)) / 255
    np.testing.assert_allclose(
        found.extract(images), np.repeat(expected, 3, 1), rtol=1e-5
    )
    maps = features.saved_model(f"{foreign}:serving_default:maps")
    assert maps.size == 72
    assert maps.extract(images).shape == (5, 72)


def test_integer_images_are_rounded(foreign):
    found = features.saved_model(f"{foreign}:rounded:pixels")
    images = np.array([3, 4], np.uint8).repeat(2).reshape(1, 1, 4, 1).repeat(8, 1)
    assert set(found.extract(images).ravel()) <= {3, 4}
    images = random_images(1, size=8, channels=3)[:, :4, :6]
    np.testing.assert_array_equal(found.extract(images)[0], images.ravel())


def test_a_classifier_as_it_was_exported(lenet, tmp_path):
    _, network = lenet
    preprocessing = Preprocessing((32, 32, 1), 70, 60)
    path = export_classifier(network, preprocessing, NAMES, str(tmp_path / "lenet"))
    found = features.saved_model(f"{path}:pixels:logits")
    assert (found.name, found.size) == ("lenet", 10)
    assert found.distance_name == "fd_lenet_logits"
    images = random_images(3)
    np.testing.assert_allclose(
        found.extract(images), network(preprocessing(images)), rtol=1e-4, atol=1e-4
    )
    with pytest.raises(InputError, match="outputs class_names, logits, prob"):
        features.saved_model(path)


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("", r"outputs maps, mean; write one in .*:serving_default:OUTPUT"),
        (":serving_default:none", "outputs maps, mean"),
        (":none:mean", "signature 'none'; write one of any, rounded, serving_default"),
        (":any:mean", "'mean' .* no fixed size"),
        (":words:length", "doesn't take one array"),
        ("/none", "no SavedModel in"),
        ("/none:a:b", "no SavedModel in"),
    ],
)
def test_what_is_no_features(foreign, rest, says):
    with pytest.raises(InputError, match=says) as caught:
        features.saved_model(foreign + rest)
    assert "\n" not in str(caught.value)


def test_a_broken_saved_model(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(InputError, match="can't be loaded"):
        features.saved_model(str(tmp_path))
