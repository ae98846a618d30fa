"""What a DELETE makes of an object: the preconditions, the marks of a deletion that takes time, and when it is over.

Source: ``k8s.io/apiserver/pkg/registry/rest/delete.go`` and ``registry/generic/registry/store.go``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fargateclaims.simulator.kube import crds
from fargateclaims.simulator.kube.builtins import CRDS, NAMESPACES
from fargateclaims.simulator.kube.decoding import NO_VERSION, cannot_unmarshal, is_dry_run
from fargateclaims.simulator.kube.errors import ApiError, GroupResource, bad_request, conflict, invalid, stale
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj, Value, parse_timestamp, timestamp
from fargateclaims.simulator.kube.resources import ResourceType

FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
_POLICIES: Final = ("", "Foreground", "Background", "Orphan")
# What the garbage collector has in an object until it has done what the policy asks for.
_FINALIZERS: Final = {"Foreground": (FOREGROUND,), "Orphan": (ORPHAN,)}


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What must hold for a write; empty means anything."""

    uid: str = ""
    resource_version: str = ""

    def check_update(self, resource: ResourceType, obj: Obj) -> None:
        """409 if they do not hold for an update."""
        meta = obj["metadata"]
        if self.uid and self.uid != meta["uid"]:
            group = resource.group if resource.custom else ""
            place = "/".join(filter(None, (group, resource.plural, meta.get("namespace"), meta["name"])))
            why = f"Precondition failed: UID in precondition: {self.uid}, UID in object meta: {meta['uid']}"
            why = f"StorageError: invalid object, Code: 4, Key: /registry/{place}, ResourceVersion: 0, AdditionalErrorMsg: {why}"
            raise conflict(resource.group_resource, meta["name"], why)
        if self.resource_version and self.resource_version not in ("0", meta["resourceVersion"]):
            if not self.resource_version.isdigit():
                raise ApiError(500, "", f'strconv.ParseUint: parsing "{self.resource_version}": invalid syntax')
            raise stale(resource.group_resource, meta["name"])

    def check_delete(self, resource: ResourceType, obj: Obj) -> None:
        """409 if they do not hold for a delete: worded otherwise, and about the kind."""
        meta = obj["metadata"]
        subject = GroupResource(resource.group, resource.kind)
        for what, wanted, found, guess in (
            ("UID", self.uid, meta["uid"], "deleted and then recreated"),
            ("ResourceVersion", self.resource_version, meta["resourceVersion"], "modified"),
        ):
            if wanted and wanted != found:
                mismatch = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({found})"
                why = f"{mismatch}. The object might have been {guess}"
                raise conflict(subject, meta["name"], why)


NO_PRECONDITIONS: Final = Preconditions()


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """``metav1.DeleteOptions``. `grace` is in seconds, None if the client leaves it to the object.

    `policy` is empty or Foreground, Background, Orphan.
    """

    preconditions: Preconditions = NO_PRECONDITIONS
    grace: int | None = None
    policy: str = ""
    dry_run: bool = False


NO_OPTIONS: Final = DeleteOptions()


def parse_options(given: Value) -> DeleteOptions:
    """The options in a body, or in a query; 400 or 422 if there are no such options."""
    if not isinstance(given, dict):
        raise bad_request(f"{NO_VERSION}{cannot_unmarshal(given, 'struct')}")
    policy = given.get("propagationPolicy") or ""
    if policy not in _POLICIES:
        detail = 'supported values: "Foreground", "Background", "Orphan", "nil"'
        raise invalid("DeleteOptions", "meta.k8s.io", "", [FieldError(Cause.NOT_SUPPORTED, "propagationPolicy", detail, policy)])
    wanted = given.get("preconditions") or {}
    dry_run = given.get("dryRun") or ""
    return DeleteOptions(
        preconditions=Preconditions(wanted.get("uid") or "", wanted.get("resourceVersion") or ""),
        grace=_grace(given.get("gracePeriodSeconds")),
        policy=policy,
        dry_run=is_dry_run(dry_run[0] if isinstance(dry_run, list) else dry_run, "DeleteOptions"),
    )


def _grace(given: Value) -> int | None:
    if given is None or given == "":
        return None
    try:
        seconds = int(given)
    except (TypeError, ValueError) as error:
        raise bad_request(f'strconv.ParseInt: parsing "{given}": invalid syntax') from error
    return seconds if seconds >= 0 else 1


def marked(resource: ResourceType, data: Obj, options: DeleteOptions, now: datetime) -> Obj:
    """`data` with the marks of a deletion that is under way; itself if it has them already."""
    meta = data["metadata"]
    if meta.get("deletionTimestamp"):
        return _shortened(data, options.grace, now)
    grace = resource.grace(data, options.grace) if resource.grace is not None else 0
    meta = {**meta, "deletionTimestamp": timestamp(now + timedelta(seconds=grace)), "deletionGracePeriodSeconds": grace}
    if resource.has_generation:
        meta["generation"] = meta.get("generation", 0) + 1
    result = {**data, "metadata": meta}
    if resource.collection == NAMESPACES:
        del meta["deletionGracePeriodSeconds"]
        result["status"] = {**data.get("status", {}), "phase": "Terminating"}
    added = _FINALIZERS.get(options.policy, ())
    if resource.collection == CRDS:
        added = (crds.FINALIZER, *added)
        result["status"] = crds.terminating_status(data.get("status", {}), meta["deletionTimestamp"])
    present = meta.get("finalizers") or []
    if finalizers := [*present, *(name for name in added if name not in present)]:
        meta["finalizers"] = finalizers
    return result


def _shortened(data: Obj, grace: int | None, now: datetime) -> Obj:
    """A deletion that is under way can only come sooner."""
    meta = data["metadata"]
    pending = meta.get("deletionGracePeriodSeconds") or 0
    if grace is None or grace >= pending:
        return data
    due = parse_timestamp(meta["deletionTimestamp"]) - timedelta(seconds=pending - grace)
    if due < now:
        # It is over, but whoever plays the kubelet ends it.
        due, grace = now, min(grace, 1)
    return {**data, "metadata": {**meta, "deletionTimestamp": timestamp(due), "deletionGracePeriodSeconds": grace}}


def lingers(resource: ResourceType, obj: Obj) -> bool:
    """Whether a marked object stays: someone must do something first."""
    meta = obj["metadata"]
    held = resource.collection == NAMESPACES and bool((obj.get("spec") or {}).get("finalizers"))
    return held or bool(meta.get("finalizers")) or bool(meta.get("deletionGracePeriodSeconds"))
