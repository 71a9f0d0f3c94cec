"""The parts of apps.train_translator and apps.evaluate_translator."""
