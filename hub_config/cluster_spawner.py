"""The hub's spawner in a cluster: pods, with the same record of wishes, and none sent while nothing would refuse it."""

import asyncio
from typing import Any, ClassVar

import aiohttp
from jupyterhub.spawner import SpawnException
from kubernetes_asyncio.client.rest import ApiException
from kubespawner.clients import shared_client

from hub_config.admission import Admission, Seen, probe_pod
from hub_config.hub_spawner import WishesOnRecord
from spawner.kube import ClusterSpawner
from spawner.reflectors import widen_the_client

_PATIENCE = 10.0
_UNGUARDED = "the cluster does not check new workspaces just now, so none is started; try again in a few minutes"


class ClusterHubSpawner(WishesOnRecord, ClusterSpawner):
    """Pods. The composition root sets `gate`, `admission`, and what `ClusterSpawner` names."""

    admission: ClassVar[Admission]

    async def _place(self) -> bool:
        """Called until it is true; the policy is looked at meanwhile, and what was seen is believed for a while."""
        found, _ = await asyncio.gather(super()._place(), self._look())
        return found

    async def _make_create_pod_request(self, pod: Any, request_timeout: int) -> bool:
        """Called by KubeSpawner again and again until it returns True: sends the pod.

        Where the policy could not be seen before, it has to be seen right after (DAT-15); `start` then cleans up.
        """
        found = await self._look()
        if found is Seen.LET_IN:
            raise _unguarded()
        made: bool = await super()._make_create_pod_request(pod, request_timeout)
        if made and found is Seen.NO_WAY and await self._look() is not Seen.REFUSED:
            raise _unguarded()
        return made

    async def _look(self) -> Seen:
        try:
            return await self.admission.look(self.namespace)
        except OSError:
            self.log.warning("the cluster's API does not answer a dry run in %s", self.namespace)
            return Seen.NO_WAY


async def send_dry(namespace: str) -> tuple[int, str]:
    """Send the probe as a dry run, as the hub's own account; return status and body. Raises OSError for no answer."""
    widen_the_client()
    try:
        sent = shared_client("CoreV1Api").create_namespaced_pod(namespace, probe_pod(), dry_run="All")
        await asyncio.wait_for(sent, _PATIENCE)
    except ApiException as refused:
        return refused.status or 0, str(refused.body or "")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(str(error)) from None
    return 201, ""


def _unguarded() -> SpawnException:
    return SpawnException(_UNGUARDED, reason="admission_not_seen", status_code=503)
