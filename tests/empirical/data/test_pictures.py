"""Every mode of a picture file becomes what viewers show, or is refused by name."""

import os

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from empirical.data.checksums import compare, file_sha256
from empirical.data.load import load
from empirical.data.pictures import read_picture

RNG = np.random.default_rng(0)
LEVELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def save_folder(root, classes=("a", "b"), each=2):
    for part in ("train", "test"):
        for name in classes:
            (root / part / name).mkdir(parents=True)
            for number in range(each):
                pixels = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / part / name / f"{number}.png")
    return root


def stored(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_of_grey_keep_their_levels(tmp_path, suffix):
    root = save_folder(tmp_path)
    (root / "train" / "a" / "0.png").unlink()
    stored(root / "train" / "a" / f"0.{suffix}", LEVELS * 1024)
    data = load(str(root))
    assert np.array_equal(data.train_images[0, :, :, 0], np.round(LEVELS * 1024 / 257))
    assert data.notes[0] == f"16 bits scaled to 8, 65535 to 255 (1 files): {root}/train/a/0.{suffix}"


def test_sixteen_bits_have_one_scale_in_the_whole_folder(tmp_path):
    """Dark test images beside bright training images stay dark."""
    root = save_folder(tmp_path)
    (root / "train" / "a" / "0.png").unlink()
    stored(root / "train" / "a" / "0.png", LEVELS * 1024)
    (root / "test" / "a" / "0.png").unlink()
    stored(root / "test" / "a" / "0.png", LEVELS)
    data = load(str(root))
    assert np.array_equal(data.train_images[0, :, :, 0], np.round(LEVELS * 1024 / 257))
    assert data.test_images[0].max() == 0
    assert data.notes[0].startswith("16 bits scaled to 8, 65535 to 255 (2 files)")


@pytest.mark.parametrize(("step", "right"), [(1, True), (20, False), (65, False), (66, True)])
def test_a_small_part_of_sixteen_bits_is_not_scaled_to_black(tmp_path, step, right):
    root = save_folder(tmp_path)
    stored(root / "train" / "a" / "0.png", LEVELS * step)
    if right:
        assert len(np.unique(load(str(root)).train_images[0])) == (64 if step == 1 else 17)
    else:
        with pytest.raises(ValueError, match=rf"^data=.*0\.png': its 16-bit images use only 0 to {63 * step} of 65535"):
            load(str(root))


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (LEVELS.astype(np.float32) / 64, "holds 32-bit floats"),
        (LEVELS.astype(np.int32) * 2**20, "must be grey, RGB or a palette of 8 bits, not of mode I"),
    ],
)
def test_wide_numbers_are_refused(tmp_path, pixels, message):
    path = stored(tmp_path / "x.tif", pixels)
    with pytest.raises(ValueError, match=rf"^data=.*x\.tif': {message}.*save it with 8 bits a channel$"):
        read_picture(path)


def test_alpha_is_laid_on_white_and_said(tmp_path):
    drawing = np.zeros((8, 8, 4), dtype=np.uint8)
    drawing[2:4, :, 3] = 255
    drawing[5, :, 3] = 51
    found = read_picture(stored(tmp_path / "x.png", drawing))
    assert found.notes == ("transparent pixels are laid on white",)
    assert found.pixels[:, 0, 0].tolist() == [255, 255, 0, 0, 255, 204, 255, 255]
    drawing[..., :3] = 255
    with pytest.raises(ValueError, match=r"x\.png': is empty on white"):
        read_picture(stored(tmp_path / "x.png", drawing))


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_transparent_colour_is_laid_on_white(tmp_path, mode):
    grey = Image.fromarray(np.repeat(np.uint8([[0, 100]]), 4, axis=0)).convert(mode)
    transparent = {"L": 0, "P": grey.getpixel((0, 0)), "RGB": (0, 0, 0)}[mode]
    grey.save(tmp_path / "x.png", transparency=transparent)
    assert read_picture(tmp_path / "x.png").pixels[0, :, 0].tolist() == [255, 100]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_eight_bits_stay_as_they_are(tmp_path, mode):
    grey = Image.fromarray(RNG.choice(np.uint8([0, 255]), (6, 5)))
    grey.convert(mode).save(tmp_path / "x.png")
    found = read_picture(tmp_path / "x.png")
    assert found.notes == ()
    assert np.array_equal(found.pixels, np.asarray(grey.convert("RGB")))


