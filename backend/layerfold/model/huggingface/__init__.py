"""Models of Hugging Face, opened by transformers itself: files, shape, structure, weights,
tokenizer, the check on opening.
"""
