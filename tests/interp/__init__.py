"""Instruments of meaning."""
