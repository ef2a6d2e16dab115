import pytest
import torch
from scipy.stats import binomtest
from torchvision.transforms import functional as reference

from empirical.data.channels import channel_statistics
from empirical.training.augment import crop_and_mirror, normalize, random_crop_and_mirror, random_rotation, rotate

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def seeded(device="cpu", seed=0):
    return torch.Generator(device).manual_seed(seed)


def pictures(*shape, device="cpu"):
    return torch.randint(256, shape, generator=seeded(), dtype=torch.uint8).to(device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("shape", "pad"), [((32, 32, 3), 4), ((8, 8, 1), 1), ((5, 7, 2), 3), ((6, 6, 3), 0)])
def test_crops_are_those_of_torchvision(device, shape, pad):
    n = 50
    images = pictures(n, *shape, device=device)
    top, left = torch.randint(2 * pad + 1, (2, n), generator=seeded()).to(device)
    mirrored = torch.rand(n, generator=seeded()).to(device) < 0.5
    assert mirrored.any()
    assert not mirrored.all()
    found = crop_and_mirror(images, top, left, mirrored, pad=pad)
    plain = crop_and_mirror(images, top, left, None, pad=pad)
    assert found.dtype == torch.uint8
    for i, image in enumerate(images.permute(0, 3, 1, 2)):
        crop = reference.crop(reference.pad(image, pad), int(top[i]), int(left[i]), *shape[:2])
        assert torch.equal(plain[i].permute(2, 0, 1), crop)
        assert torch.equal(found[i].permute(2, 0, 1), reference.hflip(crop) if mirrored[i] else crop)


@pytest.mark.parametrize("device", DEVICES)
def test_rotations_are_those_of_torch(device):
    images = pictures(20, 6, 6, 3, device=device)
    quarters = torch.arange(20, device=device) % 4
    found = rotate(images, quarters)
    for image, turned, k in zip(images, found, quarters.tolist(), strict=True):
        assert torch.equal(turned, torch.rot90(image, k, (0, 1)))
        # torchvision's angles are degrees counter-clockwise.
        assert torch.equal(turned.permute(2, 0, 1), reference.rotate(image.permute(2, 0, 1), 90 * k))


@pytest.mark.parametrize("device", DEVICES)
def test_normalisation_is_torchvisions(device):
    images = pictures(5, 4, 6, 3, device=device)
    mean, std = torch.tensor([0.1, 0.5, 0.7], device=device), torch.tensor([0.2, 0.25, 0.3], device=device)
    found = normalize(images, mean, std)
    assert found.is_contiguous(memory_format=torch.channels_last)
    expected = reference.normalize(images.permute(0, 3, 1, 2) / 255, mean.tolist(), std.tolist())
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("shape", [(100, 9, 7, 3), (1, 1, 1, 1), (3, 2, 2, 4)])
def test_statistics(shape):
    images = pictures(*shape)
    mean, std = channel_statistics(images)
    pixels = images.double().reshape(-1, shape[3]) / 255
    torch.testing.assert_close(mean, pixels.mean(0).float())
    spread = pixels.std(0, correction=0)
    torch.testing.assert_close(std, torch.where(spread > 0, spread, 1.0).float())
    whole = normalize(images, mean, std).double()
    if shape[0] > 1:
        torch.testing.assert_close(whole.mean((0, 2, 3)), torch.zeros(shape[3]).double(), atol=1e-5, rtol=0)
        torch.testing.assert_close(whole.std((0, 2, 3), correction=0), torch.ones(shape[3]).double())


def test_statistics_of_many_pixels():
    """More pixels than are summed at once, of a constant channel and one with two values."""
    images = torch.zeros(5000, 16, 16, 2, dtype=torch.uint8)
    images[..., 0] = 201
    images[:1250, ..., 1] = 255
    mean, std = channel_statistics(images)
    assert mean.tolist() == pytest.approx([201 / 255, 0.25], rel=1e-7)
    assert std.tolist() == pytest.approx([1, (3 / 16) ** 0.5], rel=1e-7)


@pytest.mark.parametrize("device", DEVICES)
def test_random_crops_follow_torchvisions_law(device):
    """Each of 5 x 5 places and 2 sides is as likely: 26 exact binomial tests at 1e-11."""
    n = 20_000
    image = torch.zeros(1, 5, 5, 1, dtype=torch.uint8)
    image[0, 2, 2, 0], image[0, 2, 3, 0] = 1, 2  # what lies right of the centre tells mirrored images
    found = random_crop_and_mirror(image.expand(n, -1, -1, -1).to(device), seeded(device), pad=2, mirror=True)
    found = found.cpu()[..., 0]
    place = (found == 1).flatten(1).int().argmax(1)
    # The neighbour falls off the edge in one of five columns: there the side is not told.
    column = place % 5
    right = torch.zeros(n, dtype=torch.bool)
    inside = column < 4
    right[inside] = found.flatten(1)[torch.arange(n)[inside], place[inside] + 1] == 2
    assert all(binomtest(int(k), n, 1 / 25).pvalue > 1e-11 for k in place.bincount(minlength=25))
    assert binomtest(int(right.sum()), int(inside.sum()), 0.5).pvalue > 1e-11
    unmirrored = random_crop_and_mirror(image.expand(500, -1, -1, -1).to(device), seeded(device), pad=1, mirror=False)
    flat = unmirrored.cpu().flatten(1)
    assert torch.equal((flat == 1).int().argmax(1) + 1, (flat == 2).int().argmax(1))


@pytest.mark.parametrize("device", DEVICES)
def test_random_rotations(device):
    images = pictures(20_000, 2, 2, 1, device=device)
    found, quarters = random_rotation(images, seeded(device))
    assert torch.equal(found, rotate(images, quarters))
    assert all(binomtest(int(k), 20_000, 0.25).pvalue > 1e-11 for k in quarters.bincount(minlength=4))


def test_repeatable():
    images = pictures(30, 8, 8, 3)
    one, two, other = (random_crop_and_mirror(images, seeded(seed=s), pad=2, mirror=True) for s in (0, 0, 1))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(random_crop_and_mirror(images, seeded(), pad=0, mirror=False), images)


def test_channels_first_is_a_free_view():
    images = pictures(4, 6, 6, 3)
    first = images.permute(0, 3, 1, 2)
    assert first.permute(0, 2, 3, 1).data_ptr() == images.data_ptr()
    one, two = (random_crop_and_mirror(x, seeded(), pad=1, mirror=True) for x in (images, first.permute(0, 2, 3, 1)))
    assert torch.equal(one, two)


def test_refused():
    images = pictures(2, 4, 5, 3)
    with pytest.raises(ValueError, match=r"^images=.*: must be square, to be turned by 90 degrees$"):
        rotate(images, torch.tensor([0, 1]))
    for wrong in (images.float(), images[0]):
        for function in (
            channel_statistics,
            lambda x: normalize(x, torch.zeros(3), torch.ones(3)),
            lambda x: rotate(x, torch.tensor([0, 1])),
            lambda x: random_crop_and_mirror(x, seeded(), pad=1, mirror=True),
        ):
            with pytest.raises(ValueError, match=r"^images=.*: must be uint8 of shape \(images, H, W, channels\)$"):
                function(wrong)
    with pytest.raises(ValueError, match=r"^pad=-1: "):
        random_crop_and_mirror(images, seeded(), pad=-1, mirror=True)
