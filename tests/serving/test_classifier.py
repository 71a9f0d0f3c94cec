import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from kerasapps.errors import InputError
from kerasapps.serving.classifier import check_class_names, export_classifier
from tests.serving.encoded_images import RIGHT
from tests.serving.tiny_classifier import (
    CLASS_NAMES,
    preprocess,
    probabilities,
    tiny_classifier,
)

ROOT = Path(__file__).parents[2]
PIXELS = np.random.default_rng(0).integers(0, 256, [3, 11, 9, 3], dtype=np.uint8)


def encoded(pixels, image_format="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format, **options)
    return file.getvalue()


def of_every_kind():
    """Encoded images and the pixels that each is known to hold."""
    grey, alpha = PIXELS[0, ..., 0], PIXELS[0, ..., 1]
    rgb, rgba = PIXELS[1, :7], np.dstack([PIXELS[2], PIXELS[1, ..., 0]])
    jpeg = encoded(rgb, "JPEG")
    return [
        (encoded(rgb), rgb),
        (encoded(grey), grey[..., np.newaxis]),
        (encoded(rgba), rgba),
        (encoded(np.dstack([grey, alpha])), grey[..., np.newaxis]),
        (encoded(grey.astype(np.uint16) * 257), grey[..., np.newaxis]),
        (encoded(rgb, "BMP"), rgb),
        (encoded(grey, "GIF"), np.dstack([grey] * 3)),
        (jpeg, np.array(Image.open(io.BytesIO(jpeg)))),
    ]


@pytest.fixture(scope="module")
def model():
    return tiny_classifier()


@pytest.fixture(scope="module")
def saved_model_dir(model, tmp_path_factory):
    export_dir = tmp_path_factory.mktemp("saved_models") / "tiny"
    return export_classifier(model, preprocess, CLASS_NAMES, str(export_dir))


def own_logits(model, images):
    return np.concatenate([model(preprocess(image[np.newaxis])) for image in images])


def check_answers(answers, logits):
    names = np.array([name.encode() for name in CLASS_NAMES], object)
    np.testing.assert_array_equal(
        answers["class_names"], np.tile(names, [len(logits), 1])
    )
    np.testing.assert_allclose(answers["logits"], logits, atol=1e-5)
    np.testing.assert_allclose(
        answers["probabilities"], probabilities(logits), atol=1e-5
    )


def test_a_version_folder_with_the_signatures(saved_model_dir):
    assert Path(saved_model_dir).parts[-2:] == ("tiny", "1")
    signatures = tf.saved_model.load(saved_model_dir).signatures
    for name, inputs in {
        "serving_default": {"image_bytes": tf.TensorSpec([None], tf.string)},
        "pixels": {"pixels": tf.TensorSpec([None] * 4, tf.uint8)},
    }.items():
        specs = signatures[name].structured_input_signature[1]
        assert {k: (v.shape.rank, v.dtype) for k, v in specs.items()} == {
            k: (v.shape.rank, v.dtype) for k, v in inputs.items()
        }
        outputs = signatures[name].structured_outputs
        assert {k: (v.shape.as_list(), v.dtype) for k, v in outputs.items()} == {
            "class_names": ([None, 7], tf.string),
            "probabilities": ([None, 7], tf.float32),
            "logits": ([None, 7], tf.float32),
        }


def test_encoded_images_of_every_kind_in_one_batch(model, saved_model_dir):
    contents, images = zip(*of_every_kind(), strict=True)
    loaded = tf.saved_model.load(saved_model_dir)
    answers = loaded.signatures["serving_default"](image_bytes=tf.constant(contents))
    check_answers(answers, own_logits(model, images))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pixels_of_any_size_and_channels(model, saved_model_dir, channels):
    images = np.concatenate([PIXELS, PIXELS], axis=-1)[..., :channels]
    loaded = tf.saved_model.load(saved_model_dir)
    answers = loaded.signatures["pixels"](pixels=tf.constant(images))
    check_answers(answers, own_logits(model, images))


def test_in_a_process_without_keras_and_kerasapps(model, saved_model_dir, tmp_path):
    contents = np.array([encoded(image) for image in PIXELS], object)
    requests = [
        ("pixels", {"pixels": PIXELS}),
        ("serving_default", {"image_bytes": contents}),
        ("serving_default", {"image_bytes": contents[:1]}),
        ("serving_default", {"image_bytes": contents[:0]}),
        ("pixels", {"pixels": PIXELS[:0]}),
    ]
    (tmp_path / "requests").write_bytes(pickle.dumps(requests))
    script = Path(__file__).with_name("c_api.py")
    subprocess.run(
        [sys.executable, script, saved_model_dir, "requests", "answers"],
        cwd=tmp_path,
        check=True,
    )
    answers = pickle.loads((tmp_path / "answers").read_bytes())
    logits = own_logits(model, PIXELS)
    for answer, images in zip(answers, [3, 3, 1, 0, 0], strict=True):
        check_answers(answer, logits[:images])


def test_saved_model_cli(model, saved_model_dir, tmp_path):
    contents = np.array([encoded(image) for image in PIXELS], object)
    processes = []
    for signature, name, value in [
        ("pixels", "pixels", PIXELS),
        ("serving_default", "image_bytes", contents),
    ]:
        folder = tmp_path / signature
        folder.mkdir()
        np.save(folder / "input.npy", value)
        command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli"]
        command += ["run", "--dir", saved_model_dir, "--tag_set", "serve"]
        command += ["--signature_def", signature, "--outdir", folder]
        command += ["--inputs", f"{name}={folder}/input.npy"]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    assert [process.wait() for process in processes] == [0, 0]
    for signature in ("pixels", "serving_default"):
        answers = {
            name: np.load(tmp_path / signature / f"{name}.npy", allow_pickle=True)
            for name in ("class_names", "probabilities", "logits")
        }
        check_answers(answers, own_logits(model, PIXELS))


def test_warmup_requests_run(saved_model_dir):
    records = list(
        tf.data.TFRecordDataset(
            f"{saved_model_dir}/assets.extra/tf_serving_warmup_requests"
        ).as_numpy_iterator()
    )
    loaded = tf.saved_model.load(saved_model_dir)
    signatures = []
    for record in records:
        log = prediction_log_pb2.PredictionLog.FromString(record)
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        signatures.append(request.model_spec.signature_name)
        inputs = {
            name: tf.constant(tf.make_ndarray(proto))
            for name, proto in request.inputs.items()
        }
        outputs = loaded.signatures[signatures[-1]](**inputs)
        assert outputs["probabilities"].shape == [1, 7]
    assert sorted(signatures) == ["pixels", "serving_default"]


def test_a_mixed_precision_model_is_exported_in_float32(
    model, saved_model_dir, tmp_path
):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = tiny_classifier()
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.set_weights(model.get_weights())
    folder = export_classifier(mixed, preprocess, CLASS_NAMES, str(tmp_path / "tiny"))
    loaded = tf.saved_model.load(folder)
    answers = loaded.signatures["pixels"](pixels=tf.constant(PIXELS))
    check_answers(answers, own_logits(model, PIXELS))


class NoGraph(keras.Model):
    input_shape = (None, 8, 8, 1)

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(7, dtype="mixed_bfloat16")

    def call(self, images):
        return self.dense(keras.ops.reshape(images, [-1, 64]))


def test_what_is_no_graph_answers_in_float32_too(tmp_path):
    model = NoGraph()
    logits = model(preprocess(PIXELS))
    folder = export_classifier(model, preprocess, CLASS_NAMES, str(tmp_path / "tiny"))
    loaded = tf.saved_model.load(folder)
    answers = loaded.signatures["pixels"](pixels=tf.constant(PIXELS))
    assert logits.dtype == tf.bfloat16
    assert answers["logits"].dtype == answers["probabilities"].dtype == tf.float32
    np.testing.assert_allclose(
        answers["logits"], tf.cast(logits, tf.float32), atol=1e-5
    )
    # Rounded to bfloat16 they would miss this by up to 0.02.
    np.testing.assert_allclose(tf.reduce_sum(answers["probabilities"], -1), 1, 1e-5)


def nodes(saved_model_dir):
    """The nodes of a SavedModel's graph and of its functions."""
    saved_model = saved_model_pb2.SavedModel.FromString(
        Path(saved_model_dir, "saved_model.pb").read_bytes()
    )
    graph = saved_model.meta_graphs[0].graph_def
    functions = [function.node_def for function in graph.library.function]
    return [node for part in [graph.node, *functions] for node in part]


def test_bfloat16(model, saved_model_dir, tmp_path):
    def export(dtype):
        parts = model, preprocess, CLASS_NAMES
        return export_classifier(*parts, str(tmp_path / "tiny"), dtype)

    folder = export("bfloat16")
    loaded = tf.saved_model.load(folder)
    answers = loaded.signatures["pixels"](pixels=tf.constant(PIXELS))
    logits = own_logits(model, PIXELS)
    assert answers["logits"].dtype == answers["probabilities"].dtype == tf.float32
    np.testing.assert_allclose(answers["logits"], logits, atol=0.02)
    np.testing.assert_allclose(tf.reduce_sum(answers["probabilities"], -1), 1, 1e-5)
    for exported, dtype in ((folder, tf.bfloat16), (saved_model_dir, tf.float32)):
        convolutions = [node for node in nodes(exported) if node.op == "Conv2D"]
        types = {node.attr["T"].type for node in convolutions}
        assert types == {dtype.as_datatype_enum}
    variables = tf.train.load_checkpoint(f"{folder}/variables/variables")
    dtypes = variables.get_variable_to_dtype_map()
    shapes = variables.get_variable_to_shape_map()
    # The convolution's in bfloat16, the output layer's in float32, each once.
    assert sorted(
        (shapes[name], dtype.name) for name, dtype in dtypes.items() if shapes[name]
    ) == [
        ([3, 3, 1, 4], "bfloat16"),
        ([4], "bfloat16"),
        ([7], "float32"),
        ([144, 7], "float32"),
    ]
    # They answer differently, so they are two versions.
    assert [Path(export(x)).name for x in ("float32", "bfloat16")] == ["2", "1"]


def test_the_graph_has_what_inference_needs(model, saved_model_dir):
    kinds = {node.op for node in nodes(saved_model_dir)}
    assert {"Conv2D", "BiasAdd", "MatMul", "Softmax"} <= kinds
    assert not {"FusedBatchNormV3", "Rsqrt", "Transpose"} & kinds


MIRRORED = """
import sys
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
device = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [device, device])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2

from kerasapps.errors import InputError
from kerasapps.serving.classifier import check_class_names, export_classifier
from tests.serving.encoded_images import RIGHT
from tests.serving.tiny_classifier import CLASS_NAMES, preprocess, tiny_classifier

with strategy.scope():
    model = tiny_classifier()
    export_classifier(model, preprocess, CLASS_NAMES, sys.argv[1] + "/in")
export_classifier(model, preprocess, CLASS_NAMES, sys.argv[1] + "/out")
"""


def devices(saved_model_dir):
    """The devices that the nodes of a SavedModel's graph ask for."""
    return {node.device for node in nodes(saved_model_dir)}


def test_a_mirrored_model_is_exported_for_one_device(model, saved_model_dir, tmp_path):
    subprocess.run(
        [sys.executable, "-c", MIRRORED, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        check=True,
    )
    logits = own_logits(model, PIXELS)
    for folder in (tmp_path / "in" / "1", tmp_path / "out" / "1"):  # Of the scope.
        loaded = tf.saved_model.load(str(folder))
        answers = loaded.signatures["pixels"](pixels=tf.constant(PIXELS))
        check_answers(answers, logits)
        assert devices(folder) == devices(saved_model_dir)


def test_a_version_is_never_of_other_classes(model, tmp_path):
    export_dir = str(tmp_path / "tiny")
    check_class_names(export_dir, ["a", "b"])
    first = export_classifier(model, preprocess, CLASS_NAMES, export_dir)
    check_class_names(export_dir, CLASS_NAMES)
    others = ["cat", *CLASS_NAMES[1:]]
    with pytest.raises(InputError, match="'null' where this model has 'cat'; export"):
        export_classifier(model, preprocess, others, export_dir)
    with pytest.raises(InputError, match="7 where this model has 8") as error:
        check_class_names(export_dir, [*CLASS_NAMES, "sieben"])
    assert error.value.argument == "export_dir"
    # As older versions have it.
    names = Path(first, "assets.extra/class_names.json")
    names.unlink()
    with pytest.raises(InputError, match="'null' where this model has 'cat'"):
        check_class_names(export_dir, others)
    # Of a damaged one nothing is known.
    for content in ("[", "{}", "[" * 10_000):
        names.write_text(content)
        check_class_names(export_dir, others)
    names.unlink()
    Path(first, "saved_model.pb").write_text("not one")
    check_class_names(export_dir, others)
    assert os.listdir(export_dir) == ["1"]


def test_the_largest_number_of_pixels(model, tmp_path):
    folder = export_classifier(
        model, preprocess, CLASS_NAMES, str(tmp_path / "small"), max_pixels=100
    )
    classify = tf.saved_model.load(folder).signatures["serving_default"]
    classify(image_bytes=tf.constant([encoded(PIXELS[0, :10])]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="9x12 pixels, more than"):
        classify(image_bytes=tf.constant([encoded(np.zeros([12, 9], np.uint8))]))


def test_palettes(model, saved_model_dir):
    classify = tf.saved_model.load(saved_model_dir).signatures["serving_default"]
    names = ("bmp P", "bmp top down", "png P", "gif")
    images = [np.array(Image.open(io.BytesIO(RIGHT[n])).convert("RGB")) for n in names]
    answers = classify(image_bytes=tf.constant([RIGHT[name] for name in names]))
    check_answers(answers, own_logits(model, images))
