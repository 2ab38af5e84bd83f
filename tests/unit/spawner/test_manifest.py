"""The pod of a decision, compared whole; what it carries, and that every change of it is found."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jupyterhub.spawner import Spawner as HubSpawner
from kubespawner import KubeSpawner

from spawner.manifest import MOST_MOUNTS, Cluster, Server, difference, expected_pod
from spawner.pod_traits import baseline, pod_traits
from spawner.server_in_pod import HUB_NAMES, LAUNCH
from spawner.storage import DatasetProblem
from spawner.workspace import Mount, Profile
from tests.unit.spawner.fake_cluster import AT, CLUSTER, GVISOR, MOUNTS, PROFILES, SMALL, workspace

pytestmark = pytest.mark.unit

PODS = Path(__file__).with_name("pods")
FROM_HUB = {name: f"the hub's {name.lower()}" for name in HUB_NAMES} | {
    "JPY_API_TOKEN": "t0ken",
    "JUPYTERHUB_ADMIN_ACCESS": "1",
    "JUPYTERHUB_CRYPT_KEY": "secret",
    "MEM_LIMIT": "1",
    "PATH": "/hub/bin",
    "PYTHONPATH": "/hub",
    "JUPYTERHUB_COOKIE_OPTIONS": "",
}
SERVER = Server(FROM_HUB, {"hub.jupyter.org/kubespawner-version": "7.1.0"})


def pod(**changes: Any) -> dict[str, Any]:
    """The pod of `workspace`, with changes."""
    return expected_pod(workspace(**changes), CLUSTER, SERVER, AT)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_the_whole_pod_of_each_profile(profile: Profile) -> None:
    """SPW-10, SPW-11, SPW-12, DAT-14: every field there is."""
    assert pod(profile=profile) == yaml.safe_load((PODS / f"{profile.name}.yaml").read_text(encoding="utf-8"))


def test_the_environment_is_these_names_and_no_others() -> None:
    """SPW-11: of what the hub has, its server reads these; no second token, no key, no path of the hub's machine."""
    given_names = {one["name"]: one["value"] for one in pod()["spec"]["containers"][0]["env"]}
    assert set(given_names) == (set(HUB_NAMES) - {"JUPYTERHUB_COOKIE_OPTIONS"}) | {
        "HOME", "JUPYTERHUB_DEFAULT_URL", "JUPYTERHUB_DISABLE_USER_CONFIG", "JUPYTERHUB_ROOT_DIR",
        "JUPYTER_RUNTIME_DIR", "LANG", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS", "PATH",
        "SLUIS_INSTALLATION", "SLUIS_PERSON", "SLUIS_REQUEST", "SLUIS_UNTIL", "TMPDIR",
    }  # fmt: skip
    assert given_names["PATH"] == "/opt/workspace/bin:/usr/local/bin:/usr/bin:/bin"


def test_the_server_runs_nothing_of_the_home_and_keeps_its_token() -> None:
    """SPW-12, TOK-04: an absolute path, `-I`, and the token out of what kernels inherit before any other code runs."""
    command = pod()["spec"]["containers"][0]["command"]
    assert command[:4] == ["/opt/workspace/bin/python", "-I", "-c", LAUNCH]
    lines = LAUNCH.splitlines()
    imports = [number for number, line in enumerate(lines) if line.startswith("from jupyterhub")]
    assert [lines.index('token = os.environ.pop("JUPYTERHUB_API_TOKEN")') < one for one in imports] == [True]
    compile(LAUNCH, "launch", "exec")


def test_a_profile_that_reads_by_the_api_mounts_nothing_and_says_where_data_lie() -> None:
    """DAT-12: under gVisor no volume of a bucket, and no sidecar asked for."""
    made = pod(profile=GVISOR)
    assert not [one for one in made["spec"]["volumes"] if "csi" in one]
    assert not [name for name in made["metadata"]["annotations"] if name.startswith("gke-gcsfuse")]
    by_name = {one["name"]: one["value"] for one in made["spec"]["containers"][0]["env"]}
    assert by_name["SLUIS_DATASETS"] == "trial=gs://centre-data/trial/v1 whole=gs://centre-whole"


