import io

import numpy as np

from kerasapps.figures.nearest_images import nearest_images


def test_each_row_is_an_image_and_its_neighbours():
    random = np.random.default_rng(0)
    for channels in (1, 3):
        images = random.integers(0, 256, [2, 6, 7, channels], np.uint8)
        neighbours = random.integers(0, 256, [2, 3, 6, 7, channels], np.uint8)
        figure = nearest_images(images, neighbours)
        drawn = [axes.images[0].get_array() for axes in figure.axes]
        expected = [
            picture.squeeze()
            for image, others in zip(images, neighbours, strict=True)
            for picture in (image, *others)
        ]
        np.testing.assert_array_equal(drawn, expected)
        framed = [axes.spines["top"].get_visible() for axes in figure.axes]
        assert framed == [True, False, False, False] * 2
    figure.savefig(file := io.BytesIO(), format="png")
    assert file.getvalue().startswith(b"\x89PNG")
