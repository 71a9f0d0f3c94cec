"""What tests look at in an exported SavedModel."""

import pickle
import subprocess
import sys
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2


def specs(folder):
    """Returns inputs and outputs of each signature: (shape, dtype) by their names."""

    def described(tensors):
        return {
            name: (tuple(tensor.shape), tensor.dtype.name)
            for name, tensor in tensors.items()
        }

    signatures = tf.saved_model.load(folder).signatures
    return {
        name: (
            described(signature.structured_input_signature[1]),
            described(signature.structured_outputs),
        )
        for name, signature in signatures.items()
    }


def warm_up(folder):
    """Runs the warm-up requests; returns model, signature and outputs of each."""
    path = f"{folder}/assets.extra/tf_serving_warmup_requests"
    signatures = tf.saved_model.load(folder).signatures
    answered = []
    for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        inputs = {
            name: tf.constant(tf.make_ndarray(proto))
            for name, proto in request.inputs.items()
        }
        name = request.model_spec.signature_name
        outputs = signatures[name](**inputs)
        answered.append((request.model_spec.name, name, outputs))
    return answered


def answers_elsewhere(requests, directory):
    """Runs SavedModels in processes that import neither Keras nor TensorFlow's Python.

    Args:
        requests: For each SavedModel's folder the pairs of a signature and its inputs.
        directory: Where files may go.

    Returns:
        For each folder the list of outputs by their names.
    """
    script = Path(__file__).with_name("c_api.py")
    processes = []
    for number, (folder, pairs) in enumerate(requests.items()):
        place = directory / str(number)
        place.mkdir()
        (place / "requests").write_bytes(pickle.dumps(pairs))
        command = [sys.executable, script, folder, "requests", "answers"]
        processes.append((folder, place, subprocess.Popen(command, cwd=place)))
    found = {}
    for folder, place, process in processes:
        assert process.wait() == 0
        found[folder] = pickle.loads((place / "answers").read_bytes())
    return found


def types_of(folder, op):
    """Returns the dtypes that the nodes of an op compute in."""
    content = Path(folder, "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    functions = [function.node_def for function in graph.library.function]
    nodes = [node for part in [graph.node, *functions] for node in part]
    return {tf.as_dtype(n.attr["T"].type).name for n in nodes if n.op == op}
