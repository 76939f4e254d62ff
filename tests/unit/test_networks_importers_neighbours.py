"""What lies beside a generator does no harm: files with odd neighbours map and draw as their programs did."""

import pytest

from tests import reference_networks


@reference_networks.needed
@pytest.mark.parametrize(
    "name",
    [
        "sg2-odd-neighbours-16.pkl",
        "sg2-dill-16.pkl",
        "sg2-none-module-16.pkl",
        "sg2-protocol1-16.pkl",
        "pg-sg2-plain-d-32.pkl",
    ],
)
def test_reference_networks(name: str) -> None:
    reference_networks.check_reference(name)
