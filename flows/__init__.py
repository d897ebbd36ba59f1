"""Prefect flows: they bind steps and hold no science, no paths and no defaults."""
