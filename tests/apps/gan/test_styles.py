"""Which layers of StyleGAN are coarse, middle and fine."""

import pytest

from apps.gan.styles import bands


@pytest.mark.parametrize(
    ("layers", "ends"),
    [
        # Figure 3 of the paper: up to 8x8, up to 32x32, the rest.
        (18, (4, 8, 18)),
        (8, (2, 4, 8)),
        (4, (2, 4, 4)),
        (2, (2, 2, 2)),
    ],
)
def test_bands(layers, ends):
    found = bands(layers)
    assert tuple(layers.stop for layers in found.values()) == ends
    assert sum(map(len, found.values())) == layers
