import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasapps.data.images.dataset import Split
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.evaluation.classifier import crops, protocols

SHAPE = (6, 6, 3)
PREPROCESSING = Preprocessing(SHAPE, mean=[100, 120, 90], std=[50, 60, 70])


def split_of(images):
    """The images, of sizes that the pipeline doesn't know if they differ."""
    if len({image.shape for image in images}) == 1:
        examples = tf.data.Dataset.from_tensor_slices(np.stack(images))
    else:
        spec = tf.TensorSpec([None, None, 3], tf.uint8)
        examples = tf.data.Dataset.from_generator(lambda: images, output_signature=spec)
    return Split(examples.map(lambda image: {"image": image}), len(images))


def as_it_is(example):
    return example


def images_of(*sizes):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, [*size, 3], np.uint8) for size in sizes]


IMAGES = images_of((6, 9), (8, 7), (12, 6), (6, 6), (10, 13))


def logistic_regression():
    """A network that sees positions, and what it does in NumPy."""
    image = keras.Input(SHAPE, name="image")
    outputs = keras.layers.Dense(4)(keras.layers.Flatten()(image))
    model = keras.Model(image, outputs)
    kernel, bias = model.get_weights()

    def probabilities(pixels):
        inputs = (pixels - PREPROCESSING.mean) / PREPROCESSING.std
        scores = np.exp(inputs.reshape(len(pixels), -1) @ kernel + bias)
        return scores / scores.sum(axis=1, keepdims=True)

    return model, probabilities


def evaluate(protocol, model, images, scales=(), batch_size=7):
    return protocols.evaluate(
        protocol,
        model,
        PREPROCESSING,
        split_of(images),
        as_it_is,
        batch_size,
        scales,
    )


def assert_means(actual, probabilities, views):
    """`views` are, for each image, its crops as pixels."""
    expected = [probabilities(np.stack(crops)).mean(axis=0) for crops in views]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_the_softmax_of_ten_crops_is_averaged():
    model, probabilities = logistic_regression()
    # As large as the scale already, so that nothing is resized.
    images = images_of((8, 15), (8, 8), (12, 8))
    # Upper left corners of their central squares of 8x8.
    squares = [(0, 3), (0, 0), (2, 0)]
    result, count = evaluate("ten_crop", model, images, scales=[8])
    views = []
    for image, (y, x) in zip(images, squares, strict=True):
        places = [(y, x), (y, x + 2), (y + 2, x), (y + 2, x + 2), (y + 1, x + 1)]
        five = [image[top : top + 6, left : left + 6] for top, left in places]
        views.append([*five, *(crop[:, ::-1] for crop in five)])
    assert count == 10
    assert_means(result, probabilities, views)


def test_ten_crops_of_the_size_of_the_paper():
    # Each pixel is the number of its column: a crop's smallest is its left edge.
    image = keras.Input((224, 224, 1), name="image")
    x = keras.layers.GlobalAveragePooling2D()(image)
    model = keras.Model(image, keras.layers.Dense(2)(x))
    lefts = []

    def noting(batch):
        lefts.extend(np.asarray(batch).min(axis=(1, 2, 3)))
        return np.zeros([len(batch), 2])

    model.predict_on_batch = noting
    columns = np.broadcast_to(np.arange(512.0)[:, None], (256, 512, 1))
    examples = tf.data.Dataset.from_tensors({"image": columns.astype("float32")})
    protocols.evaluate(
        "ten_crop",
        model,
        Preprocessing((224, 224, 1), mean=0, std=1),
        Split(examples, 1),
        as_it_is,
        batch_size=10,
        scales=[256],
    )
    assert lefts == [128, 160, 128, 160, 144] * 2


def test_the_centre_is_the_networks_own_preprocessing():
    model, probabilities = logistic_regression()
    result, count = evaluate("center", model, IMAGES)
    assert count == 1
    views = [[PREPROCESSING.resize(tf.constant(image))] for image in IMAGES]
    assert_means(result, probabilities, views)


