"""Instruments of meaning: each number beside its control, with an interval; arrays in, frozen
records out.
"""
