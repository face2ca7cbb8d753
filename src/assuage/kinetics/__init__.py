"""What the drug does: arrays in, arrays out. No patient names, no files, no clock."""
