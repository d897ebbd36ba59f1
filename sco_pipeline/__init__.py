"""Climate indicators of regions from the public datasets of space agencies."""