def test_the_orientation_of_a_photograph(tmp_path):
    shown = np.zeros((8, 8, 3), dtype=np.uint8)
    shown[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "x.jpg"
    Image.fromarray(np.rot90(shown).copy()).save(path, exif=exif, quality=95)
    assert np.abs(read_picture(path).pixels.astype(int) - shown).max() < 10


def test_frames_and_cmyk_are_said(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), grey, dtype=np.uint8)) for grey in (0, 90)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert read_picture(tmp_path / "x.gif").notes == ("the first of 2 frames is taken",)
    frames[1].convert("CMYK").save(tmp_path / "x.tif")
    assert "CMYK" in read_picture(tmp_path / "x.tif").notes[0]


def test_what_the_decoder_refuses_is_one_line(tmp_path, monkeypatch):
    text = PngInfo()
    text.add_text("parameters", "x" * 3_000_000, zip=True)
    stored(tmp_path / "text.png", LEVELS.astype(np.uint8), pnginfo=text)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64)
    stored(tmp_path / "bomb.png", np.zeros((8, 17), dtype=np.uint8))
    stored(tmp_path / "large.png", np.zeros((8, 9), dtype=np.uint8))
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("text", "bomb", "large", "empty"):
        with pytest.raises(ValueError, match=rf"^data=.*{name}\.png': must be a readable image: .") as raised:
            read_picture(tmp_path / f"{name}.png")
        assert "\n" not in str(raised.value)


def test_hidden_and_companion_files_are_no_images(tmp_path):
    root = save_folder(tmp_path)
    for part in ("train", "test"):
        for hidden in (".ipynb_checkpoints", "__MACOSX"):
            (root / part / hidden).mkdir()
            stored(root / part / hidden / "0.png", LEVELS.astype(np.uint8))
    for companion in ("._0.png", ".DS_Store", "Thumbs.db"):
        (root / "train" / "a" / companion).write_bytes(b"no image")
    (root / "train" / "a" / ".ipynb_checkpoints").mkdir()
    stored(root / "train" / "a" / ".ipynb_checkpoints" / "0.png", LEVELS.astype(np.uint8))
    (root / "train" / "a" / "notes.txt").write_text("of mine")
    data = load(str(root))
    assert (data.classes, len(data.train_images)) == (("a", "b"), 4)
    assert data.notes == (f"left out: no image by its name (1 files): {root}/train/a/notes.txt",)


def test_what_lies_in_no_class_is_said(tmp_path):
    root = save_folder(tmp_path)
    (root / "val" / "a").mkdir(parents=True)
    for place in ("train", "val/a"):
        stored(root / place / "stray.png", LEVELS.astype(np.uint8))
    (root / "test" / ".hidden").write_text("")
    (root / "README.md").write_text("of mine")
    data = load(str(root))
    assert len(data.train_images) == 4
    text = "left out: neither train nor test, or in no class of them (2 files)"
    assert data.notes == (f"{text}: {root}/train/stray.png, {root}/val",)


def test_links_in_a_circle_and_pipes_are_refused(tmp_path):
    """A circle of links would bring each image forty times, and a pipe never ends."""
    root = save_folder(tmp_path)
    linked = root / "train" / "a" / "more"
    linked.symlink_to(root / "test" / "a")
    assert len(load(str(root)).train_images) == 6
    linked.unlink()
    linked.symlink_to(root / "train")
    with pytest.raises(ValueError, match=r"train/a/more': must not be a link to a folder that it lies in$"):
        load(str(root))
    linked.unlink()
    for make in (os.mkfifo, lambda path: path.symlink_to("gone.png")):
        make(root / "train" / "a" / "x.png")
        with pytest.raises(ValueError, match=r"train/a/x\.png': must be a file: it is a broken link, a pipe"):
            load(str(root))
        (root / "train" / "a" / "x.png").unlink()


