import pytest
import torch

from empirical.storage.checkpoint import load_checkpoint, save_checkpoint

STATE = {"weights": [torch.arange(3.0)], "rows": [{"epoch": 1, "loss": 0.5, "accuracy": None}]}


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "last.pt", "abc", STATE)
    return tmp_path / "last.pt"


def test_round_trip(path):
    back = load_checkpoint(path, "abc")
    assert torch.equal(back["weights"][0], STATE["weights"][0])
    assert back["rows"] == STATE["rows"]


def test_torn(path):
    whole = path.read_bytes()
    for length in [*range(100), *range(100, len(whole), 7)]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"^checkpoint='.*last.pt': ") as refused:
            load_checkpoint(path, "abc")
        assert "\n" not in str(refused.value)


def test_flipped_bytes(path):
    whole = path.read_bytes()
    for place in [*range(100), *range(100, len(whole), 7)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match=r"^checkpoint='.*last.pt': "):
            load_checkpoint(path, "abc")


def test_longer(path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ValueError, match="is torn"):
        load_checkpoint(path, "abc")


def test_foreign(path):
    with pytest.raises(ValueError, match=r"must belong to run xyz, and belongs to run abc$"):
        load_checkpoint(path, "xyz")


class Malicious:
    def __reduce__(self):
        return exec, ("raise SystemExit('executed')",)


def test_other_files(tmp_path):
    path = tmp_path / "last.pt"
    torch.save(STATE, path)
    with pytest.raises(ValueError, match="must be a checkpoint of this program"):
        load_checkpoint(path, "abc")


def test_nothing_is_executed(tmp_path):
    save_checkpoint(tmp_path / "last.pt", "abc", {"weights": Malicious()})
    with pytest.raises(ValueError, match="^checkpoint=.*plain values"):
        load_checkpoint(tmp_path / "last.pt", "abc")
