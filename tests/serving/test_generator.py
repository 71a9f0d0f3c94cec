"""Generators exported, whatever they take and make."""

import io
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from PIL import Image

from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.models import (
    DCGAN,
    ConditionalGAN,
    ConvolutionalConditionalGAN,
    PointGAN,
    StyleGAN,
)
from kerasapps.serving.generator import Conditions, export_generator
from tests.serving.exported import answers_elsewhere, specs, types_of, warm_up


class Case(NamedTuple):
    """A generator, and conditions for four examples: as given and as encoded."""

    generator: keras.Model
    preprocessing: Preprocessing | None
    latent_size: int
    conditions: Conditions | None = None
    given: dict | None = None
    encoded: np.ndarray | None = None

    def export(self, export_dir, **changes):
        own = self._asdict() | changes
        names = ("generator", "preprocessing", "conditions")
        arguments = {name: own[name] for name in names}
        return export_generator(
            export_dir=str(export_dir), dtype=own.get("dtype", "float32"), **arguments
        )

    def pixels(self, z):
        """What comes out for z, by the Keras model and plain arithmetic."""
        inputs = z if self.encoded is None else [z, self.encoded[: len(z)]]
        made = keras.ops.convert_to_numpy(self.generator(inputs, training=False))
        mean, std = self.preprocessing.mean, self.preprocessing.std
        return np.clip(made * std + mean, 0, 255)


