"""Attributes of images."""

import math

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasapps.data.images import attributes
from kerasapps.data.images.attributes import attributed, shape_attributes
from kerasapps.data.images.loading import load
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.errors import InputError


def measured(pixels):
    values = shape_attributes(np.asarray(pixels, np.uint8))
    assert values.dtype == tf.float32
    return dict(zip(attributes.SHAPE_ATTRIBUTES, values.numpy(), strict=True))


def bar(height, width, top=0, left=0, size=(28, 40), value=255):
    pixels = np.zeros([*size, 1])
    pixels[top : top + height, left : left + width] = value
    return pixels


@pytest.mark.parametrize(("top", "left"), [(4, 5), (0, 0), (8, 37)])
@pytest.mark.parametrize("value", [255, 51])
def test_an_upright_bar(top, left, value):
    found = measured(bar(20, 3, top, left, value=value))
    # The gradient of forward differences rounds one of the corners off.
    outline = 2 * (20 + 3) - 2 + math.sqrt(2)
    assert found["thickness"] == pytest.approx(2 * 60 / outline, rel=1e-5)
    assert found["slant"] == pytest.approx(0, abs=1e-6)
    # The variance of n whole numbers in a row is (n^2 - 1) / 12.
    assert found["width"] == pytest.approx(math.sqrt(8 / 12) / 40, rel=1e-5)
    assert found["height"] == pytest.approx(math.sqrt(399 / 12) / 28, rel=1e-5)


def test_thickness_tells_thin_from_thick():
    thin, thick = (measured(bar(w, 38, 2, 1))["thickness"] for w in (2, 6))
    assert 1.8 < thin < 2
    assert 5 < thick < 6


@pytest.mark.parametrize("lean", [-1, 1, 2])
def test_a_sheared_stroke(lean):
    pixels = np.zeros([12, 40, 1])
    for up in range(12):
        start = 14 + lean * up
        pixels[11 - up, start : start + 3] = 255
    assert measured(pixels)["slant"] == pytest.approx(lean, rel=1e-5)


def test_all_channels_count_alike():
    grey = bar(9, 4, 3, 3)
    colour = np.concatenate([grey, 0 * grey, 0 * grey], axis=-1)
    assert measured(colour) == pytest.approx(measured(grey), rel=1e-5)


@pytest.mark.parametrize("shape", [(5, 6, 1), (5, 6, 3), (1, 1, 1)])
def test_nothing_drawn_is_zero(shape):
    assert set(measured(np.zeros(shape)).values()) == {0}


def test_a_horizontal_line_has_no_slant():
    assert measured(bar(1, 10, 3, 3))["slant"] == 0


@pytest.fixture
def folder(tmp_path):
    """Twelve images, with their number and its square as attributes."""
    lines = ["image,number,square,seven"]
    for i in range(12):
        path = tmp_path / "images" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 10 * i).save(path)
        lines.append(f"{'ab'[i % 2]}/{i}.png, {i}, {i * i}e0,7")
    (tmp_path / "images" / "attributes.csv").write_text("\n".join(lines))
    return tmp_path / "images"


def test_vectors_of_a_file_go_with_their_images(folder, monkeypatch):
    data = load(f"folder:{folder}")
    monkeypatch.chdir(folder.parent)
    found = attributes.load(data, "images/attributes.csv")
    assert found.names == ("number", "square", "seven")
    examples = attributed(data.train, found.train)
    spec = examples.element_spec["attributes"]
    assert spec == tf.TensorSpec([3], tf.float32)
    assert len(examples) == len(found.train) == 10
    for example in examples:
        number = int(data.decode(example)["image"][0, 0, 0]) // 10
        np.testing.assert_allclose(
            example["attributes"] * found.deviation + found.mean,
            [number, number**2, 7],
            rtol=1e-5,
            atol=1e-5,
        )
    # What never changes is zero.
    np.testing.assert_allclose(found.train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.train.std(axis=0), [1, 1, 0], atol=1e-6)


def test_they_can_be_trained_on(folder):
    data = load(f"folder:{folder}")
    found = attributes.load(data, str(folder / "attributes.csv"))
    training = ShuffledExamples(
        attributed(data.train, found.train),
        data.train.size,
        5,
        lambda e, seed: (tf.cast(e["image"], tf.float32), e["attributes"]),
        seed=0,
        prepare=data.decode,
    )
    for pixels, vectors in training.batches().take(4):
        np.testing.assert_allclose(
            vectors[:, 0] * found.deviation[0] + found.mean[0],
            pixels[:, 0, 0, 0] / 10,
            rtol=1e-5,
        )


def test_measured_attributes_are_those_of_the_pixels():
    data = load("digits")
    found = attributes.load(data, "shape")
    assert found.names == attributes.SHAPE_ATTRIBUTES
    assert found.train.shape == (1437, 4)
    np.testing.assert_allclose(found.train.std(axis=0), 1, atol=1e-4)
    for example in attributed(data.train, found.train).take(20):
        np.testing.assert_allclose(
            example["attributes"] * found.deviation + found.mean,
            shape_attributes(example["image"]),
            rtol=1e-4,
            atol=1e-5,
        )


def test_a_broken_image_is_named(folder):
    data = load(f"folder:{folder}")
    # Some of them are held out.
    for path in (folder / "a").iterdir():
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match=r"a/\d+\.png"):
        attributes.load(data, "shape")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no attributes"),
        ("image,x\n", "no attributes"),
        ("image\na.png\n", "line 1: .* name"),
        ("image,x,x\na.png,1,2\n", "line 1: .* name"),
        ("image,x,\na.png,1,2\n", "line 1: .* name"),
        ("image,x\na.png,1\n\nb.png,1,2\n", "line 4: 2 numbers for 1 names"),
        ("image,x\na.png\n", "line 2: 0 numbers"),
        ("image,x\na.png,1\nb.png,old\n", "line 3: 'old' isn't a number"),
        ("image,x\na.png,nan\n", "line 2: 'nan' isn't"),
        ("image,x\na.png,1\nb.png,1e39\n", "line 3: '1e39' is beyond"),
        ("image,x\na.png,1\n./a.png,2\n", r"line 3: a\.png is there twice"),
        ("image,x\n\ufffe".encode("utf-16"), "no CSV file"),
    ],
)
def test_broken_files_get_one_line(tmp_path, text, says):
    path = tmp_path / "attributes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=says) as caught:
        attributes.read(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_as_spreadsheets_write_it(tmp_path):
    path = tmp_path / "attributes.csv"
    path.write_bytes('\ufeffimage,"a, b"\r\n"x y.png",-1.5\r\n'.encode())
    names, table = attributes.read(str(path))
    assert names == ("a, b",)
    assert {name: list(vector) for name, vector in table.items()} == {"x y.png": [-1.5]}


def test_what_is_missing_gets_one_line(folder):
    data = load(f"folder:{folder}")
    path = folder / "attributes.csv"
    path.write_text("\n".join(path.read_text().split("\n")[:-2]))
    with pytest.raises(InputError, match=r"no line for [ab]/1[01]\.png"):
        attributes.load(data, str(path))
    with pytest.raises(InputError, match="No such file"):
        attributes.load(data, str(folder / "none.csv"))
    with pytest.raises(InputError, match="folder:PATH"):
        attributes.load(load("digits"), str(path))
    with pytest.raises(InputError, match="digits has no feature `attributes`"):
        attributes.load(load("digits"), "dataset")
