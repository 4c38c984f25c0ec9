"""What is said in another language than English: messages by their English templates."""