def moved(model, scale):
    """Moves the weights from where they start, so that none is without effect."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in weight.dtype:
            # Upwards, as variances are among them; kernels in all directions.
            low = -scale if len(weight.shape) > 1 else 0
            weight.assign(weight + random.uniform(low, scale, weight.shape))
    return model


def quiet(model):
    """Takes the noise out of a StyleGAN."""
    for layer in model.synthesis.layers:
        if layer.name.endswith("_noise"):
            layer.set_weights([0 * weight for weight in layer.get_weights()])
    return model


def styled():
    small = {"channels": 1, "latent_size": 8, "mapping_layers": 2}
    return moved(StyleGAN(8, fmap_base=32, fmap_max=8, **small), 0.1)


def grey(size):
    return Preprocessing((size, size, 1), mean=127.5, std=127.5)


def cases():
    keras.utils.set_random_seed(0)
    attributes = np.array([[3, 1], [2, -1], [1, 5], [2.5, 0]], np.float32)
    return {
        "dcgan": Case(
            moved(DCGAN(28, channels=3, latent_size=5, filters=2), 0.2),
            Preprocessing((28, 28, 3), mean=127.5, std=127.5),
            5,
        ),
        "labels": Case(
            moved(ConditionalGAN(8, 1, 5, 3, 8, 8, 16), 0.8),
            Preprocessing((8, 8, 1), std=255),
            5 + 16 + 16,
            Conditions(["null", "eins", "zwei"]),
            {"labels": np.array([2, 0, 1, 2])},
            np.eye(3, dtype=np.float32)[[2, 0, 1, 2]],
        ),
        "attributes": Case(
            moved(ConvolutionalConditionalGAN(28, 1, 5, 2, filters=2), 0.2),
            grey(28),
            5,
            Conditions(["thickness", "slant"], [2.0, -1.0], [0.5, 2.0]),
            {"attributes": attributes},
            (attributes - [2, -1]) / np.array([0.5, 2], np.float32),
        ),
        "points": Case(PointGAN(2, 3, units=8), None, 3),
        "stylegan": Case(styled(), grey(8), 8),
        "quiet": Case(quiet(styled()), grey(8), 8),
    }


CASES = cases()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The version folder of each case."""
    parent = tmp_path_factory.mktemp("saved_models")
    return {name: case.export(parent / name) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def loaded(folders):
    """The SavedModels."""
    return {name: tf.saved_model.load(folder) for name, folder in folders.items()}


def ask(model, signature, **inputs):
    """Returns what a signature answers, as arrays."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    answer = model.signatures[signature](**tensors)
    return {name: tensor.numpy() for name, tensor in answer.items()}


def z_of(case, number=4):
    """Returns z's as they are drawn in training, of a seed of their own."""
    shape = (number, case.latent_size)
    return np.random.default_rng(2).uniform(-1, 1, shape).astype(np.float32)


def sampled(model, name, seed, number):
    """Returns the examples that `sample` gives."""
    given = CASES[name].given or {}
    more = {k: v[:number] for k, v in given.items()} or {"n": np.int32(number)}
    answer = ask(model, "sample", seed=np.int32(seed), **more)
    return answer["points" if "points" in answer else "pixels"]


def test_signatures(folders):
    images = {
        name: {
            "pixels": ((None, size, size, channels), "uint8"),
            "png_bytes": ((None,), "string"),
        }
        for name, size, channels in [
            *[("dcgan", 28, 3), ("labels", 8, 1), ("attributes", 28, 1)],
            ("stylegan", 8, 1),
        ]
    }
    images["labels"]["class_names"] = ((None, 3), "string")
    images["attributes"]["attribute_names"] = ((None, 2), "string")
    images["points"] = {"points": ((None, 2), "float32")}
    z = {name: {"z": ((None, CASES[name].latent_size), "float32")} for name in images}
    seed, number = {"seed": ((), "int32")}, {"n": ((), "int32")}
    of_conditions = {
        "labels": {"labels": ((None,), "int64")},
        "attributes": {"attributes": ((None, 2), "float32")},
    }
    for name, outputs in images.items():
        more = of_conditions.get(name, {})
        expected = {
            "serving_default": (z[name] | more, outputs),
            "sample": (seed | (more or number), outputs),
        }
        if name == "stylegan":
            w = {"w": ((None, 4, 8), "float32")}
            expected["map"] = (z[name], w)
            expected["synthesize"] = (
                {**w, **seed, "truncation": ((), "float32")},
                outputs,
            )
        assert specs(folders[name]) == expected


def test_conditions_are_named(loaded):
    for name, given, names in (
        ("labels", "class_names", [b"null", b"eins", b"zwei"]),
        ("attributes", "attribute_names", [b"thickness", b"slant"]),
    ):
        more = {k: v[:2] for k, v in CASES[name].given.items()}
        answer = ask(loaded[name], "sample", seed=np.int32(0), **more)
        np.testing.assert_array_equal(answer[given], [names, names])


def test_labels_beyond_the_classes_are_refused(loaded):
    for label in (-1, 3):
        with pytest.raises(tf.errors.InvalidArgumentError, match="labels are 0 to 2"):
            ask(loaded["labels"], "sample", seed=np.int32(0), labels=np.int64([label]))


@pytest.mark.parametrize("name", ["dcgan", "labels", "attributes", "quiet"])
def test_images_are_the_model_s(loaded, name):
    case = CASES[name]
    z = z_of(case)
    answer = ask(loaded[name], "serving_default", z=z, **(case.given or {}))
    expected = case.pixels(z)
    # Within half a level, were it not for rounding errors of the network.
    assert np.abs(answer["pixels"] - expected).max() < 0.55
    # Neither all alike nor all at the bounds.
    assert expected.std(axis=0).mean() > 1
    assert ((expected > 0) & (expected < 255)).mean() > 0.5
    for pixels, encoded in zip(answer["pixels"], answer["png_bytes"], strict=True):
        decoded = np.array(Image.open(io.BytesIO(encoded), formats=["PNG"]))
        np.testing.assert_array_equal(decoded.reshape(pixels.shape), pixels)


def test_points_are_the_model_s(loaded):
    case = CASES["points"]
    z = z_of(case)
    answer = ask(loaded["points"], "serving_default", z=z)
    np.testing.assert_allclose(answer["points"], case.generator(z), rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_a_seed_gives_its_samples(loaded, name):
    one, again, other = (sampled(loaded[name], name, seed, 4) for seed in (7, 7, -8))
    np.testing.assert_array_equal(one, again)
    assert len(one) == 4
    for examples in (one, other):
        assert len(np.unique(examples.reshape(4, -1), axis=0)) == 4
    assert not (one == other).all(axis=tuple(range(1, one.ndim))).any()


# TensorFlow's convolutions give an empty batch the channels that come in, not those
# that go out; where none of the last layers has a stride, that ends in an error.
@pytest.mark.parametrize(
    ("name", "number"),
    [
        (name, number)
        for name in CASES
        for number in (0, 1, 3)
        if number or name not in ("stylegan", "quiet")
    ],
)
def test_any_number(loaded, name, number):
    case = CASES[name]
    given = {k: v[:number] for k, v in (case.given or {}).items()}
    answer = ask(loaded[name], "serving_default", z=z_of(case)[:number], **given)
    assert {len(values) for values in answer.values()} == {number}
    assert len(sampled(loaded[name], name, 0, number)) == number


class Bare(keras.Model):
    """Gives z itself, as points."""

    has_styles = False

    def __init__(self, latent_bounds):
        z = keras.Input((2,), name="z")
        super().__init__(z, keras.layers.Rescaling(1.0)(z))
        self.latent_size = 2
        self.latent_bounds = latent_bounds


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 1.0), None])
def test_sampled_z_has_the_generator_s_distribution(bounds, tmp_path):
    folder = export_generator(Bare(bounds), None, str(tmp_path / "bare"))
    model = tf.saved_model.load(folder)
    z = [
        ask(model, "sample", seed=np.int32(seed), n=np.int32(5000))["points"]
        for seed in (0, 1)
    ]
    low, high = bounds or (0, 1)
    expected = (
        scipy.stats.uniform(low, high - low) if bounds else scipy.stats.norm(0, 1)
    )
    for values in z:
        assert scipy.stats.kstest(values.ravel(), expected.cdf).pvalue > 0.001
    # Seeds, and numbers of one z, have nothing to do with each other.
    columns = np.concatenate(z, axis=1)
    assert np.abs(np.corrcoef(columns.T) - np.eye(4)).max() < 0.06


