"""One patient's own parameters, from levels and scores: mode, posterior, and their worth."""
