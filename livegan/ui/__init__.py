"""Window, HUD and display: Qt and VisPy live here, nowhere else."""
