"""Disks, sessions, locks and the clock: everything a figure does not depend on."""
