"""Linear separability of attributes in latent space."""

import numpy as np
import pytest

from kerasapps.evaluation.gan.linear_separability import linear_separability

SAMPLES = 4000


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(0).normal(size=(SAMPLES, 3))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_planes_separate_perfectly(latents):
    normals = np.random.default_rng(1).normal(size=(3, 4))
    assert linear_separability(latents, sigmoid(9 * latents @ normals)) == 1


def test_the_unsure_half_is_left_out(latents):
    # Of the unsure half the labels are the wrong ones.
    x = latents[:, 0]
    labels = np.where(abs(x) > np.median(abs(x)), x, -x)
    assert linear_separability(latents, sigmoid(labels)[:, None]) == 1


def test_labels_that_have_nothing_to_do_with_the_latents(latents):
    random = np.random.default_rng(2)
    # Equally sure of all; a quarter and a half have the attributes.
    labels = np.stack([np.arange(SAMPLES) % 4 == 0, np.arange(SAMPLES) % 2 == 0], 1)
    labels = random.permuted(labels, axis=0)
    separability = linear_separability(latents, np.where(labels, 0.9, 0.1))
    kept = labels[: SAMPLES // 2].mean(axis=0)
    entropy = -(kept * np.log(kept) + (1 - kept) * np.log(1 - kept)).sum()
    assert separability == pytest.approx(np.exp(entropy), rel=0.01)
    # About exp(0.562 + 0.693).
    assert separability == pytest.approx(3.51, rel=0.03)


def test_a_known_share_of_wrong_labels():
    # Two points; at each a tenth of the labels are those of the other.
    side = np.arange(200) % 2
    wrong = np.arange(200) % 20 < 2
    labels = side ^ wrong
    # The other half of the samples isn't sure of anything.
    latents = np.concatenate([np.where(side, 1.0, -1.0), np.zeros(200)])[:, None]
    probabilities = np.concatenate([np.where(labels, 1.0, 0.0), np.full(200, 0.5)])
    expected = np.exp(-0.1 * np.log(0.1) - 0.9 * np.log(0.9))
    separability = linear_separability(latents, probabilities[:, None])
    assert separability == pytest.approx(expected, rel=1e-9)
    # Attributes multiply; so does the same one, twice.
    separability = linear_separability(latents, np.stack([probabilities] * 2, 1))
    assert separability == pytest.approx(expected**2, rel=1e-9)


def test_an_attribute_that_all_have_tells_nothing(latents):
    assert linear_separability(latents, np.full((SAMPLES, 1), 0.8)) == 1


@pytest.mark.parametrize(("rows", "others"), [(4, 3), (1, 1), (0, 0)])
def test_too_few_samples(rows, others):
    with pytest.raises(ValueError, match="as many of both"):
        linear_separability(np.zeros((rows, 2)), np.zeros((others, 1)))
