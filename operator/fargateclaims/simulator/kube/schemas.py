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


def _open(description: str, required: tuple[str, ...] = (), **properties: Obj) -> Obj:
    """An object of which only these fields matter here; it keeps whatever else it says."""
    extra: Obj = {"x-kubernetes-preserve-unknown-fields": True} | ({"required": list(required)} if required else {})
    return _object(description, **properties) | extra


def _default(field: Obj, value: object) -> Obj:
    return field | {"default": value}


def _number_or_text(description: str) -> Obj:
    return {"description": description, "x-kubernetes-int-or-string": True}


def _keyed(description: str, items: Obj, *keys: str) -> Obj:
    return _list(description, items, **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})


_QUANTITIES: Final = _map("Quantities by resource.", _number_or_text("A quantity."))
_CONTAINER: Final = _open(
    "A program in the pod.",
    required=("name",),
    name=_string("The name of the container."),
    image=_string("Its image."),
    command=_strings("The entry point."),
    args=_strings("Arguments of the entry point."),
    env=_keyed("Environment variables.", _open("One variable.", name=_string("Its name."), value=_string("Its value.")), "name"),
    ports=_keyed(
        "Ports that it listens at.",
        _open("One port.", containerPort=_integer("The number."), protocol=_default(_string("TCP, UDP or SCTP."), "TCP")),
        "containerPort",
        "protocol",
    ),
    resources=_default(_open("What it needs.", limits=_QUANTITIES, requests=_QUANTITIES), {}),
    volumeMounts=_keyed("Volumes in its file system.", _open("One mount.", mountPath=_string("Where.")), "mountPath"),
)
_CONTAINERS: Final = _keyed("What runs in the pod.", _CONTAINER, "name")
_POD_SPEC: Final = _open(
    "What to run.",
    required=("containers",),
    containers=_CONTAINERS,
    initContainers=_keyed("What runs before.", _CONTAINER, "name"),
    dnsPolicy=_default(_string("Which DNS servers it asks."), "ClusterFirst"),
    nodeName=_string("The node that it is bound to."),
    nodeSelector=_map("Labels that its node must have."),
    restartPolicy=_default(_string("Always, OnFailure or Never."), "Always"),
    schedulerName=_default(_string("Who binds it to a node."), "default-scheduler"),
    securityContext=_default(_open("What its processes may do."), {}),
    serviceAccountName=_string("The identity of its processes."),
    terminationGracePeriodSeconds=_default(_integer("How long it may take to end."), 30),
    tolerations=_list("Taints that do not keep it away.", _open("One toleration.")),
    topologySpreadConstraints=_list("How replicas are spread.", _open("One constraint.")),
    volumes=_keyed("What containers can mount.", _open("One volume.", name=_string("Its name.")), "name"),
)
POD: Final = _object(
    "Containers that run together.",
    spec=_POD_SPEC,
    status=_open(
        "How it runs.", phase=_string("Pending, Running, Succeeded, Failed or Unknown."), conditions=_conditions("Its conditions.")
    ),
) | {"required": ["spec"]}
_TEMPLATE: Final = _object("The pods to make.", metadata=_open("Their metadata.", labels=_map("Their labels.")), spec=_POD_SPEC) | {
    "required": ["spec"]
}
_SELECTOR: Final = {
    **_object(
        "Which pods count.",
        matchLabels=_map("Labels that they must have."),
        matchExpressions=_list("What else must hold.", _open("One requirement.")),
    ),
    "x-kubernetes-map-type": "atomic",
}
_STATUS: Final = _open("What was observed.", conditions=_conditions("Its conditions."))


def _workload(description: str, *, selector: bool = True, **properties: Obj) -> Obj:
    """What makes pods by a template. `selector`: which pods are its own must be said."""
    required = ("selector", "template") if selector else ("template",)
    spec = _open("What to run, and how often.", required=required, selector=_SELECTOR, template=_TEMPLATE, **properties)
    return _object(description, spec=spec, status=_STATUS) | {"required": ["spec"]}


_REPLICAS: Final = _default(_integer("How many pods."), 1)
DEPLOYMENT: Final = _workload(
    "Replicated pods that are replaced when they change.",
    replicas=_REPLICAS,
    minReadySeconds=_integer("How long a pod must be ready to be available."),
    paused=_field("boolean", "Whether changes wait."),
    progressDeadlineSeconds=_default(_integer("How long a change may make no progress."), 600),
    revisionHistoryLimit=_default(_integer("How many old replica sets are kept."), 10),
    strategy=_default(
        _open(
            "How pods are replaced.",
            type=_default(_string("RollingUpdate or Recreate."), "RollingUpdate"),
            rollingUpdate=_object(
                "How many at a time.",
                maxSurge=_number_or_text("Pods above the number wanted."),
                maxUnavailable=_number_or_text("Pods below the number wanted."),
            ),
        ),
        {},
    ),
)
REPLICA_SET: Final = _workload(
    "Replicated pods.", replicas=_REPLICAS, minReadySeconds=_integer("How long a pod must be ready to be available.")
)
STATEFUL_SET: Final = _workload("Replicated pods with an identity each.", replicas=_REPLICAS)
DAEMON_SET: Final = _workload("One pod on each node.")
JOB: Final = _workload("Pods that run to an end.", selector=False)
CRON_JOB: Final = _object("Jobs by the clock.", spec=_open("Which, and when."), status=_open("The last ones.")) | {"required": ["spec"]}
POD_DISRUPTION_BUDGET: Final = _object(
    "How many of some pods may be disrupted at a time.",
    spec=_object(
        "The budget.",
        selector=_SELECTOR,
        minAvailable=_number_or_text("How many must be healthy: a number, or a percentage."),
        maxUnavailable=_number_or_text("How many may be missing: a number, or a percentage."),
        unhealthyPodEvictionPolicy=_string("IfHealthyBudget or AlwaysAllow."),
    ),
    status=_STATUS,
)
NODE: Final = _object(
    "A machine that runs pods.",
    spec=_open(
        "What it is.",
        unschedulable=_field("boolean", "Whether new pods stay away."),
        taints=_list("What keeps pods away.", _open("A taint.")),
    ),
    status=_open("How it is.", conditions=_conditions("Its conditions.")),
)
PERSISTENT_VOLUME_CLAIM: Final = _object("A wish for storage.", spec=_open("What is wanted."), status=_open("What was found."))
CRD: Final = _object("A kind of objects made known to the API server.", spec=_anything("The kind."), status=_anything("Its acceptance."))
