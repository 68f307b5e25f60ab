"""What both sides of the wire need of the network engine, without the engine."""
