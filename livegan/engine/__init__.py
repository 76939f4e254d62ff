"""Engine: binds scenes, runs all stages live, contains faults. The only package that imports every stage."""
