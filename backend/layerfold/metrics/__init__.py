"""Numbers of a run at every step and site: computed, kept, reported."""
