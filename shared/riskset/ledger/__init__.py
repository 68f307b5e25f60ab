"""Each party's append-only log: a Merkle tree under signed checkpoints. Only `log_file` and `durable` touch a disk."""
