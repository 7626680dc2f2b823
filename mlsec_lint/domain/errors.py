"""The errors a user can cause or must be told about, as sentences with a place."""

from __future__ import annotations


class MlsecError(Exception):
    """Base of every error that is reported as a sentence and never as a traceback."""


class KnowledgeError(MlsecError):
    """A mistake in the rule catalogue: names the file, the table and the key."""

    def __init__(self, file: str, where: str, problem: str) -> None:
        super().__init__(f"{file}: {where}: {problem}" if where else f"{file}: {problem}")
        self.file = file
        self.where = where
        self.problem = problem


class ConfigError(MlsecError):
    """A mistake in the configuration: names the file and the key."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key
        self.problem = problem


class UsageError(MlsecError):
    """A request on the command line that cannot be carried out, such as a path that does not exist."""
