import pytest

from empirical.storage.folders import make_folder, make_folders


def test_folders_are_made_with_those_above_them(tmp_path):
    make_folders({"one": tmp_path / "a" / "b", "other": tmp_path / "a" / "c"})
    make_folder(tmp_path / "a" / "b")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["b", "c"]
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_all_folders_are_made_or_none(tmp_path):
    """What was there before stays, whether there is something in it or not."""
    (tmp_path / "old").mkdir()
    (tmp_path / "file").write_text("kept")
    for bad in (tmp_path / "file", tmp_path / "file" / "x", tmp_path / "new" / ("x" * 300)):
        with pytest.raises(ValueError, match="bad='.*: must be a folder that can be made and written: "):
            make_folders({"old": tmp_path / "old", "good": tmp_path / "new" / "a", "bad": bad})
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "old"]
    assert (tmp_path / "file").read_text() == "kept"
