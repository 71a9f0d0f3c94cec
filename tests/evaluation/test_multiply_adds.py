import keras
import pytest
from keras import layers

from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.models import LeNet5, LeNet1989


def test_lenet1989():
    # The paper's 64,660 connections, less the biases of 1,000 units.
    assert multiply_adds(LeNet1989()) == 64_660 - (768 + 192 + 30 + 10)


def test_lenet5():
    c1 = 28 * 28 * 6 * 25
    c3 = 10 * 10 * 60 * 25
    c5 = 120 * 16 * 25
    f6 = 84 * 120
    rbf = 10 * 84
    assert (c1, c3, c5, f6, rbf) == (117_600, 150_000, 48_000, 10_080, 840)
    assert multiply_adds(LeNet5()) == c1 + c3 + c5 + f6 + rbf
    assert multiply_adds(LeNet5(output="softmax")) == c1 + c3 + c5 + f6 + 84 * 10


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        # From 8 x 9 x 4; with "same" padding and a stride of 2 to 4 x 5.
        (layers.Conv2D(6, (3, 2), padding="valid"), 6 * 8 * 6 * 4 * 3 * 2),
        (layers.Conv2D(6, 3, strides=2, padding="same"), 4 * 5 * 6 * 4 * 9),
        (layers.Conv2D(6, 3, padding="same", groups=2), 8 * 9 * 6 * 2 * 9),
        (layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2), 72 * 4 * 2 * 9),
        (layers.SeparableConv2D(5, 3, padding="same"), 72 * (4 * 9 + 4 * 5)),
        (layers.Conv2DTranspose(5, 3, strides=2), 72 * 4 * 5 * 9),
        (layers.Dense(7), 72 * 4 * 7),  # at each position
        (layers.BatchNormalization(), 0),
        (layers.LayerNormalization(axis=(1, 2, 3)), 0),
        (layers.PReLU(), 0),
        (layers.AveragePooling2D(2), 0),
        (layers.Activation("relu"), 0),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_layer(layer, count):
    image = keras.Input((8, 9, 4))
    assert multiply_adds(keras.Model(image, layer(image))) == count


def test_embedding_is_free():
    tokens = keras.Input((5,), dtype="int32")
    x = layers.Dense(2)(layers.Embedding(100, 3)(tokens))
    assert multiply_adds(keras.Model(tokens, x)) == 5 * 3 * 2


def test_shared_layers_count_each_use():
    a, b = keras.Input((3,)), keras.Input((3,))
    shared = layers.Dense(3)
    both = layers.Add()([shared(shared(a)), shared(b)])
    assert multiply_adds(keras.Model([a, b], both)) == 3 * 9
    # What else the layer is used for elsewhere doesn't count.
    assert multiply_adds(keras.Model(b, shared(b))) == 9


def test_nested_models_are_walked_each_use():
    block = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4)])
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Dense(4)(block(x)))
    y = keras.Input((4,))
    outer = keras.Model(y, inner(inner(y)))
    assert multiply_adds(block) == 2 * 16
    assert multiply_adds(inner) == 3 * 16
    assert multiply_adds(outer) == 6 * 16


def test_mobilenet_v2():
    # As torchvision's table of models has it: 0.30 GFLOPS at 224 x 224.
    model = keras.applications.MobileNetV2(weights=None)
    assert multiply_adds(model) == 300_774_272


def test_size_that_is_not_fixed():
    image = keras.Input((None, 8, 1))
    model = keras.Model(image, layers.Conv2D(2, 3)(image))
    with pytest.raises(ValueError, match="fixed size"):
        multiply_adds(model)


def test_layer_that_multiplies_in_an_unknown_way():
    sequence = keras.Input((5, 4))
    model = keras.Model(sequence, layers.LSTM(3)(sequence))
    with pytest.raises(ValueError, match="How often LSTM multiplies"):
        multiply_adds(model)
