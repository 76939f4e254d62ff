"""Composer: MIDI and piano rolls, corpora, networks that write music, and endless music of them."""
