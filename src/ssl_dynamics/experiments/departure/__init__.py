"""When two-layer linear nets leave their tangent kernel: Gram equations at any width, training at some."""
