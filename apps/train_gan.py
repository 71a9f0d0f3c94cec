r"""Trains a generator against a discriminator, draws what it makes and exports it.

With no flag at all, a small DCGAN learns to draw scikit-learn's handwritten digits, in
images of 28x28, for 60 epochs.
Other data:

    --dataset=mnist                      any image set of TensorFlow Datasets
    --dataset=folder:PATH                PATH/*.png, *.jpg, *.jpeg, or in class folders
    --model=pointgan --dataset=ring      points of a mixture: gaussian, ring, grid
    --model=conditionalgan --condition=label
                                         images of a class that is asked for
    --model=discogan --target=edges      from images to others, without pairs
    --flagfile=apps/flags/train_gan/stylegan_mnist.flags
                                         StyleGAN, with what belongs to its training

A killed run goes on where it stopped when the same command is given again.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import math

from absl import flags

from apps.gan import domain_mapping as translation
from apps.gan import sampling
from apps.gan.start import check_flags, usual_size
from apps.run import common_flags as common
from apps.run.models import has_argument
from kerasapps.training.gan.discogan_trainer import DISCOVERY_MODELS
from kerasapps.training.gan.gan_trainer import LOSSES, PENALTIES

FLAGS = flags.FLAGS
flags.adopt_module_key_flags(common)
FLAGS.set_default("model", "dcgan")
FLAGS.set_default("dataset", "digits")
FLAGS.set_default("learning_rate", 2e-4)
FLAGS.set_default("beta_1", 0.5)

flags.DEFINE_integer(
    "image_size",
    None,
    "Height and width of the images; default: those that the network is made for, 64 "
    "at most.",
    lower_bound=4,
)
flags.DEFINE_string("train_split", None, "Split of TensorFlow Datasets to train on.")
flags.DEFINE_multi_string(
    "discriminator_options",
    [],
    "An argument of the discriminator other than its default, as in filters=32.",
)
flags.DEFINE_enum(
    "loss",
    "non_saturating",
    LOSSES,
    "What the generator minimizes: log(1 - D(G(z))), -log D(G(z)), or -D(G(z)) of a "
    "critic, which needs a penalty.",
)
flags.DEFINE_enum(
    "penalty", "none", PENALTIES, "What the discriminator pays for steep slopes."
)
flags.DEFINE_float("penalty_weight", 10.0, "Weight of the penalty.", lower_bound=0)
flags.DEFINE_integer(
    "discriminator_steps",
    1,
    "Steps of the discriminator, each on a batch of its own, for one of the generator.",
    lower_bound=1,
)
flags.DEFINE_string(
    "condition",
    "label",
    "What a conditional generator is told: label, the class; shape, thickness, slant, "
    "width and height as measured on bright drawings; dataset, the attributes that the "
    "data set has; or a CSV file of images and their attributes.",
)
flags.DEFINE_string(
    "target",
    None,
    "The second domain of discogan: edges, of one half of the images; halves; "
    "classes:A:B, two classes; or another data set, as in folder:PATH. Of "
    "toydiscogan it is part of the data set.",
)
flags.DEFINE_enum(
    "discovery",
    "discogan",
    DISCOVERY_MODELS,
    "DiscoGAN, or what it is compared with: a GAN from A to B, also with a "
    "reconstruction of A.",
)
flags.DEFINE_float(
    "reconstruction_weight",
    1.0,
    "Weight of discogan's mean squared differences beside the GAN's losses.",
    lower_bound=0,
)
flags.DEFINE_integer(
    "first_size",
    8,
    "Height and width of the images that stylegan begins with; each further power of "
    "two up to --image_size is faded in, and trained for --epochs.",
    lower_bound=4,
)
flags.DEFINE_integer(
    "samples", 64, "Examples that are drawn after each epoch, of the same z's.", 1
)
flags.DEFINE_bool(
    "gif", False, "Make an animation of the samples after each epoch, samples.gif."
)
for _name in ("penalty_weight", "reconstruction_weight"):
    flags.register_validator(_name, math.isfinite, "needs a finite number")


def main():
    """Runs the app."""
    constructor = common.find_model("gan")
    FLAGS.set_default("image_size", usual_size(constructor))
    if (FLAGS.model.lower(), FLAGS.dataset) == ("dcgan", "digits"):
        # The paper's widths are for photographs of 64x64; these have 8x8 pixels.
        FLAGS.set_default("image_size", 28)
        FLAGS.set_default("model_options", ["filters=32"])
        FLAGS.set_default("discriminator_options", ["filters=32"])
        FLAGS.set_default("epochs", 60)
    grows = has_argument("fading")(constructor)
    check_flags(constructor)
    if grows:
        sampling.grow(constructor)
    elif hasattr(constructor, "inverse"):
        translation.train(constructor)
    else:
        sampling.train(constructor)


if __name__ == "__main__":
    common.run_app(main)
