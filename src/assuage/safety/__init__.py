"""What must never happen: guardrails, eligibility, limits. Pure functions on facts."""
