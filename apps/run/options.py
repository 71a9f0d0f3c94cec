"""Arguments of a network that the command line gives as NAME=VALUE."""

import ast
import contextlib
import inspect
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import keras
from absl import flags

from kerasapps import memory
from kerasapps.errors import InputError, unknown_name
from kerasapps.weights.blueprint import blueprint

# Bytes of a weight.
_FLOAT = 4


class Options(NamedTuple):
    """What a flag such as --model_options gives.

    Attributes:
        flag: The flag's name, for errors.
        given: What it gives, each as NAME=VALUE. Of a name that is given again, as
            after a flagfile, the last counts.
    """

    flag: str
    given: Sequence[str]

    def arguments(self, constructor: Callable, taken: Iterable[str] = ()) -> dict:
        """Returns the arguments by their names.

        Args:
            constructor: What takes them. One that takes any passes them on to another.
            taken: Names of those that flags of their own give.

        Raises:
            InputError: If an option isn't one of the constructor's.
        """
        parameters = inspect.signature(constructor).parameters
        passes_on = any(p.kind == p.VAR_KEYWORD for p in parameters.values())
        known = set(parameters) - set(taken)
        found = {}
        for option in self.given:
            name, _, value = option.partition("=")
            if name in taken:
                raise InputError(
                    f"--{self.flag}={option}: {name} is set by a flag of its own"
                )
            if name not in known and not passes_on:
                raise unknown_name(f"option of {constructor.__name__}", name, known)
            try:
                found[name] = ast.literal_eval(value)
            # What isn't written as in Python is text, as `softmax`.
            except (MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
                found[name] = value
        return found

    def without(self, name: str) -> "Options":
        """Returns the options but those of one name."""
        kept = [o for o in self.given if o.partition("=")[0] != name]
        return Options(self.flag, kept)

    def build(
        self, constructor: Callable[..., keras.Model], **arguments
    ) -> keras.Model:
        """Returns the network that has these arguments and the options.

        Args:
            constructor: Returns it.
            **arguments: Arguments that flags of their own give.

        Raises:
            InputError: If an option isn't one of the constructor's, an argument has a
                value that the network can't take, or its weights don't fit in memory.
        """
        # Keras draws the seeds of fresh weights from Python's random numbers.
        state = random.getstate()
        self.without("weights").blueprint(constructor, **arguments)
        random.setstate(state)
        arguments |= self.arguments(constructor, arguments)
        with self._naming(constructor):
            return constructor(**arguments)

    def blueprint(
        self, constructor: Callable[..., keras.Model], **arguments
    ) -> keras.Model:
        """Returns the network without the memory of its weights, as `build`.

        Raises:
            InputError: As `build`, and if the weights don't fit in memory.
        """
        arguments |= self.arguments(constructor, arguments)
        with self._naming(constructor):
            network = blueprint(constructor, **arguments)
        numbers = sum(math.prod(weight.shape) for weight in network.weights)
        memory.check(_FLOAT * numbers, f"the weights of {self._name(constructor)}")
        return network

    @contextlib.contextmanager
    def _naming(self, constructor):
        """Within it, a wrong value is an error that names the network."""
        try:
            yield
        except InputError:
            raise
        # Keras has this error for values; any other is a mistake of the code's own.
        except ValueError as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            name = self._name(constructor)
            raise InputError(f"{name} can't be built: {reason}") from error

    def _name(self, constructor):
        given = " ".join(f"--{self.flag}={option}" for option in self.given)
        return " with ".join(filter(None, [constructor.__name__, given]))


def set_defaults(values: flags.FlagValues, defaults: Mapping[str, object]) -> None:
    """Sets defaults of flags that depend on what is trained.

    Of a flag that takes options, each that isn't given keeps its default.

    Args:
        values: The app's flags.
        defaults: The defaults by the flags' names; a list is one of options.
    """
    for name, default in defaults.items():
        given = values[name].value if values[name].present else None
        values.set_default(name, default)
        if given is None or not isinstance(default, list):
            continue
        names = {option.partition("=")[0] for option in given}
        others = [o for o in default if o.partition("=")[0] not in names]
        # The folder of a run is named by what isn't its flag's default.
        values.set_default(name, others)
        values[name].value = [*others, *given]
