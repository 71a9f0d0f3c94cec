import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.dataset import ImageDataset, Split
from kerasapps.data.images.loading import load
from kerasapps.errors import InputError
from tests.data.images.tiny_builders import decoded


def test_undecodable_examples_are_named_by_their_position(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir)
    assert data.undecodable() == []

    def break_two(index, example):
        stored = example["image"]
        broken = (index == 3) | (index == 11)
        cut = tf.where(broken, tf.strings.substr(stored, 0, 20), stored)
        return example | {"image": cut}

    examples = data.train.examples.enumerate().map(break_two)
    train = dataclasses.replace(data.train, examples=examples)
    data = dataclasses.replace(data, train=train)
    assert data.undecodable() == [
        "train example 3 of tiny_labelled",
        "train example 11 of tiny_labelled",
    ]
    with (
        pytest.raises(InputError, match="train example 3 of tiny_labelled and 1 more"),
        data.naming_undecodable(),
    ):
        decoded(data, data.train)


def test_an_error_that_is_no_image_s_stays_what_it_is(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir)
    with (
        pytest.raises(tf.errors.InvalidArgumentError, match="is not"),
        data.naming_undecodable(),
    ):
        tf.debugging.check_numerics(float("nan"), "is not")


def test_examples_are_selected_in_the_order_of_the_split(tfds_dir):
    data = load("tiny_labelled", data_dir=tfds_dir)
    every = list(data.train.examples.as_numpy_iterator())
    chosen = list(data.train.select([11, 3]).as_numpy_iterator())
    assert chosen == [every[3], every[11]]


def test_any_structure_of_examples():
    """Boxes of any number and masks, of which one can't be decoded."""
    masks = [tf.io.encode_png(np.full([2, 3, 1], i, np.uint8)).numpy() for i in (5, 6)]
    boxes = [np.zeros([0, 4], np.float32), np.ones([2, 4], np.float32)]

    def examples(masks):
        def generate():
            for mask, bbox in zip(masks, boxes, strict=True):
                image = np.zeros([2, 3, 3], np.uint8)
                yield {"image": image, "objects": {"bbox": bbox}, "mask": mask}

        signature = {
            "image": tf.TensorSpec([2, 3, 3], tf.uint8),
            "objects": {"bbox": tf.TensorSpec([None, 4], tf.float32)},
            "mask": tf.TensorSpec([], tf.string),
        }
        return tf.data.Dataset.from_generator(generate, output_signature=signature)

    data = ImageDataset(
        name="shapes",
        class_names=("square",),
        channels=3,
        train=Split(examples(masks), 2),
        validation=Split(examples([masks[0], masks[1][:30]]), 2),
        decode=lambda e: e | {"mask": tf.io.decode_png(e["mask"], 1)},
    )
    (chosen,) = data.train.select([1])
    assert chosen["objects"]["bbox"].shape == (2, 4)
    assert data.undecodable() == ["validation example 1 of shapes"]
