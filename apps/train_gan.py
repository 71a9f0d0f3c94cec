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
import pathlib

import keras
from absl import flags

from apps.gan import domain_mapping, sampling
from apps.gan.examples import ImageExamples, Source
from apps.gan.image_mapping import ImageDomains
from apps.gan.networks import Networks, usual_size
from apps.gan.point_mapping import PointDomains
from apps.gan.points import PointExamples
from apps.gan.sampling import Objective
from apps.gan.training import finish
from apps.run import command, common_flags, models
from apps.run.options import Options, set_defaults
from apps.run.run import Run
from kerasapps.data import own_folder
from kerasapps.data.images import held_out
from kerasapps.data.pipeline import replica_batch_size
from kerasapps.data.points.mixtures import TOY_DOMAINS
from kerasapps.errors import InputError, printable
from kerasapps.training.gan.discogan_trainer import DISCOVERY_MODELS
from kerasapps.training.gan.gan_trainer import LOSSES, PENALTIES

FLAGS = flags.FlagValues()
common_flags.define(
    FLAGS, model="dcgan", dataset="digits", learning_rate=2e-4, beta_1=0.5
)

flags.DEFINE_integer(
    "image_size",
    None,
    "Height and width of the images; default: those that the network is made for, 64 "
    "at most.",
    lower_bound=4,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "train_split",
    None,
    "Split of TensorFlow Datasets to train on.",
    flag_values=FLAGS,
)
flags.DEFINE_multi_string(
    "discriminator_options",
    [],
    "An argument of the discriminator other than its default, as in filters=32.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "loss",
    "non_saturating",
    LOSSES,
    "What the generator minimizes: log(1 - D(G(z))), -log D(G(z)), or -D(G(z)) of a "
    "critic, which needs a penalty.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "penalty",
    "none",
    PENALTIES,
    "What the discriminator pays for steep slopes.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "penalty_weight",
    10.0,
    "Weight of the penalty.",
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "discriminator_steps",
    1,
    "Steps of the discriminator, each on a batch of its own, for one of the generator.",
    lower_bound=1,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "condition",
    "label",
    "What a conditional generator is told: label, the class; shape, thickness, slant, "
    "width and height as measured on bright drawings; dataset, the attributes that the "
    "data set has; or a CSV file of images and their attributes.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "target",
    None,
    "The second domain of discogan: edges, of one half of the images; halves; "
    "classes:A:B, two classes; or another data set, as in folder:PATH. Of "
    "toydiscogan it is part of the data set.",
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "discovery",
    "discogan",
    DISCOVERY_MODELS,
    "DiscoGAN, or what it is compared with: a GAN from A to B, also with a "
    "reconstruction of A.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "reconstruction_weight",
    1.0,
    "Weight of discogan's mean squared differences beside the GAN's losses.",
    lower_bound=0,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "first_size",
    8,
    "Height and width of the images that stylegan begins with; each further power of "
    "two up to --image_size is faded in, and trained for --epochs.",
    lower_bound=4,
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "last_epochs",
    None,
    "Epochs of stylegan's last size, where they are others than --epochs.",
    1,
    1_000_000,
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "mirror",
    False,
    "Mirror half of the images to learn from, other ones in each epoch.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "samples",
    64,
    "Examples that are drawn after each epoch, of the same z's.",
    1,
    1_000,
    flag_values=FLAGS,
)
flags.DEFINE_bool(
    "gif",
    False,
    "Make an animation of the samples after each epoch, samples.gif.",
    flag_values=FLAGS,
)
for _name in ("penalty_weight", "reconstruction_weight"):
    flags.register_validator(
        _name, math.isfinite, "needs a finite number", flag_values=FLAGS
    )


