"""Predicted against published: `python -m validation` regenerates the table and its figures."""
