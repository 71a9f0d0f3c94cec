"""All models through all checks.

Every model that the suite exports has its trainable parameters here. Every class of
models has a row or two: the arguments of a small variant and what that variant puts out
for two input sizes.
"""

import inspect

import keras
import pytest

from kerasapps import models
from kerasapps.models.conditional_gan import (
    ConditionalGANDiscriminator,
    ConvolutionalConditionalGANDiscriminator,
)
from kerasapps.models.dcgan import DCGANDiscriminator
from kerasapps.models.densenet import DenseNet
from kerasapps.models.discogan import DiscoGANDiscriminator, ToyDiscoGANDiscriminator
from kerasapps.models.efficientnet import EfficientNet
from kerasapps.models.gan import (
    ConvolutionalGANDiscriminator,
    GANDiscriminator,
    PointGANDiscriminator,
)
from kerasapps.models.resnet import ResNet
from kerasapps.models.stylegan import (
    StyleGANDiscriminator,
    StyleGANMapping,
    StyleGANSynthesis,
)
from kerasapps.models.vgg import VGG
from tests import checks
from tests.checks import Row
from tests.evaluation.translator.test_beam_search import SMALL as TRANSLATORS
from tests.models.translators import SOURCE, TARGET, VOCABULARIES, moved

PARAMETERS = {
    "RNNencdec": 69_579_000,
    "RNNsearch": 80_442_000,
    "Seq2SeqLSTM": 384_112_000,
    "Transformer": 63_045_632,
    "TransformerBase": 63_045_632,
    "TransformerBig": 214_171_648,
    "AlexNet": 60_965_224,
    "AlexNetCIFAR": 89_578,
    "ConditionalGAN": 2_413_984,
    "ConvolutionalConditionalGAN": 4_959_363,
    "ConvolutionalGAN": 64_825_072,
    "DCGAN": 18_855_043,
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
    "DiscoGAN": 5_513_856,
    "EfficientNetB0": 5_288_548,
    "EfficientNetB1": 7_794_184,
    "EfficientNetB2": 9_109_994,
    "EfficientNetB3": 12_233_232,
    "EfficientNetB4": 19_341_616,
    "EfficientNetB5": 30_389_784,
    "EfficientNetB6": 43_040_704,
    "EfficientNetB7": 66_347_960,
    "GAN": 2_503_984,
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
    "PointGAN": 16_897,
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
    "StyleGAN": 26_212_019,
    "ToyDiscoGAN": 17_154,
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
    Row(
        models.GAN,
        {"channels": 2, "latent_size": 5, "units": 16, "name": "small"},
        {4: (4, 4, 2), 7: (7, 7, 2)},
        "image_size",
    ),
    Row(
        GANDiscriminator,
        {"channels": 2, "units": 6, "pieces": 3, "name": "small"},
        {4: (1,), 7: (1,)},
        "image_size",
    ),
    Row(
        models.ConvolutionalGAN,
        {"latent_size": 5, "units": 16, "filters": 3, "name": "small"},
        {1: (32, 32, 1), 3: (32, 32, 3)},
        "channels",
    ),
    Row(
        ConvolutionalGANDiscriminator,
        {"filters": [4, 6, 8], "units": 6, "name": "small"},
        {1: (1,), 3: (1,)},
        "channels",
    ),
    Row(
        models.PointGAN,
        {"latent_size": 3, "units": 8, "num_layers": 3, "name": "small"},
        {2: (2,), 1: (1,)},
        "dimensions",
    ),
    Row(
        PointGANDiscriminator,
        {"units": 8, "num_layers": 2, "name": "small"},
        {2: (1,), 1: (1,)},
        "dimensions",
    ),
    Row(
        models.ConditionalGAN,
        {
            "channels": 2,
            "latent_size": 5,
            "condition_size": 3,
            "latent_units": 6,
            "condition_units": 8,
            "units": 16,
            "dropout": 0.25,
            "name": "small",
        },
        {4: (4, 4, 2), 7: (7, 7, 2)},
        "image_size",
    ),
    Row(
        ConditionalGANDiscriminator,
        {
            "channels": 2,
            "condition_size": 3,
            "image_units": 6,
            "condition_units": 4,
            "units": 5,
            "name": "small",
        },
        {4: (1,), 7: (1,)},
        "image_size",
    ),
    Row(
        models.ConvolutionalConditionalGAN,
        {
            "channels": 2,
            "latent_size": 5,
            "condition_size": 3,
            "filters": 4,
            "name": "small",
        },
        {28: (28, 28, 2), 64: (64, 64, 2)},
        "image_size",
    ),
    Row(
        ConvolutionalConditionalGANDiscriminator,
        {"channels": 2, "condition_size": 3, "filters": 4, "name": "small"},
        {28: (1,), 64: (1,)},
        "image_size",
    ),
    Row(
        models.DCGAN,
        {"channels": 2, "latent_size": 5, "filters": 4, "name": "small"},
        {28: (28, 28, 2), 32: (32, 32, 2)},
        "image_size",
    ),
    Row(
        DCGANDiscriminator,
        {"channels": 2, "filters": 4, "name": "small"},
        {28: (1,), 32: (1,)},
        "image_size",
    ),
    Row(
        models.DiscoGAN,
        {
            "channels": 2,
            "target_channels": 1,
            "filters": 2,
            "num_layers": 5,
            "name": "small",
        },
        {32: (32, 32, 1), 64: (64, 64, 1)},
        "image_size",
    ),
    Row(
        DiscoGANDiscriminator,
        {"channels": 2, "filters": 4, "name": "small"},
        {32: (1,), 64: (1,)},
        "image_size",
    ),
    Row(
        models.ToyDiscoGAN,
        {"units": 8, "name": "small"},
        {3: (3,), 1: (1,)},
        "dimensions",
    ),
    Row(
        ToyDiscoGANDiscriminator,
        {"units": 8, "name": "small"},
        {3: (1,), 1: (1,)},
        "dimensions",
    ),
    Row(
        models.StyleGAN,
        {
            "channels": 2,
            "latent_size": 6,
            "mapping_layers": 2,
            "fmap_base": 64,
            "fmap_max": 8,
            "fading": True,
            "name": "small",
        },
        {8: (8, 8, 2), 16: (16, 16, 2)},
        "image_size",
        # Where they are zero, the noise that is drawn leaves the images as they are.
        still="factors",
    ),
    Row(
        StyleGANMapping,
        {"num_layers": 2, "name": "small"},
        {6: (6,), 5: (5,)},
        "latent_size",
    ),
    Row(
        StyleGANSynthesis,
        {
            "channels": 2,
            "latent_size": 6,
            "fmap_base": 64,
            "fmap_max": 8,
            "name": "small",
        },
        {8: (8, 8, 2), 16: (16, 16, 2)},
        "image_size",
    ),
    Row(
        StyleGANDiscriminator,
        {
            "channels": 2,
            "fmap_base": 64,
            "fmap_max": 8,
            "fading": True,
            "name": "small",
        },
        {8: (1,), 16: (1,)},
        "image_size",
    ),
]
IDS = [f"{row.factory.__name__}-{row.config['name']}" for row in ROWS]
each_row = pytest.mark.parametrize("row", ROWS, ids=IDS)


