"""GET and LIST: consistent pages, selectors, and the meaning of ``resourceVersion``.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

import base64
import binascii
import json
from dataclasses import dataclass, replace

from fargateclaims.simulator.kube.errors import ApiError, bad_request, expired, invalid, not_found, too_large_version
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Key
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.selectors import EVERYTHING, Selector
from fargateclaims.simulator.kube.store import RevisionGoneError, Snapshot, Store, Stored

_INCONSISTENT = -1  # the revision in a continue token that goes on from the present state


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The query parameters of a LIST."""

    selector: Selector = EVERYTHING
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a collection. `remaining` is None where it is not known."""

    items: list[Stored]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


def parse_revision(text: str, *, of_list: bool = False) -> int:
    """A resourceVersion as clients send it; 500 if it is none of ours, 400 where a list is asked for."""
    if text.isdigit():
        return int(text)
    why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    raise bad_request(f"invalid resource version: {why}") if of_list else ApiError(500, "", why)


def get(store: Store, resource: ResourceType, key: Key, not_older_than: str = "") -> Stored:
    """One object; 404 if there is none, 504 if it is asked for in a state that is yet to come."""
    if not_older_than and (wanted := parse_revision(not_older_than)) > store.revision:
        raise too_large_version(wanted, store.revision)
    stored = store.get(resource.collection, key)
    if stored is None:
        raise not_found(resource.group_resource, key[1])
    return stored


def list_page(store: Store, resource: ResourceType, namespace: str | None, options: ListOptions, as_of: int | None = None) -> Page:
    """One page. 410 if the history does not reach back to what is asked for, 504 if that is in the future.

    `as_of` overrides what the client asks for, to play a server that lags.
    """
    start: Key | None = None
    check_match(options.match, options.resource_version, continued=bool(options.continue_token))
    if options.resource_version == "0" and not options.continue_token:
        # Served from the watch cache, which knows no pages.
        options = replace(options, limit=0)
    if options.continue_token:
        revision, start = _parse_token(options)
    else:
        revision = _wanted_revision(store, options)
    if as_of is not None and not options.continue_token:
        revision = as_of
    try:
        snapshot = store.snapshot(resource.collection, namespace, revision)
    except RevisionGoneError as error:
        raise _gone(start) from error
    return _cut(snapshot, start, options)


def _wanted_revision(store: Store, options: ListOptions) -> int | None:
    if not options.resource_version:
        return None
    wanted = parse_revision(options.resource_version, of_list=True)
    if wanted > store.revision:
        raise too_large_version(wanted, store.revision)
    if options.match == "Exact" or (options.limit and wanted and not options.match):
        return wanted
    return None


def check_match(match: str, resource_version: str, *, continued: bool) -> None:
    """422 if resourceVersionMatch does not go with the rest."""
    errors = []
    if match and continued:
        errors.append(_forbidden("resourceVersionMatch is forbidden when continue is provided"))
    elif match and not resource_version:
        errors.append(_forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and match not in ("Exact", "NotOlderThan"):
        detail = 'supported values: "Exact", "NotOlderThan", ""'
        errors.append(FieldError(Cause.NOT_SUPPORTED, "resourceVersionMatch", detail, match))
    if match == "Exact" and resource_version == "0":
        errors.append(_forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if errors:
        raise invalid("ListOptions", "meta.k8s.io", "", errors)


def _forbidden(detail: str) -> FieldError:
    return FieldError(Cause.FORBIDDEN, "resourceVersionMatch", detail)


def _cut(snapshot: Snapshot, start: Key | None, options: ListOptions) -> Page:
    items: list[Stored] = []
    selector = options.selector
    for stored in snapshot.after(start):
        if selector and not selector.matches(stored.data):
            continue
        if options.limit and len(items) == options.limit:
            last = items[-1].key
            remaining = None if selector else snapshot.count_after(last)
            return Page(items, snapshot.revision, _token(snapshot.revision, last), remaining)
        items.append(stored)
    return Page(items, snapshot.revision)


def _token(revision: int, last: Key) -> str:
    content = {"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(last)}
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _parse_token(options: ListOptions) -> tuple[int | None, Key]:
    if options.resource_version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    token = options.continue_token
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = content["start"].rpartition("/")
        revision = int(content["rv"])
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request("invalid continue token: continue key is not valid") from error
    return (None if revision == _INCONSISTENT else revision), (namespace, name)


def _gone(start: Key | None) -> ApiError:
    if start is None:
        return expired("The resourceVersion for the provided list is too old.")
    refusal = expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
        "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided "
        "token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was "
        "returned and now may show up in the list."
    )
    refusal.list_meta = {"continue": _token(_INCONSISTENT, start)}
    return refusal
