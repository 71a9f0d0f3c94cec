"""Distribution, resume, optimizers, and the train steps that models share."""
