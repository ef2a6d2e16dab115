"""What the tests of all packages share."""

import signal

import pytest


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """Let programs that tests start hear Ctrl-C: a shell's background job ignores it, and hands that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def code_of():
    """Return a function that runs a command line, given as its ``main`` and words, and returns the exit code."""

    def run(main, *argv):
        try:
            return main([str(word) for word in argv])
        except SystemExit as stopped:
            return stopped.code

    return run
