"""Training: labelled comments in, a model, its card and its report out. Needs the ``training`` extra."""
