"""Version facts of the scanned project, read from its manifests and lock files and never from an installation."""

from mlsec_lint.source.manifests.names import is_manifest, read_conda_names
from mlsec_lint.source.manifests.versions import Status, VersionFacts, read_versions

__all__ = ["Status", "VersionFacts", "is_manifest", "read_conda_names", "read_versions"]
