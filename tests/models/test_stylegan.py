"""The networks of Karras et al. 2018."""

import json
import zipfile

import keras
import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.models.stylegan import (
    StyleGAN,
    StyleGANDiscriminator,
    StyleGANMapping,
    StyleGANSynthesis,
    feature_maps,
)
from kerasapps.weights import keras_file
from kerasapps.weights.blueprint import blueprint
from tests.checks import parameters

SIZES = [4, 8, 16, 32, 64, 128, 256, 512, 1024]
SMALL = {"fmap_base": 64, "fmap_max": 8}


def maps(size):
    """Maps at a resolution, as the authors' table has them."""
    return {64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}.get(size, 512)


def upto(resolution):
    return [size for size in SIZES if size <= resolution]


def random(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def noises(model, batch):
    return [random(batch, *tensor.shape[1:]) for tensor in model.inputs[1:]]


def moved(model):
    generator = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + generator.normal(0, 0.3, weight.shape))
    return model


def copy(source, target):
    """Gives the target's layers the weights of those with the same names."""
    for layer in target.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def test_maps_of_each_resolution():
    assert [feature_maps(size) for size in SIZES] == list(map(maps, SIZES))
    narrow = [feature_maps(size, fmap_base=64, fmap_max=8) for size in (4, 16, 32)]
    assert narrow == [8, 8, 4]


