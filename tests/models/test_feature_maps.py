import keras
import numpy as np
import pytest

from kerasapps import models
from kerasapps.errors import InputError
from kerasapps.layers import BatchNormalization
from kerasapps.models.densenet import DenseNet
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.feature_maps import feature_maps
from kerasapps.models.resnet import ResNet
from kerasapps.models.vgg import VGG
from tests.checks import tap

# By hand, for images of 224x224: of each stride the last layer before the size is
# halved, the rows and columns of its maps, and their channels.
EXPECTED = {
    # 227 = 224 + 3; (227 - 11) / 4 + 1 = 55, (55 - 3) / 2 + 1 = 27, 13, 6.
    models.AlexNet: {
        4: ("norm1", 55, 96),
        8: ("norm2", 27, 256),
        16: ("conv5", 13, 256),
        32: ("pool5", 6, 256),
    },
    models.VGGD: {
        1: ("conv1_2", 224, 64),
        2: ("conv2_2", 112, 128),
        4: ("conv3_3", 56, 256),
        8: ("conv4_3", 28, 512),
        16: ("conv5_3", 14, 512),
        32: ("pool5", 7, 512),
    },
    models.ResNet18: {
        2: ("conv1_relu", 112, 64),
        4: ("conv2_2_relu", 56, 64),
        8: ("conv3_2_relu", 28, 128),
        16: ("conv4_2_relu", 14, 256),
        32: ("conv5_2_relu", 7, 512),
    },
    models.ResNet50: {
        2: ("conv1_relu", 112, 64),
        4: ("conv2_3_relu", 56, 256),
        8: ("conv3_4_relu", 28, 512),
        16: ("conv4_6_relu", 14, 1024),
        32: ("conv5_3_relu", 7, 2048),
    },
    models.GoogLeNet: {
        2: ("conv1", 112, 64),
        4: ("norm2", 56, 192),
        # 128 + 192 + 96 + 64, then 256 + 320 + 128 + 128 and 384 + 384 + 128 + 128.
        8: ("inception_3b_output", 28, 480),
        16: ("inception_4e_output", 14, 832),
        32: ("inception_5b_output", 7, 1024),
    },
    models.DenseNet121: {
        2: ("stem_relu", 112, 64),
        # Half of 64 + 6 * 32, of 128 + 12 * 32 and of 256 + 24 * 32; 512 + 16 * 32.
        4: ("transition1_conv", 56, 128),
        8: ("transition2_conv", 28, 256),
        16: ("transition3_conv", 14, 512),
        32: ("final_relu", 7, 1024),
    },
    models.EfficientNetB0: {
        # Six times the channels of the block before: 16, 24, 40 and 112.
        2: ("block3_1_expand_swish", 112, 96),
        4: ("block4_1_expand_swish", 56, 144),
        8: ("block5_1_expand_swish", 28, 240),
        16: ("block7_1_expand_swish", 14, 672),
        32: ("head_swish", 7, 1280),
    },
}


@pytest.mark.parametrize("factory", EXPECTED, ids=lambda factory: factory.__name__)
def test_the_last_maps_of_each_stride(factory, paper_blueprint):
    model = paper_blueprint(factory)
    expected = EXPECTED[factory]
    maps = feature_maps(model, list(expected)).output
    assert set(maps) == set(expected)
    for stride, (name, size, channels) in expected.items():
        assert maps[stride] is model.get_layer(name).output
        assert maps[stride].shape == (None, size, size, channels)
    with pytest.raises(InputError, match=f"no maps of stride 64; give one of .*{32}$"):
        feature_maps(model, [64])


def test_strides_of_the_first_networks():
    lenet5 = models.LeNet5()
    maps = feature_maps(lenet5, [1, 2, 4]).output
    shapes = {stride: tensor.shape[1:] for stride, tensor in maps.items()}
    assert shapes == {1: (28, 28, 6), 2: (10, 10, 16), 4: (1, 1, 120)}
    maps = feature_maps(models.LeNet1989(), [2, 4]).output
    shapes = {stride: tensor.shape[1:] for stride, tensor in maps.items()}
    assert shapes == {2: (8, 8, 12), 4: (4, 4, 12)}


