"""The table of layouts in docs/networks.md: each row names what proves it, and nothing that is proved is missing."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCES = [ROOT.parent / "shared" / "fixtures" / folder for folder in ("networks", "networks-2")]
ROWS = {  # family, layout -> reference files, and tests where there is none
    ("StyleGAN2", "NVIDIA's pickle, skip"): (
        *("ada-64", "ada-32-conditional", "ada-32-resnet-grey", "sg2-in-sg3-64", "stylegan2-ada-protocol-3"),
    ),
    ("StyleGAN2", "any widths of"): ("sg2-feature-widths-32",),
    ("StyleGAN2", "resampling filter"): ("sg2-filter-1-32",),
    ("StyleGAN2", "beside it"): (*("sg2-odd-neighbours-16", "sg2-dill-16", "sg2-none-module-16", "sg2-protocol1-16"),),
    ("StyleGAN2", "Projected GAN's, beside"): ("pg-sg2-plain-d-32",),
    ("StyleGAN2", "state dict"): ("sg2-statedict-32", "sg2-statedict-under-g-ema-cond-16"),
    ("StyleGAN2", "filters that differ"): (
        "test_what_has_a_part_in_the_picture_that_livegan_does_not_know_is_refused_by_name",
    ),
    ("StyleGAN2, TensorFlow", "version 4"): (
        *("tf-32-conditional", "tf-nonsquare-5x3-40x24", "tf-nonsquare-3x4-cond-24x32"),
    ),
    ("StyleGAN2, TensorFlow", "`resample_kernel`"): ("tf-resample-none-32",),
    ("StyleGAN2, TensorFlow", "classes as before"): (
        "test_classes_of_the_first_stylegan2_are_normalised_together_with_z",
    ),
    ("StyleGAN2, TensorFlow", "self-attention"): ("tf-attention-16",),
    ("StyleGAN2, rosinality", "`g_ema`"): ("ros-g-only-32", "ros-statedict-32", "ros-module-prefix-32"),
    ("StyleGAN2, rosinality", "one average"): ("ros-latent-avg-rows-32",),
    ("StyleGAN2, rosinality", "other blur"): ("ros-blur121-32",),
    ("StyleGAN2, rosinality", "pixel2style2pixel"): ("psp-32", "e4e-32"),
    ("StyleGAN2, rosinality", "SWAGAN"): ("test_files_are_called_by_their_name",),
    ("StyleGAN3", "T and R"): ("sg3-t-64", "sg3-r-64-conditional", "sg3-t-margin0-32", "sg3-t-48"),
    ("StyleGAN3", "state dict"): ("sg3-t-statedict-32", "sg3-r-statedict-cond-32"),
    ("StyleGAN-XL", "with and without"): (*("xl-uncond-32", "xl-cond-32", "xl-super-32to64", "xl-super-cond-16to32"),),
    ("StyleGAN-Human", "StyleGAN3 T and R"): ("human-sg3t-64x32", "human-sg3r-64x32"),
    ("StyleGAN-T", "with and without"): ("stylegan-t-32", "stylegan-t-uncond-orig-16"),
    ("StyleGAN (2019)", "TensorFlow"): ("stylegan1-32", "stylegan1-cond-fused-32"),
    ("Progressive GAN", "TensorFlow"): ("pgan-32", "pgan-cond-unfused-32"),
    ("Progressive GAN", "one that still grows"): ("test_what_cannot_be_drawn_right_is_refused_by_name",),
    ("FastGAN", "its own"): ("fastgan-all-256", "fastgan-g-256"),
    ("FastGAN", "Projected GAN's"): ("pg-fastgan-128", "pg-fastgan-lite-128", "pg-fastgan-cond-128"),
    ("lightweight StyleGAN2", "lucidrains"): ("lucidrains-32",),
    ("lightweight StyleGAN2", "attention of stylegan2-pytorch"): ("lucidrains-attn-32",),
    ("lightweight StyleGAN2", "attention of earlier"): ("test_the_version_says_how_attention_normalises",),
}

FIRST = ("ada-64", "ada-32-conditional", "ada-32-resnet-grey", "sg2-in-sg3-64", "tf-32-conditional", "lucidrains-32")
FIRST += ("sg3-t-64", "sg3-r-64-conditional")  # names of the first set, whose folder is tested whole


def table() -> list[tuple[str, str, str]]:
    """Family, layout and result of every row."""
    text = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    lines = text.partition("## Which layouts open")[2].partition("\n## ")[0].splitlines()
    rows, family = [], ""
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] not in ("family", "---"):
            family = cells[0] or family
            rows.append((family, cells[1], cells[2]))
    return rows


def test_every_row_is_proved_and_every_proof_has_a_row() -> None:
    proved = [key for family, layout, _ in table() for key in ROWS if key[0] == family and layout.startswith(key[1])]
    assert len(proved) == len(table())
    assert sorted(proved) == sorted(ROWS)
    assert {result for *_, result in table()} == {"exact", "by formula", "refused"}


def test_what_proves_it_is_tested() -> None:
    """The whole folder of the first set is tested; of the second each file by its name."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_networks_*.py"))
    own = Path(__file__).read_text(encoding="utf-8")
    for proof in (proof for proofs in ROWS.values() for proof in proofs):
        if proof in FIRST and not REFERENCES[0].is_dir():
            continue
        first = any((REFERENCES[0] / f"{proof}{suffix}").is_file() for suffix in (".pkl", ".pt"))
        golden = any((ROOT / "tests" / "golden" / "networks").glob(f"{proof}.*"))
        assert first or golden or sources.count(proof) > own.count(proof), proof


@pytest.mark.skipif(not REFERENCES[1].is_dir(), reason="the reference networks are not here; the goldens are")
def test_no_reference_is_missing() -> None:
    files = [path for folder in REFERENCES for path in folder.iterdir() if re.fullmatch(r"\.p(kl|t|th)", path.suffix)]
    assert {path.stem for path in files} <= {proof for proofs in ROWS.values() for proof in proofs}
    assert len(files) > 40