def test_no_dataset_no_sidecar() -> None:
    """DAT-12: a workspace without data has no volume of a bucket and no identity's address."""
    made = pod(mounts=())
    assert [one["name"] for one in made["spec"]["volumes"]] == ["home", "tmp", "shm"]
    assert "gke-gcsfuse/volumes" not in made["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(hours=1), 3600),
        (timedelta(seconds=1, microseconds=1), 2),
        (timedelta(microseconds=1), 1),
        (timedelta(0), 1),
        (timedelta(hours=-1), 1),
    ],
)
def test_the_node_ends_it_when_its_ground_lapses(left: timedelta, seconds: int) -> None:
    """POL-03: rounded up to a second, and one at least, which the API server asks for."""
    assert pod(until=AT + left)["spec"]["activeDeadlineSeconds"] == seconds


def test_without_an_end_there_is_no_deadline() -> None:
    """POL-03: and the annotation is empty."""
    made = pod(until=None)
    assert "activeDeadlineSeconds" not in made["spec"]
    assert made["metadata"]["annotations"]["sluis.dev/until"] == ""


@pytest.mark.parametrize("source", ["trial/v1", "gs://_/x", "gs://centre-data/../x", "gs://centre-data/", "gs://"])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.name)
def test_a_dataset_that_lies_in_no_bucket_starts_nothing(source: str, profile: Profile) -> None:
    """DAT-05: refused again at the pod, under every profile."""
    with pytest.raises(DatasetProblem):
        pod(mounts=(Mount("trial", "1", source),), profile=profile)


def test_more_datasets_than_a_grant_holds_start_nothing() -> None:
    """DAT-12: the wait for them, and the cluster's check of them, are bounded."""
    many = tuple(Mount(f"d{i}", "1", f"gs://centre-data/d{i}") for i in range(MOST_MOUNTS + 1))
    with pytest.raises(ValueError, match="more than 50 datasets"):
        pod(mounts=many)
    assert len(pod(mounts=many[:-1])["spec"]["volumes"]) == MOST_MOUNTS + 3


@given(st.dictionaries(st.from_regex(r"[a-z]{3,9}", fullmatch=True), st.booleans(), max_size=20))
def test_the_mounts_are_the_decisions_mounts(datasets: dict[str, bool]) -> None:
    """DAT-03, DAT-14: each dataset once, its own part of its bucket, read-only on both sides; else nothing at /data."""
    mounts = tuple(Mount(name, "1", f"gs://{name}{'/v1' if part else ''}") for name, part in datasets.items())
    spec = pod(mounts=mounts)["spec"]
    volumes = {one["name"]: one["csi"] for one in spec["volumes"] if "csi" in one}
    mounted = [one for one in spec["containers"][0]["volumeMounts"] if one["mountPath"].startswith("/data")]
    assert {one["mountPath"]: volumes[one["name"]]["volumeAttributes"]["bucketName"] for one in mounted} == {
        f"/data/{name}": name for name in datasets
    }
    assert all(one["readOnly"] is True for one in (*mounted, *volumes.values()))
    attributes = [one["volumeAttributes"] for one in volumes.values()]
    assert {one["bucketName"]: "only-dir=v1" in one["mountOptions"].split(",") for one in attributes} == datasets


@given(st.integers(1, 999_999_999), st.integers(1, 999_999_999), st.integers(1, 99), st.integers(1, 99))
def test_two_persons_share_neither_account_nor_home(one: int, other: int, here: int, there: int) -> None:
    """DAT-02, SPW-07: and one person's workspaces of two requests lie in two namespaces."""
    both = [pod(person=f"P-{one}", request=f"DR-{here}"), pod(person=f"P-{other}", request=f"DR-{there}")]
    same = (one, here) == (other, there)
    for field in ("serviceAccountName",):
        whose = [(made["metadata"]["namespace"], made["spec"][field]) for made in both]
        assert (whose[0] == whose[1]) is same
    homes = [(made["metadata"]["namespace"], made["spec"]["volumes"][0]) for made in both]
    assert (homes[0] == homes[1]) is same


def test_the_same_pod_has_no_difference() -> None:
    """SPW-10: also after it went over the wire."""
    assert difference(json.loads(json.dumps(pod())), pod()) == []


