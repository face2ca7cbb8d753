"""What many patients show together."""
