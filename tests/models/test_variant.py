import inspect
import pickle

import keras
import pytest

from kerasapps import models
from kerasapps.models.variant import variant


class Perceptron(keras.Sequential):
    paper = "Rosenblatt 1958"
    task = "classifier"


def family(
    units: tuple[int, ...], num_classes: int = 3, rate: float = 0.5, name: str = "any"
) -> Perceptron:
    """{name} of {size[0]} units; {parameters:,} parameters.

    More about it.
    """
    layers = [keras.Input((2,)), *map(keras.layers.Dense, (*units, num_classes))]
    return Perceptron([*layers, keras.layers.Dropout(rate)], name=name)


Large = variant(family, "Large", 1_234, (5, 4), rate=0.2)


def test_what_it_is_called_and_says():
    assert Large.__name__ == Large.__qualname__ == "Large"
    assert Large.__module__ == __name__
    assert pickle.loads(pickle.dumps(Large)) is Large
    assert Large.__doc__ == "Large of 5 units; 1,234 parameters.\n\nMore about it."
    assert (Large.paper, Large.task) == ("Rosenblatt 1958", "classifier")
    assert str(inspect.signature(Large)).startswith(
        "(num_classes: int = 3, rate: float = 0.2, name: str = 'large') -> "
    )


@pytest.mark.parametrize(
    ("arguments", "options", "classes", "rate", "name"),
    [
        ((), {}, 3, 0.2, "large"),
        ((7, 0.1, "mine"), {}, 7, 0.1, "mine"),
        ((7,), {"name": "mine"}, 7, 0.2, "mine"),
    ],
)
def test_it_builds_the_family(arguments, options, classes, rate, name):
    model = Large(*arguments, **options)
    assert [layer.units for layer in model.layers[:-1]] == [5, 4, classes]
    assert model.layers[-1].rate == rate
    assert model.name == name


def test_arguments_that_it_does_not_have():
    with pytest.raises(TypeError, match="'units'"):
        Large(units=(3,))
    with pytest.raises(TypeError, match="too many"):
        Large(7, 0.1, "mine", 5)


@pytest.mark.parametrize(
    ("model", "defaults"),
    [
        (models.ResNet50, {"shortcut": "B", "weights": None, "name": "resnet50"}),
        (models.PlainNet20, {"num_classes": 10, "name": "plainnet20"}),
        (models.VGGALRN, {"initialization": "he", "name": "vggalrn"}),
        (models.EfficientNetB4, {"input_shape": (380, 380, 3), "dropout_rate": 0.4}),
        (models.EfficientNetB5, {"input_shape": (456, 456, 3), "dropout_rate": 0.4}),
        (models.DenseNetBC190K40, {"recompute": False, "name": "densenetbc190k40"}),
        (models.ViTH14, {"input_shape": (224, 224, 3), "dropout": 0.1}),
        (models.TransformerBig, {"dropout": 0.3, "source_vocabulary": 37_000}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_defaults_of_the_papers_variants(model, defaults):
    parameters = inspect.signature(model).parameters
    assert {name: parameters[name].default for name in defaults} == defaults
