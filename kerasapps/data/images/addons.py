"""The one door to TensorFlow Addons, whose last build fits Python 3.11 only."""

import sys
import types
import warnings

from kerasapps.errors import InputError


def image(augmentation: str) -> types.ModuleType:
    """Returns `tensorflow_addons.image`.

    Args:
        augmentation: What needs it, for the error.

    Raises:
        InputError: Addons can't be imported.
    """
    try:
        with warnings.catch_warnings():
            # It says at every import that it is no longer developed and doesn't
            # know this TensorFlow.
            warnings.simplefilter("ignore")
            import tensorflow_addons
    except ImportError as error:
        raise InputError(
            f"augmentation {augmentation!r} needs TensorFlow Addons "
            f"(tfa-nightly), which is there for Python 3.11 only; "
            f"this is Python {sys.version_info.major}.{sys.version_info.minor}",
            argument="augment",
        ) from error
    return tensorflow_addons.image
