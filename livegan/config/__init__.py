"""Configuration files in TOML: schemas and loading of scenes, venues and controllers."""
