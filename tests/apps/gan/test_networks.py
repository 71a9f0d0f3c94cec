"""Without a flag, images of GANs have a size that trains in minutes."""

import pytest

from apps.gan import networks
from kerasapps import models

USUAL = {
    "GAN": 28,
    "ConvolutionalGAN": 32,
    "DCGAN": 64,
    "ConditionalGAN": 28,
    "ConvolutionalConditionalGAN": 32,
    "DiscoGAN": 64,
    "StyleGAN": 64,
    "PointGAN": None,
    "ToyDiscoGAN": None,
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_size(name):
    assert networks.usual_size(getattr(models, name)) == USUAL[name]
