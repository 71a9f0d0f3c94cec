"""The parts of apps.train_gan and apps.evaluate_gan."""
