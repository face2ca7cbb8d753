"""Virtual trials: a design, thousands of replicates drawn from the effect models, and its worth."""
