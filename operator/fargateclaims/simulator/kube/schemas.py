"""Schemas of the built-in kinds: enough to prune, to type-check and to explain them. Pods and Deployments keep whatever their spec says."""

from typing import Final

from fargateclaims.simulator.kube.objects import Obj


def _field(kind: str, description: str, **extra: object) -> Obj:
    return {"type": kind, "description": description, **extra}


def _string(description: str) -> Obj:
    return _field("string", description)


def _integer(description: str) -> Obj:
    return _field("integer", description)


def _object(description: str, **properties: Obj) -> Obj:
    return _field("object", description, properties=properties)


def _list(description: str, items: Obj, **extra: object) -> Obj:
    return _field("array", description, items=items, **extra)


def _strings(description: str) -> Obj:
    return _list(description, {"type": "string"})


def _map(description: str, values: Obj | None = None) -> Obj:
    return _field("object", description, additionalProperties=values or {"type": "string"})


def _anything(description: str) -> Obj:
    return _field("object", description, **{"x-kubernetes-preserve-unknown-fields": True})


def _time(description: str) -> Obj:
    return _field("string", description, format="date-time")


def _micro_time(description: str) -> Obj:
    return _field("string", description, format="micro-time")


def _reference(description: str) -> Obj:
    names = ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")
    return {**_object(description, **{name: _string(f"The {name} of the object.") for name in names}), "x-kubernetes-map-type": "atomic"}


def _conditions(description: str) -> Obj:
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    return _list(description, _anything("One condition."), **keyed)


_SERIES: Final = _object(
    "How often the event was repeated.",
    count=_integer("Number of occurrences so far."),
    lastObservedTime=_micro_time("When it was last seen."),
)
_SOURCE: Final = _object("Who reported it.", component=_string("The reporting component."), host=_string("The reporting node."))

NAMESPACE: Final = _object(
    "A scope for names.",
    spec=_object("What the namespace needs.", finalizers=_strings("What must be done before the namespace goes.")),
    status=_object(
        "The state of the namespace.",
        phase=_string("Active or Terminating."),
        conditions=_conditions("Why a deletion takes time."),
    ),
)
CONFIG_MAP: Final = _object(
    "Configuration data for pods to consume.",
    data=_map("Text values by key."),
    binaryData=_map("Binary values by key, in base64."),
    immutable=_field("boolean", "Whether the data may never change."),
)
SECRET: Final = _object(
    "Secret data of a certain type.",
    data=_map("Values by key, in base64.", {"type": "string", "format": "byte"}),
    stringData=_map("Values by key as plain text, for writing only."),
    type=_string("What the data is for."),
    immutable=_field("boolean", "Whether the data may never change."),
)
SERVICE_ACCOUNT: Final = _object(
    "An identity for processes in pods.",
    automountServiceAccountToken=_field("boolean", "Whether pods get a token."),
    imagePullSecrets=_list("Secrets to pull images with.", _anything("A reference to a secret.")),
    secrets=_list("Secrets that pods may use.", _anything("A reference to a secret.")),
)
LEASE: Final = _object(
    "A lock with a time limit.",
    spec=_object(
        "Who holds the lease, and for how long.",
        holderIdentity=_string("The identity of the holder."),
        leaseDurationSeconds=_integer("How long candidates wait after the last renewal."),
        acquireTime=_micro_time("When the holder took it."),
        renewTime=_micro_time("When the holder last renewed it."),
        leaseTransitions=_integer("How often the holder changed."),
        preferredHolder=_string("Who should take it next."),
        strategy=_string("How the holder is chosen."),
    ),
)
EVENT: Final = _object(
    "A report of something that happened.",
    action=_string("What was done."),
    count=_integer("Number of occurrences."),
    eventTime=_micro_time("When it was first seen."),
    firstTimestamp=_time("When it was first recorded."),
    involvedObject=_reference("What it is about."),
    lastTimestamp=_time("When it was last recorded."),
    message=_string("What happened, for people."),
    reason=_string("Why, in one word."),
    related=_reference("Another object that took part."),
    reportingComponent=_string("The controller that reports."),
    reportingInstance=_string("The instance of that controller."),
    series=_SERIES,
    source=_SOURCE,
    type=_string("Normal or Warning."),
)
NEW_EVENT: Final = _object(
    "A report of something that happened.",
    action=_string("What was done."),
    deprecatedCount=_integer("Number of occurrences, for the older API."),
    deprecatedFirstTimestamp=_time("When it was first recorded, for the older API."),
    deprecatedLastTimestamp=_time("When it was last recorded, for the older API."),
    deprecatedSource=_SOURCE,
    eventTime=_micro_time("When it was first seen."),
    note=_string("What happened, for people."),
    reason=_string("Why, in one word."),
    regarding=_reference("What it is about."),
    related=_reference("Another object that took part."),
    reportingController=_string("The controller that reports."),
    reportingInstance=_string("The instance of that controller."),
    series=_SERIES,
    type=_string("Normal or Warning."),
)
POD: Final = _object("Containers that run together.", spec=_anything("What to run."), status=_anything("How it runs."))
DEPLOYMENT: Final = _object("Replicated pods.", spec=_anything("What to run, and how often."), status=_anything("How it runs."))
CRD: Final = _object("A kind of objects made known to the API server.", spec=_anything("The kind."), status=_anything("Its acceptance."))
