"""The clouds of a run at every step and site: built, extended, kept in files."""
