"""The networks of Vaswani et al. 2017."""

import numpy as np
import pytest

from kerasapps.errors import InputError
from kerasapps.evaluation.parameters import trainable_parameters
from kerasapps.models import Transformer, TransformerBase, TransformerBig
from kerasapps.weights.blueprint import blueprint
from tests.models import translators
from tests.models.translators import LENGTHS, SOURCE, TARGET

SIZES = {"num_layers": 2, "d_model": 8, "d_ff": 12, "num_heads": 2}


def tiny(**arguments):
    return Transformer(
        **translators.VOCABULARIES
        | SIZES
        | {"shared_embeddings": False, "dropout": 0.0}
        | arguments
    )


def shared(**arguments):
    return tiny(target_vocabulary=11, shared_embeddings=True, **arguments)


@pytest.fixture(scope="module", params=["post", "pre_shared"])
def model(request):
    return translators.moved(tiny() if request.param == "post" else shared(norm="pre"))


# Table 3: d_model, d_ff, heads, dropout rate, and millions of parameters.
@pytest.mark.parametrize(
    ("variant", "d_model", "d_ff", "heads", "dropout", "millions", "exactly"),
    [
        (TransformerBase, 512, 2048, 8, 0.1, 65, 63_045_632),
        (TransformerBig, 1024, 4096, 16, 0.3, 213, 214_171_648),
    ],
)
def test_parameters_by_hand(
    paper_blueprint, variant, d_model, d_ff, heads, dropout, millions, exactly
):
    """Six layers each; 37,000 tokens (section 5.1), whose one matrix is used thrice.

    Attention has W^Q, W^K, W^V and W^O, together 4 d^2 without biases (section 3.2.2:
    the heads' matrices side by side are d x d). The feed-forward network has two
    matrices d x d_ff and biases (equation 2). A normalization has a gain and a bias for
    each channel, after each sublayer: two in the encoder's layers, three in the
    decoder's, which attend twice. For the base model:

    embeddings               37,000 * 512                             = 18,944,000
    attention                4 * 512^2                                =  1,048,576
    feed-forward             2 * 512 * 2048 + 2048 + 512              =  2,099,712
    layer of the encoder     1,048,576 + 2,099,712 + 2 * 1024         =  3,150,336
    layer of the decoder     2 * 1,048,576 + 2,099,712 + 3 * 1024     =  4,199,936
    all                      18,944,000 + 6 * (3,150,336 + 4,199,936) = 63,045,632

    and for the big one 37,888,000 + 6 * (12,592,128 + 16,788,480) = 214,171,648. The
    paper's 65 and 213 million can't both be had by another vocabulary: more tokens for
    the one make the other's even more.
    """
    attention = 4 * d_model**2
    feed_forward = 2 * d_model * d_ff + d_ff + d_model
    expected = {"embedding": 37_000 * d_model}
    for number in range(1, 7):
        expected[f"encoder{number}"] = attention + feed_forward + 2 * 2 * d_model
        expected[f"decoder{number}"] = 2 * attention + feed_forward + 3 * 2 * d_model
    network = paper_blueprint(variant)
    assert translators.parts(network) == expected
    assert (network.num_heads, network.dropout_rate) == (heads, dropout)
    assert trainable_parameters(network) == exactly
    assert exactly / 1e6 == pytest.approx(millions, rel=0.04)


