import sys

from empirical.runtime.progress import track


def test_plain_progress(capsys):
    assert list(track(list(range(100)), "things")) == list(range(100))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"things: {done} of 100" for done in (20, 40, 60, 80, 100)]


def test_progress_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(track([1, 2, 3], "things")) == [1, 2, 3]
    assert capsys.readouterr().out == ""
