"""Interpretability: what a model's passes, weights and states say; arrays in, frozen records of
arrays out.
"""
