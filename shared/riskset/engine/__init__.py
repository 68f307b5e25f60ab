"""What both ends of the network engine share, without the engine itself."""
