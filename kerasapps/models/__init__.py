"""The architectures, one paper a file, on any Keras backend."""

from kerasapps.models.lenet import LeNet5 as LeNet5
from kerasapps.models.lenet1989 import LeNet1989 as LeNet1989
