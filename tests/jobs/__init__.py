"""The worker, and what it begins by itself."""
