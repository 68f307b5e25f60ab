"""What can be asked: each method as a local sum and a small calculation on the total, and the plan of a whole study."""
