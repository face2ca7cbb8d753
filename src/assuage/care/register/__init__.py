"""The controlled-drug register: every microgram from the supplier to where it ended."""