def exported():
    return {name: value for name, value in vars(models).items() if callable(value)}


def test_every_model_has_its_parameters_and_a_row():
    assert set(exported()) == set(PARAMETERS)
    rows = {inspect.getmodule(row.factory) for row in ROWS}
    # Translators have checks of their own: tests/models/translators.py.
    others = [m for m in exported().values() if m.task != "translator"]
    assert {inspect.getmodule(model) for model in others} == rows


def test_every_model_names_its_paper():
    for model in exported().values():
        module = inspect.getmodule(model)
        assert model.paper.title in " ".join(module.__doc__.split())
        assert model.paper.url in module.__doc__


def test_every_variant_tells_its_parameters():
    for name, parameters in PARAMETERS.items():
        if inspect.isfunction(exported()[name]):
            assert f"{parameters:,} parameters" in exported()[name].__doc__


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name, paper_blueprint):
    checks.check_parameters(paper_blueprint(exported()[name]), PARAMETERS[name])


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


def translator(factory):
    """Returns a small translator, its weights all random and not small."""
    separate = {"shared_embeddings": False} if factory is models.Transformer else {}
    return moved(factory(**VOCABULARIES, **TRANSLATORS[factory], **separate))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    directory = tmp_path_factory.mktemp("elsewhere")
    smalls = [row.small() for row in ROWS]
    pairs = [(model, checks.random_inputs(model)) for model in smalls]
    pairs += [(translator(factory), [SOURCE, TARGET]) for factory in TRANSLATORS]
    return directory, checks.run_elsewhere(pairs, directory)


ELSEWHERE = [*IDS, *(factory.__name__ for factory in TRANSLATORS)]


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("number", range(len(ELSEWHERE)), ids=ELSEWHERE)
def test_elsewhere(number, backend, elsewhere):
    directory, logs = elsewhere
    checks.check_elsewhere(number, directory, backend, logs[backend])


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if hasattr(row.factory, "discriminator")],
    ids=lambda row: row.factory.__name__,
)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_discriminator_takes_what_its_generator_makes(row, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        generator = row.small()
        discriminator = generator.discriminator(name="other")
    finally:
        keras.config.set_dtype_policy(before)
    assert discriminator.name == "other"
    inputs = checks.random_inputs(generator)
    made = keras.ops.convert_to_numpy(generator(inputs))
    conditional = isinstance(inputs, list)
    logits = discriminator([made, *inputs[1:]] if conditional else made)
    assert logits.shape == (3, 1)
    assert made.dtype == logits.dtype == "float32"
    if generator.inputs[0].name == "z":
        # Besides a number for each unit that may be dropped.
        dropped = 6 + 8 + 16 if row.factory is models.ConditionalGAN else 0
        assert generator.inputs[0].shape[1] == generator.latent_size + dropped
        assert generator.latent_bounds in (None, (0.0, 1.0), (-1.0, 1.0))
    else:
        assert not hasattr(generator, "latent_size")
    # Images have bounds, points have none.
    assert (generator.example_bounds is not None) == (len(made.shape) == 4)
