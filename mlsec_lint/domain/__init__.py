"""The words everything else speaks: findings, rules, levels, errors. Standard library only."""
