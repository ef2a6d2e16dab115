"""The parser of all command lines."""

import pytest

from theory.support.cli import Parser


@pytest.mark.parametrize("text", ["-1", "-1.", "-.5", "-1e-3", "-2.5E+4", "-inf"])
def test_a_negative_number_is_the_value_of_an_option(text):
    parser = Parser()
    parser.add_argument("--mu", type=float)
    parser.add_argument("--all", type=float, nargs="+")
    assert parser.parse_args(["--mu", text]).mu == float(text)
    assert parser.parse_args(["--all", "1", text]).all == [1, float(text)]


@pytest.mark.parametrize("text", ["-e3", "-x", "-1x"])
def test_what_is_no_number_is_refused(text, capsys):
    parser = Parser(prog="toy")
    parser.add_argument("--mu", type=float)
    with pytest.raises(SystemExit):
        parser.parse_args(["--mu", text])
    assert capsys.readouterr().err.startswith("toy: ")