def main() -> None:
    """Runs the app."""
    constructor = models.find(FLAGS.model, models.of_task("gan"))
    _set_defaults(constructor)
    _check_flags(constructor)
    sizes = None
    if constructor.grows:
        sizes = sampling.growing_sizes(FLAGS.first_size, FLAGS.image_size)
    run = Run(FLAGS, "train_gan", constructor.__name__.lower(), _export_task())
    run.say(f"Run {run.directory}. Reading {printable(FLAGS.dataset)}.")
    # The error of the batches would tell the examples of all the discriminator's steps.
    replica_batch_size(FLAGS.batch_size, run.strategy.num_replicas_in_sync)
    source = Source(
        FLAGS.dataset,
        FLAGS.data_dir,
        FLAGS.train_split,
        FLAGS.batch_size,
        FLAGS.seed,
        FLAGS.mirror,
    )
    networks = Networks(
        constructor,
        Options("model_options", FLAGS.model_options),
        Options("discriminator_options", FLAGS.discriminator_options),
        FLAGS.weights,
    )
    if constructor.maps_domains:
        examples = _domains(constructor, source)
        trained, history = domain_mapping.train(
            run, networks, FLAGS.discovery, FLAGS.reconstruction_weight, examples
        )
    else:
        objective = Objective(
            FLAGS.loss,
            FLAGS.penalty,
            FLAGS.penalty_weight,
            FLAGS.discriminator_steps,
            FLAGS.seed,
        )
        if sizes:
            trained, history, examples = sampling.grow(
                run,
                networks,
                objective,
                lambda size: _examples(constructor, source, size),
                sizes,
                FLAGS.epochs,
                FLAGS.last_epochs,
            )
        else:
            examples = _examples(constructor, source, FLAGS.image_size)
            trained, history = sampling.train(run, networks, objective, examples)
    about = {"model": constructor.__name__.lower()}
    about |= {
        name: FLAGS[name].value for name in ("train_split", "condition", "epochs")
    }
    about["dataset"] = own_folder.resolved(FLAGS.dataset)
    if isinstance(examples, ImageExamples) and run.is_chief:
        held_out.write(run.directory, examples.data)
    if constructor.maps_domains:
        about["discovery"] = FLAGS.discovery
    finish(run, trained, examples, history, about, FLAGS.gif, FLAGS.export_dtype)


def _set_defaults(constructor):
    """Sets those defaults that depend on the model."""
    FLAGS.set_default("image_size", usual_size(constructor))
    if (FLAGS.model.lower(), FLAGS.dataset) == ("dcgan", "digits"):
        # The paper's widths are for photographs of 64x64; these have 8x8 pixels.
        narrow = ["filters=32"]
        set_defaults(
            FLAGS,
            {
                "image_size": 28,
                "model_options": narrow,
                "discriminator_options": narrow,
                "epochs": 60,
            },
        )


def _check_flags(constructor: type[keras.Model]) -> None:
    """Checks that the flags go with each other and with the networks."""
    maps, points = constructor.maps_domains, constructor.makes == "points"
    useless = {
        "target": not maps or points,
        "discovery": not maps,
        "reconstruction_weight": not maps or FLAGS.discovery == "gan",
        "loss": maps,
        "penalty": maps,
        "penalty_weight": maps or FLAGS.penalty == "none",
        "discriminator_steps": maps,
        "condition": not constructor.is_conditional,
        "first_size": not constructor.grows,
        "last_epochs": not constructor.grows,
        # Of mirrored images a measured condition would no longer be true.
        "mirror": maps
        or points
        or (constructor.is_conditional and FLAGS.condition != "label"),
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
    if FLAGS.weights and constructor.grows:
        raise InputError(
            f"--weights: {FLAGS.model} starts with small images, from fresh weights"
        )
    if maps and points != (FLAGS.dataset in TOY_DOMAINS):
        raise InputError(
            f"--model={FLAGS.model} with --dataset={FLAGS.dataset}: toydiscogan is for "
            f"{', '.join(TOY_DOMAINS)}, and discogan for images"
        )


def _export_task() -> list[str]:
    """Returns what is done with the data set, if it isn't the usual thing."""
    if FLAGS.target:
        return [FLAGS.target]
    usual = FLAGS.condition == FLAGS["condition"].default
    return [] if usual else [pathlib.Path(FLAGS.condition).stem]


def _domains(constructor, source):
    if constructor.makes == "points":
        return PointDomains(source, FLAGS.discovery)
    return ImageDomains(constructor, source, FLAGS.target, FLAGS.image_size)


def _examples(constructor, source, size):
    if constructor.makes == "points":
        return PointExamples(
            constructor, source, FLAGS.discriminator_steps, FLAGS.epochs
        )
    return ImageExamples(
        constructor,
        source,
        size,
        FLAGS.image_size,
        FLAGS.discriminator_steps,
        FLAGS.condition,
        FLAGS.samples,
        FLAGS.epochs,
    )


if __name__ == "__main__":
    command.run(main, FLAGS)
