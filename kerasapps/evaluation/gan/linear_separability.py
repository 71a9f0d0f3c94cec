"""Linear separability: whether directions in latent space go with attributes."""

import numpy as np
import scipy.special
import sklearn.svm


def linear_separability(latents: np.ndarray, probabilities: np.ndarray) -> float:
    """Returns exp(sum of H(Y_i|X_i)) over binary attributes; 1 is the best.

    Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019, section 4.2: for each attribute the less confident half
    of the samples is left out; to the others a linear support vector machine is fitted
    from latent vectors to the classifier's labels Y, and X is what it says of the same
    samples. The paper uses 200,000 samples and 40 attributes.

    The authors' code sums the entropies in bits and takes 2 to that power, which is the
    same. Its machine starts from another seed each time; this one's is fixed.

    Args:
        latents: z or w of each sample, float `[samples, features]`.
        probabilities: A classifier's probability that the sample has the attribute,
            float `[samples, attributes]`.

    Raises:
        ValueError: If the two have different numbers of samples, or fewer than two.
    """
    if len(latents) != len(probabilities) or len(latents) < 2:
        raise ValueError(
            f"{len(latents)} latent vectors and {len(probabilities)} rows of "
            "probabilities; give as many of both, two or more"
        )
    return float(np.exp(sum(_entropy(latents, p) for p in probabilities.T)))


def _entropy(latents, probabilities):
    """Returns the conditional entropy of one attribute, in nats."""
    confidence = np.abs(probabilities - 0.5)
    kept = np.argsort(-confidence, kind="stable")[: len(latents) // 2]
    inputs, labels = latents[kept], probabilities[kept] > 0.5
    if labels.all() or not labels.any():
        return 0.0  # nothing to tell apart
    machine = sklearn.svm.LinearSVC(random_state=0).fit(inputs, labels)
    pairs = 2 * machine.predict(inputs) + labels
    both = np.bincount(pairs, minlength=4).reshape(2, 2) / len(labels)
    # The sum of -p(x, y) log p(y|x).
    return -scipy.special.rel_entr(both, both.sum(axis=1, keepdims=True)).sum()
