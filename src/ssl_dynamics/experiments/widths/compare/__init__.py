"""Where trained nets and theory meet for the first time, narrow and wide ones."""
