"""Reports of evidence: blocks, pictures, one page, one PDF, tables as CSV."""
