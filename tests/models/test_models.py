"""All models through all checks.

Every model that the suite exports has its trainable parameters here. Every class of
models has a row or two: the arguments of a small variant and what that variant puts out
for two input sizes.
"""

import inspect

import pytest

from kerasapps import models
from kerasapps.models.densenet import DenseNet
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.resnet import ResNet
from kerasapps.models.vgg import VGG
from tests import checks
from tests.checks import Row

PARAMETERS = {
    "AlexNet": 60_965_224,
    "AlexNetCIFAR": 89_578,
    "DenseNet40K12": 1_019_722,
    "DenseNet100K12": 6_979_642,
    "DenseNet100K24": 27_249_082,
    "DenseNet121": 7_978_856,
    "DenseNet169": 14_149_480,
    "DenseNet201": 20_013_928,
    "DenseNet264": 33_337_704,
    "DenseNetBC100K12": 769_162,
    "DenseNetBC190K40": 25_624_430,
    "DenseNetBC250K24": 15_324_406,
    "EfficientNetB0": 5_288_548,
    "EfficientNetB1": 7_794_184,
    "EfficientNetB2": 9_109_994,
    "EfficientNetB3": 12_233_232,
    "EfficientNetB4": 19_341_616,
    "EfficientNetB5": 30_389_784,
    "EfficientNetB6": 43_040_704,
    "EfficientNetB7": 66_347_960,
    # With the auxiliary classifiers, which are trained.
    "GoogLeNet": 13_378_280,
    "LeNet1989": 9_760,
    "LeNet5": 60_000,
    "PlainNet18": 11_515_688,
    "PlainNet20": 269_722,
    "PlainNet32": 464_154,
    "PlainNet34": 21_623_848,
    "PlainNet44": 658_586,
    "PlainNet56": 853_018,
    "ResNet18": 11_689_512,
    "ResNet20": 269_722,
    "ResNet32": 464_154,
    "ResNet34": 21_797_672,
    "ResNet44": 658_586,
    "ResNet50": 25_557_032,
    "ResNet56": 853_018,
    "ResNet101": 44_549_160,
    "ResNet110": 1_727_962,
    "ResNet152": 60_192_808,
    "ResNet1202": 19_421_274,
    "VGGA": 132_863_336,
    "VGGALRN": 132_863_336,
    "VGGB": 133_047_848,
    "VGGC": 133_638_952,
    "VGGD": 138_357_544,
    "VGGE": 143_667_240,
    "ViT": 2_693_578,
    "ViTB16": 86_567_656,
    "ViTB32": 88_224_232,
    "ViTH14": 632_045_800,
    "ViTL16": 304_326_632,
    "ViTL32": 306_535_400,
}

