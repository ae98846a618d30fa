"""Volumes. Fargate mounts EFS, if the volume was made by hand; nothing else that outlives the pod.

Source: the EKS user guide's pages on Fargate and on the EBS, EFS, FSx and Mountpoint for S3 drivers; the fargate-scheduler's `V is of an
unsupported volume Type` and `PVC C bound to invalid PV V with nil CSI spec` or `with CSI Driver: D`; the kubelet of Amazon EKS Distro,
which makes the same checks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Resource
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Path, Rule, Severity
from fargateclaims.domain.lint.values import mapping, mappings, text
from fargateclaims.domain.pods.templates import KINDS

_EBS: Final = frozenset({"ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs", "awsElasticBlockStore"})
_EFS: Final = "efs.csi.aws.com"
_BY_HAND: Final = "kubernetes.io/no-provisioner"
"""The provisioner of classes that bind what was made by hand: the volumes themselves are judged."""
_PRODUCTS: Final = {
    **dict.fromkeys(_EBS, "EBS"),
    _EFS: "EFS",
    "fsx.csi.aws.com": "FSx for Lustre",
    "openzfs.csi.aws.com": "FSx for OpenZFS",
    "fsx.openzfs.csi.aws.com": "FSx for OpenZFS",
    "csi.trident.netapp.io": "Trident (FSx for ONTAP)",
    "s3.csi.aws.com": "Mountpoint for S3",
    "file.csi.aws.com": "Amazon File Cache",
}
"""What people know drivers by."""
# What EKS, its drivers' charts and their documents call their classes; other names are judged by their StorageClass, if it is there.
_EBS_CLASSES: Final = frozenset({"gp2", "gp3", "gp2-csi", "gp3-csi", "ebs-sc", "ebs-gp3", "auto-ebs-sc"})
_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_TAKEN: Final = ("configMap", "downwardAPI", "emptyDir", "nfs", "persistentVolumeClaim", "projected", "secret")
_WITH_OWN_RULE: Final = ("awsElasticBlockStore", "hostPath")
_NO_TYPES: Final = frozenset({"capacity", "claimRef", "nodeAffinity"})
"""What else a PersistentVolume's spec has that is a mapping."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim to a volume, in whatever it stands.

    :param path: of its spec.
    :param volume: of the PersistentVolume that it names.
    """

    path: Path
    what: str
    storage_class: str | None
    volume: str


def _claims(resource: Resource) -> Iterator[_Claim]:
    if resource.kind == "PersistentVolumeClaim":
        yield _claim(resource.path, "the claim", resource.value)
        return
    if resource.kind == "StatefulSet":
        for index, template in mappings(resource.value, "spec", "volumeClaimTemplates"):
            path = (*resource.path, "spec", "volumeClaimTemplates", index)
            yield _claim(path, f"volume claim template {text(template, 'metadata', 'name')}", template)


def _claim(path: Path, what: str, value: object) -> _Claim:
    spec = mapping(value, "spec")
    annotated = mapping(value, "metadata", "annotations").get(_CLASS_ANNOTATION)
    named = spec.get("storageClassName", annotated)
    return _Claim((*path, "spec"), what, named if isinstance(named, str) else None, text(spec, "volumeName"))


def _driver(claim: _Claim, inventory: Inventory) -> tuple[str, Mapping[str, Any]]:
    """What a claim's volume is of, and the parameters by which it will be provisioned; empty if that is not known.

    It is of a CSI driver, of a provisioner, or of a type that has neither.
    """
    if claim.volume:
        named = inventory.find("PersistentVolume", claim.volume)
        return ("" if named is None else _source(named)), {}
    if claim.storage_class == "":
        return "", {}
    found = inventory.default_class if claim.storage_class is None else inventory.find("StorageClass", claim.storage_class)
    if found is not None:
        return text(found.value, "provisioner"), mapping(found.value, "parameters")
    return ("ebs.csi.aws.com" if claim.storage_class in _EBS_CLASSES else ""), {}


def _source(volume: Resource) -> str:
    """A PersistentVolume's CSI driver, or else its type; empty if it has none."""
    spec = mapping(volume.value, "spec")
    types = (kind for kind, value in spec.items() if isinstance(kind, str) and isinstance(value, dict) and kind not in _NO_TYPES)
    return text(spec, "csi", "driver") or next(types, "")


def _source_path(volume: Resource) -> Path:
    within = ("csi", "driver") if text(volume.value, "spec", "csi", "driver") else (_source(volume),)
    return (*volume.path, "spec", *within)


def _is_other(source: str) -> bool:
    """Whether this is neither of EFS nor what has a rule of its own."""
    return source not in {"", _EFS, _BY_HAND} and source not in _EBS


def _product(source: str) -> str:
    # CSI drivers are named like domains, types are plain words.
    return _PRODUCTS.get(source) or (source if "." in source else f"type {source}")


def _naming_path(claim: _Claim) -> Path:
    if claim.volume:
        return (*claim.path, "volumeName")
    return claim.path if claim.storage_class is None else (*claim.path, "storageClassName")


def _said(claim: _Claim) -> str:
    if claim.volume:
        return f"volumeName {claim.volume}"
    return f"class {claim.storage_class}" if claim.storage_class else "the default class"


