"""What ends a command in one line: what it was told is wrong, or what it runs did not come to its end."""

DEBUG = "SSL_DYNAMICS_DEBUG"  # in the environment of a command, and of its jobs: errors are shown with their traceback


class ConfigError(ValueError):
    """A wrong configuration, file or argument, in lines of `key: value is not allowed: what is`."""


class RunError(RuntimeError):
    """The workflow did not finish; the message says what to do."""
