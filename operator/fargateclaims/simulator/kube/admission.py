"""Everything that is checked and filled in between decoding an object and storing it, for creates and updates of all kinds."""

from fargateclaims.simulator.kube import metadata, views
from fargateclaims.simulator.kube.decoding import refuse
from fargateclaims.simulator.kube.field_errors import Cause, FieldError
from fargateclaims.simulator.kube.objects import Obj
from fargateclaims.simulator.kube.resources import ResourceType
from fargateclaims.simulator.kube.schema import apply_defaults
from fargateclaims.simulator.kube.validation import RULES_SKIPPED, shape_errors, validate

_IDENTITY = ("apiVersion", "kind", "metadata", "status")


def for_create(resource: ResourceType, obj: Obj) -> Obj:
    """A new object, ready to be stored; 422 if it is invalid. Its status is dropped where ``/status`` is the only way to write it."""
    if resource.has_status and not resource.status_from_start:
        obj = {name: value for name, value in obj.items() if name != "status"}
    return _checked(resource, _filled(resource, obj, None), None)


def for_update(resource: ResourceType, obj: Obj, old: Obj, subresource: str) -> Obj:
    """An updated object, ready to be stored: `subresource` decides what may change. 422 if it is invalid."""
    if subresource == "status":
        obj = _with_status_of({**old, "metadata": {**old["metadata"], "resourceVersion": obj["metadata"]["resourceVersion"]}}, obj)
    elif subresource == "finalize":
        obj = {**old, "spec": obj.get("spec") or {}}
    else:
        if resource.has_status:
            obj = _with_status_of(obj, old)
        if resource.kind == "Namespace":
            obj = {**obj, "spec": old["spec"]}
    obj = _filled(resource, obj, old)
    if resource.has_generation and _body(resource, obj) != _body(resource, old):
        obj = {**obj, "metadata": {**obj["metadata"], "generation": old["metadata"].get("generation", 0) + 1}}
    return _checked(resource, obj, old, of_status=subresource == "status")


def refuse_nulls(resource: ResourceType, obj: Obj) -> None:
    """422 for a null where none is allowed: of what is applied, and only there, nulls are not dropped."""
    nulls = [error for error in shape_errors(resource.schema, obj) if error.cause is Cause.TYPE_INVALID and error.value == "null"]
    if nulls and resource.custom:
        refuse(resource, obj, [*nulls, RULES_SKIPPED])


def _with_status_of(obj: Obj, source: Obj) -> Obj:
    rest = {name: value for name, value in obj.items() if name != "status"}
    return rest | {"status": source["status"]} if "status" in source else rest


def _body(resource: ResourceType, obj: Obj) -> Obj:
    """What counts for the generation: all but metadata, and the status where it is a subresource."""
    ignored = _IDENTITY if resource.has_status else _IDENTITY[:3]
    return {name: value for name, value in obj.items() if name not in ignored}


def _filled(resource: ResourceType, obj: Obj, old: Obj | None) -> Obj:
    if resource.prepare is not None:
        obj = resource.prepare(obj, old)
    filled: Obj = apply_defaults(resource.schema, obj)
    return filled


def _checked(resource: ResourceType, obj: Obj, old: Obj | None, *, of_status: bool = False) -> Obj:
    errors = metadata.check(resource, obj, old)
    if resource.custom:
        errors = validate(resource.schema, obj, old, errors, of_status=of_status)
    elif resource.schema.has_required:
        errors += [error for error in shape_errors(resource.schema, obj) if error.cause is Cause.REQUIRED]
    if resource.check is not None:
        before = None if old is None else views.to_storage(resource, old)
        errors += resource.check(views.to_storage(resource, obj), before)
    if resource.namespaced and not obj["metadata"].get("namespace"):
        errors.append(FieldError(Cause.REQUIRED, "metadata.namespace"))
    refuse(resource, obj, errors)
    return obj
