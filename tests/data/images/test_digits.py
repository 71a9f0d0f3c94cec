import numpy as np

from kerasapps.data.images.loading import load
from tests.data.images.tiny_builders import decoded


def test_digits():
    data = load("digits")
    assert data.name == "digits"
    assert data.class_names == tuple("0123456789")
    assert data.channels == 1
    assert (data.train.size, data.validation.size) == (1437, 360)
    images = decoded(data, data.train) + decoded(data, data.validation)
    assert len(images) == 1797
    pixels = np.stack([p for p, _ in images])
    assert pixels.shape == (1797, 8, 8, 1)
    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    # A fifth of each class (174 to 183 images) is held out.
    held_out = np.bincount([label for _, label in decoded(data, data.validation)])
    assert held_out.min() >= 34
    assert held_out.max() <= 37
    # Together they are the very images of scikit-learn.
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    ours = sorted(
        (tuple(np.rint(p.ravel() / (255 / 16)).astype(int)), label)
        for p, label in images
    )
    assert ours == sorted(
        (tuple(v.astype(int)), label) for v, label in zip(values, labels, strict=True)
    )


def test_digits_are_always_split_alike():
    one, other = load("digits").validation, load("digits").validation
    for example, same in zip(one.examples, other.examples, strict=True):
        assert example["label"] == same["label"]
        np.testing.assert_array_equal(example["image"], same["image"])
