"""Runs on disk, on a hub or in storage: cards, checkpoints, series."""