def test_samples_have_what_was_asked_for(loaded):
    """The same seed makes other images under other conditions."""
    model = loaded["labels"]
    seed = np.int32(3)
    same, other = (
        ask(model, "sample", seed=seed, labels=np.array(labels))["pixels"]
        for labels in ([1, 1, 1], [1, 2, 1])
    )
    alike = (same == other).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(alike, [True, False, True])


def test_map_and_synthesize_are_serving_default(loaded):
    z = z_of(CASES["stylegan"])
    model = loaded["stylegan"]
    w = ask(model, "map", z=z)["w"]
    np.testing.assert_array_equal(w, w[:, :1].repeat(4, axis=1))
    mapping = CASES["stylegan"].generator.mapping
    np.testing.assert_allclose(w[:, 0], mapping(z), rtol=1e-4, atol=1e-5)
    whole = ask(model, "serving_default", z=z)
    parts = ask(model, "synthesize", w=w, truncation=np.float32(1), seed=np.int32(0))
    np.testing.assert_array_equal(parts["pixels"], whole["pixels"])
    np.testing.assert_array_equal(parts["png_bytes"], whole["png_bytes"])


def synthesized(model, w, truncation=1, seed=0):
    """Returns the pixels of styles."""
    more = {"truncation": np.float32(truncation), "seed": np.int32(seed)}
    return ask(model, "synthesize", w=w, **more)["pixels"].astype(int)


def test_truncation(loaded):
    model = loaded["quiet"]
    w = ask(model, "map", z=z_of(CASES["quiet"]))["w"]
    whole = synthesized(model, w)
    center = synthesized(model, w, 0)
    np.testing.assert_array_equal(center, center[:1].repeat(4, axis=0))
    assert np.abs(whole - whole[:1]).max() > 5
    # The mean style, over z's of our own.
    z = np.random.default_rng(3).normal(size=(20_000, 8)).astype(np.float32)
    mean = CASES["quiet"].generator.mapping(z).numpy().mean(axis=0)
    for psi in (0, 0.5, -1):
        expected = synthesized(model, (mean + psi * (w - mean)).astype(np.float32))
        truncated = synthesized(model, w, psi)
        assert np.abs(truncated - expected).mean() < 4
        assert np.abs(truncated - whole).mean() > 10


def test_each_layer_may_have_a_style_of_its_own(loaded):
    case = CASES["quiet"]
    model = loaded["quiet"]
    w = ask(model, "map", z=z_of(case))["w"]
    mixed = w.copy()
    mixed[:, 2:] = w[::-1, 2:]
    pixels = synthesized(model, mixed)
    noises = [np.zeros([4, s, s, 1], np.float32) for s in (4, 4, 8, 8)]
    made = case.generator.synthesis([mixed, *noises]).numpy()
    expected = np.clip(made * 127.5 + 127.5, 0, 255)
    assert np.abs(pixels - expected).max() < 0.55
    assert (pixels != synthesized(model, w)).any()
    assert (pixels != synthesized(model, w[::-1])).any()