def test_every_changed_field_is_found() -> None:
    """SPW-10: each value of the whole pod changed, taken away, and something added beside it."""
    right, found = pod(), 0
    for path, changed in _changed(right):
        assert difference(changed, right) != [], path
        found += 1
    assert found > 400


def test_a_difference_names_the_place_and_no_value() -> None:
    """TOK-04: a token could be the value."""
    changed = pod()
    changed["spec"]["containers"][0]["env"][2]["value"] = "t0ken"
    changed["spec"]["hostNetwork"] = True
    assert difference(changed, pod()) == ["spec.containers[0].env[2].value", "spec.hostNetwork"]


def test_one_is_not_true() -> None:
    """SPW-10: JSON's numbers and its true are two things."""
    assert difference({"readOnly": 1}, {"readOnly": True}) == ["readOnly"]


def test_every_setting_that_touches_a_pod_is_set_at_each_start() -> None:
    """SPW-03: what is left alone is here by name, with why."""
    left_alone = {
        # how the API server is reached and asked
        "k8s_api_host", "k8s_api_request_retry_timeout", "k8s_api_request_timeout", "k8s_api_ssl_ca_cert",
        "k8s_api_threadpool_workers", "k8s_api_verify_ssl", "delete_grace_period",
        # words of a progress page that is not shown
        "slow_spawn_message", "slow_spawn_message_frequency", "slow_spawn_message_threshold",
        # the hub's own business with a server: forms, times, hooks after the end, tokens
        "auth_state_hook", "consecutive_failure_limit", "http_timeout", "oauth_client_allowed_scopes", "oauth_roles",
        "options_form", "options_from_form", "poll_interval", "poll_jitter", "post_stop_hook", "progress_ready_hook",
        "server_token_scopes", "start_timeout", "ssl_alt_names", "ssl_alt_names_include_local",
    }  # fmt: skip
    settable = {name for name, one in KubeSpawner.class_traits().items() if one.metadata.get("config")}
    assert set(HubSpawner.class_trait_names()) <= set(KubeSpawner.class_trait_names())
    assert settable - (set(baseline(CLUSTER)) | set(pod_traits(pod()))) == left_alone


def test_a_baseline_is_new_each_time() -> None:
    """SPW-03: a list that one start filled is not the next one's."""
    one, other = baseline(CLUSTER), baseline(CLUSTER)
    one["environment"]["X"] = "1"
    assert other["environment"] == {}


@pytest.mark.parametrize("text", ["{username}", "a{", "}"])
def test_a_brace_is_no_template(text: str) -> None:
    """SPW-02: an operator's text neither."""
    cluster = Cluster(image=f"registry.example.org/{text}", hub_url="http://10.0.0.9:8081")
    with pytest.raises(ValueError, match="would be a template"):
        pod_traits(expected_pod(workspace(), cluster, SERVER, AT))


def test_requests_are_the_limits_where_none_are_set() -> None:
    """S86: a size is kept free whole."""
    resources = pod(profile=SMALL)["spec"]["containers"][0]["resources"]
    assert resources["requests"] == resources["limits"]


def test_the_order_of_mounts_is_the_decisions() -> None:
    """SPW-10: so that the same decision is the same pod."""
    turned = pod(mounts=MOUNTS[::-1])["spec"]["containers"][0]["volumeMounts"]
    assert [one["mountPath"] for one in turned if one["name"].startswith("ds-")] == ["/data/whole", "/data/trial"]


def _changed(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The whole with one thing changed, for each thing in it."""
    if isinstance(value, dict):
        yield (*path, "+"), value | {"added": "x"}
        for key, one in value.items():
            yield (*path, key, "-"), {name: other for name, other in value.items() if name != key}
            yield from ((where, value | {key: other}) for where, other in _changed(one, (*path, key)))
    elif isinstance(value, list):
        yield (*path, "+"), [*value, {}]
        for i, one in enumerate(value):
            yield (*path, i, "-"), value[:i] + value[i + 1 :]
            for where, other in _changed(one, (*path, i)):
                yield where, [*value[:i], other, *value[i + 1 :]]
    elif isinstance(value, bool):
        yield path, not value
    else:
        yield path, value + 1 if isinstance(value, int) else f"{value} "
        yield (*path, "type"), [deepcopy(value)]
