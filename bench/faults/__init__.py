"""What breaks, broken on purpose: what she says of it, what is kept, when she talks again."""
