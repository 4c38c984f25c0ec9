"""Text: corpora, documents, tables, and the reference that is drawn from them."""
