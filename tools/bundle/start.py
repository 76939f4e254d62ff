"""Entry point of the bundle, and its stand-in for the Python interpreter that livegan's own worker processes need."""

import multiprocessing
import runpy
import sys


def main() -> None:
    """Run livegan; or, started as `python -I -B -c CODE ...` or `python -P -m MODULE ...` is, that code or module."""
    multiprocessing.freeze_support()
    words = sys.argv[1:]
    while words and words[0] in ("-I", "-B", "-E", "-P", "-s", "-u"):
        words.pop(0)
    if len(words) > 1 and words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    elif len(words) > 1 and words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        from livegan.cli import program as livegan

        livegan()


if __name__ == "__main__":
    main()
