"""Images as they come, made into what a network takes."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.serving import decoding
from tests.serving.encoded_images import HUGE, REFUSED, RIGHT

GREY = Preprocessing((6, 5, 1), mean=100.0, std=50.0)
COLOUR = Preprocessing((6, 5, 3), mean=(1, 2, 3), std=(4, 5, 6))
PIXELS = np.random.default_rng(0).integers(0, 256, [2, 6, 5, 4], np.uint8)


@tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
def to_grey(pixels):
    return decoding.preprocess(pixels, GREY)


@tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8)])
def to_colour(pixels):
    return decoding.preprocess(pixels, COLOUR)


def test_channels_that_only_the_request_tells():
    values = PIXELS.astype(np.float64)
    luma = values[..., :3] @ [0.299, 0.587, 0.114]
    for channels, expected in ((1, values[..., 0]), (3, luma), (4, luma)):
        grey = to_grey(PIXELS[..., :channels])
        np.testing.assert_allclose(
            grey[..., 0], (expected - 100) / 50, rtol=1e-4, atol=1e-5
        )
    for channels, expected in (
        (1, values[..., :1].repeat(3, axis=-1)),
        (3, values[..., :3]),
        (4, values[..., :3]),
    ):
        colour = to_colour(PIXELS[..., :channels])
        expected = (expected - [1, 2, 3]) / [4, 5, 6]
        np.testing.assert_allclose(colour, expected, rtol=1e-4, atol=1e-5)


def test_pixels_of_another_size():
    flat = np.full([1, 40, 3, 3], 200, np.uint8)
    np.testing.assert_allclose(to_grey(flat), np.full([1, 6, 5, 1], 2), rtol=1e-5)


@pytest.mark.parametrize("shape", [None, (6, 5, 1)])
def test_encoded_images_each_of_its_own_size(shape):
    whole, part = PIXELS[0, ..., :3], PIXELS[1, :3, :4, :1]
    contents = [tf.io.encode_png(whole).numpy(), tf.io.encode_png(part).numpy()]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def prepare(image_bytes):
        return decoding.decode_and_preprocess(image_bytes, GREY, shape)

    prepared = prepare(contents)
    assert prepared.shape == (2, 6, 5, 1)
    np.testing.assert_allclose(prepared[:1], GREY(whole[None]), rtol=1e-5)
    np.testing.assert_allclose(prepared[1:], GREY(part[None]), rtol=1e-5)
    assert prepare(tf.zeros([0], tf.string)).shape == (0, 6, 5, 1)


def test_the_first_picture_of_an_animation():
    frames = np.zeros([3, 6, 5, 3], np.uint8)
    frames[0], frames[1] = 255, 50
    import io

    from PIL import Image

    file = io.BytesIO()
    first, *others = (Image.fromarray(frame) for frame in frames)
    first.save(file, "GIF", save_all=True, append_images=others)
    prepared = decoding.decode_and_preprocess(
        tf.constant([file.getvalue()]), GREY, GREY.image_shape
    )
    np.testing.assert_allclose(prepared, np.full([1, 6, 5, 1], 3.1), rtol=1e-4)


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def decode(encoded):
    return decoding.decode(encoded)


def by_pillow(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), int)


@pytest.mark.parametrize("name", RIGHT)
def test_the_pixels_are_those_that_pillow_finds(name):
    expected = by_pillow(RIGHT[name])
    found = decode(RIGHT[name]).numpy()
    colours = found[..., :3] if found.shape[-1] > 2 else found[..., :1]
    assert found.shape[:2] == expected.shape[:2]
    np.testing.assert_array_equal(np.broadcast_to(colours, expected.shape), expected)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_other_pixels_is_refused(name):
    content, says = REFUSED[name]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        decode(content)
    assert says in decoding.refusal(error.value)


@pytest.mark.parametrize("kind", HUGE)
def test_what_is_too_large_is_refused_by_its_header(kind):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        decode(HUGE[kind])
    assert decoding.refusal(error.value) == (
        "an image has 20000x20000 pixels, more than the 67108864 that the model takes"
    )


def test_a_damaged_image_has_no_other_reason():
    content = RIGHT["png RGB"][:60]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        decode(content)
    assert decoding.refusal(error.value) is None
