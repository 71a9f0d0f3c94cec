"""Measures networks of the suite against their twins in keras.applications.

    python -m apps.benchmark                      four families, training and inference
    python -m apps.benchmark --models=resnet50 --dtype_policy=mixed_bfloat16
    python -m apps.benchmark --json               the same for programs

The two take turns on one batch of random images, and so do a large matrix product and a
3x3 convolution, whose better speed is the machine's peak. A ratio of 2 says that the
suite's network is twice as fast as its twin; it is the median over the turns, with the
quartiles. A share is the part of the peak that a network reaches, where training
counts three times the multiply-adds of inference.

Training is the compiled step of stochastic gradient descent with momentum. Inference is
the call of the exported SavedModel, which for the suite's network is the one that is
served, with batch normalization folded.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import json
import os
import tempfile
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from apps.run import command
from apps.run.models import models
from apps.run.options import Options
from kerasapps.errors import InputError, unknown_name
from kerasapps.evaluation import speed
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.serving.folding import fold_batch_normalization
from kerasapps.training.footprint import check_step
from kerasapps.weights.keras_applications import TWINS

FLAGS = flags.FlagValues()
flags.DEFINE_list(
    "models",
    "resnet50,vggd,densenet121,efficientnetb0",
    "Networks that have a twin.",
    flag_values=FLAGS,
)
flags.DEFINE_list("what", "training,inference", "What is measured.", flag_values=FLAGS)
flags.DEFINE_list(
    "dtype_policy",
    "float32,mixed_bfloat16",
    "What is computed in which precision.",
    flag_values=FLAGS,
)
flags.DEFINE_integer(
    "batch_size", 16, "Images in a batch.", lower_bound=1, flag_values=FLAGS
)
flags.DEFINE_integer(
    "image_size",
    224,
    "Height and width of the images.",
    lower_bound=32,
    flag_values=FLAGS,
)
flags.DEFINE_integer("repeats", 10, "Turns.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)


def compare(
    name: str, policy: str, what: str, size: int, batch_size: int, repeats: int
) -> dict:
    """Measures a network against its twin.

    Args:
        name: The network, a key of `TWINS`.
        policy: Dtype policy of both.
        what: "training" or "inference".
        size: Height and width of the images, in pixels.
        batch_size: Images in a batch.
        repeats: Number of turns.

    Returns:
        A dictionary with the keys `model`, `dtype_policy`, `what`, `ratio` (lower
        quartile, median and upper quartile), `images_per_second`, `share_of_peak` (both
        of the network), `twin_images_per_second`, `twin_share_of_peak`, and
        `peak_flops` (multiplications and additions a second of `matrix_product` and
        `convolution`).
    """
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)
    dtype = keras.config.dtype_policy().compute_dtype
    network = Options("image_size", []).build(
        models()[name], input_shape=(size, size, 3)
    )
    check_step(network, batch_size)
    twin = getattr(keras.applications, TWINS[name])(
        weights=None, input_shape=(size, size, 3), classifier_activation=None
    )
    images = tf.random.normal([batch_size, size, size, 3])
    cost = batch_size * multiply_adds(network)
    with tempfile.TemporaryDirectory() as folder:
        if what == "training":
            cost *= 3  # forward, gradients of the maps, gradients of the kernels
            runs = [_training(network, images), _training(twin, images)]
        else:
            folded = fold_batch_normalization(network, dtype)
            runs = [
                _inference(folded, images, os.path.join(folder, "network")),
                _inference(twin, images, os.path.join(folder, "twin")),
            ]
        product, product_cost = speed.matrix_product(dtype)
        convolution, convolution_cost = speed.convolution(dtype)
        seconds = speed.alternate([*runs, product, convolution], repeats)
    costs = np.array([cost, cost, product_cost, convolution_cost])
    flops = 2 * costs / np.median(seconds, axis=0)
    shares = flops / flops[2:].max()
    images_per_second = batch_size / np.median(seconds, axis=0)
    ratio = np.quantile(seconds[:, 1] / seconds[:, 0], [0.25, 0.5, 0.75])
    return {
        "model": name,
        "dtype_policy": policy,
        "what": what,
        "ratio": ratio.tolist(),
        "images_per_second": float(images_per_second[0]),
        "twin_images_per_second": float(images_per_second[1]),
        "share_of_peak": float(shares[0]),
        "twin_share_of_peak": float(shares[1]),
        "peak_flops": {
            "matrix_product": float(flops[2]),
            "convolution": float(flops[3]),
        },
    }


def _training(model: keras.Model, images: tf.Tensor) -> Callable[[], object]:
    labels = tf.range(len(images)) % model.output_shape[-1]
    model.compile(
        keras.optimizers.SGD(1e-3, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    # A step that makes variables would be traced twice.
    model.optimizer.build(model.trainable_variables)
    return lambda: model.train_on_batch(images, labels)


def _inference(
    model: keras.Model, images: tf.Tensor, folder: str
) -> Callable[[], object]:
    model.export(folder, verbose=False)
    exported = tf.saved_model.load(folder)
    return lambda: exported.serve(images).numpy()


def main() -> None:
    """Measures everything that the flags name and prints it."""
    for argument, kind, known in (
        ("models", "model with a twin", TWINS),
        ("what", "kind of run", ("training", "inference")),
        ("dtype_policy", "dtype policy", ("float32", "mixed_bfloat16")),
    ):
        given = FLAGS[argument].value
        if not given:
            raise InputError(
                f"{argument} names nothing; give some of {', '.join(known)}", argument
            )
        for name in given:
            if name not in known:
                raise unknown_name(kind, name, known)
    rows = []
    if not FLAGS.json:
        print(
            f"{'model':<14} {'dtype policy':<14} {'what':<9} {'ratio':>5} "
            f"{'quartiles':>11} {'images/s':>8} {'twin':>6} {'share':>5} {'twin':>5} "
            f"{'peak':>14}"
        )
    for name in FLAGS.models:
        for policy in FLAGS.dtype_policy:
            for what in FLAGS.what:
                size, batch_size = FLAGS.image_size, FLAGS.batch_size
                row = compare(name, policy, what, size, batch_size, FLAGS.repeats)
                rows.append(row)
                if not FLAGS.json:
                    _print(row)
    if FLAGS.json:
        about = {"image_size": FLAGS.image_size, "batch_size": FLAGS.batch_size}
        print(json.dumps({**about, "rows": rows}, indent=2))


def _print(row):
    low, median, high = row["ratio"]
    peak = max(row["peak_flops"].values()) / 1e12
    print(
        f"{row['model']:<14} {row['dtype_policy']:<14} {row['what']:<9} {median:5.2f} "
        f"{low:5.2f}-{high:<5.2f} {row['images_per_second']:8.1f} "
        f"{row['twin_images_per_second']:6.1f} {row['share_of_peak']:5.0%} "
        f"{row['twin_share_of_peak']:5.0%} {peak:5.2f} TFLOP/s",
        flush=True,
    )


if __name__ == "__main__":
    command.run(main, FLAGS)
