"""What each generator says of itself is what it takes and makes."""

import inspect

import pytest

from kerasapps import models

GENERATORS = [
    model
    for model in vars(models).values()
    if callable(model) and getattr(model, "task", None) == "gan"
]


def test_all_generators_are_known():
    names = {model.__name__ for model in GENERATORS}
    assert names == {
        *("GAN", "ConvolutionalGAN", "PointGAN", "DCGAN", "StyleGAN"),
        *("ConditionalGAN", "ConvolutionalConditionalGAN"),
        *("DiscoGAN", "ToyDiscoGAN"),
    }


@pytest.mark.parametrize("model", GENERATORS, ids=lambda model: model.__name__)
def test_kind(model):
    arguments = inspect.signature(model).parameters
    points = "dimensions" in arguments
    assert model.makes == ("points" if points else "images")
    assert (model.example_bounds is None) == points
    assert (
        model.maps_domains
        == hasattr(model, "inverse")
        == (not hasattr(model, "latent_bounds"))
    )
    assert model.is_conditional == ("condition_size" in arguments)
    assert model.grows == ("fading" in arguments)
    assert model.has_styles == ("mapping_layers" in arguments)
    assert "Adversarial" in model.paper.title