def test_the_noise_has_a_seed(loaded):
    model = loaded["stylegan"]
    z = z_of(CASES["stylegan"], 1).repeat(2, axis=0)
    w = ask(model, "map", z=z)["w"]
    one, again, other = (synthesized(model, w, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    # Each image has noise of its own.
    assert (one[0] != one[1]).any()
    quiet_one = synthesized(loaded["quiet"], w, seed=1)
    np.testing.assert_array_equal(quiet_one, synthesized(loaded["quiet"], w, seed=2))


def test_in_a_process_without_keras_and_kerasapps(folders, loaded, tmp_path):
    requests = {}
    for name in ("dcgan", "labels", "attributes", "points", "stylegan"):
        case = CASES[name]
        number = {} if case.given else {"n": np.array(3, np.int32)}
        seed = {"seed": np.array(5, np.int32)}
        pairs = [
            ("serving_default", {"z": z_of(case), **(case.given or {})}),
            ("sample", {**seed, **number, **(case.given or {})}),
        ]
        one = {k: v[:1] for k, v in (case.given or {}).items()}
        pairs.append(("serving_default", {"z": z_of(case)[:1], **one}))
        if name == "stylegan":
            w = np.random.default_rng(4).normal(size=(2, 4, 8)).astype(np.float32)
            truncation = {"truncation": np.array(0.7, np.float32)}
            pairs += [
                ("map", {"z": z_of(case)}),
                ("synthesize", {"w": w, **truncation, **seed}),
            ]
        requests[folders[name]] = pairs
    answers = answers_elsewhere(requests, tmp_path)
    here = dict(zip(folders.values(), loaded.values(), strict=True))
    for folder, pairs in requests.items():
        for (signature, inputs), answer in zip(pairs, answers[folder], strict=True):
            expected = ask(here[folder], signature, **inputs)
            assert answer.keys() == expected.keys()
            for name, values in answer.items():
                if values.dtype == object:
                    assert values.tolist() == expected[name].tolist()
                else:
                    np.testing.assert_allclose(values, expected[name], rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_warm_up_requests_run(folders, name):
    answered = warm_up(folders[name])
    assert {model for model, *_ in answered} == {name}
    signatures = [signature for _, signature, _ in answered]
    assert sorted(signatures) == sorted(specs(folders[name]))
    for _, _, outputs in answered:
        assert {len(values) for values in outputs.values()} == {1}


def test_what_answers_alike_is_one_version(tmp_path):
    case = CASES["attributes"]
    conditions = case.conditions

    def version(**changes):
        return int(Path(case.export(tmp_path / "model", **changes)).name)

    assert version() == 1
    assert version() == 1
    changed = type(case.generator).from_config(case.generator.get_config())
    changed.set_weights([weight * 1.01 for weight in case.generator.get_weights()])
    others = [
        {"generator": changed},
        {"preprocessing": Preprocessing((28, 28, 1), mean=127.5, std=127)},
        {"conditions": conditions._replace(names=["thickness", "width"])},
        {"conditions": conditions._replace(mean=[2.0, -1.5])},
        {"dtype": "bfloat16"},
    ]
    assert [version(**other) for other in others] == [2, 3, 4, 5, 6]
    assert version(**others[0]) == 2
    assert version() == 1


def test_bfloat16(loaded, tmp_path):
    for name, op in (("dcgan", "Conv2DBackpropInput"), ("quiet", "Conv2D")):
        case = CASES[name]
        folder = case.export(tmp_path / name, dtype="bfloat16")
        z = z_of(case)
        pixels = ask(tf.saved_model.load(folder), "serving_default", z=z)["pixels"]
        exact = ask(loaded[name], "serving_default", z=z)["pixels"]
        difference = np.abs(pixels.astype(int) - exact)
        assert difference.max() > 0
        assert difference.mean() < 0.1 * exact.std()
        assert "bfloat16" in types_of(folder, op)
    points = CASES["points"]
    folder = points.export(tmp_path / "points", dtype="bfloat16")
    z = z_of(points)
    made = ask(tf.saved_model.load(folder), "serving_default", z=z)["points"]
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, points.generator(z), atol=0.05)
    assert "bfloat16" in types_of(folder, "MatMul")
