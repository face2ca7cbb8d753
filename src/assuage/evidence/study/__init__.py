"""A study: its protocol frozen before unblinding, and a report that leaves no outcome out."""
