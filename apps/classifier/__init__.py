"""The parts of the classifiers' apps."""
