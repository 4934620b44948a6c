"""Two-layer linear nets of several widths under orthogonality constraints: narrow, z <= h <= d, and wide, h >= d."""
