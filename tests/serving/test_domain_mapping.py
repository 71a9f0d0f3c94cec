"""Generators between two domains exported, of images and of points."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.models import DiscoGAN, ToyDiscoGAN
from kerasapps.serving.domain_mapping import export_image_mapping, export_point_mapping
from tests.serving.exported import answers_elsewhere, specs, types_of, warm_up

# A has colours and B is grey.
PREPROCESSING = {
    "a": Preprocessing((16, 16, 3), std=255),
    "b": Preprocessing((16, 16, 1), std=255),
}
IMAGES = {"image_bytes": ((None,), "string")}
PIXELS = {"pixels": ((None, None, None, None), "uint8")}
POINTS = {"points": ((None, 2), "float32")}


def moved(model):
    """Moves the weights from where they start, batch normalization's too."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        low = -0.8 if len(weight.shape) > 1 else 0
        weight.assign(weight + random.uniform(low, 0.8, weight.shape))
    return model


def made(channels):
    return {
        "pixels": ((None, 16, 16, channels), "uint8"),
        "png_bytes": ((None,), "string"),
    }


def encoded(pixels, image_format="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format)
    return file.getvalue()


def pictures():
    """Encoded images of several sizes and kinds, and their pixels."""
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, [20, 12, 4], np.uint8)
    small, grey = colours[:16, :, :3], colours[:9, :9, 0]
    return [
        (encoded(small), small),
        (encoded(colours), colours),
        (encoded(grey), grey[..., None]),
        (encoded(small, "BMP"), small),
    ]


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    a_to_b = moved(DiscoGAN(16, 3, 1, filters=2))
    return {"a_to_b": a_to_b, "b_to_a": moved(a_to_b.inverse())}


@pytest.fixture(scope="module")
def toys():
    keras.utils.set_random_seed(1)
    a_to_b = ToyDiscoGAN(2, units=8)
    return {"a_to_b": a_to_b, "b_to_a": a_to_b.inverse()}


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return tmp_path_factory.mktemp("saved_models")


@pytest.fixture(scope="module")
def folder(networks, parent):
    return export_image_mapping(networks, PREPROCESSING, str(parent / "discogan"))


@pytest.fixture(scope="module")
def toy_folder(toys, parent):
    return export_point_mapping(toys, str(parent / "toy"))


def test_signatures(folder, toy_folder):
    assert specs(folder) == {
        "serving_default": (IMAGES, made(1)),
        "a_to_b": (IMAGES, made(1)),
        "b_to_a": (IMAGES, made(3)),
        "a_to_b_pixels": (PIXELS, made(1)),
        "b_to_a_pixels": (PIXELS, made(3)),
    }
    assert specs(toy_folder) == dict.fromkeys(
        ("serving_default", "a_to_b", "b_to_a"), (POINTS, POINTS)
    )


@pytest.mark.parametrize("signature", ["serving_default", "a_to_b", "b_to_a"])
def test_images_of_any_kind_and_size(folder, networks, signature):
    contents, images = zip(*pictures(), strict=True)
    name = "a_to_b" if signature == "serving_default" else signature
    source, target = name[0], name[-1]
    prepared = [PREPROCESSING[source](image[None]) for image in images]
    expected = 255 * networks[name](np.concatenate(prepared)).numpy()
    model = tf.saved_model.load(folder)
    answer = model.signatures[signature](image_bytes=tf.constant(contents))
    pixels = answer["pixels"].numpy()
    assert pixels.shape == (4, *PREPROCESSING[target].image_shape)
    assert np.abs(pixels - expected).max() < 0.55
    assert expected.std(axis=0).mean() > 1
    for image, content in zip(pixels, answer["png_bytes"].numpy(), strict=True):
        decoded = np.array(Image.open(io.BytesIO(content), formats=["PNG"]))
        np.testing.assert_array_equal(decoded.reshape(image.shape), image)


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_pixels_are_taken_as_the_same_images_encoded(folder, direction):
    signatures = tf.saved_model.load(folder).signatures
    for content, image in pictures():
        expected = signatures[direction](image_bytes=tf.constant([content]))
        image = image.reshape(*image.shape[:2], -1)
        found = signatures[f"{direction}_pixels"](pixels=tf.constant(image[None]))
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)


