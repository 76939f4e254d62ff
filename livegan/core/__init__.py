"""Core shared by all stages: value types, channels between threads, clocks, registries, blends. numpy only."""
