"""The window: Qt and VisPy live here, nowhere else."""
