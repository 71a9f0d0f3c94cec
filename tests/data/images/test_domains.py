"""Two domains that aren't paired."""

import itertools

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf
from PIL import Image

from kerasapps.data.images import domains
from kerasapps.data.images.domains import UnpairedData, edges
from kerasapps.data.pipeline import ShuffledExamples
from kerasapps.data.points.mixtures import TOY_DOMAINS, PointData
from kerasapps.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """Three classes of grey images that differ in one pixel; a part is held out."""
    for label, name in enumerate(("cat", "dog", "7")):
        for i in range(10):
            path = tmp_path / "pets" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.zeros([6, 8], np.uint8)
            pixels[:, 4:] = 10 * label + i + 1
            Image.fromarray(pixels).save(path)
    return f"folder:{tmp_path / 'pets'}"


def images(domain, split):
    return [domain.decode(example)["image"].numpy() for example in split.examples]


def brightest(domain, split):
    return [int(pixels.max()) for pixels in images(domain, split)]


def test_halves(folder):
    a, b = domains.load(folder, "halves")
    assert (a.name, b.name) == ("pets_first", "pets_second")
    for one, other in ((a.train, b.train), (a.validation, b.validation)):
        assert one.size - other.size in (0, 1)
        first, second = brightest(a, one), brightest(b, other)
        assert (len(first), len(second)) == (one.size, other.size)
        assert not set(first) & set(second)
    everything = [
        x for d in (a, b) for s in (d.train, d.validation) for x in brightest(d, s)
    ]
    assert sorted(everything) == list(range(1, 31))
    for path, example in zip(a.train.paths, a.train.examples, strict=True):
        assert path == example["image"].numpy().decode()


@pytest.mark.parametrize(
    ("target", "first", "second"),
    [
        # The folders in alphabetical order: 7, cat, dog. A name goes before a number.
        ("classes:cat:dog", range(1, 11), range(11, 21)),
        ("classes:2:1", range(11, 21), range(1, 11)),
        ("classes:cat:7", range(1, 11), range(21, 31)),
    ],
)
def test_classes(folder, target, first, second):
    pair = domains.load(folder, target)
    for domain, expected in zip(pair, (first, second), strict=True):
        assert domain.train.size > domain.validation.size > 0
        assert domain.name in ("pets_cat", "pets_dog", "pets_7")
        found = brightest(domain, domain.train) + brightest(domain, domain.validation)
        assert sorted(found) == list(expected)


def test_edges_of_other_images_than_those_of_domain_a(folder):
    a, b = domains.load(folder, "edges")
    assert a.train.size - b.train.size in (0, 1)
    assert not set(a.train.paths) & set(b.train.paths)
    assert b.channels == 1
    assert b.name == "pets_edges"
    expected = np.zeros([6, 8, 1], np.uint8)
    expected[:, 3:5] = 255
    for pixels in images(b, b.train):
        np.testing.assert_array_equal(pixels, expected)


def test_held_out_edges_are_those_of_the_held_out_images():
    a, b = domains.load("digits", "edges")
    assert a.validation.size == b.validation.size == 360
    pairs = zip(a.validation.examples, b.validation.examples, strict=True)
    for example, same in itertools.islice(pairs, 20):
        pixels = a.decode(example)["image"]
        np.testing.assert_array_equal(b.decode(same)["image"], edges(pixels))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_edges_against_scipy(channels):
    pixels = np.random.default_rng(0).integers(0, 256, [9, 12, channels], np.uint8)
    luma = pixels[..., 0].astype(float)
    if channels > 1:
        luma = pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
    gradients = [scipy.ndimage.sobel(luma, axis=i, mode="mirror") for i in (0, 1)]
    magnitude = np.hypot(*gradients)
    expected = magnitude > 1.5 * np.sqrt(np.mean(magnitude**2))
    found = edges(pixels).numpy()
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.where(expected, 255, 0)[..., np.newaxis])
    assert 0 < expected.mean() < 0.5


def test_a_blank_image_has_no_edges():
    assert not edges(np.full([5, 5, 3], 77, np.uint8)).numpy().any()


def test_another_data_set(folder, tmp_path):
    for i in range(3):
        path = tmp_path / "faces" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (5, 5), (i, 200, 0)).save(path)
    a, b = domains.load(folder, f"folder:{tmp_path / 'faces'}")
    assert (a.train.size + a.validation.size, a.channels, a.name) == (30, 1, "pets")
    assert (b.train.size, b.validation.size, b.channels, b.name) == (2, 1, 3, "faces")
    assert brightest(b, b.train) == [200, 200]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("classes:cat", "two different classes, as in"),
        ("classes:cat:dog:7", "two different classes, as in"),
        ("classes:cat:cat", "two different classes, as in"),
        ("classes:cat:1", "both are class 'cat'"),
        ("classes:cat:dot", "unknown class 'dot'; did you mean dog"),
        ("classes:cat:3", "unknown class '3'"),
        ("edge", "unknown dataset 'edge'.* there are edges, halves and"),
        ("half", "unknown dataset 'half'"),
        ("folder:none", "no folder 'none'"),
    ],
)
def test_bad_targets_get_one_line(folder, target, says):
    with pytest.raises(InputError, match=says) as caught:
        domains.load(folder, target)
    assert "\n" not in str(caught.value)
    assert caught.value.argument == "target"


