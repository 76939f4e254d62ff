"""Studio: offline rendering, feature analysis, benchmarks, diagnosis."""
