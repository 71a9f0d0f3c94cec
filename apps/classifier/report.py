"""What the training of a classifier leaves."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics import confusion_matrix

from apps.classifier import drawing
from apps.run import metrics
from apps.run.command import invocation
from apps.run.run import Run
from kerasapps.data.images.dataset import ImageDataset
from kerasapps.data.images.preprocessing import Preprocessing
from kerasapps.evaluation.classifier.metrics import class_accuracy, top_k_error
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.figures.learning_curves import learning_curves
from kerasapps.figures.predictions import predictions
from kerasapps.replacing import replacing
from kerasapps.serving.classifier import export_classifier


def report(
    run: Run,
    model: keras.Model,
    data: ImageDataset,
    preprocessing: Preprocessing,
    validation: tf.data.Dataset,
    history: dict[str, list[float]],
    batch_size: int,
    export_dtype: str,
    about: dict,
) -> None:
    """Evaluates, draws, exports and says where everything is.

    Args:
        run: The run.
        model: The trained network.
        data: The data set.
        preprocessing: What its images went through.
        validation: The held-out examples as the network takes them.
        history: The history of the training.
        batch_size: Images at a time.
        export_dtype: What the exported model computes in.
        about: What `metrics.json` tells of the training, its `dataset` among it.
    """
    logits = model.predict(validation.batch(batch_size), verbose=0)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    labels = np.fromiter((e["label"] for e in data.validation.examples), int)
    predicted = probabilities.argmax(axis=1)
    classes = range(len(data.class_names))
    matrix = confusion_matrix(labels, predicted, labels=classes)
    chosen = drawing.right_and_wrong(labels, predicted)
    images = drawing.pictures(data, data.validation, preprocessing, chosen)
    example = run.directory / "example.png"
    with replacing(example) as partial:
        keras.utils.save_img(partial, images[0], scale=False)
    exported = run.export_dir and export_classifier(
        model, preprocessing, data.class_names, run.export_dir, export_dtype
    )
    accuracy = matrix.trace() / matrix.sum()
    metrics.write(
        run.directory,
        {
            "model": model.name,
            "parameters": trainable_parameters(model),
            "multiply_adds": multiply_adds(model),
            **about,
            "train_examples": data.train.size,
            "validation_examples": data.validation.size,
            "accuracy": accuracy,
            "top_5_accuracy": 1 - top_k_error(probabilities, labels, 5),
            "class_accuracy": dict(
                zip(data.class_names, class_accuracy(matrix), strict=True)
            ),
            "preprocessing": preprocessing.to_config(),
            "history": history,
            "export": exported or None,
        },
    )
    # Last, so that no figure that fails costs the export.
    run.save_figure("learning_curves", learning_curves(history))
    for name, figure in drawing.draw(model, data.class_names, matrix):
        run.save_figure(name, figure)
    run.save_figure(
        "predictions",
        predictions(images, data.class_names, labels[chosen], probabilities[chosen]),
    )
    run.say(
        f"""
{accuracy:.2%} of the {len(labels):,} held-out images are classified right.

Figures       {run.directory}/figures/
Metrics       {run.directory}/metrics.json
TensorBoard   {run.tensorboard_command}"""
    )
    if exported:
        run.say(f"SavedModel    {exported}")
    run.say("\nTry next:")
    if exported:
        predict = invocation("predict", f"--model={exported}", str(example))
        run.say(f"  {predict}")
    if not about["dataset"].startswith("folder:"):
        run.say(
            f"  {invocation('train_classifier')} --dataset=folder:PATH_TO_YOUR_IMAGES"
        )
    run.say(f"  {invocation('zoo')}")
