"""What to play and where, as written down in TOML: scenes, venue, controllers."""
