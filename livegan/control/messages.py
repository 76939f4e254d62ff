"""MIDI status bytes and controller numbers (MIDI 1.0 Detailed Specification, tables 1 and 3)."""

NOTE_OFF, NOTE_ON, AFTERTOUCH, CONTROL, PROGRAM, PRESSURE, BEND = 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0

DATA_COARSE, DATA_FINE = 6, 38  # data entry of the parameter that was selected
INCREMENT, DECREMENT = 96, 97
NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE = 98, 99, 100, 101
FINE = 32  # from a 14-bit control change to its fine half
