"""Words every stage speaks: values, channels between threads, clocks, registries, blends. numpy only."""
