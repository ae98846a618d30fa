"""What a client gets to see, by its ``Accept`` header: whole objects, only their metadata, or a Table.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from fargateclaims.simulator.kube import views
from fargateclaims.simulator.kube.errors import bad_request, not_acceptable
from fargateclaims.simulator.kube.objects import Obj, dumps
from fargateclaims.simulator.kube.reads import Page
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.store import Stored

_META_VERSION: Final = "meta.k8s.io/v1"


class Form(StrEnum):
    """The ``as=`` of a media type."""

    OBJECT = ""
    TABLE = "Table"
    PARTIAL = "PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class Representation:
    """A form, and how much of each object a Table's rows carry (``None``, ``Metadata`` or ``Object``)."""

    form: Form = Form.OBJECT
    include_object: str = "Metadata"
    with_columns: bool = True

    def without_columns(self) -> "Representation":
        """For the second and later events of a watch: the columns are known."""
        return replace(self, with_columns=False)

    def one(self, resource: ResourceType, stored: Stored, now: datetime) -> bytes:
        """A single object."""
        match self.form:
            case Form.TABLE:
                meta = {"resourceVersion": stored.data["metadata"]["resourceVersion"]}
                return dumps(self._table(resource, [stored], meta, now))
            case Form.PARTIAL:
                return dumps(_partial(stored))
            case _:
                return views.encode(resource, stored)

    def many(self, resource: ResourceType, page: Page, now: datetime) -> bytes:
        """A page of a list."""
        meta: Obj = {"resourceVersion": str(page.revision)}
        if page.continue_token or (resource.custom and self.form is Form.OBJECT):
            meta["continue"] = page.continue_token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
        if self.form is Form.TABLE:
            return dumps(self._table(resource, page.items, meta, now))
        if self.form is Form.PARTIAL:
            items = [_partial(stored) for stored in page.items]
            return dumps({"kind": "PartialObjectMetadataList", "apiVersion": _META_VERSION, "metadata": meta, "items": items})
        head = dumps({"apiVersion": resource.api_version, "kind": f"{resource.kind}List", "metadata": meta})
        return b'%s,"items":[%s]}' % (head[:-1], b",".join(views.encode_item(resource, stored) for stored in page.items))

    def bookmark(self, resource: ResourceType, revision: int, annotations: dict[str, str] | None) -> Obj:
        """The object of a BOOKMARK event: nothing but a resourceVersion."""
        meta: Obj = {"resourceVersion": str(revision)} | ({"annotations": annotations} if annotations else {})
        if self.form is Form.TABLE:
            return {"kind": "Table", "apiVersion": _META_VERSION, "metadata": meta, "columnDefinitions": [], "rows": []}
        if self.form is Form.PARTIAL:
            return {"kind": "PartialObjectMetadata", "apiVersion": _META_VERSION, "metadata": meta}
        return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}

    def _table(self, resource: ResourceType, items: Iterable[Stored], meta: Obj, now: datetime) -> Obj:
        columns = [column.definition() for column in resource.columns] if self.with_columns else []
        rows = [self._row(resource, stored, now) for stored in items]
        return {"kind": "Table", "apiVersion": _META_VERSION, "metadata": meta, "columnDefinitions": columns, "rows": rows}

    def _row(self, resource: ResourceType, stored: Stored, now: datetime) -> Obj:
        row: Obj = {"cells": [column.cell(stored.data, now) for column in resource.columns]}
        if self.include_object == "Object":
            row["object"] = views.from_storage(resource, stored.data)
        elif self.include_object != "None":
            row["object"] = _partial(stored)
        return row


def _partial(stored: Stored) -> Obj:
    return {"kind": "PartialObjectMetadata", "apiVersion": _META_VERSION, "metadata": stored.data["metadata"]}


def negotiate(accept: str, include_object: str) -> Representation:
    """The first form in an ``Accept`` header that is served; 406 if there is none."""
    if include_object not in ("", "None", "Metadata", "Object"):
        raise bad_request(f"unrecognized includeObject value: {include_object!r}")
    for part in (accept or "*/*").split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        options = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if media_type not in ("application/json", "application/*", "*/*"):
            continue
        wanted = options.get("as", "")
        if not wanted:
            return Representation()
        if options.get("g") == "meta.k8s.io" and options.get("v") in ("v1", "v1beta1"):
            form = wanted.removesuffix("List") if wanted.startswith("PartialObjectMetadata") else wanted
            if form in (Form.TABLE, Form.PARTIAL):
                return Representation(Form(form), include_object or "Metadata")
    raise not_acceptable("application/json")
