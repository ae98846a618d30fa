"""Every delay that is not a setting, in seconds, each with its why. What a user may change is in `settings.py`."""

from typing import Final

# --- The Lease. The three are what Kubernetes' own controllers use, so that people know what to expect of a failover.
LEASE_DURATION: Final = 15.0
"""How long the others leave a Lease alone that its holder does not renew."""
LEASE_RENEW_DEADLINE: Final = 10.0
"""A leader that could not renew for so long stands down by itself, well before the others may take over."""
LEASE_RETRY_PERIOD: Final = 2.0
"""Between two renewals, and between two looks of a candidate."""
LEASE_JITTER: Final = 0.2
"""Fraction by which a retry period is lengthened at random: candidates that started together drift apart."""
LEASE_REQUEST_TIMEOUT: Final = 4.0
"""For one request about the Lease: two of them fit into the renew deadline, so one that hangs costs no leadership."""

# --- Calls that change something at AWS.
MUTATION_LIMIT: Final = 10.0
"""A call is abandoned after this, its outcome unknown, and only begun while the Lease lasts at least as long."""
IAM_PROPAGATION_WINDOW: Final = 120.0
"""A new trust policy may take so long to reach all of IAM; until then EKS refuses the role (seen up to about a minute)."""

# --- Claims and classes.
POSITION_WRITE_INTERVAL: Final = 10.0
"""Between two writes of one claim's status that change only position, length, blocker or message: moves of a long queue stay cheap."""
QUOTA_MEMORY: Final = 600.0
"""How long a quota learnt from a refusal counts where Service Quotas cannot be read: a raise at AWS is noticed within it."""
STALLED_GRACE: Final = 300.0
"""How long something that another app may still bring (class, role, cluster) is waited for before the claim is Stalled."""
SLOW_RECHECK: Final = 600.0
"""Between two tries of what only a person can mend: it is noticed without anybody telling us, and costs nothing meanwhile."""

# --- Requests to the API server.
KUBE_CONNECT_TIMEOUT: Final = 5.0
"""To connect, TLS included: a dead address is given up long before the whole request's time is used."""
KUBE_REQUEST_TIMEOUT: Final = 15.0
"""For a small request as a whole. An API server under load answers later than usual, but 15 s is no answer any more."""
KUBE_LIST_TIMEOUT: Final = 60.0
"""For one page of a LIST: as long as the API server itself works on a request before it gives up."""
KUBE_RETRY_AFTER: Final = 1.0
"""After a 429 that does not say when to come back: what the API server says where it says something."""
KUBE_RETRY_AFTER_MAX: Final = 60.0
"""A longer Retry-After is no answer of an API server but of something in front of it: look again after a minute."""
UNANSWERED_RETRY: Final = 5.0
"""After a change of EKS could not be sent because Kubernetes did not say what must be known first: EKS was not asked for anything yet,
so it is tried again long before anybody would look why nothing happens."""
KUBE_UNREACHABLE_RETRY: Final = 2.0
"""Between two tries to reach the API server at start: the pod often starts before its network."""
KUBE_CREDENTIALS_CHECK: Final = 60.0
"""Between two looks at whether the token must be renewed. A kubelet rotates it at 80% of its life, 10 minutes at the least."""

# --- Events (`events.k8s.io/v1`). Window, burst and refill are those of Kubernetes' own recorder.
EVENT_SERIES_WINDOW: Final = 600.0
"""The same event again within this is counted in the first one instead of being posted anew."""
EVENT_SERIES_INTERVAL: Final = 60.0
"""Between two updates of one event's count: an error that repeats each second costs one request a minute."""
EVENT_REFILL: Final = 300.0
"""One object may have one more event after this; at once it may have `EVENT_BURST` of them."""
EVENT_BURST: Final = 25
"""Events that one object may have at once: a whole life from Queued to Deleted needs fewer than ten."""
EVENT_RETRY: Final = 1.0
"""Before the only second try of an event. Events are for reading along: a lost one harms nobody."""
EVENT_DRAIN: Final = 1.0
"""How long a stop waits for events that are not sent yet: the Lease must be released soon."""

# --- Health.
HEARTBEAT_INTERVAL: Final = 1.0
"""Between two signs of life of the main event loop."""
HEARTBEAT_STALE: Final = 5.0
"""Without a sign of life for so long, the event loop is blocked: no pass or callback of ours may take even a second."""
HEARTBEAT_LOST: Final = 30.0
"""Without a sign of life for so long, the process gives leadership up: a kubelet would have restarted it by now."""
PROBES_STOP: Final = 1.0
"""How long a stop waits for answers of the probe server that are on their way."""

