"""What the tests of all packages share."""

import pytest


@pytest.fixture(scope="session")
def code_of():
    """Return a function that runs a command line, given as its ``main`` and words, and returns the exit code."""

    def run(main, *argv):
        try:
            return main([str(word) for word in argv])
        except SystemExit as stopped:
            return stopped.code

    return run
