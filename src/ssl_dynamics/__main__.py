"""Entry point of `ssl-dynamics` and of `python -m ssl_dynamics`: an interrupt at any time ends it in one line."""

import sys


def main() -> None:
    """The command line; its imports take a second or two, in which it can be interrupted as well."""
    try:
        from ssl_dynamics.cli import main as command_line  # noqa: PLC0415 -- see above

        command_line()
    except KeyboardInterrupt:
        print("interrupted. The same command goes on from where it stopped", file=sys.stderr)
        sys.exit(3)  # STOPPED of engine/exit_codes.py, whose import may be what was interrupted


if __name__ == "__main__":
    main()
