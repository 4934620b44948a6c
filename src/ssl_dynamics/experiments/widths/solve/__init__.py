"""What theory says of narrow and of wide nets."""
