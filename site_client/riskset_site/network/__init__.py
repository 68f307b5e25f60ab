"""The hospital's side of the wire, but for the engine itself."""
