"""Requests that TensorFlow Serving runs before it lets a model answer.

https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import os
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2


def write_warmup_requests(
    saved_model_dir: str,
    model_name: str,
    requests: Mapping[str, Mapping[str, np.ndarray | tf.Tensor]],
) -> None:
    """Writes one prediction request a signature into a SavedModel's assets.extra.

    Args:
        saved_model_dir: Folder of the SavedModel.
        model_name: Name that the model is served under.
        requests: The inputs by name, for each signature by name.
    """
    folder = os.path.join(saved_model_dir, "assets.extra")
    os.makedirs(folder)
    path = os.path.join(folder, "tf_serving_warmup_requests")
    with tf.io.TFRecordWriter(path) as writer:
        for signature, inputs in requests.items():
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())
