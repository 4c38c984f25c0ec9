"""Long work over a whole run: its atlas, metrics, projections, on one machine or many."""
