"""Amazon resource names: an EKS cluster's, which keys all work, and the pattern of an IAM role's."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_PARTITION: Final = "aws[a-z-]*"
# IAM limits a path to 512 characters and a role's name to 64.
ROLE_ARN_PATTERN: Final = rf"^arn:{_PARTITION}:iam::[0-9]{{12}}:role/[0-9A-Za-z_+=,.@/-]+$"
ROLE_ARN_MAX_LENGTH: Final = 640


@dataclass(frozen=True, slots=True, order=True)
class ClusterARN:
    """An EKS cluster's ARN: account, region, partition and name in one. Orders and hashes by its four parts."""

    partition: str
    region: str
    account: str
    name: str

    PATTERN: ClassVar[str] = rf"^arn:{_PARTITION}:eks:[a-z0-9-]+:[0-9]{{12}}:cluster/[0-9A-Za-z][0-9A-Za-z_-]{{0,99}}$"
    MAX_LENGTH: ClassVar[int] = 200

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the ARN of an EKS cluster. Raises ValueError when `text` is not one."""
        # fullmatch: in Python `$` also matches before a final line break.
        if len(text) > cls.MAX_LENGTH or re.fullmatch(cls.PATTERN, text) is None:
            raise ValueError(f"{text!r} is not the ARN of an EKS cluster, such as arn:aws:eks:eu-west-1:111122223333:cluster/prod")
        _, partition, _, region, account, resource = text.split(":")
        return cls(partition, region, account, resource.removeprefix("cluster/"))

    def __str__(self) -> str:
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:cluster/{self.name}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise ValueError("the ARN of an EKS cluster is written as a string")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": cls.PATTERN, "maxLength": cls.MAX_LENGTH}
