"""How good generated images are, in numbers."""

import numpy as np
import tensorflow as tf
from absl import flags

from kerasapps.data import attributes, image_classification
from kerasapps.evaluation.features import label_accuracy

FLAGS = flags.FLAGS

# Images at a time.
_BATCH = 200


def real_images(run) -> dict[str, np.ndarray]:
    """Returns images that the run learned from, and others that it didn't.

    Args:
        run: The `Trained`.

    Returns:
        "train" and "validation", uint8 `[number, height, width, channels]`, at most
        --samples of each, a fixed random part, at the size of the generated ones.

    Raises:
        InputError: If they can't be had.
    """
    data = image_classification.load(
        run.metrics["dataset"],
        FLAGS.data_dir,
        run.metrics["train_split"],
        labelled=False,
    )

    def some(split):
        chosen = np.random.default_rng(0).permutation(split.size)[: FLAGS.samples]
        images = split.select(chosen).map(
            lambda raw, _: run.preprocessing.resize(data.decode(raw)),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        return np.stack(list(images.as_numpy_iterator())).round().astype(np.uint8)

    with data.naming_undecodable():
        return {"train": some(data.train), "validation": some(data.validation)}


def random_conditions(run, number: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Returns conditions for so many samples, and the classes where they are such.

    Classes come in turn; attributes are those of training images, in turn too.
    """
    if run.conditions is None:
        return None, None
    if run.conditions.are_classes:
        labels = np.arange(number) % len(run.conditions.names)
        return run.conditions.encode(tf.constant(labels)).numpy(), labels
    data = image_classification.load(
        run.metrics["dataset"],
        FLAGS.data_dir,
        run.metrics["train_split"],
        labelled=False,
    )
    known = attributes.load(data, run.metrics["condition"]).train
    return known[np.arange(number) % len(known)], None


def measure(run, real, classifier, features) -> dict:
    """Returns the measures that can be taken, by their names.

    Args:
        run: The `Trained`.
        real: What `real_images` returns.
        classifier: A `kerasapps.evaluation.features.Classifier`, or None.
        features: The `Features` of the Fréchet distance, or None.
    """
    conditions, labels = random_conditions(run, FLAGS.samples)
    made = run.make(run.draw(FLAGS.samples, FLAGS.seed + 1), conditions)
    found = {"samples": len(made)}
    if features:
        moments = {
            name: features.moments(_batches(images))
            for name, images in {**real, "generated": made}.items()
        }
        found[features.name] = moments["train"].distance(moments["generated"])
        # What real images that weren't learned from come to.
        floor = moments["train"].distance(moments["validation"])
        found[f"{features.name}_of_held_out_images"] = floor
    if classifier:
        if labels is not None:
            pairs = zip(_batches(made), _batches(labels), strict=True)
            found["label_accuracy"] = label_accuracy(classifier, pairs)
        predicted = [classifier.predict(i).argmax(axis=1) for i in _batches(made)]
        counts = np.bincount(
            np.concatenate(predicted), minlength=len(classifier.class_names)
        )
        shares = (counts / counts.sum()).tolist()
        found["class_shares"] = dict(zip(classifier.class_names, shares, strict=True))
    if run.conditions and not run.conditions.are_classes:
        found |= _attribute_errors(run, made, conditions)
    return found


def _attribute_errors(run, made, conditions):
    """Returns the correlation of each attribute asked for and measured."""
    if run.metrics["condition"] != "shape":
        return {}
    measured = tf.map_fn(
        attributes.shape_attributes, made, fn_output_signature=tf.float32
    ).numpy()
    found = {}
    for name, asked, got in zip(
        run.conditions.names, conditions.T, measured.T, strict=True
    ):
        # What never changes goes with nothing.
        varies = asked.std() and got.std()
        correlation = float(np.corrcoef(asked, got)[0, 1]) if varies else 0.0
        found[f"correlation_of_{name}"] = correlation
    return found


def _batches(values):
    return [values[i : i + _BATCH] for i in range(0, len(values), _BATCH)]
