"""The hospital's commands: each reads its words, does one thing, says what it did."""