def test_parameters_of_other_embeddings_and_norms():
    apart = blueprint(Transformer, shared_embeddings=False)
    assert trainable_parameters(apart) == 63_045_632 + 2 * 37_000 * 512
    # Two normalizations more.
    pre = blueprint(Transformer, norm="pre")
    assert trainable_parameters(pre) == 63_045_632 + 2 * 2 * 512


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def numpy_transformer(model, source, target):
    """Logits of a pair without padding, and all attention, in plain NumPy."""
    weights = {w.path: np.asarray(w) for w in model.weights}
    heads, pre = model.num_heads, model.norm == "pre"

    def norm(x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6)
        return x * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def residual(x, name, sublayer):
        if pre:
            return x + sublayer(norm(x, f"{name}/norm"))
        return norm(x + sublayer(x), f"{name}/norm")

    def attention(x, memory, name, mask, kept):
        if memory is None:
            parts = x @ weights[f"{name}/qkv/kernel"]
            query, key, value = np.split(parts, 3, axis=-1)
        else:
            query = x @ weights[f"{name}/query/kernel"]
            parts = memory @ weights[f"{name}/key_value/kernel"]
            key, value = np.split(parts, 2, axis=-1)
        outputs, of_heads = [], []
        for q, k, v in zip(
            *(np.split(part, heads, axis=-1) for part in (query, key, value)),
            strict=True,
        ):
            scores = np.where(mask, q @ k.T / np.sqrt(q.shape[-1]), -np.inf)
            of_heads.append(softmax(scores))
            outputs.append(of_heads[-1] @ v)
        kept.append(of_heads)
        return np.concatenate(outputs, axis=-1) @ weights[f"{name}/output/kernel"]

    def feed_forward(x, name):
        hidden = x @ weights[f"{name}/hidden/kernel"] + weights[f"{name}/hidden/bias"]
        outputs = np.maximum(hidden, 0) @ weights[f"{name}/outputs/kernel"]
        return outputs + weights[f"{name}/outputs/bias"]

    def embed(tokens, name):
        x = weights[f"{name}/embeddings"][tokens] * np.sqrt(model.d_model)
        for position in range(len(tokens)):
            for i in range(model.d_model // 2):
                angle = position / 10_000 ** (2 * i / model.d_model)
                x[position, 2 * i] += np.sin(angle)
                x[position, 2 * i + 1] += np.cos(angle)
        return x

    kept = {"encoder": [], "decoder": [], "cross": []}
    names = ["source_embedding", "target_embedding"]
    if model.shared_embeddings:
        names = ["embedding"] * 2
    x = embed(source, names[0])
    for number in range(1, model.num_layers + 1):
        name = f"encoder{number}"
        x = residual(
            *(x, f"{name}/attention_residual"),
            lambda x, name=name: attention(
                *(x, None, f"{name}/attention", True), kept["encoder"]
            ),
        )
        x = residual(
            *(x, f"{name}/feed_forward_residual"),
            lambda x, name=name: feed_forward(x, f"{name}/feed_forward"),
        )
    memory = norm(x, "encoder_norm") if pre else x
    causal = np.tril(np.ones((len(target), len(target)), bool))
    y = embed(target, names[1])
    for number in range(1, model.num_layers + 1):
        name = f"decoder{number}"
        y = residual(
            *(y, f"{name}/attention_residual"),
            lambda y, name=name: attention(
                *(y, None, f"{name}/attention", causal), kept["decoder"]
            ),
        )
        y = residual(
            *(y, f"{name}/cross_residual"),
            lambda y, name=name: attention(
                *(y, memory, f"{name}/cross_attention", True), kept["cross"]
            ),
        )
        y = residual(
            *(y, f"{name}/feed_forward_residual"),
            lambda y, name=name: feed_forward(y, f"{name}/feed_forward"),
        )
    if pre:
        y = norm(y, "decoder_norm")
    if model.shared_embeddings:
        return y @ weights["embedding/embeddings"].T, kept
    return y @ weights["target_embedding/reverse_embeddings"], kept


def test_equals_numpy(model):
    logits = model([SOURCE, TARGET])
    attention = model.attention(SOURCE, TARGET)
    for i, length in enumerate(LENGTHS):
        expected, kept = numpy_transformer(model, SOURCE[i, :length], TARGET[i])
        np.testing.assert_allclose(logits[i], expected, rtol=1e-3, atol=2e-4)
        for name, of_layers in kept.items():
            # Of the encoder, what padding itself looks at doesn't matter.
            rows = length if name == "encoder" else TARGET.shape[1]
            columns = TARGET.shape[1] if name == "decoder" else length
            found = np.asarray(attention[name])[i]
            np.testing.assert_allclose(
                found[:, :, :rows, :columns], of_layers, rtol=1e-3, atol=1e-5
            )
            assert not found[:, :, :, columns:].any()


def test_weights_start_as_glorot_and_the_released_code_have_it():
    model = tiny(source_vocabulary=300, target_vocabulary=200, d_model=64, d_ff=128)
    for weight in model.trainable_weights:
        values = np.asarray(weight)
        if weight.name == "kernel":
            fans = sum(weight.shape)
            for matrices in ("qkv", "key_value"):
                if weight.path.endswith(f"{matrices}/kernel"):
                    fans = 64 + 64
            limit = np.sqrt(6 / fans)
            assert 0.97 * limit < np.abs(values).max() <= limit, weight.path
        elif "embeddings" in weight.name:
            assert values.std() == pytest.approx(1 / 8, rel=0.05), weight.path
        else:
            assert np.all(values == (weight.name == "gamma")), weight.path


def test_steps_and_alignments(model):
    """An alignment is the last layer's mean over the heads."""
    alignments = translators.check_steps(model)
    translators.check_alignments(alignments)
    cross = model.attention(SOURCE, TARGET)["cross"]
    expected = np.mean(cross[:, -1], axis=1)
    np.testing.assert_allclose(alignments, expected, rtol=1e-4, atol=1e-6)


def test_a_step_takes_what_is_there_of_earlier_tokens():
    """Its cost doesn't grow: the caches have a fixed size, and one token comes in."""
    model = translators.moved(tiny())
    memory = model.encode(SOURCE)
    states = model.initial_states(memory, 5)
    for kept in states.values():
        assert kept["keys"].shape == kept["values"].shape == (3, 2, 5, 4)
    _, states, _ = model.step(TARGET[:, 0], 0, memory, states)
    _, after, _ = model.step(TARGET[:, 1], 1, memory, states)
    for name, kept in after.items():
        for kind in ("keys", "values"):
            old, new = np.asarray(states[name][kind]), np.asarray(kept[kind])
            np.testing.assert_array_equal(new[:, :, 0], old[:, :, 0])
            assert new[:, :, 1].all()
            assert not new[:, :, 2:].any()


def test_padding(model):
    translators.check_padding(model)


def test_what_counts(model):
    translators.check_what_counts(model)


def test_gradients(model):
    translators.check_gradients(model)


@pytest.mark.parametrize(
    "arguments",
    [{"norm": "pre", "dropout": 0.2, "name": "mine"}, {"d_ff": 10}],
    ids=["apart", "shared"],
)
def test_configuration_and_file(arguments, request, tmp_path):
    build = shared if "shared" in request.node.name else tiny
    model = translators.moved(build(**arguments))
    translators.check_config_and_file(model, tmp_path, **arguments)


def test_mixed_precision():
    translators.check_mixed_precision(shared)


def test_dropout():
    translators.check_dropout(tiny)


def test_symbolic(model):
    translators.check_symbolic(model)


def test_export(model, tmp_path):
    translators.check_export(model, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shared_embeddings": True}, "both languages, not 11 and 9 tokens"),
        ({"num_heads": 3}, "a multiple of its 3 heads, not 8"),
        ({"d_model": 9, "num_heads": 3}, "an even d_model"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        tiny(**arguments)
    assert "\n" not in str(error.value)
