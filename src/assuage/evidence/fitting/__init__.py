"""Population values from a study: NONMEM-style rows in, estimates with their worth out."""
