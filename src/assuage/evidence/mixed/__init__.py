"""Linear mixed models by restricted maximum likelihood, and tests of their effects."""
