"""Measures what training a network takes of memory, with and without recomputation.

    python -m apps.benchmark_memory                        DenseNet-BC, L = 100, k = 12
    python -m apps.benchmark_memory --model=densenet121 --batch_size=8
    python -m apps.benchmark_memory --json                 the same for programs

It takes the networks that have the option `recompute`. Each of the two trains on random
images, on the CPU, in a process of its own. The memory is how far the process's peak
rises above that of a step with a single image: activations and their gradients.
"""

# isort: off
import apps.run.quiet_tensorflow  # noqa: F401
# isort: on

import concurrent.futures
import json
import multiprocessing
import pathlib
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable

import keras
import tensorflow as tf
from absl import flags

from apps.run import command
from apps.run.models import find, has_argument
from kerasapps.training.footprint import check_step

FLAGS = flags.FlagValues()
flags.DEFINE_string("model", "densenetbc100k12", "Model.", flag_values=FLAGS)
flags.DEFINE_integer(
    "batch_size", 64, "Images in a step.", lower_bound=2, flag_values=FLAGS
)
flags.DEFINE_integer(
    "steps", 3, "Steps that are timed.", lower_bound=1, flag_values=FLAGS
)
flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=FLAGS)


def measure(
    constructor: Callable[..., keras.Model],
    recompute: bool,
    batch_size: int,
    steps: int,
) -> dict:
    """Trains a network and returns what it took, in the process that it is called in.

    Args:
        constructor: What `kerasapps.models` exports.
        recompute: The network's option.
        batch_size: Images in a step.
        steps: Number of steps.

    Returns:
        A dictionary with the keys `recompute`, `peak_mib` (the memory's rise, in
        2**20 bytes) and `seconds` (the median of a step).
    """
    tf.config.set_visible_devices([], "GPU")
    model = constructor(recompute=recompute)
    check_step(model, batch_size)
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    # Of any batch size, so that the graph is there before what is measured.
    @tf.function(input_signature=[tf.TensorSpec([None, *model.input_shape[1:]])])
    def step(images):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            value = loss(tf.zeros(tf.shape(images)[:1], tf.int32), logits)
        variables = [weight.value for weight in model.trainable_variables]
        optimizer.apply(tape.gradient(value, variables))
        return value

    images = tf.random.normal([batch_size, *model.input_shape[1:]])
    step(images[:1])
    before = _peak_mib()
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        step(images).numpy()
        seconds.append(time.perf_counter() - start)
    return {
        "recompute": recompute,
        "peak_mib": _peak_mib() - before,
        "seconds": statistics.median(seconds),
    }


def _peak_mib():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    # Linux lets that one begin with the peak of the process that started this one.
    status = pathlib.Path("/proc/self/status").read_text()
    (kibibytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kibibytes) / 2**10


def main() -> None:
    """Prints the two measurements."""
    kind = "model with the option recompute"
    constructor = find(FLAGS.model, has_argument("recompute"), kind)
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as processes:
        rows = [
            processes.submit(
                measure, constructor, recompute, FLAGS.batch_size, FLAGS.steps
            ).result()
            for recompute in (False, True)
        ]
    if FLAGS.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'recompute':<10} {'peak MiB':>10} {'s/step':>8}")
    for row in rows:
        print(
            f"{row['recompute']!s:<10} {row['peak_mib']:>10,.0f} {row['seconds']:>8.2f}"
        )


if __name__ == "__main__":
    command.run(main, FLAGS)
