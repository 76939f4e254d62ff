"""Phone page of a show (`livegan play --remote`): a web server in a process of its own, fed by pipes."""
