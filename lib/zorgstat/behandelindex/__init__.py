"""The Behandelindex for physiotherapy, by the uniform method of Vektis."""
