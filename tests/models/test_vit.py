import keras
import numpy as np
import pytest
from scipy import ndimage, special

from kerasapps import models
from kerasapps.evaluation.multiply_adds import multiply_adds
from kerasapps.layers import MultiHeadSelfAttention
from kerasapps.models import ViT
from kerasapps.weights.blueprint import blueprint

TINY = {
    "patch_size": 2,
    "num_layers": 2,
    "hidden_size": 6,
    "mlp_size": 10,
    "num_heads": 2,
    "num_classes": 3,
    "input_shape": (4, 6, 2),
}


def tiny(seed=0, **arguments):
    """A small ViT whose weights all are random and not small."""
    model = ViT(**TINY | arguments)
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(0, 0.7, w.shape) for w in model.weights])
    return model


def images_for(model, count=2):
    random = np.random.default_rng(9)
    return random.normal(size=(count, *model.input_shape[1:])).astype("float32")


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def numpy_vit(model, image):
    """Logits of one image, and the attention of each layer, in plain NumPy."""
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    config = model.get_config()

    def dense(x, name):
        return x @ weights[name][0] + weights[name][1]

    def norm(x, name):
        gamma, beta = weights[name]
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-6) * gamma + beta

    patch = config["patch_size"]
    kernel, bias = weights["patch_embedding"]
    tokens = [*weights["class_token"]]
    for row in range(image.shape[0] // patch):
        for column in range(image.shape[1] // patch):
            top, left = row * patch, column * patch
            cut = image[top : top + patch, left : left + patch]
            token = np.einsum("ijc,ijcd->d", cut, kernel) + bias
            if config["position_embedding"] == "2d":
                x, y = weights["position_embedding"]
                token = token + np.concatenate([x[column], y[row]])
            tokens.append(token)
    x = np.array(tokens)
    if config["position_embedding"] == "1d":
        x = x + weights["position_embedding"][0]
    attentions = []
    for number in range(1, config["num_layers"] + 1):
        y = norm(x, f"encoder{number}_attention_norm")
        kernel, bias, *last = weights[f"encoder{number}_attention"]
        heads = []
        attentions.append([])
        for query, key, value in zip(
            *(
                np.split(part, config["num_heads"], axis=-1)
                for part in np.split(y @ kernel + bias, 3, axis=-1)
            ),
            strict=True,
        ):
            attention = softmax(query @ key.T / np.sqrt(query.shape[-1]))
            attentions[-1].append(attention)
            heads.append(attention @ value)
        x = x + np.concatenate(heads, axis=-1) @ last[0] + last[1]
        y = dense(norm(x, f"encoder{number}_mlp_norm"), f"encoder{number}_mlp1")
        y = y * (1 + special.erf(y / np.sqrt(2))) / 2
        x = x + dense(y, f"encoder{number}_mlp2")
    y = norm(x, "norm")[0]
    if config["head"] == "mlp":
        y = np.tanh(dense(y, "pre_logits"))
    return dense(y, "head"), np.array(attentions)


@pytest.mark.parametrize(
    ("head", "position_embedding"),
    [("linear", "1d"), ("mlp", "2d"), ("linear", "none")],
)
def test_equals_numpy(head, position_embedding):
    model = tiny(head=head, position_embedding=position_embedding, dropout=0.1)
    images = images_for(model)
    expected = [numpy_vit(model, image)[0] for image in images]
    np.testing.assert_allclose(model(images), expected, rtol=1e-3, atol=1e-4)


# Section 4.1, table 1: layers, hidden size and patch size; the MLP has four times the
# hidden size.
@pytest.mark.parametrize(
    ("name", "layers", "hidden", "patch", "millions"),
    [
        ("ViTB16", 12, 768, 16, None),
        ("ViTB32", 12, 768, 32, None),
        ("ViTL16", 24, 1024, 16, None),
        ("ViTL32", 24, 1024, 32, 307),
        ("ViTH14", 32, 1280, 14, 632),
    ],
)
def test_parameters_by_hand(name, layers, hidden, patch, millions, paper_blueprint):
    tokens = 1 + (224 // patch) ** 2
    attention = 4 * (hidden * hidden + hidden)
    mlp = hidden * 4 * hidden + 4 * hidden + 4 * hidden * hidden + hidden
    encoder = attention + mlp + 2 * 2 * hidden
    embedding = patch * patch * 3 * hidden + hidden + hidden + tokens * hidden
    body = embedding + layers * encoder + 2 * hidden
    head = hidden * 1000 + 1000
    model = paper_blueprint(getattr(models, name))
    assert model.count_params() == body + head
    # Of Large and Huge the table counts a head of 1000 classes, of Base (86) none.
    if millions:
        assert round((body + head) / 1e6) == millions
    elif name == "ViTB16":
        assert round(body / 1e6) == 86
    attentions = [x for x in model.layers if isinstance(x, MultiHeadSelfAttention)]
    heads = {768: 12, 1024: 16, 1280: 16}[hidden]
    assert [x.num_heads for x in attentions] == [heads] * layers


def test_parameters_of_the_options():
    plain, hidden, tokens = 88_224_232, 768, 1 + 7 * 7
    for options, more in (
        ({"head": "mlp"}, hidden * hidden + hidden),
        ({"num_classes": 21_843}, (21_843 - 1000) * (hidden + 1)),
        # One vector a column in one half of the channels, one a row in the other.
        ({"position_embedding": "2d"}, (7 + 7) * hidden // 2 - tokens * hidden),
        ({"position_embedding": "none"}, -tokens * hidden),
    ):
        model = blueprint(models.ViTB32, **options)
        assert model.count_params() - plain == more, options


def test_multiply_adds_of_b16(paper_blueprint):
    patches = 196 * (16 * 16 * 3) * 768
    projections = 4 * 197 * 768 * 768
    products = 2 * 12 * 197 * 197 * 64
    mlp = 2 * 197 * 768 * 3072
    assert (patches, projections, products, mlp) == (
        *(115_605_504, 464_781_312, 59_610_624),
        929_562_624,
    )
    total = patches + 12 * (projections + products + mlp) + 768 * 1000
    assert total == 17_563_828_224
    assert multiply_adds(paper_blueprint(models.ViTB16)) == total


def test_fresh_head_says_nothing():
    for head in ("linear", "mlp"):
        model = ViT(**TINY, head=head)
        assert not np.any(model(images_for(model)))


def test_dropout_is_after_all_dense_layers_but_queries_keys_and_values():
    model = ViT(**TINY, dropout=0.3)
    found = {
        layer.name: layer.input._keras_history.operation.name
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    }
    after = ["position_embedding"]
    for number in (1, 2):
        after += [f"encoder{number}_{part}" for part in ("attention", "mlp1", "mlp2")]
    assert found == {f"{name}_dropout": name for name in after}
    assert {model.get_layer(name).rate for name in found} == {0.3}


def weights_by_name(model):
    return {layer.name: layer.get_weights() for layer in model.layers}


@pytest.mark.parametrize("position_embedding", ["1d", "2d", "none"])
def test_starts_from_a_network_of_the_same_size(position_embedding):
    source = tiny(0, position_embedding=position_embedding, head="mlp")
    target = tiny(1, position_embedding=position_embedding, head="mlp", dropout=0.1)
    images = images_for(source)
    assert np.abs(target(images) - source(images)).max() > 0.1
    target.start_from(source)
    np.testing.assert_array_equal(target(images), source(images))


@pytest.mark.parametrize("size", [(6, 10), (8, 4), (2, 6)])
def test_position_embedding_is_interpolated(size):
    """As the released code does it, with SciPy."""
    source = tiny(0, input_shape=(6, 8, 2))
    target = tiny(1, input_shape=(*size, 2))
    target.start_from(source)
    theirs, ours = weights_by_name(source), weights_by_name(target)
    (table,) = theirs.pop("position_embedding")
    (new,) = ours.pop("position_embedding")
    rows, columns = size[0] // 2, size[1] // 2
    grid = table[1:].reshape(3, 4, 6)
    zoomed = ndimage.zoom(grid, (rows / 3, columns / 4, 1), order=1)
    assert zoomed.shape == (rows, columns, 6)
    np.testing.assert_allclose(new[1:], zoomed.reshape(-1, 6), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(new[0], table[0])
    for name, weights in theirs.items():
        for a, b in zip(ours[name], weights, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_position_embedding_in_2d_is_interpolated_along_each_axis():
    source = tiny(0, position_embedding="2d", input_shape=(4, 6, 2))  # 2 x 3 patches
    target = tiny(1, position_embedding="2d", input_shape=(6, 4, 2))  # 3 x 2
    target.start_from(source)
    x, y = source.get_layer("position_embedding").get_weights()
    new_x, new_y = target.get_layer("position_embedding").get_weights()
    np.testing.assert_allclose(new_x, [x[0], x[2]], rtol=1e-6)
    np.testing.assert_allclose(new_y, [y[0], (y[0] + y[1]) / 2, y[1]], rtol=1e-6)


@pytest.mark.parametrize(
    "other", [{"num_classes": 5}, {"head": "mlp"}], ids=["classes", "head"]
)
def test_another_head_stays_as_it_is(other):
    source = tiny(0, **other)
    target = ViT(**TINY)
    target.start_from(source)
    assert not np.any(target.get_layer("head").get_weights()[0])
    theirs, ours = weights_by_name(source), weights_by_name(target)
    np.testing.assert_array_equal(ours["norm"], theirs["norm"])
    np.testing.assert_array_equal(
        ours["position_embedding"], theirs["position_embedding"]
    )


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"num_layers": 1}, "the same num_layers, here 2, not 1"),
        ({"num_heads": 3}, "the same num_heads, here 2, not 3"),
        ({"position_embedding": "2d"}, "position_embedding, here 1d, not 2d"),
        ({"input_shape": (4, 6, 3)}, "image channels, here 2, not 3"),
    ],
    ids=str,
)
def test_does_not_start_from_another_structure(other, message):
    with pytest.raises(ValueError, match=message) as error:
        ViT(**TINY).start_from(ViT(**TINY | other))
    assert "\n" not in str(error.value)


def test_does_not_start_from_another_family():
    with pytest.raises(ValueError, match="another ViT, not from a Sequential"):
        ViT(**TINY).start_from(keras.Sequential())


@pytest.mark.parametrize("num_layers", [1, 2])
def test_attention_rollout_equals_numpy(num_layers):
    model = tiny(dropout=0.1, num_layers=num_layers)
    images = images_for(model, 3)
    rollout = model.attention_rollout(images)
    assert rollout.dtype == np.float32
    assert rollout.shape == (3, 2, 3)
    for image, found in zip(images, rollout, strict=True):
        product = np.eye(7)
        for attention in numpy_vit(model, image)[1]:
            mixed = attention.mean(axis=0) + np.eye(7)
            product = mixed / mixed.sum(axis=-1, keepdims=True) @ product
        np.testing.assert_allclose(found.ravel(), product[0, 1:], rtol=1e-3, atol=1e-6)


def test_scaled():
    model = ViT(
        num_layers=2, hidden_size=32, mlp_size=64, num_heads=4, input_shape=(32, 48, 3)
    )
    config = model.get_config()
    assert model.scaled().get_config() == config
    grown = model.scaled(depth=1.2, width=1.6, resolution=1.1).get_config()
    assert grown == config | {
        "num_layers": 3,  # 2.4
        "hidden_size": 48,  # 51.2; heads of 8
        "mlp_size": 104,  # 102.4
        "num_heads": 6,
        "input_shape": (36, 52, 3),  # 35.2 and 52.8, of whole patches of 4
    }
    # 40 channels in heads of 16 would be 2.5 heads.
    odd = ViT(num_layers=1, hidden_size=32, mlp_size=32, num_heads=2).scaled(width=1.25)
    assert odd.hidden_size == 40
    assert odd.num_heads == 2
    assert model.scaled(resolution=0.01).input_shape == (None, 4, 4, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (4, 5, 2)}, "whole 2x2 patches, not 4x5"),
        ({"input_shape": (None, 4, 2)}, "whole 2x2 patches, not Nonex4"),
        ({"num_heads": 4}, "a multiple of its 4 heads, not 6"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        ViT(**TINY | arguments)
    assert "\n" not in str(error.value)
