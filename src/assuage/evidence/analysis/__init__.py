"""Any table, one question, one answer: mixed models, means, contrasts and tests in words."""
