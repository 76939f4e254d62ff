"""Perceptual distance: its laws, and files of weights that are not what they should be."""

import zipfile

import pytest
import torch

from livegan.errors import LiveganError
from livegan.training import perceptual as module
from livegan.training.perceptual import perceptual, reduced, weights_path
from livegan.training.vgg import STAGES, VGG16, read_vgg

NAMES = ("efficientnet", "pixels")


def pictures(count=2, height=32, width=48, seed=0):
    smooth = torch.rand(count, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(smooth, size=(height, width), mode="bilinear")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_at_no_distance_from_itself_and_nearer_to_what_looks_like_it(name):
    distance = perceptual(name).distance
    a, b = pictures(), pictures(seed=1)
    assert distance(a, a).abs().max() == 0
    assert torch.allclose(distance(a, b), distance(b, a))
    assert (distance(a, a + 0.02 * b) < distance(a, a + 0.3 * b)).all()
    assert (distance(a, a + 0.3 * b) < distance(a, b)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_its_pictures_and_a_gradient_leads_nearer(name):
    distance = perceptual(name).distance
    a, b = pictures(3), pictures(3, seed=1)
    singles = torch.cat([distance(a[i : i + 1], b[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(distance(a, b), singles, rtol=1e-4, atol=1e-5)
    a.requires_grad_()
    before = distance(a, b).sum()
    (slope,) = torch.autograd.grad(before, a)
    assert torch.isfinite(slope).all()
    assert distance((a - 0.01 * slope / slope.std()).detach(), b).sum() < before


def test_large_pictures_are_reduced_to_256_px():
    assert reduced(torch.zeros(1, 3, 256, 448)).shape == (1, 3, 128, 224)
    assert reduced(torch.zeros(1, 3, 1024, 1024)).shape == (1, 3, 256, 256)
    assert reduced(torch.zeros(1, 3, 300, 257)).shape == (1, 3, 150, 128)
    assert reduced(torch.ones(1, 3, 301, 300)).mean() == 1
    assert perceptual("pixels").features(pictures(1, 24, 512)).shape[0] == 1


def test_the_classifier_was_trained_on_pictures_in_minus_one_to_one():
    """The means that its first batch normalisation remembers are those of photographs, about 0 in -1..1."""
    weights = torch.load(weights_path(), weights_only=True)
    sums = weights["_conv_stem.weight"].sum(dim=(2, 3))  # (32, 3)
    mean = torch.linalg.lstsq(sums, weights["_bn0.running_mean"][:, None]).solution.flatten()
    assert mean.abs().max() < 0.2
    torch.testing.assert_close(sums @ mean, weights["_bn0.running_mean"], rtol=0, atol=0.01)


def test_without_the_package_pixels_are_compared_and_that_is_said(monkeypatch):
    monkeypatch.setattr(module, "PACKAGE", "no_such_package")
    assert perceptual().name == "pixels"
    assert "pip install" in perceptual().about
    with pytest.raises(LiveganError, match="pip install"):
        perceptual("efficientnet")


def vgg_weights(layout="features.{}", seed=0):
    torch.manual_seed(seed)
    weights, number, inputs = {}, 0, 3
    for stage in STAGES:
        for outputs in stage:
            weights[layout.format(number) + ".weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / 9 / inputs) ** 0.5
            weights[layout.format(number) + ".bias"] = torch.zeros(outputs)
            number, inputs = number + 2, outputs
        number += 1
    return weights


def test_a_vgg16_of_torchvision_and_one_of_lpips_are_read(tmp_path):
    weights = vgg_weights()
    torch.save({**weights, "classifier.0.weight": torch.zeros(2, 2)}, tmp_path / "vgg16.pth")
    distance = perceptual(tmp_path / "vgg16.pth").distance
    a, b = pictures(1), pictures(1, seed=1)
    assert distance(a, a) == 0 < distance(a, b)
    lpips = {key.replace("features", "net.slice1"): tensor for key, tensor in weights.items()}
    torch.save(lpips, tmp_path / "lpips.pth")
    assert torch.equal(perceptual(tmp_path / "lpips.pth").distance(a, b), distance(a, b))
    linear = {f"lin{index}.model.1.weight": torch.zeros(1, stage[-1], 1, 1) for index, stage in enumerate(STAGES)}
    torch.save({**lpips, **linear}, tmp_path / "blind.pth")
    assert perceptual(tmp_path / "blind.pth").distance(a, b) == 0


def test_vgg16_sees_pixels_normalised_as_imagenet_is():
    net = VGG16()
    x = pictures(1)
    shade = ((x + 1) / 2 - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
        :, None, None
    ]
    one, two = net.stages[0]
    torch.testing.assert_close(next(net.levels(x)), torch.relu(two(torch.relu(one(shade)))))


class Rude:
    def __reduce__(self):
        return (print, ("this was run",))


def test_files_that_hold_no_vgg16_are_refused(tmp_path, capsys):
    def refusal(path):
        with pytest.raises(LiveganError) as caught:
            read_vgg(path)
        return str(caught.value)

    assert "no such file" in refusal(tmp_path / "none.pth").lower()
    (tmp_path / "text.pth").write_text("hello")
    assert "more than numbers, or is damaged" in refusal(tmp_path / "text.pth")
    (tmp_path / "text.safetensors").write_text("hello")
    assert "more than numbers, or is damaged" in refusal(tmp_path / "text.safetensors")
    torch.save({"features.0.weight": torch.zeros(3)}, tmp_path / "small.pth")
    assert "has 1 convolutions, not 13" in refusal(tmp_path / "small.pth")
    torch.save({**vgg_weights(), "features.5.weight": torch.zeros(1)}, tmp_path / "misshapen.pth")
    assert "features.5.weight is not (128, 64, 3, 3)" in refusal(tmp_path / "misshapen.pth")
    torch.save([Rude()], tmp_path / "rude.pth")
    assert "more than numbers" in refusal(tmp_path / "rude.pth")
    for crafted in (b"\x80\x02.", b"\x80\x02K\x01\x85R.", b"\x80\x02J\x01.", b"\x80\x02h\x07.", b"\x80\x02}K\x01b."):
        (tmp_path / "crafted.pth").write_bytes(crafted)  # what the unpickler meets ends in an error of any kind
        assert "more than numbers" in refusal(tmp_path / "crafted.pth")
    with zipfile.ZipFile(tmp_path / "program.pt", "w") as archive:  # as TorchScript writes it
        archive.writestr("vgg16/code/__torch__.py", "print('this was run')")
        archive.writestr("vgg16/constants.pkl", b"\x80\x02).")
    assert "TorchScript is a program" in refusal(tmp_path / "program.pt")
    assert "this was run" not in capsys.readouterr().out


def test_a_wrong_name_offers_the_right_one():
    with pytest.raises(LiveganError, match="did you mean 'efficientnet'"):
        perceptual("eficientnet")