def test_points(toy_folder, toys):
    points = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    model = tf.saved_model.load(toy_folder)
    for signature, name in [
        ("serving_default", "a_to_b"),
        ("a_to_b", "a_to_b"),
        ("b_to_a", "b_to_a"),
    ]:
        answer = model.signatures[signature](points=tf.constant(points))
        np.testing.assert_allclose(answer["points"], toys[name](points), rtol=1e-5)


def test_one_direction_alone(networks, toys, tmp_path):
    one = {"a_to_b": networks["a_to_b"]}
    folder = export_image_mapping(one, PREPROCESSING, str(tmp_path / "images"))
    assert sorted(specs(folder)) == ["a_to_b", "a_to_b_pixels", "serving_default"]
    folder = export_point_mapping({"a_to_b": toys["a_to_b"]}, str(tmp_path / "points"))
    assert sorted(specs(folder)) == ["a_to_b", "serving_default"]
    assert len(warm_up(folder)) == 2


def test_in_a_process_without_keras_and_kerasapps(folder, toy_folder, tmp_path):
    contents = np.array([content for content, _ in pictures()], object)
    points = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    requests = {
        folder: [
            ("serving_default", {"image_bytes": contents}),
            ("b_to_a", {"image_bytes": contents[:1]}),
            ("a_to_b", {"image_bytes": contents}),
        ],
        toy_folder: [
            ("b_to_a", {"points": points}),
            ("a_to_b", {"points": points[:0]}),
        ],
    }
    answers = answers_elsewhere(requests, tmp_path)
    for place, pairs in requests.items():
        model = tf.saved_model.load(place)
        for (signature, inputs), answer in zip(pairs, answers[place], strict=True):
            tensors = {name: tf.constant(values) for name, values in inputs.items()}
            expected = model.signatures[signature](**tensors)
            assert answer.keys() == expected.keys()
            for name, values in answer.items():
                np.testing.assert_array_equal(values, expected[name].numpy())


def test_warm_up_requests_run(folder, toy_folder):
    for place, name in ((folder, "discogan"), (toy_folder, "toy")):
        answered = warm_up(place)
        assert {model for model, *_ in answered} == {name}
        assert sorted(signature for _, signature, _ in answered) == sorted(specs(place))
        for _, _, outputs in answered:
            assert {len(values) for values in outputs.values()} == {1}


def test_what_answers_alike_is_one_version(folder, networks, toys, parent, tmp_path):
    def version(networks, preprocessing, dtype="float32"):
        place = str(parent / "discogan")
        return Path(export_image_mapping(networks, preprocessing, place, dtype)).name

    assert version(networks, PREPROCESSING) == "1"
    brighter = PREPROCESSING | {"b": Preprocessing((16, 16, 1), std=250)}
    assert version(networks, brighter) == "2"
    assert version(networks, brighter) == "2"
    swapped = {"a_to_b": toys["b_to_a"], "b_to_a": toys["a_to_b"]}
    place = str(tmp_path / "toy")
    places = [export_point_mapping(n, place) for n in (toys, swapped, toys)]
    assert [Path(path).name for path in places] == ["1", "2", "1"]
    one = {"a_to_b": toys["a_to_b"]}
    assert Path(export_point_mapping(one, place)).name == "3"
    assert Path(export_point_mapping(toys, place, "bfloat16")).name == "4"


def test_bfloat16(networks, toys, folder, tmp_path):
    exported = export_image_mapping(
        networks, PREPROCESSING, str(tmp_path / "images"), "bfloat16"
    )
    contents = tf.constant([content for content, _ in pictures()])
    rough, exact = (
        tf.saved_model.load(place).signatures["b_to_a"](image_bytes=contents)["pixels"]
        for place in (exported, folder)
    )
    difference = np.abs(rough.numpy().astype(int) - exact.numpy())
    assert difference.max() > 0
    assert difference.mean() < 0.1 * exact.numpy().std()
    assert "bfloat16" in types_of(exported, "Conv2D")
    exported = export_point_mapping(toys, str(tmp_path / "points"), "bfloat16")
    points = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    answer = tf.saved_model.load(exported).signatures["a_to_b"](
        points=tf.constant(points)
    )["points"]
    assert answer.dtype == tf.float32
    np.testing.assert_allclose(answer, toys["a_to_b"](points), atol=0.05)
    assert "bfloat16" in types_of(exported, "MatMul")
