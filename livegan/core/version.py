"""The version of livegan."""

__version__ = "0.1.0"
