"""The registry: a consented, name-free data set, and what it shows across people and sites."""
