"""The spectral contrastive loss on whitened data: training with a penalty under another name (docs/theory.md §8)."""
