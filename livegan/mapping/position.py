"""The place along a bank of networks: a real number; the nearest whole number is the network index."""


def network_index(position: float, count: int) -> int:
    """Which of `count` networks plays at `position`: the nearest, halves to the later, kept inside 0..count-1."""
    return min(max(int(position + 0.5), 0), count - 1)
