"""Text to tokens a person can read, and back."""
