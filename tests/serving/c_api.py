"""Runs a SavedModel through TensorFlow's C API, without TensorFlow's Python.

TensorFlow Serving loads models through the same C++ loader. As a script, in a
process that imports neither Keras nor kerasapps:

    python c_api.py MODEL_DIR REQUESTS.pickle ANSWERS.pickle

REQUESTS holds a list of (signature name, {input name: array}), ANSWERS then holds
a list of {output name: array}. Strings are arrays of dtype object.
"""

import ctypes
import importlib.util
import pickle
import sys
import types

import numpy as np

# The package's own __init__ would run TensorFlow's Python: its protocol buffers'
# modules are imported past it.
_TENSORFLOW_DIR = importlib.util.find_spec("tensorflow").submodule_search_locations[0]
sys.modules["tensorflow"] = types.ModuleType("tensorflow")
sys.modules["tensorflow"].__path__ = [_TENSORFLOW_DIR]

from tensorflow.core.framework import types_pb2  # noqa: E402
from tensorflow.core.protobuf import meta_graph_pb2  # noqa: E402

_DTYPES = {
    types_pb2.DT_FLOAT: np.float32,
    types_pb2.DT_UINT8: np.uint8,
    types_pb2.DT_INT32: np.int32,
    types_pb2.DT_INT64: np.int64,
}
_TYPES = {dtype: number for number, dtype in _DTYPES.items()} | {
    np.object_: types_pb2.DT_STRING
}


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


class _Buffer(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    ]


class _String(ctypes.Structure):  # TF_TString
    _fields_ = [("bytes", ctypes.c_byte * 24)]


def _library():
    ctypes.CDLL(f"{_TENSORFLOW_DIR}/libtensorflow_framework.so.2", ctypes.RTLD_GLOBAL)
    tf = ctypes.CDLL(f"{_TENSORFLOW_DIR}/libtensorflow_cc.so.2")
    for name, result in {
        "TF_NewStatus": ctypes.c_void_p,
        "TF_Message": ctypes.c_char_p,
        "TF_NewGraph": ctypes.c_void_p,
        "TF_NewSessionOptions": ctypes.c_void_p,
        "TF_NewBuffer": ctypes.POINTER(_Buffer),
        "TF_LoadSessionFromSavedModel": ctypes.c_void_p,
        "TF_GraphOperationByName": ctypes.c_void_p,
        "TF_AllocateTensor": ctypes.c_void_p,
        "TF_TensorData": ctypes.c_void_p,
        "TF_Dim": ctypes.c_int64,
        "TF_StringGetDataPointer": ctypes.c_void_p,
        "TF_StringGetSize": ctypes.c_size_t,
    }.items():
        getattr(tf, name).restype = result
    return tf


class SavedModel:
    """A SavedModel in a session of its own.

    Attributes:
        signatures: The `SignatureDef`s by name.
    """

    def __init__(self, folder):
        self._tf = _library()
        self._status = ctypes.c_void_p(self._tf.TF_NewStatus())
        self._graph = ctypes.c_void_p(self._tf.TF_NewGraph())
        meta_graph = self._tf.TF_NewBuffer()
        self._session = ctypes.c_void_p(
            self._tf.TF_LoadSessionFromSavedModel(
                ctypes.c_void_p(self._tf.TF_NewSessionOptions()),
                None,
                folder.encode(),
                (ctypes.c_char_p * 1)(b"serve"),
                1,
                self._graph,
                meta_graph,
                self._status,
            )
        )
        self._check()
        self.signatures = meta_graph_pb2.MetaGraphDef.FromString(
            ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
        ).signature_def

    def run(self, signature_name, inputs):
        """Returns the outputs by name for the inputs by name."""
        signature = self.signatures[signature_name]
        names = list(signature.outputs)
        results = (ctypes.c_void_p * len(names))()
        self._tf.TF_SessionRun(
            self._session,
            None,
            self._outputs(signature.inputs[name] for name in inputs),
            (ctypes.c_void_p * len(inputs))(*map(self._tensor, inputs.values())),
            len(inputs),
            self._outputs(signature.outputs[name] for name in names),
            results,
            len(names),
            None,
            0,
            None,
            self._status,
        )
        self._check()
        return {
            name: self._array(ctypes.c_void_p(result), signature.outputs[name].dtype)
            for name, result in zip(names, results, strict=True)
        }

    def _check(self):
        if self._tf.TF_GetCode(self._status):
            raise RuntimeError(self._tf.TF_Message(self._status).decode())

    def _outputs(self, tensor_infos):
        outputs = []
        for info in tensor_infos:
            operation, index = info.name.split(":")
            pointer = self._tf.TF_GraphOperationByName(self._graph, operation.encode())
            outputs.append(_Output(pointer, int(index)))
        return (_Output * len(outputs))(*outputs)

    def _tensor(self, array):
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        strings = array.dtype == object
        size = array.size * ctypes.sizeof(_String) if strings else array.nbytes
        tensor = self._tf.TF_AllocateTensor(
            _TYPES[array.dtype.type], shape, array.ndim, ctypes.c_size_t(size)
        )
        data = self._tf.TF_TensorData(ctypes.c_void_p(tensor))
        if strings:
            for string, value in zip(
                (_String * array.size).from_address(data), array.flat, strict=True
            ):
                self._tf.TF_StringInit(ctypes.byref(string))
                self._tf.TF_StringCopy(
                    ctypes.byref(string), value, ctypes.c_size_t(len(value))
                )
        else:
            ctypes.memmove(data, np.ascontiguousarray(array).ctypes.data, size)
        return tensor

    def _array(self, tensor, dtype):
        shape = [
            self._tf.TF_Dim(tensor, axis) for axis in range(self._tf.TF_NumDims(tensor))
        ]
        size = int(np.prod(shape))
        data = self._tf.TF_TensorData(tensor)
        if dtype == types_pb2.DT_STRING:
            values = [
                ctypes.string_at(
                    self._tf.TF_StringGetDataPointer(ctypes.byref(string)),
                    self._tf.TF_StringGetSize(ctypes.byref(string)),
                )
                for string in (_String * size).from_address(data or 1)
            ]
            return np.array(values, object).reshape(shape)
        dtype = np.dtype(_DTYPES[dtype])
        buffer = ctypes.string_at(data, size * dtype.itemsize)
        return np.frombuffer(buffer, dtype).reshape(shape)


def main(model_dir, requests_path, answers_path):
    model = SavedModel(model_dir)
    with open(requests_path, "rb") as file:
        requests = pickle.load(file)
    answers = [model.run(signature, inputs) for signature, inputs in requests]
    for name in ("keras", "kerasapps", "tensorflow.python"):
        assert name not in sys.modules
    with open(answers_path, "wb") as file:
        pickle.dump(answers, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
