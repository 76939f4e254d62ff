"""Two nodes of Ray on this machine: results in order and equal, whichever actor or node is killed."""

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livegan.errors import WorkerError
from livegan.studio.distributed.pools import WorkerOptions, open_workers
from livegan.studio.distributed.scheduler import Scheduler
from tests.distributed_jobs import answers, job, tasks

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own
STORE_BYTES = 80_000_000


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A head without a core for actors, and a node with one."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("nodes")))
        options = {"object_store_memory": STORE_BYTES, "include_dashboard": False}
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **options})
        yield made
        made.shutdown()


def opened(cluster: Any, **arguments: Any) -> Scheduler:
    return open_workers(lambda workers: job(**arguments), WorkerOptions(2, cluster.address), print)


def test_a_killed_node_costs_only_its_tasks(cluster: Any) -> None:
    node = cluster.add_node(num_cpus=1, node_ip_address="127.0.0.2", object_store_memory=STORE_BYTES)
    cluster.wait_for_nodes()
    with opened(cluster) as scheduler:
        results = []
        for number, result in enumerate(scheduler.results(tasks(400))):
            if number == 40:
                assert sum(worker.ready for worker in scheduler._workers.values()) >= 1
                cluster.remove_node(node, allow_graceful=False)
            results.append(result)
    assert answers(results) == [number**2 for number in range(400)]
    assert not ray.is_initialized()


def test_a_killed_actor_costs_only_its_tasks_and_files_arrive_by_their_content(cluster: Any, tmp_path: Path) -> None:
    file = tmp_path / "weights.txt"
    file.write_text("the same on every node")
    key = hashlib.sha256(file.read_bytes()).hexdigest()
    made = job()
    made = type(made)(made.make, made.arguments, {key: file}, made.result_bytes)
    with open_workers(lambda workers: made, WorkerOptions(1, cluster.address), print) as scheduler:
        report = scheduler.wait_ready()
        assert scheduler._identity == "the same on every node"
        results = []
        for number, result in enumerate(scheduler.results(tasks(60))):
            if number == 10:
                os.kill(report["first"], signal.SIGKILL)
            results.append(result)
        assert scheduler.lost == 1
    assert answers(results) == [number**2 for number in range(60)]


def test_where_no_cluster_answers_it_says_what_to_type() -> None:
    with pytest.raises(WorkerError, match=r"no Ray cluster answers at 127\.0\.0\.1:9.*ray start --head"):
        open_workers(lambda workers: job(), WorkerOptions(1, "127.0.0.1:9"), print)