@pytest.mark.parametrize(
    ("protocol", "scales", "views", "crops_of"),
    [
        ("center", [7], 1, lambda x: crops.crops_at(x, (6, 6), crops.CENTER)),
        (
            "multi_crop",
            [7, 9],
            100,
            lambda x: crops.with_mirrored(crops.crops_at(x, (6, 6), crops.GRID)),
        ),
        (
            "googlenet_144",
            protocols.scales_for("googlenet_144", SHAPE),
            144,
            lambda x: crops.googlenet_crops(x, (6, 6)),
        ),
    ],
)
def test_the_crops_of_all_scales_are_averaged(protocol, scales, views, crops_of):
    model, probabilities = logistic_regression()
    result, count = evaluate(protocol, model, IMAGES, scales)
    assert count == views
    expected = []
    for image in map(tf.constant, IMAGES):
        resized = [crops.resize_shorter_side(image, scale) for scale in scales]
        expected.append(np.concatenate([crops_of(x) for x in resized]))
    assert_means(result, probabilities, expected)


def test_batches_do_not_matter():
    model, _ = logistic_regression()
    results = [
        evaluate("ten_crop", model, IMAGES, [7], batch_size)[0]
        for batch_size in (1, 3, 1000)
    ]
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)
    np.testing.assert_allclose(results[0], results[2], atol=1e-6)


def pooled():
    """A network that takes images of any size."""
    image = keras.Input((None, None, 3), name="image")
    x = keras.layers.Conv2D(5, 3, padding="same", activation="relu")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(4)(x))


@pytest.mark.parametrize("images", [IMAGES, images_of(*[(9, 8)] * 5)])
def test_dense_sees_whole_images_and_their_mirror_images(images):
    model = pooled()
    result, count = evaluate("dense", model, images, [7, 10], batch_size=2)
    assert count == 4
    expected = []
    for image in map(tf.constant, images):
        rows = []
        for scale in (7, 10):
            resized = crops.resize_shorter_side(image, scale)
            whole = PREPROCESSING.normalize(resized)[tf.newaxis]
            rows += [model(whole), model(whole[:, :, ::-1])]
        expected.append(np.mean([keras.ops.softmax(row)[0] for row in rows], axis=0))
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_crops_and_dense_together():
    model = pooled()
    both, count = evaluate("multi_crop_dense", model, IMAGES, [8])
    multi_crop, _ = evaluate("multi_crop", model, IMAGES, [8])
    dense, _ = evaluate("dense", model, IMAGES, [8])
    assert count == 50 + 2
    assert np.abs(multi_crop - dense).max() > 1e-3
    np.testing.assert_allclose(both, (multi_crop + dense) / 2, atol=1e-6)


def test_what_cannot_slide_says_so():
    model, _ = logistic_regression()
    with pytest.raises(InputError, match="can't be evaluated densely"):
        evaluate("multi_crop_dense", model, IMAGES, [8])


def test_scales():
    assert protocols.scales_for("multi_crop", (224, 224, 3)) == (256, 384, 512)
    assert protocols.scales_for("googlenet_144", (224, 224, 3)) == (256, 288, 320, 352)
    # 32 / 224 of the paper's: 36.6, 54.9 and 73.1.
    assert protocols.scales_for("dense", (32, 32, 3)) == (37, 55, 73)
    assert protocols.scales_for("ten_crop", (16, 32, 1)) == (37,)
    assert protocols.scales_for("center", (32, 32, 3)) == ()
    assert protocols.scales_for("center", (32, 32, 3), [40, 32]) == (40, 32)
    with pytest.raises(
        InputError, match=r"^scales=40,31: the network takes 24x32; .*32"
    ) as caught:
        protocols.scales_for("dense", (24, 32, 3), [40, 31])
    assert caught.value.argument == "scales"
