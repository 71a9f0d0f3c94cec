"""From a trained translator to a SavedModel: sentences in, sentences out."""

import os

import keras
import tensorflow as tf

from kerasapps.evaluation.translator.translator import Translator
from kerasapps.layers.dtypes import dtype_policy
from kerasapps.serving.digest import digest
from kerasapps.serving.versions import write_version
from kerasapps.serving.warmup import write_warmup_requests


def export_translator(
    translator: Translator, export_dir: str, dtype: str = "float32"
) -> str:
    """Exports networks, vocabularies and the beam search as one SavedModel.

    The signatures, both of which take `sentences`, string `[batch]`:

    - `serving_default` returns `translations`, string `[batch]`, and `scores`, float32
      `[batch]`: the log-probability over the length penalty.
    - `n_best` returns `translations` and `scores`, `[batch, n_best]`, the best first;
      `source_tokens`, string `[batch, source]`, and `target_tokens`, string `[batch,
      n_best, target]`, as the network reads and writes them; and of a network that
      tells where it looks `alignments`, float32 `[batch, n_best, target, source]`.

    Where the translator has a longest source, a third signature, `limits`, takes
    nothing and returns it as `longest_source`, int32, characters of a sentence at most,
    and `cut`, bool, whether longer sentences are cut there. If not, a request with one
    of them is answered by an error, INVALID_ARGUMENT, that tells its length.

    Args:
        translator: What is exported, with its beam.
        export_dir: The model's folder: its name is the name to serve under, and it gets
            the next numbered version.
        dtype: "float32" or "bfloat16": what the networks compute in, whatever they were
            trained in. The weights are kept in float32 all the same, and so are the
            logits, of which the search adds up the probabilities.

    Returns:
        The path of the version's folder; where the same was exported before, of that.

    Raises:
        InputError: If `export_dir` can't be written.
    """
    model_name = os.path.basename(os.path.abspath(export_dir))
    translator = translator.with_networks(
        [_computing_in(dtype, network) for network in translator.networks]
    )

    def best(sentences):
        translations, scores = translator.best(sentences)
        return {"translations": translations, "scores": scores}

    def n_best(sentences):
        found = translator(sentences)._asdict()
        return {
            name: values
            for name, values in found.items()
            if name != "alignments" or translator.aligns
        }

    archive = keras.export.ExportArchive()
    # Their tables; networks' variables it finds by itself.
    archive.track(translator.source_vocabulary)
    archive.track(translator.target_vocabulary)
    signature = [tf.TensorSpec([None], tf.string, "sentences")]
    archive.add_endpoint("serving_default", best, signature)
    archive.add_endpoint("n_best", n_best, signature)
    if translator.longest_source is not None:
        limits = tf.function(
            lambda: {
                "longest_source": tf.constant(translator.longest_source, tf.int32),
                "cut": tf.constant(translator.cut),
            }
        )
        limits.get_concrete_function()
        archive.add_endpoint("limits", limits)

    def write(folder):
        archive.write_out(folder, verbose=False)
        example = {"sentences": tf.constant(["a"])}
        write_warmup_requests(
            folder, model_name, {"serving_default": example, "n_best": example}
        )

    facts = [
        translator.source_vocabulary.get_config(),
        translator.target_vocabulary.get_config(),
        translator.get_config(),
        dtype,
    ]
    return write_version(export_dir, write, digest(translator.networks, *facts))


def _computing_in(dtype, network):
    """Returns a copy of a network that computes in `dtype`."""
    with dtype_policy(dtype if dtype == "float32" else f"mixed_{dtype}"):
        copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    return copy
