"""What both ends of the network engine need, without the engine itself."""
