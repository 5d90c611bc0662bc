"""The error of a deployment."""


class DeploymentError(Exception):
    """The deployment cannot go on; the text says why and what to do."""
