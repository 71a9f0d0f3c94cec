"""From a trained model to a SavedModel."""
