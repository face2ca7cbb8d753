"""Assuage plans, supervises and evaluates ketamine treatment, with a source for every number."""

__version__ = "0.1.0"