SMALL = {
    "alexnet": lambda: models.AlexNet(3, (64, 64, 3), filters=(4, 6, 8, 4), units=5),
    "vgg": lambda: VGG((1, 2), (4, 6), units=5, num_classes=3, input_shape=(8, 8, 3)),
    "resnet": lambda: ResNet(
        (1, 1), (4, 6), False, "A", "cifar", num_classes=3, input_shape=(8, 8, 3)
    ),
    "densenet": lambda: DenseNet(
        (1, 1), 4, 6, num_classes=3, input_shape=(32, 32, 3), recompute=True
    ),
    "efficientnet": lambda: EfficientNet(
        0.05,
        stages=((1, 16, 1, 2, 3), (2, 16, 2, 1, 5)),
        num_classes=3,
        input_shape=(16, 16, 3),
    ),
    "googlenet": lambda: models.GoogLeNet(
        3, (65, 65, 3), stem=(4, 4, 4), inception=([[4] * 6], [[4] * 6])
    ),
}
LAYERS = {
    "alexnet": ("norm1", "conv4"),
    "vgg": ("conv1_1", "conv2_2"),
    "resnet": ("conv1_relu", "conv3_1_relu"),
    "densenet": ("dense_block1_1_concat", "final_relu"),
    "efficientnet": ("block2_1_project_bn", "block3_2_add"),
    "googlenet": ("norm1", "inception_4a_output"),
}


@pytest.mark.parametrize("name", SMALL)
def test_maps_of_images_of_any_size(name):
    model = SMALL[name]()
    height, width, _ = model.input_shape[1:]
    images = np.random.default_rng(0).normal(size=(2, 2 * height, width, 3))
    images = images.astype("float32")
    maps = feature_maps(model, LAYERS[name])(images[:, :height])
    assert set(maps) == set(LAYERS[name])
    for layer, found in maps.items():
        np.testing.assert_array_equal(found, tap(model, layer)(images[:, :height]))
    free = feature_maps(model, LAYERS[name], (None, None, 3))
    fixed = feature_maps(model, LAYERS[name], (2 * height, width, 3))
    expected = free(images)
    for layer, found in fixed(images).items():
        assert free.output[layer].shape[1:3] == (None, None)
        assert fixed.output[layer].shape[1:] == found.shape[1:]
        np.testing.assert_allclose(found, expected[layer], rtol=1e-5, atol=1e-6)
        same = free(images[:, :height])[layer]
        np.testing.assert_allclose(same, maps[layer], rtol=1e-5, atol=1e-6)


def test_the_weights_are_shared():
    model = SMALL["resnet"]()
    maps = feature_maps(model, ["conv3_1_relu"], (None, None, 3))
    theirs = {id(weight) for weight in model.weights}
    assert {id(weight) for weight in maps.weights} < theirs
    # In training it moves the classifier's averages.
    layer = next(x for x in model.layers if isinstance(x, BatchNormalization))
    before = np.array(layer.moving_mean)
    maps(np.ones((2, 12, 8, 3), "float32"), training=True)
    after = np.array(layer.moving_mean)
    assert not np.array_equal(after, before)
    maps(np.ones((2, 12, 8, 3), "float32"))
    np.testing.assert_array_equal(layer.moving_mean, after)


def test_tokens_of_a_vit():
    vit = models.ViT(2, 2, 6, 10, 2, 3, (4, 6, 3))
    images = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")
    found = feature_maps(vit, ["encoder1_mlp_add", "encoder2_mlp_add"])(images)
    assert {tuple(tokens.shape) for tokens in found.values()} == {(2, 1 + 2 * 3, 6)}
    for shape in ((None, None, 3), (8, 6, 3)):
        with pytest.raises(InputError, match="maps of vit can't be made") as error:
            feature_maps(vit, ["encoder1_mlp_add"], shape)
        assert error.value.argument == "input_shape"


@pytest.mark.parametrize("shape", [(None, None, 1), (32, 32, 1)])
def test_a_network_of_a_fixed_size(shape):
    with pytest.raises(InputError, match="maps of lenet1989 can't be made of images"):
        feature_maps(models.LeNet1989(), ["H2_activation"], shape)


def test_a_layer_that_there_is_not():
    with pytest.raises(InputError, match="unknown layer of vgg 'conv9_1'") as error:
        feature_maps(SMALL["vgg"](), ["conv1_1", "conv9_1"])
    assert error.value.argument == "maps"


def test_maps_in_16_bits():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = SMALL["vgg"]()
    finally:
        keras.config.set_dtype_policy(before)
    assert feature_maps(model, [2]).output[2].dtype == "bfloat16"
