"""What the cells of a run say together: how rows scale, how far they are from each other."""
