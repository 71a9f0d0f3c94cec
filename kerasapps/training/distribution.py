"""Which devices a run uses."""

import functools
import json
import os
import re
from collections.abc import Iterable
from typing import Literal, TypedDict

import keras
import tensorflow as tf

from kerasapps import json_file
from kerasapps.data.pipeline import TrainingData
from kerasapps.errors import InputError

STRATEGIES = ("mirrored", "multi_worker")
# Logical devices on a machine of few cores, where they only show that all works.
_LOGICAL_DEVICES = 8


class _Cluster(TypedDict):
    worker: list[str]


class _Task(TypedDict):
    type: Literal["worker"]
    index: int


class _TFConfig(TypedDict):
    """What `TF_CONFIG` is to hold."""

    cluster: _Cluster
    task: _Task


def make_strategy(name: str, num_devices: int | None = None) -> tf.distribute.Strategy:
    """Returns the strategy; to be called before TensorFlow uses any device.

    Args:
        name: "mirrored" for the devices of this machine, "multi_worker" for those of
            all workers that `TF_CONFIG` names.
        num_devices: Devices of this machine to use; None for all GPUs, or the CPU
            where there is none. On a machine without a GPU that many logical CPU
            devices are made, so that distribution can be tried anywhere.

    Raises:
        InputError: If there are not that many GPUs, or far more logical devices are
            asked for than the machine has cores, or `TF_CONFIG` doesn't describe this
            worker.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        num_devices = num_devices or len(gpus)
        if num_devices > len(gpus):
            raise InputError(
                f"num_devices={num_devices}, but this machine has {len(gpus)} GPUs",
                argument="num_devices",
            )
        tf.config.set_visible_devices(gpus[:num_devices], "GPU")
        for gpu in gpus[:num_devices]:
            tf.config.experimental.set_memory_growth(gpu, True)
    else:
        num_devices = num_devices or 1
        most = max(os.cpu_count() or 1, _LOGICAL_DEVICES)
        if num_devices > most:
            raise InputError(
                f"num_devices={num_devices}, but this machine has no GPU, and takes "
                f"{most} logical devices at most",
                argument="num_devices",
            )
        # One device needs nothing, and where TensorFlow runs already nothing would do.
        if num_devices > 1:
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0],
                [tf.config.LogicalDeviceConfiguration()] * num_devices,
            )
    if name == "multi_worker":
        _check_tf_config()
        return tf.distribute.MultiWorkerMirroredStrategy()
    if num_devices == 1:
        return tf.distribute.get_strategy()
    kind = "GPU" if gpus else "CPU"
    return _mirrored(*(f"{kind}:{i}" for i in range(num_devices)))


@functools.cache
def _mirrored(*devices):
    # But once in a process: the collectives of a second one would meet those of the
    # first under the same keys.
    return tf.distribute.MirroredStrategy([*devices])


def _check_tf_config():
    example = (
        '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        json_file.check(config, _TFConfig, "it")
        workers = config["cluster"]["worker"]
        if set(config["cluster"]) != {"worker"} or len(set(workers)) != len(workers):
            raise ValueError("not a cluster of different workers alone")
        if config["task"]["index"] not in range(len(workers)):
            raise ValueError("not one of its workers")
        for address in workers:
            port = re.fullmatch(r"[^\s/]+:(\d{1,5})", address)
            if not port or not 0 < int(port[1]) < 2**16:
                raise ValueError("an address isn't HOST:PORT")
    except (KeyError, ValueError, RecursionError) as error:
        raise InputError(
            "strategy multi_worker needs the environment variable TF_CONFIG to name "
            f"all workers and which of them this one is, as in {example}"
        ) from error


def synchronize_batch_normalization(model: keras.Model) -> None:
    """Makes batch normalization take its statistics over the whole global batch.

    Else each replica would normalize by its own share of the batch, and keep moving
    averages of its own, of which an export takes those of one replica.

    Args:
        model: A model that isn't trained yet.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def worker_index(strategy: tf.distribute.Strategy) -> int:
    """Returns this worker's number; 0, the chief, writes what is written once."""
    resolver = strategy.cluster_resolver
    return (resolver.task_id or 0) if resolver else 0


def worker_addresses(strategy: tf.distribute.Strategy) -> list[str]:
    """Returns the addresses of the processes that train together; of one alone none."""
    resolver = strategy.cluster_resolver
    found = resolver.cluster_spec().job_tasks("worker") if resolver else []
    return found if len(found) > 1 else []


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Returns the number of processes that train together."""
    return len(worker_addresses(strategy)) or 1


def common_steps(strategy: tf.distribute.Strategy, steps: list[int]) -> list[int]:
    """Returns those of this worker's steps that all workers have.

    Args:
        strategy: The run's strategy.
        steps: The steps of which this worker has a checkpoint; at most two count.
    """
    if num_workers(strategy) == 1:
        return steps
    own = [-1, -1, *sorted(steps)][-2:]
    gathered = strategy.gather(strategy.run(lambda: tf.constant([own])), axis=0)
    return [s for s in own if s >= 0 and (gathered == s).numpy().any(axis=1).all()]


def training_batches(
    strategy: tf.distribute.Strategy, data: TrainingData, epoch: int = 0, step: int = 0
) -> Iterable:
    """Returns the training data as `fit` takes it, split over the replicas.

    Args:
        strategy: The run's strategy.
        data: What to train on.
        epoch: Epoch to begin with, from 0.
        step: Steps of that epoch to leave out.
    """
    if strategy.num_replicas_in_sync == 1:
        return data.batches(epoch, step)
    return strategy.distribute_datasets_from_function(
        lambda context: data.batches(epoch, step, context)
    )


def evaluation_batches(
    strategy: tf.distribute.Strategy,
    examples: tf.data.Dataset,
    size: int,
    batch_size: int,
):
    """Returns all examples in order and in batches, as `evaluate` takes them.

    Under several workers each evaluates its share.

    Args:
        strategy: The run's strategy.
        examples: Data set of what the model takes, one by one.
        size: Number of examples.
        batch_size: Examples in a batch, over all replicas.

    Raises:
        InputError: If there are fewer examples than workers.
    """
    workers = num_workers(strategy)
    if workers == 1:
        return examples.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    share = size // workers
    if not share:
        raise InputError(
            f"{size} validation examples are too few for {workers} workers"
        )
    # Where the shares differ by one example, no worker may run out of batches before
    # the others: the strategy can't reduce over a worker that has nothing.
    batch_size = max(batch_size // strategy.num_replicas_in_sync, 1)
    while size % workers and share % batch_size == 0:
        batch_size += 1
    return strategy.distribute_datasets_from_function(
        lambda context: (
            examples.shard(workers, context.input_pipeline_id)
            .batch(batch_size)
            .prefetch(tf.data.AUTOTUNE)
        )
    )
