import pytest

from kerasapps.layers.scaling import scale_depth, scale_input_shape, scale_width


@pytest.mark.parametrize(
    ("repeats", "factor", "scaled"),
    # B1, B7; 1.1 * 10 is above 11 in floating point.
    [(3, 1.1, 4), (4, 3.1, 13), (1, 3.1, 4), (10, 1.1, 11), (5, 0.5, 3), (7, 1, 7)],
)
def test_depth_is_rounded_up(repeats, factor, scaled):
    assert scale_depth(repeats, factor) == scaled


@pytest.mark.parametrize(
    ("channels", "factor", "scaled"),
    [
        (32, 1.1, 32),  # 35.2: 9 % below
        (40, 1.1, 48),  # 44: halves go up
        (24, 1.1, 24),  # 26.4: 9.1 % below
        (10, 1.1, 16),  # 11: 8 would be 27 % below
        (112, 1.4, 160),  # 156.8
        (320, 2.0, 640),
        (16, 0.1, 8),  # never less than 8
        (20, 1, 20),  # unscaled channels stay, multiples of 8 or not
    ],
)
def test_width_is_a_near_multiple_of_8(channels, factor, scaled):
    assert scale_width(channels, factor) == scaled


@pytest.mark.parametrize(
    ("size", "factor", "scaled"),
    [(224, 1.15, 258), (28, 1.5, 42), (33, 0.5, 17), (224, 1, 224), (None, 2, None)],
)
def test_size_is_rounded_to_whole_pixels(size, factor, scaled):
    shape = scale_input_shape((size, 100, 3), factor)
    assert shape == (scaled, round(100 * factor), 3)
