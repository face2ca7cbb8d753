"""Outcomes: questionnaires and scales, scored as their authors say."""
