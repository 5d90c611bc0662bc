"""Pure business rules for orders and settings. The standard library only, no I/O."""
