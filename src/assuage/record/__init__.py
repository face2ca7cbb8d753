"""What happened, for ever: events, their chain, the stores that hold them, and erasure."""
