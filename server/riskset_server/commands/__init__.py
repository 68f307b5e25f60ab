"""What the coordinator types, one module a command."""
