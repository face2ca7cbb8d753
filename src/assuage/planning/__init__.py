"""A patient and a regimen become a Plan: schedule, rates, syringe, bands, verdict, citations."""
