"""The Fréchet distance of two sets of features."""

import numpy as np
import scipy.linalg


class Moments:
    """Mean and covariance of any number of vectors, gathered batch by batch.

    In double precision, by the formula of Chan, Golub and LeVeque (1979), which doesn't
    subtract large numbers from each other.

    Args:
        size: Numbers in a vector.
    """

    def __init__(self, size: int):
        self.count = 0
        self.mean = np.zeros(size)
        self._scatter = np.zeros((size, size))

    def update(self, vectors: np.ndarray) -> None:
        """Adds vectors, float `[batch, size]`."""
        vectors = np.asarray(vectors, np.float64)
        if not len(vectors):
            return
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        step = mean - self.mean
        total = self.count + len(vectors)
        self._scatter += centred.T @ centred
        self._scatter += np.outer(step, step) * (self.count * len(vectors) / total)
        self.mean = self.mean + step * (len(vectors) / total)
        self.count = total

    @property
    def covariance(self) -> np.ndarray:
        """The covariance, float64 `[size, size]`, divided by one less than the count.

        Raises:
            ValueError: If there are fewer than two vectors.
        """
        if self.count < 2:
            raise ValueError("a covariance needs two or more vectors")
        return self._scatter / (self.count - 1)

    def distance(self, other: "Moments") -> float:
        """Returns the `frechet_distance` to the moments of other vectors.

        Raises:
            ValueError: If there are fewer than two vectors on either side.
        """
        return frechet_distance(
            self.mean, self.covariance, other.mean, other.covariance
        )


def frechet_distance(
    mean: np.ndarray,
    covariance: np.ndarray,
    other_mean: np.ndarray,
    other_covariance: np.ndarray,
) -> float:
    """Returns the squared Fréchet distance of two normal distributions.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)): Dowson and Landau, "The Fréchet
    Distance between Multivariate Normal Distributions", 1982; Heusel et al., "GANs
    Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017,
    section 2, where over features of Inception it is called FID. The trace of the root
    is taken as the sum of the singular values of C1^(1/2) C2^(1/2), which are real and
    not negative where C1 C2 needs a general root that rounding can make complex.

    Args:
        mean: float `[features]`.
        covariance: float `[features, features]`, symmetric and positive semidefinite.
        other_mean: The same of the other distribution.
        other_covariance: The same of the other distribution.
    """
    roots = _root(covariance).T @ _root(other_covariance)
    cross = scipy.linalg.svdvals(roots).sum()
    step = np.asarray(mean, np.float64) - other_mean
    return float(
        step @ step + np.trace(covariance) + np.trace(other_covariance) - 2 * cross
    )


def _root(covariance):
    """Returns R with C = R R^T; directions without variance, but for rounding, out."""
    values, vectors = scipy.linalg.eigh(np.asarray(covariance, np.float64))
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])
