"""Studio page: jobs of the command line in a browser (Gradio), for several people at once."""