# --- Workers.
TURN_LIMIT: Final = 900.0
"""A worker's turn that lasts longer hangs: even a first read of fifty clusters that share ten calls a second is done by then."""
RESYNC_JITTER: Final = 0.2
"""Fraction by which a resync is put off at random: a thousand clusters that were first read together drift apart."""
WORKER_RETRY: Final = 10.0
"""After a pass that failed for a reason that nobody foresaw: often enough to recover, seldom enough to read the log."""

# --- Drains.
EVICTED_AGAIN: Final = 300.0
"""A pod that was made again on the profile that is being drained is left alone for so long: it would come back once more, and a service
whose pods do nothing but restart is none."""
DRAIN_BLIND_GRACE: Final = 300.0
"""How long a drain waits for an API server that does not answer: as long as for anything that may come back by itself."""

CLASS_RECHECK: Final = 30.0
"""After EC2 or IAM did not answer about a class, and twice as long each time up to `SLOW_RECHECK`: claims may wait for it, and a service
that is down is not asked at each turn."""
CLUSTER_RECHECK: Final = 30.0
"""Between two looks at a cluster that is to become ACTIVE by itself: claims wait for that, and it takes minutes."""

PINNED_RECHECK: Final = 60.0
"""Between two looks at the pod templates that name a profile which is being drained: they are all of a cluster's, and people edit few."""
DRAIN_SLOWEST: Final = 30.0
"""Between two looks at pods that do not go, at the most: what holds them lasts for minutes or until a person acts."""
INSPECTION_INTERVAL: Final = 900.0
"""Between two inspections of a cluster, at the most: what they find holds nothing, and people do not change networks and roles by the
minute. A retry asks for one at once."""
INSPECTION_RETRY: Final = 120.0
"""After an inspection that AWS did not let end, that has found something wrong, or after that was mended: the next ones come after twice
as long each. Nobody waits for them, a service that is down is not asked at each turn, and CoreDNS needs a minute or two to be ready."""

# --- Watches.
WATCH_SERVER_TIMEOUT: Final = 300
"""The API server ends a watch after this, and it is begun anew: a connection that died unnoticed is noticed by then."""
WATCH_CONNECT_TIMEOUT: Final = 10.0
"""To begin a watch."""
WATCH_INACTIVITY: Final = 70.0
"""Without a sign of life for so long, a watch is begun anew: API servers send a bookmark each minute."""
WATCH_CHECK: Final = 1.0
"""Between two looks at whether all watches are running."""
WATCH_START_LIMIT: Final = 60.0
"""Until when all watches must have begun: discovery on a busy API server takes seconds."""
WATCH_STOP: Final = 3.0
"""How long a stop waits for the watches to end."""

# --- Calls to AWS.
AWS_CONNECT_TIMEOUT: Final = 3.0
"""To connect, per address. With `AWS_READ_TIMEOUT` it stays below the limit of a mutation, so that botocore itself gives up first in
the common case and tells whether the request had left."""
AWS_READ_TIMEOUT: Final = 6.0
"""Between two parts of an answer. EKS answers well within a second; what takes longer is asked again."""
AWS_READ_LIMIT: Final = 20.0
"""For a read as a whole: its own time-outs and those of a role that must be assumed first, and an end to answers that only trickle."""
AWS_WRONG_ACCOUNT_RECHECK: Final = 300.0
"""Between two looks whether credentials of the wrong account were replaced: only a person can do that."""
CLUSTER_TOKEN_RENEWAL: Final = 600.0
"""After this a token for an EKS cluster's API is made anew. It is good for 15 min, counted by the clock that signed it: what is left is
for clocks that differ, and for the longest request."""
CLUSTER_API_IDLE: Final = 300.0
"""The client of an EKS cluster's API that nobody has used for so long is closed: checks come every 15 min, drains every few seconds."""
AWS_QUOTAS_TTL: Final = 540.0
"""How long Service Quotas are taken as read: with the next pass, a raise is seen within ten minutes."""
AWS_STEADY_TTL: Final = 86_400.0
"""How long is taken as read what changes a few times a year: the Kubernetes versions of EKS, that a service-linked role exists, the role
of a node group."""
AWS_THROTTLE_BACKOFF_BASE: Final = 1.0
"""Upper bound of the first pause after a throttled call. EKS's own buckets refill within seconds."""
AWS_THROTTLE_BACKOFF_MAX: Final = 60.0
"""Upper bound of all later pauses."""
