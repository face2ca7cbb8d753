"""What is known: models, regimens, precautions and law as TOML, with a source for every number."""
