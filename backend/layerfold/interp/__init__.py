"""What a model does inside, of any model behind one pass: plain arguments in, frozen records of
arrays out."""
