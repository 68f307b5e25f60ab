"""Drawings, one module for each kind, and what they share: `style` and `ruler`."""