ROWS = [
    Row(
        models.AlexNet,
        {
            "filters": [4, 6, 8, 4],
            "units": 6,
            "activation": "tanh",
            "initialization": "glorot",
            "num_classes": 3,
            "name": "small",
        },
        {(64, 64, 3): (3,), (72, 100, 1): (3,)},
    ),
    Row(
        models.AlexNetCIFAR,
        {
            "filters": [3, 4],
            "activation": "tanh",
            "num_classes": 5,
            "name": "small",
        },
        {(8, 8, 3): (5,), (5, 9, 1): (5,)},
    ),
    Row(
        models.LeNet5,
        {"num_classes": 7, "name": "small"},
        {(32, 32, 1): (7,), (36, 41, 3): (7,)},
    ),
    Row(
        models.LeNet5,
        {"num_classes": 3, "output": "softmax", "name": "plain"},
        {(33, 32, 2): (3,), (48, 36, 1): (3,)},
    ),
    Row(
        models.LeNet1989,
        {"num_classes": 4, "name": "small"},
        {(16, 16, 1): (4,), (28, 21, 3): (4,)},
    ),
    Row(
        ResNet,
        {
            "blocks": [1, 1],
            "widths": [4, 6],
            "shortcut": "A",
            "stem": "cifar",
            "bottleneck": False,
            "num_classes": 3,
            "name": "small",
        },
        {(8, 8, 3): (3,), (9, 6, 1): (3,)},
    ),
    Row(
        ResNet,
        {
            "blocks": [1, 1],
            "widths": [4, 6],
            "shortcut": "C",
            "num_classes": 3,
            "name": "bottleneck",
        },
        {(32, 32, 3): (3,), (17, 40, 1): (3,)},
    ),
    Row(
        VGG,
        {
            "convolutions": [1, 3],
            "widths": [4, 6],
            "pointwise": True,
            "normalized": True,
            "units": 8,
            "num_classes": 3,
            "initialization": "normal",
            "name": "small",
        },
        {(8, 8, 3): (3,), (5, 10, 1): (3,)},
    ),
    Row(
        models.ViT,
        {
            "patch_size": 2,
            "num_layers": 1,
            "hidden_size": 6,
            "mlp_size": 10,
            "num_heads": 2,
            "num_classes": 3,
            "head": "mlp",
            "position_embedding": "2d",
            "dropout": 0.1,
            "name": "small",
        },
        {(4, 6, 3): (3,), (8, 2, 1): (3,)},
    ),
    Row(
        DenseNet,
        {
            "blocks": [2, 1],
            "growth_rate": 4,
            "stem_channels": 6,
            "dropout_rate": 0.1,
            "recompute": True,
            "num_classes": 3,
            "name": "small",
        },
        {(32, 32, 3): (3,), (9, 17, 1): (3,)},
    ),
    Row(
        DenseNet,
        {
            "blocks": [1, 2],
            "growth_rate": 4,
            "stem_channels": 6,
            "bottleneck": False,
            "compression": 1.0,
            "stem": "cifar",
            "num_classes": 3,
            "name": "cifar",
        },
        {(8, 8, 3): (3,), (9, 6, 1): (3,)},
    ),
    Row(
        models.GoogLeNet,
        {
            # Wide enough that some ReLU of each convolution is open.
            "stem": [16, 16, 16],
            "inception": [[[16] * 6], [[16] * 6]],
            "num_classes": 3,
            "name": "small",
        },
        {(65, 66, 3): (3,), (70, 65, 1): (3,)},
    ),
    Row(
        models.GoogLeNet,
        {
            "auxiliary_classifiers": False,
            "stem": [16, 16, 16],
            "inception": [[[16] * 6]],
            "num_classes": 3,
            "name": "alone",
        },
        {(32, 32, 3): (3,), (17, 20, 1): (3,)},
    ),
    Row(
        EfficientNet,
        {
            "width": 0.05,
            "depth": 1.2,
            "dropout_rate": 0.1,
            "drop_connect_rate": 0.01,
            "stages": [[1, 16, 1, 2, 3], [2, 16, 1, 1, 5]],
            "num_classes": 3,
            "name": "small",
        },
        {(16, 16, 3): (3,), (13, 20, 1): (3,)},
    ),
]
IDS = [f"{row.factory.__name__}-{row.config['name']}" for row in ROWS]
each_row = pytest.mark.parametrize("row", ROWS, ids=IDS)


def exported():
    return {name: value for name, value in vars(models).items() if callable(value)}


def test_every_model_has_its_parameters_and_a_row():
    assert set(exported()) == set(PARAMETERS)
    modules = {inspect.getmodule(row.factory) for row in ROWS}
    assert {inspect.getmodule(model) for model in exported().values()} == modules


def test_every_model_names_its_paper():
    for model in exported().values():
        module = inspect.getmodule(model)
        assert module.PAPER.title in module.__doc__
        assert module.PAPER.url in module.__doc__


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name):
    checks.check_parameters(exported()[name], PARAMETERS[name])


@each_row
def test_output_shapes(row):
    checks.check_output_shapes(row)


@each_row
def test_config(row):
    checks.check_config(row)


@each_row
def test_gradients(row):
    checks.check_gradients(row)


@each_row
def test_export(row, tmp_path):
    checks.check_export(row, tmp_path / "1")


@each_row
def test_dtype_policies(row):
    checks.check_dtype_policies(row)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    directory = tmp_path_factory.mktemp("elsewhere")
    return directory, checks.run_elsewhere(ROWS, directory)


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("number", range(len(ROWS)), ids=IDS)
def test_elsewhere(number, backend, elsewhere):
    directory, logs = elsewhere
    checks.check_elsewhere(number, directory, backend, logs[backend])
