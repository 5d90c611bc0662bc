"""How the parts are put together on Lambda: settings, wiring, HTTP, logs and metrics."""
