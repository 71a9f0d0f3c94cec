"""A GAN's run is read back whole, or one line says what doesn't fit."""

import json

import pytest

from apps.gan import trained
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.errors import InputError
from kerasapps.models import ConditionalGAN, PointGAN, ToyDiscoGAN
from kerasapps.weights import keras_file

OF_ALL = {"train_split": None, "discriminator_parameters": 9}
POINTS = {**OF_ALL, "dataset": "ring", "steps": 5}
DOMAINS = {**OF_ALL, "dataset": "toy2d", "discovery": "gan"}
CONDITIONS = {"names": ["a", "b"], "mean": [1.0, 2.0], "deviation": [1, 0.5]}
IMAGES = {
    **OF_ALL,
    "dataset": "digits",
    "condition": "label",
    "conditions": CONDITIONS,
    "preprocessing": Preprocessing((8, 8, 1), 127.5, 127.5).to_config(),
}


@pytest.fixture(scope="module")
def directories(tmp_path_factory):
    """Run directories by what is made in them."""
    networks = {
        "points": PointGAN(dimensions=2, latent_size=2),
        "domains": ToyDiscoGAN(),
        "images": ConditionalGAN(image_size=8, condition_size=2, units=4),
    }
    found = {}
    for name, network in networks.items():
        found[name] = tmp_path_factory.mktemp(name)
        keras_file.save(network, found[name] / "model.keras")
    return found


def load(directory, metrics):
    """Returns the run with these metrics."""
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return trained.load(str(directory))


def test_whole_ones(directories):
    assert load(directories["points"], POINTS).makes_points
    assert load(directories["domains"], DOMAINS).maps_domains
    run = load(directories["images"], IMAGES)
    assert run.conditions.names == ["a", "b"]
    assert run.preprocessing.image_shape == (8, 8, 1)


@pytest.mark.parametrize(
    ("kind", "metrics", "reason"),
    [
        ("points", {**POINTS, "dataset": "rings"}, "did you mean ring?"),
        ("points", {**POINTS, "dataset": "gaussian"}, "has points of 1 dimension(s)"),
        ("points", {**POINTS, "steps": None}, "has null as 'steps'"),
        ("points", DOMAINS, "has no 'steps'"),
        ("domains", {**DOMAINS, "dataset": "toy1d"}, "has points of 1 dimension(s)"),
        (
            "domains",
            {**DOMAINS, "discovery": []},
            "has [] as 'discovery', which is gan",
        ),
        ("images", {**IMAGES, "conditions": None}, "it tells no conditions"),
        ("images", {**IMAGES, "preprocessing": None}, "has null as 'preprocessing'"),
        ("images", POINTS, "has no 'condition'"),
    ],
)
def test_other_metrics(directories, kind, metrics, reason):
    with pytest.raises(InputError) as error:
        load(directories[kind], metrics)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"names": ["a"]}, "the conditions aren't 2"),
        ({"deviation": [1, 0]}, "a deviation isn't above 0"),
        ({"deviation": None}, "the conditions aren't 2"),
        ({"mean": [1, "2"]}, "'2' as 'conditions.mean.1', which is a finite number"),
    ],
)
def test_other_conditions(directories, changed, reason):
    metrics = {**IMAGES, "conditions": {**CONDITIONS, **changed}}
    with pytest.raises(InputError) as error:
        load(directories["images"], metrics)
    assert reason in str(error.value)


def test_a_network_in_the_place_of_another(directories):
    directory = directories["domains"]
    keras_file.save(ToyDiscoGAN(), directory / "discriminator.keras")
    with pytest.raises(
        InputError, match=r"its discriminator\.keras doesn't go with the others"
    ):
        load(directory, DOMAINS).networks()
