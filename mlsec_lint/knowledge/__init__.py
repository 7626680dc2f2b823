"""``rules/`` read and validated into typed records."""
