"""What the operator reads of an object's metadata."""

from pydantic import Field

from fargateclaims.api.base import APIModel
from fargateclaims.api.times import Time


class ObjectMeta(APIModel):
    """The metadata of a stored object, as the API server sets it. Times have whole seconds."""

    name: str
    namespace: str | None = None
    uid: str
    resource_version: str
    generation: int
    creation_timestamp: Time
    deletion_timestamp: Time | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
