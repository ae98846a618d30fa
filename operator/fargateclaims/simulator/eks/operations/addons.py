"""Managed add-ons, as far as CoreDNS on Fargate needs them."""

import json
from typing import Any, Final
from uuid import uuid4

from fargateclaims.simulator.eks import errors
from fargateclaims.simulator.eks.operations.call import EKSCall
from fargateclaims.simulator.eks.validation import check_new_tags

ADDON_VERSION: Final = "v1.12.1-eksbuild.2"


def create_addon(call: EKSCall) -> dict[str, Any]:
    """Install an add-on, ACTIVE at once."""
    cluster, name = call.cluster(), call.text("addonName")
    if name in cluster.addons:
        raise errors.EKSError("ResourceInUseException", "Addon already exists.")
    tags = call.mapping("tags")
    check_new_tags(tags)
    now = cluster.clock()
    addon = {
        "addonName": name,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "addonVersion": call.body.get("addonVersion") or ADDON_VERSION,
        "health": {"issues": []},
        "addonArn": f"{cluster.arn.replace(':cluster/', ':addon/')}/{name}/{uuid4()}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": tags,
        **_optional(call),
    }
    cluster.addons[name] = addon
    return {"addon": addon}


def describe_addon(call: EKSCall) -> dict[str, Any]:
    """Describe an add-on."""
    addon = _existing(call)
    return {"addon": {**addon, "status": _status(call, addon)}}


def list_addons(call: EKSCall) -> dict[str, Any]:
    """List the names of a cluster's add-ons."""
    return call.page("addons", list(call.cluster().addons))


def update_addon(call: EKSCall) -> dict[str, Any]:
    """Change an add-on's version or configuration by an update."""
    addon, cluster = _existing(call), call.cluster()
    status = _status(call, addon)
    if status != addon["status"]:
        raise errors.addon_busy(addon["addonName"], status)
    changes = _optional(call)
    if call.body.get("addonVersion"):
        changes["addonVersion"] = call.text("addonVersion")
    addon.update(changes, modifiedAt=cluster.clock())
    params = {key[0].upper() + key[1:]: str(value) for key, value in changes.items()}
    update = cluster.begin_update("AddonUpdate", params, call.simulation.update_seconds, addon["addonName"])
    return {"update": update.document(cluster.clock())}


def delete_addon(call: EKSCall) -> dict[str, Any]:
    """Remove an add-on."""
    addon = _existing(call)
    del call.cluster().addons[addon["addonName"]]
    return {"addon": {**addon, "status": "DELETING"}}


def _status(call: EKSCall, addon: dict[str, Any]) -> str:
    """Return UPDATING during an update, else its own."""
    cluster = call.cluster()
    at_work = any(update.addon == addon["addonName"] and cluster.clock() < update.ends_at for update in cluster.updates.values())
    return "UPDATING" if at_work else str(addon["status"])


def _existing(call: EKSCall) -> dict[str, Any]:
    cluster, name = call.cluster(), call.path["addonName"]
    if name not in cluster.addons:
        raise errors.EKSError("ResourceNotFoundException", f"No addon: {name} found in cluster: {cluster.name}")
    return cluster.addons[name]


def _optional(call: EKSCall) -> dict[str, Any]:
    """Return what was sent of the fields that an add-on need not have; raise EKSError for a configuration that is no JSON."""
    sent = {key: call.text(key) for key in ("configurationValues", "serviceAccountRoleArn") if call.body.get(key)}
    try:
        json.loads(sent.get("configurationValues", "{}"))
    except ValueError:
        raise errors.invalid_parameter("ConfigurationValue provided in request is not supported: it is not valid JSON") from None
    return sent
