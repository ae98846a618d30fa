"""Holds a JSON document against a shape of botocore's service model: types, required members, enums, nothing unknown."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "timestamp": (int, float),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


def problems(value: Any, shape: Shape | None, where: str = "$") -> list[str]:
    """Return what is wrong with ``value``, each with its place; an empty list when it fits."""
    if shape is None:
        return [] if value == {} else [f"{where}: an answer was sent where the model has none"]
    if isinstance(shape, StructureShape):
        return _structure_problems(value, shape, where)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{where}: not a list"]
        return [found for index, item in enumerate(value) for found in problems(item, shape.member, f"{where}[{index}]")]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [f"{where}: not a map"]
        return [found for key, item in value.items() for found in problems(item, shape.value, f"{where}.{key}")]
    if not isinstance(value, TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        return [f"{where}: {value!r} is no {shape.type_name}"]
    enum = getattr(shape, "enum", None)
    if enum and value not in enum:
        return [f"{where}: {value!r} is none of {enum}"]
    return []


def _structure_problems(value: Any, shape: StructureShape, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: not an object"]
    members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
    missing = [f"{where}.{name}: missing" for name in shape.required_members if name not in value]
    unknown = [f"{where}.{name}: not in the model" for name in value if name not in members]
    nested = [found for name, item in value.items() if name in members for found in problems(item, members[name], f"{where}.{name}")]
    return missing + unknown + nested
