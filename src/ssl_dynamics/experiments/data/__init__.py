"""The data of all experiments: triplets, their quadratic forms, points in principal components, labelled items."""
