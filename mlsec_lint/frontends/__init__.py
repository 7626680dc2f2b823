"""How people and programs reach the engine. Front ends read options and show results; they decide nothing."""
