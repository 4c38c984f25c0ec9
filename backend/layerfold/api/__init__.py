"""Layerfold from Python: notebooks, figures, exports."""