def test_a_class_without_images_held_out(tmp_path):
    for file in ("train/a/0.png", "train/b/0.png", "val/a/0.png"):
        (tmp_path / file).parent.mkdir(parents=True)
        Image.new("L", (5, 5)).save(tmp_path / file)
    with pytest.raises(
        InputError, match=f"too few images for domain '{tmp_path.name}_b"
    ):
        domains.load(f"folder:{tmp_path}", "classes:a:b")


def unpaired(a_size=12, b_size=18, seed=0, batch_size=3):
    """Examples 0 on of A and 100 on of B, each with the seed of its transformation."""
    return UnpairedData(
        *(
            ShuffledExamples(
                tf.data.Dataset.range(start, start + size),
                size,
                batch_size,
                lambda x, own_seed: (x, own_seed),
                seed,
            )
            for start, size in ((0, a_size), (100, b_size))
        )
    )


def take(data, count, *args, **kwargs):
    """Examples of A and of B, each [count, batch]."""
    batches = list(data.batches(*args, **kwargs).take(count).as_numpy_iterator())
    return np.stack([a for (a, _), _ in batches]), np.stack(
        [b for _, (b, _) in batches]
    )


def test_each_epoch_pairs_anew():
    data = unpaired(12, 12)
    assert data.steps_per_epoch == 4
    a, b = take(data, 12)
    pairs = []
    for epoch in range(3):
        steps = slice(4 * epoch, 4 * epoch + 4)
        assert sorted(a[steps].ravel()) == list(range(12))
        assert sorted(b[steps].ravel()) == list(range(100, 112))
        pairs.append(set(zip(a[steps].ravel(), b[steps].ravel(), strict=True)))
    # Not even in the first epoch do they go as they lie; of 12 pairs that are drawn
    # anew, one comes again on average.
    pairs.append({(i, 100 + i) for i in range(12)})
    for i, one in enumerate(pairs):
        for other in pairs[i + 1 :]:
            assert len(one & other) < 6


def test_all_of_the_larger_domain_is_seen():
    data = unpaired(12, 18)
    assert data.steps_per_epoch == 4
    a, b = take(data, 12)
    for epoch in range(3):
        assert sorted(a[4 * epoch : 4 * epoch + 4].ravel()) == list(range(12))
    for passed in range(2):
        assert sorted(b[6 * passed : 6 * passed + 6].ravel()) == list(range(100, 118))
    a, b = take(unpaired(18, 12), 12)
    assert sorted(a[:6].ravel()) == list(range(18))
    assert sorted(b[:4].ravel()) == list(range(100, 112))


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0), (1, 3), (2, 2)])
def test_a_step_is_the_same_whatever_came_before(epoch, step):
    done = 4 * epoch + step
    whole, resumed = take(unpaired(), 12), take(unpaired(), 12 - done, epoch, step)
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one[done:], other)


def test_the_order_follows_the_seed():
    one, other = take(unpaired(), 4), take(unpaired(seed=5), 4)
    for a, b in zip(one, other, strict=True):
        assert not np.array_equal(a, b)


def test_workers_share_the_batches_of_both():
    whole = take(unpaired(12, 16, batch_size=4), 6)
    shares = [
        take(
            unpaired(12, 16, batch_size=4),
            6,
            context=tf.distribute.InputContext(2, worker, 2),
        )
        for worker in range(2)
    ]
    for all_of_it, *parts in zip(whole, *shares, strict=True):
        together = np.concatenate(parts, axis=1)
        np.testing.assert_array_equal(np.sort(together), np.sort(all_of_it))


def test_points_of_toy_domains_are_drawn_each_for_itself():
    mixtures = TOY_DOMAINS["toy1d"]
    data = UnpairedData(*(PointData(mixture, 600, 200, 0) for mixture in mixtures))
    batches = list(data.batches().take(5).as_numpy_iterator())
    a, b = (np.concatenate(side).ravel() for side in zip(*batches, strict=True))
    assert a.shape == b.shape == (1000,)
    # Neither the modes nor the places in them go together.
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(1000)
    noises = (a - 2 * np.sign(a), b - 3 * np.sign(b))
    assert abs(np.corrcoef(*noises)[0, 1]) < 5 / np.sqrt(1000)
