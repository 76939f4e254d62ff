"""The catalogue of public networks says only what is known, and all its mistakes are reported at once."""

from pathlib import Path

import pytest

from livegan.errors import NetworkError
from livegan.networks.architectures import ARCHITECTURES
from livegan.networks.catalogue import UNKNOWN_LICENCE, load_catalogue, slug
from livegan.networks.models import MODELS

LUCID = """car (config-e), car (config-f), cat, church, faces (FFHQ config-e), faces (FFHQ config-e 256x256),
faces (FFHQ config-f), faces (FFHQ config-f 512x512), horse, Imagenet, WikiArt, Anime portraits, microscope images,
wildlife, modern art, trypophobia, Abstract art, Maps, cakes, CIFAR 10, CIFAR 100, faces (FFHQ slim 256x256), obama,
grumpy cat, panda, fursona, my little pony, painting faces, ukiyoe faces, beetles, textures, more abstract art,
flowers, Doors, floor plans, figure drawings"""


def test_the_36_styles_of_lucid_sonic_dreams_are_found_however_they_are_written() -> None:
    names = [name.strip() for name in LUCID.replace("\n", " ").split(",")]
    found = load_catalogue()
    assert len(names) == 36
    for name in names:
        style = found.find(name)
        assert style is not None, name
        assert style is found.find(name.upper()) is found.find(style.key)
        assert style.page


def test_every_network_says_its_licence_or_that_nobody_knows_it() -> None:
    styles = load_catalogue().networks
    assert all(style.licence for style in styles)
    assert 0 < sum(style.licence == UNKNOWN_LICENCE for style in styles) < len(styles)
    assert {style.kind for style in styles} <= {*ARCHITECTURES, *MODELS}


def test_no_two_have_one_file_and_keys_can_be_typed() -> None:
    styles = load_catalogue().networks
    urls = [style.url for style in styles if style.url]
    assert len(urls) == len(set(urls))
    assert all(style.key == slug(style.key) and " " not in style.key for style in styles)


def test_the_nearest_name_is_offered() -> None:
    near = load_catalogue().nearest("ukiyo faces")
    assert near is not None
    assert near.name == "ukiyoe faces"
    assert load_catalogue().nearest("xqzw") is None


def test_all_mistakes_of_a_catalogue_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "networks.toml").write_text(
        """
[[networks]]
name = "one"
licens = "MIT"
[[networks]]
name = "two"
url = "file:///etc/passwd"
[[networks]]
name = "three"
sha256 = "abc"
resolution = [0, 512]
[[networks]]
page = "https://example.org/x"
"""
    )
    with pytest.raises(NetworkError) as told:
        load_catalogue(tmp_path / "networks.toml")
    text = str(told.value)
    for part in ("did you mean 'licence'", "networks.1.url", "networks.2.sha256", "networks.2.resolution", "3.name"):
        assert part in text, text


def test_one_name_is_given_once(tmp_path: Path) -> None:
    (tmp_path / "networks.toml").write_text('[[networks]]\nname = "A b"\n[[networks]]\nname = "a-B"\n')
    with pytest.raises(NetworkError, match="more than one network is called a-b"):
        load_catalogue(tmp_path / "networks.toml")
