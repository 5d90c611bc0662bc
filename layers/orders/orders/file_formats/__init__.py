"""The formats of imported files. Each format is one module in `formats`, behind one interface."""