def test_the_papers_figures():
    model = blueprint(StyleGAN)
    assert trainable_parameters(model) == 26_212_019
    # Section 2: 26.2 million in the generator, of which the mapping has eight layers.
    assert parameters(model.mapping) == {
        f"fc{number}": 512 * 512 + 512 for number in range(1, 9)
    }
    assert trainable_parameters(model.mapping) == 2_101_248
    assert trainable_parameters(blueprint(StyleGANDiscriminator)) == 23_077_137


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("resolution", SIZES)
def test_parameters_of_each_resolution(resolution, channels):
    synthesis = 4 * 4 * maps(4)
    for size in upto(resolution):
        synthesis += 9 * maps(size) ** 2
        if size > 4:
            synthesis += 9 * maps(size // 2) * maps(size)
        # Of each of two layers: factors of the noise, biases, scales and biases of the
        # style, which are affine in w.
        synthesis += 2 * (2 * maps(size) + (512 + 1) * 2 * maps(size))
    synthesis += (maps(resolution) + 1) * channels
    arguments = {"image_size": resolution, "channels": channels}
    model = blueprint(StyleGANSynthesis, **arguments)
    assert trainable_parameters(model) == synthesis
    assert model.output.shape == (None, resolution, resolution, channels)
    discriminator = (channels + 1) * maps(resolution)
    for size in upto(resolution)[1:]:
        discriminator += (9 * maps(size) + 1) * maps(size)
        discriminator += (9 * maps(size) + 1) * maps(size // 2)
    discriminator += (9 * (512 + 1) + 1) * 512  # with the map of deviations
    discriminator += (4 * 4 * 512 + 1) * 512 + 512 + 1
    model = blueprint(StyleGANDiscriminator, **arguments)
    assert trainable_parameters(model) == discriminator


def test_the_mapping_takes_only_the_direction_of_z():
    model = StyleGANMapping(6, 2)
    z = random(3, 6)
    np.testing.assert_allclose(model(5 * z), model(z), rtol=1e-4, atol=1e-5)


def test_styles_and_noise_make_the_image():
    model = moved(StyleGANSynthesis(16, latent_size=6, **SMALL))
    styles, noise = random(2, 6, 6), noises(model, 2)
    assert [x.shape[1] for x in noise] == [4, 4, 8, 8, 16, 16]
    images = np.asarray(model([styles, *noise]))
    np.testing.assert_array_equal(model([styles, *noise]), images)
    for layer in range(6):
        other = styles.copy()
        other[:, layer] += 1
        assert np.abs(model([other, *noise]) - images).max() > 1e-3
        other = [x + 0.1 * random(*x.shape) * (i == layer) for i, x in enumerate(noise)]
        assert np.abs(model([styles, *other]) - images).max() > 1e-4


def test_noise_starts_without_effect():
    model = StyleGANSynthesis(8, latent_size=6, **SMALL)
    styles, noise = random(2, 4, 6), noises(model, 2)
    silent = [0 * x for x in noise]
    np.testing.assert_array_equal(model([styles, *noise]), model([styles, *silent]))


def test_the_generator_has_one_style_for_all_layers_and_new_noise():
    model = moved(StyleGAN(8, latent_size=6, mapping_layers=2, **SMALL))
    z = random(2, 6)
    assert np.abs(model(z) - model(z)).max() > 1e-3
    for layer in model.synthesis.layers:
        if layer.name.endswith("_noise"):
            layer.factors.assign(0 * layer.factors)
    styles = np.repeat(np.asarray(model.mapping(z))[:, None], 4, axis=1)
    expected = model.synthesis([styles, *noises(model.synthesis, 2)])
    np.testing.assert_allclose(model(z), expected, rtol=1e-4, atol=1e-5)


def test_a_resolution_fades_into_the_generator():
    fading = moved(StyleGANSynthesis(16, latent_size=6, fading=True, **SMALL))
    small = StyleGANSynthesis(8, latent_size=6, **SMALL)
    large = StyleGANSynthesis(16, latent_size=6, **SMALL)
    copy(fading, small)
    copy(fading, large)
    styles, noise = random(2, 6, 6), noises(fading, 2)
    old = np.asarray(small([styles[:, :4], *noise[:4]]))
    enlarged = old.repeat(2, axis=1).repeat(2, axis=2)
    new = np.asarray(large([styles, *noise]))
    assert np.abs(new - enlarged).max() > 0.01
    for share in (0, 0.25, 1):
        fading.get_layer("fade_in").share.assign(share)
        expected = (1 - share) * enlarged + share * new
        np.testing.assert_allclose(
            fading([styles, *noise]), expected, rtol=1e-4, atol=1e-4
        )


def test_a_resolution_fades_into_the_discriminator():
    fading = moved(StyleGANDiscriminator(16, fading=True, **SMALL))
    small = StyleGANDiscriminator(8, **SMALL)
    large = StyleGANDiscriminator(16, **SMALL)
    copy(fading, small)
    copy(fading, large)
    images = random(3, 16, 16, 3)
    reduced = images.reshape(3, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    assert np.abs(small(reduced) - large(images)).max() > 0.01
    for share, expected in ((0, small(reduced)), (1, large(images))):
        fading.get_layer("fade_in").share.assign(share)
        np.testing.assert_allclose(fading(images), expected, rtol=1e-4, atol=1e-4)


def test_the_discriminator_compares_the_examples_of_a_batch():
    model = moved(StyleGANDiscriminator(8, **SMALL))
    images = random(4, 8, 8, 3)
    alike = images.copy()
    alike[1:] = images[0]
    assert np.abs(model(images)[0] - model(alike)[0]).max() > 1e-3


def test_the_discriminator_takes_over_what_the_generator_has():
    arguments = {"image_size": 16, "channels": 1, "fading": True, **SMALL}
    model = StyleGAN(latent_size=6, mapping_layers=1, **arguments)
    config = model.discriminator().get_config()
    assert config == arguments | {"name": "stylegan_discriminator"}
    assert model.discriminator(fmap_max=4).fmap_max == 4
    assert model.latent_size == 6


@pytest.mark.parametrize("resolution", [1, 2, 6, 24, 100, 2048])
@pytest.mark.parametrize("make", [StyleGAN, StyleGANDiscriminator])
def test_other_resolutions_are_errors(make, resolution):
    with pytest.raises(InputError, match=rf"1024x1024, not of {resolution}$"):
        make(resolution)


@pytest.mark.parametrize("make", [StyleGAN, StyleGANDiscriminator])
def test_nothing_fades_into_the_first_resolution(make):
    with pytest.raises(InputError, match="no fading"):
        make(4, fading=True)


@pytest.mark.parametrize(
    "model_class", [StyleGAN, StyleGANSynthesis, StyleGANDiscriminator]
)
def test_files_of_before_load(model_class, tmp_path):
    """Their config has other names for the numbers of maps."""
    model = model_class(8, 1, **SMALL)
    path, former = tmp_path / "model.keras", tmp_path / "former.keras"
    keras_file.save(model, path)
    with zipfile.ZipFile(path) as now, zipfile.ZipFile(former, "w") as before:
        for name in now.namelist():
            content = now.read(name)
            if name == "config.json":
                content = content.replace(b'"fmap_base"', b'"base"')
                content = content.replace(b'"fmap_max"', b'"most"')
                assert json.loads(content)["config"]["most"] == 8
            before.writestr(name, content)
    for loaded in (keras_file.load(former), keras.saving.load_model(former)):
        assert loaded.get_config() == model.get_config()
        for weight, expected in zip(
            loaded.get_weights(), model.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, expected)
