"""Thread count of the torch kernels that draw. Backends never set it: the owner of the drawing thread does."""


def threads_for(cores: int) -> int:
    """The thread count for drawing: one on two cores or fewer (two would wait for each other), else up to four."""
    return 1 if cores <= 2 else min(4, cores // 2)


def threads_text(count: int) -> str:
    """For people: "1 thread", "2 threads"."""
    return f"{count} thread{'s' * (count != 1)}"


def use_threads(count: int) -> None:
    """Let torch use `count` CPU threads for what the calling thread draws from now on; 0 leaves the number as it is."""
    if not count:
        return
    import torch  # late: binding scenes does without

    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
