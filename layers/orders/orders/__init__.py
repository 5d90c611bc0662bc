"""market-orders: one order store behind the order protocols that shops already speak."""