def _ebs(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        if _driver(claim, inventory)[0] in _EBS:
            yield Hit(_naming_path(claim), f"{claim.what} gets an EBS volume by {_said(claim)}")
    if _is_made_by_hand(resource) and _source(resource) in _EBS:
        yield Hit((*resource.path, "spec"), "is an EBS volume")
    for path, volume in _volumes(resource):
        if isinstance(volume.get("awsElasticBlockStore"), dict):
            yield Hit(path, f"volume {text(volume, 'name')} is an EBS volume")


def _dynamic_efs(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        driver, parameters = _driver(claim, inventory)
        if driver == _EFS and "provisioningMode" in parameters:
            yield Hit(_naming_path(claim), f"{claim.what} has its EFS volume provisioned by {_said(claim)}")


def _unmountable(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        source = _driver(claim, inventory)[0]
        if _is_other(source):
            yield Hit(_naming_path(claim), f"{claim.what} gets a volume of {_product(source)} by {_said(claim)}")
    if _is_made_by_hand(resource) and _is_other(source := _source(resource)):
        yield Hit(_source_path(resource), f"is a volume of {_product(source)}")


def _unsupported(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for path, volume in _volumes(resource):
        for kind, value in volume.items():
            if isinstance(value, dict) and isinstance(kind, str) and kind not in _TAKEN and kind not in _WITH_OWN_RULE:
                driver = text(value, "driver")
                yield Hit((*path, kind), f"volume {text(volume, 'name')} is of type {kind}{f' ({driver})' if driver else ''}")


def _no_class(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        if claim.storage_class is None and not claim.volume and inventory.default_class is None:
            yield Hit(claim.path, f"{claim.what} names neither a class nor a volume")


def _storage_class(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    driver = text(resource.value, "provisioner")
    dynamic_efs = driver == _EFS and "provisioningMode" in mapping(resource.value, "parameters")
    if driver in _EBS or _is_other(driver) or dynamic_efs:
        yield Hit((*resource.path, "provisioner"), f"provisions {_PRODUCTS.get(driver, driver)} volumes")


def _is_made_by_hand(resource: Resource) -> bool:
    """Whether this is a PersistentVolume, and not one that was provisioned: that is told of where it is claimed."""
    return resource.kind == "PersistentVolume" and not mapping(resource.value, "spec", "claimRef").get("uid")


def _volumes(resource: Resource) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """A pod's volumes."""
    if resource.pod is not None:
        for index, volume in mappings(resource.pod.spec, "volumes"):
            yield (*resource.pod.path, "volumes", index), volume


_CLAIMS: Final = frozenset({"PersistentVolumeClaim", "StatefulSet"})
_STORAGE: Final = _CLAIMS | {"PersistentVolume"}

RULES: Final = (
    Rule(
        id="FG111",
        severity=Severity.ERROR,
        title="Volume of an unsupported type",
        why=(
            "The fargate-scheduler takes configMap, downwardAPI, emptyDir, nfs, persistentVolumeClaim, projected and secret. Any other is "
            "of an unsupported type, and the pod stays Pending."
        ),
        advice="read secrets through the API or a synced Secret, files from a ConfigMap, an emptyDir or a static EFS volume",
        sources=("G7", "G21"),
        check=_unsupported,
        expressions=(
            Expression(
                PODS,
                "!has(variables.spec.volumes) || variables.spec.volumes.all(v, "
                + " || ".join(f"has(v.{kind})" for kind in (*_TAKEN, *_WITH_OWN_RULE))
                + ")",
            ),
        ),
    ),
    Rule(
        id="FG112",
        severity=Severity.ERROR,
        title="EBS volume",
        why="Pods on Fargate cannot mount EBS volumes: the pod stays Pending, or cannot start.",
        advice="use a static EFS volume, or keep this workload on EC2 nodes",
        sources=("G22",),
        kinds=_STORAGE | (KINDS - {"DaemonSet"}),
        check=_ebs,
        expressions=(
            Expression(
                "persistentvolumeclaims",
                "!has(object.spec.storageClassName) || (has(object.spec.volumeName) && object.spec.volumeName != '')"
                " || !(object.spec.storageClassName in [" + ", ".join(f"'{name}'" for name in sorted(_EBS_CLASSES)) + "])",
            ),
        ),
        whole=False,
    ),
    Rule(
        id="FG113",
        severity=Severity.ERROR,
        title="EFS volume that is provisioned dynamically",
        why="Fargate mounts EFS volumes by itself, but only those that were made by hand: a PersistentVolume of the file system.",
        advice='make a PersistentVolume with the file system\'s id, name it in the claim (volumeName), and set storageClassName to ""',
        sources=("G21",),
        kinds=_CLAIMS,
        check=_dynamic_efs,
    ),
    Rule(
        id="FG114",
        severity=Severity.ERROR,
        title="Claimed volume that is not of EFS",
        why="The fargate-scheduler takes claims that are bound to a volume of the EFS driver alone: with another, the pod stays Pending.",
        advice="use a static EFS volume, or keep this workload on EC2 nodes",
        sources=("G21", "G22"),
        kinds=_STORAGE,
        check=_unmountable,
    ),
    Rule(
        id="FG401",
        severity=Severity.INFO,
        title="StorageClass of no use on Fargate",
        why="No volume that this class provisions can be mounted by a pod on Fargate.",
        advice="nothing to do, if pods on EC2 nodes use it; for Fargate, make static EFS volumes",
        sources=("G21", "G22"),
        kinds=frozenset({"StorageClass"}),
        check=_storage_class,
    ),
    Rule(
        id="FG402",
        severity=Severity.WARNING,
        title="Claim without a class",
        why="The cluster's default class provisions the volume: on EKS that is EBS as a rule, which Fargate cannot mount.",
        advice='set storageClassName to "" and volumeName to a static EFS volume',
        sources=("G21", "G22"),
        kinds=_CLAIMS,
        check=_no_class,
        expressions=(
            Expression(
                "persistentvolumeclaims",
                "has(object.spec.storageClassName) || (has(object.spec.volumeName) && object.spec.volumeName != '')"
                " || (has(object.metadata.annotations) && 'volume.beta.kubernetes.io/storage-class' in object.metadata.annotations)",
            ),
        ),
        whole=False,
    ),
)