def test_a_folder_that_cannot_be_listed_is_no_empty_one(tmp_path, monkeypatch):
    root, scandir = save_folder(tmp_path), os.scandir
    (root / "train" / "a" / "more").mkdir()

    def refused(path):
        if str(path).endswith("more"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(ValueError, match=r"cannot be read or downloaded: Permission denied$"):
        load(str(root))


def test_a_ppm_of_sixteen_bits_is_said_and_grey_is_scaled_by_its_white(tmp_path):
    wide = np.linspace(0, 65535, 192).round().astype(">u2")
    (tmp_path / "x.ppm").write_bytes(b"P6 8 8 65535\n" + wide.tobytes())
    picture = read_picture(tmp_path / "x.ppm")
    assert picture.notes == ("16 bits a channel: the high 8 are kept",)
    (tmp_path / "x.pgm").write_bytes(b"P5 8 8 1023\n" + (LEVELS * 16).astype(">u2").tobytes())
    picture = read_picture(tmp_path / "x.pgm")
    assert picture.pixels.dtype == np.uint16
    assert picture.pixels[0, 1, 0] == round(16 * 65535 / 1023)


def test_signed_grey_is_refused(tmp_path):
    """A TIFF says by a tag of its own, 339, that its numbers have a sign."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[339] = 2
    path = stored(tmp_path / "x.tif", LEVELS + np.uint16(65500), tiffinfo=info)
    with pytest.raises(ValueError, match=r"x\.tif': must hold grey from 0 to 65535, not -36; save it"):
        read_picture(path)


def test_an_empty_class_is_named(tmp_path):
    root = save_folder(tmp_path)
    (root / "train" / "wasp").mkdir()
    with pytest.raises(ValueError, match=r"train/wasp': must hold images, or be removed"):
        load(str(root))
    stored(root / "train" / "wasp" / "0.png", LEVELS.astype(np.uint8))
    with pytest.raises(ValueError, match=r"must have the same classes, .*: only train has wasp$"):
        load(str(root))


def test_classes_that_are_numbers_keep_their_order(tmp_path):
    names = tuple(map(str, range(12)))
    assert load(str(save_folder(tmp_path / "n", names, each=1))).classes == names
    assert load(str(save_folder(tmp_path / "m", ("a10", "a9", "B"), each=1))).classes == ("B", "a9", "a10")


def listed(root, *further):
    """Write ``SHA256SUMS`` of all pictures in a folder."""
    lines = [f"{file_sha256(path)}  ./{path.relative_to(root)}" for path in sorted(root.rglob("*.bmp"))]
    (root / "SHA256SUMS").write_text("\n".join([*lines, *further]) + "\n")


def test_damage_that_no_decoder_sees(tmp_path):
    """A picture without a checksum of its own is compared with a list; where there is none, that is said."""
    root = save_folder(tmp_path)
    for path in root.rglob("*.png"):
        Image.open(path).save(path.with_suffix(".bmp"))
        path.unlink()
    (said,) = load(str(root)).notes
    assert said.startswith("no checksum, in the file or in SHA256SUMS, would show that it is damaged (8 files): ")
    listed(root)
    assert load(str(root)).notes == ()
    damaged = root / "test" / "b" / "1.bmp"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"test/b/1\.bmp': must be as its SHA-256 in SHA256SUMS says"):
        load(str(root))
    damaged.write_bytes(whole)
    damaged.with_name("2.bmp").write_bytes(whole)
    with pytest.raises(ValueError, match=r"test/b/2\.bmp': must be in SHA256SUMS of its folder, or"):
        load(str(root))
    listed(root)
    damaged.with_name("2.bmp").unlink()
    with pytest.raises(ValueError, match=r"test/b/2\.bmp': must be there: SHA256SUMS lists it"):
        load(str(root))
    for line, told in (("x", "must be a SHA-256, two spaces"), (f"{'0' * 64}  train/a/0.bmp", "must be the only")):
        listed(root, line)
        with pytest.raises(ValueError, match=rf"SHA256SUMS, line 9': {told}"):
            load(str(root))


def test_names_as_sha256sum_escapes_them(tmp_path):
    path = tmp_path / "a\\b\nc.bmp"
    path.write_bytes(b"x")
    (tmp_path / "SHA256SUMS").write_text(f"\\{file_sha256(path)} *a\\\\b\\nc.bmp\n")
    assert compare(tmp_path, [path])
