"""A part of Sluis in a pod of a Kubernetes cluster: `python -m hub_config.in_cluster hub|desk|warden|prepare`.

It assembles its state folder (`pod.py`) and becomes the part. `prepare` runs once before the parts of a release do: it
proves the log, adopts the settings, and refuses what no workspace could use. Environment and mounted files enter here.
"""

import logging
import os
import sys
from contextlib import closing
from pathlib import Path

from access_policy.log.checkpoints import log_origin
from access_policy.log.errors import LogError
from access_policy.log.keys import load_keys
from access_policy.log.verify import verify
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config import parts
from hub_config.bootstrap import StateProblem, lookup_problem, open_policy
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.manifests import folders_in_use
from hub_config.cluster_settings import Cluster
from hub_config.databases import as_stored
from hub_config.demo.people import DEMO_ISSUER
from hub_config.login_settings import first_issuer
from hub_config.origins import is_private, shared_problem
from hub_config.places import Places
from hub_config.pod import DESK, HUB, PREPARE, SECRETS, WARDEN, Pod, copy_sources, running_of
from hub_config.running import save_running
from hub_config.settings import Settings, SettingsProblem, load_settings, login_problem
from hub_config.startup import adopt_settings
from spawner.buckets import bucket_of
from spawner.storage import DatasetProblem

_COMPONENTS = {HUB: Component.HUB, DESK: Component.DESK, WARDEN: Component.WARDEN}
_STATE, _SOURCES = "/var/lib/sluis", "/etc/sluis"
SURROUNDINGS = 2


def main(arguments: list[str]) -> int:
    """Become a part, or prepare. Returns 2 with one line where that cannot be; Kubernetes then tries again."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        if len(arguments) != 1 or arguments[0] not in SECRETS:
            raise StateProblem(f"say which part to be: one of {', '.join(f'`{name}`' for name in SECRETS)}")
        become(_pod(arguments[0]))
    except (StateProblem, SettingsProblem, LogError, DatasetProblem, OSError) as problem:
        sys.stderr.write(f"sluis: {' '.join(str(problem).split())}\n")
        return SURROUNDINGS
    return 0


def become(pod: Pod) -> None:
    """Assemble the state folder and be the part until it is ended. Raises StateProblem and its like."""
    copy_sources(pod)
    os.environ["SLUIS_STATE"] = str(pod.places.state)
    if pod.password_file.exists():
        os.environ["PGPASSFILE"] = str(pod.password_file)
    settings = load_settings(pod.places.settings)
    if settings.cluster is None:
        raise StateProblem("sluis.toml has no table [cluster]; write one, see docs/kubernetes.md")
    if problem := shared_problem(settings.origins, demo_on_loopback=False):
        raise StateProblem(problem)
    if pod.part == PREPARE:
        prepare(pod.places, settings)
        return
    issuer = _identity_issuer(pod, settings, settings.cluster)
    save_running(pod.places, running_of(pod, settings, settings.cluster, issuer))
    if pod.part == HUB:
        _become_the_hub(pod.places)
    parts.main([pod.part, str(pod.places.state)])


def prepare(places: Places, settings: Settings) -> None:
    """Check and adopt as the operator, before a release's parts run. Raises StateProblem, LogError, DatasetProblem."""
    with closing((policy := open_policy(places)).store):
        _check_log(places, policy)
        if problem := lookup_problem(places, policy.store) or _locations_problem(policy):
            raise StateProblem(problem)
        adopt_settings(settings, policy)
    if problem := login_problem(settings):
        logging.getLogger("sluis").warning("nobody can log in yet: %s", problem)
    logging.getLogger("sluis").info("the log is whole, and the settings are adopted")


def _check_log(places: Places, policy: Policy) -> None:
    if trouble := policy.trouble():
        raise StateProblem(f"nothing is decided: {trouble.text}")
    with policy.reading_behind() as state:
        origin = log_origin(state.installation)
    found = verify(as_stored(places, policy), checkpoint_folder(places), load_keys(places.keys), origin)
    if not found.ok:
        raise StateProblem(f"the log does not verify: {found.problem}; run `sluis log verify`, restore a backup")


def _locations_problem(policy: Policy) -> str | None:
    """Say which dataset that is offered lies in a folder: a pod mounts buckets only."""
    with policy.reading() as state:
        folders = list(folders_in_use(state))
    for one in folders:
        try:
            bucket_of(one.location)
        except DatasetProblem as problem:
            return f"dataset `{one.name}`: {problem}; or withdraw it"
    return None


def _identity_issuer(pod: Pod, settings: Settings, cluster: Cluster) -> str:
    """Return whose subjects the identities are; a demo's people are invented, so it serves nobody from outside."""
    with closing((policy := open_policy(pod.places, _COMPONENTS[pod.part])).store), policy.reading_behind() as state:
        demo = state.demo
    if demo and not is_private(cluster.url):
        raise StateProblem("this log is a demo's, in which anybody may be anybody; run `sluis init` for a real one")
    return DEMO_ISSUER if demo else first_issuer(settings.login)


def _become_the_hub(places: Places) -> None:
    """Replace this process, so that signals and the end of the pod reach JupyterHub itself."""
    os.chdir(places.hub)
    os.execv(sys.executable, parts.hub_command())  # noqa: S606 - our own interpreter, by its full path


def _pod(part: str) -> Pod:
    environment = dict(os.environ)
    state, sources = environment.get("SLUIS_STATE") or _STATE, environment.get("SLUIS_SOURCES") or _SOURCES
    return Pod(part=part, places=Places(Path(state)), sources=Path(sources), environment=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
