"""Thread counts of the libraries that draw. Backends never set torch's: the owner of the drawing thread does."""

TUNING_CORES = 3  # with fewer, comparing backends behind a show costs it more frames than the best one wins


def threads_for(cores: int) -> int:
    """The thread count of a backend that is not benchmarked: one on two cores or fewer, else up to four."""
    return 1 if cores <= 2 else min(4, cores // 2)


def show_threads(cores: int) -> tuple[int, ...]:
    """Thread counts to benchmark for a show, ascending: 1 and 2 on two cores, on more a core or two are left free.

    They double: 1, 2, 3 on 4 cores; 1, 2, 4, 6 on 8; 1, 2, 4, 8, 14 on 16.
    """
    most = cores if cores <= 2 else cores - 1 if cores <= 4 else cores - 2
    return tuple(sorted({most, *(2**power for power in range(most.bit_length()) if 2**power <= most)}))


def render_threads(cores: int) -> tuple[int, ...]:
    """Thread counts to benchmark for a render, ascending: half of the cores (pairs may share their units), and all."""
    return tuple(sorted({max(1, cores // 2), cores}))


def thread_candidates(cores: int) -> tuple[int, ...]:
    """All thread counts to benchmark, likely best for a show first: one on two cores, else those next to two.

    A second thread nearly halves the time of a picture, each further one gains less and takes a core from the rest.
    On two cores, two threads wait for each other wherever listening, effects or another program have one of them.
    """
    counts = {*show_threads(cores), *render_threads(cores)}
    return tuple(sorted(counts, key=lambda count: (abs(count - (1 if cores <= 2 else 2)), count)))


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
