"""Models of Hugging Face behind the same protocol as our own."""
