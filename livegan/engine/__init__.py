"""The only package that knows every stage: binds a scene, runs the line, keeps it alive."""
