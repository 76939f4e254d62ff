"""Networks: descriptions, library, weights, architectures, importers, latents, analysis."""
