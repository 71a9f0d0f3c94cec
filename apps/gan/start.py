"""Where a training of a GAN starts: fresh, or from what another run has left."""

import inspect
import pathlib

import keras
from absl import flags

from apps.run.models import has_argument
from kerasapps.errors import InputError
from kerasapps.weights import keras_file

FLAGS = flags.FLAGS


# Height and width of images that take minutes, not weeks.
_LARGEST_USUAL = 64


def usual_size(constructor) -> int | None:
    """Returns the height and width of images if no flag says it; None for points.

    Args:
        constructor: The generator's.
    """
    if constructor.example_bounds is None:
        return None
    only = getattr(constructor, "image_size", None)
    arguments = inspect.signature(constructor).parameters
    return only or min(arguments["image_size"].default, _LARGEST_USUAL)


def check_flags(constructor) -> None:
    """Checks that the flags go with each other and with the networks.

    Args:
        constructor: The generator's.

    Raises:
        InputError: If one doesn't.
    """
    grows = has_argument("fading")(constructor)
    maps = hasattr(constructor, "inverse")
    points = constructor.example_bounds is None
    useless = {
        "target": not maps or points,
        "discovery": not maps,
        "reconstruction_weight": not maps or FLAGS.discovery == "gan",
        "loss": maps,
        "penalty": maps,
        "penalty_weight": maps or FLAGS.penalty == "none",
        "discriminator_steps": maps,
        "condition": not has_argument("condition_size")(constructor),
        "first_size": not grows,
        "image_size": points,
        "train_split": points,
        "samples": maps or points,
    }
    for name, unused in useless.items():
        if unused and FLAGS[name].value != FLAGS[name].default:
            raise InputError(f"--{name} is not for these networks: leave it out")
    if FLAGS.loss == "wasserstein" and FLAGS.penalty == "none":
        raise InputError(
            "--loss=wasserstein needs a bound on the critic: give "
            "--penalty=gradient_penalty"
        )
    if FLAGS.pretrained:
        raise InputError(
            "--pretrained is for classifiers; --weights=RUN/model.keras starts from a "
            "run of the same networks"
        )
    if FLAGS.weights and grows:
        raise InputError(
            f"--weights: {FLAGS.model} starts with small images, from fresh weights"
        )
    if FLAGS.schedule == "plateau":
        raise InputError(
            "--schedule=plateau follows held-out accuracy, which a GAN doesn't have; "
            "give constant, step, exponential or cosine"
        )


def start(networks: dict[str, keras.Model]) -> None:
    """Reads the weights that --weights names, and those that its run kept beside them.

    Args:
        networks: The networks by the names of their files; the first is that of
            --weights.

    Raises:
        InputError: If a file isn't one of the same network.
    """
    if not FLAGS.weights:
        return
    first, *others = networks
    keras_file.load_weights(networks[first], FLAGS.weights)
    for name in others:
        path = pathlib.Path(FLAGS.weights).with_name(f"{name}.keras")
        if path.exists():
            keras_file.load_weights(networks[name], path)
