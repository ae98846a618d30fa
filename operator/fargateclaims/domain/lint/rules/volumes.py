"""Volumes. Fargate mounts EFS, if the volume was made by hand; nothing else that outlives the pod.

Source: the EKS user guide's pages on Fargate and on the EBS, EFS, FSx and Mountpoint for S3 drivers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fargateclaims.domain.lint.inventory import Inventory
from fargateclaims.domain.lint.resources import Pod, Resource, pod_of
from fargateclaims.domain.lint.rule import PODS, Expression, Hit, Path, Rule, Severity
from fargateclaims.domain.lint.values import mapping, mappings, text

_EBS: Final = frozenset({"ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs"})
_EFS: Final = "efs.csi.aws.com"
_UNMOUNTABLE: Final = {
    "fsx.csi.aws.com": "FSx for Lustre",
    "openzfs.csi.aws.com": "FSx for OpenZFS",
    "fsx.openzfs.csi.aws.com": "FSx for OpenZFS",
    "csi.trident.netapp.io": "Trident (FSx for ONTAP)",
    "s3.csi.aws.com": "Mountpoint for S3",
    "file.csi.aws.com": "Amazon File Cache",
}
# What EKS, its drivers' charts and their documents call their classes; other names are judged by their StorageClass, if it is there.
_EBS_CLASSES: Final = frozenset({"gp2", "gp3", "gp2-csi", "gp3-csi", "ebs-sc", "ebs-gp3", "auto-ebs-sc"})
_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_OTHER_TYPES: Final = (
    *("csi", "iscsi", "rbd", "cephfs", "glusterfs", "fc", "azureDisk", "azureFile", "gcePersistentDisk", "cinder", "flexVolume"),
    *("portworxVolume", "vsphereVolume", "quobyte", "scaleIO", "storageos", "flocker", "photonPersistentDisk"),
)
"""Types that need a driver on the node, or a cloud that this is not. Inline CSI volumes were refused as of an unsupported type."""


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
    if resource.pod is not None:
        for index, volume in mappings(resource.pod.spec, "volumes"):
            template = mapping(volume, "ephemeral", "volumeClaimTemplate")
            if template:
                path = (*resource.pod.path, "volumes", index, "ephemeral", "volumeClaimTemplate")
                yield _claim(path, f"ephemeral volume {text(volume, 'name')}", template)


def _claim(path: Path, what: str, value: object) -> _Claim:
    spec = mapping(value, "spec")
    annotated = mapping(value, "metadata", "annotations").get(_CLASS_ANNOTATION)
    named = spec.get("storageClassName", annotated)
    return _Claim((*path, "spec"), what, named if isinstance(named, str) else None, text(spec, "volumeName"))


def _driver(claim: _Claim, inventory: Inventory) -> tuple[str, Mapping[str, Any]]:
    """The driver that will provision a claim's volume, and its parameters; empty if that is not known, or nothing is provisioned."""
    if claim.volume or claim.storage_class == "":
        return "", {}
    found = inventory.default_class if claim.storage_class is None else inventory.find("StorageClass", claim.storage_class)
    if found is not None:
        return text(found.value, "provisioner"), mapping(found.value, "parameters")
    return ("ebs.csi.aws.com" if claim.storage_class in _EBS_CLASSES else ""), {}


def _class_path(claim: _Claim) -> Path:
    return claim.path if claim.storage_class is None else (*claim.path, "storageClassName")


def _said(claim: _Claim) -> str:
    return f"class {claim.storage_class}" if claim.storage_class else "the default class"


def _ebs(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        if _driver(claim, inventory)[0] in _EBS:
            yield Hit(_class_path(claim), f"{claim.what} gets an EBS volume by {_said(claim)}")
    for path, volume in _volumes(resource):
        if "awsElasticBlockStore" in volume or text(volume, "csi", "driver") in _EBS:
            yield Hit(path, f"{_called(resource, volume)}is an EBS volume")


def _dynamic_efs(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        driver, parameters = _driver(claim, inventory)
        if driver == _EFS and "provisioningMode" in parameters:
            yield Hit(_class_path(claim), f"{claim.what} has its EFS volume provisioned by {_said(claim)}")


def _unmountable(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        product = _UNMOUNTABLE.get(_driver(claim, inventory)[0])
        if product is not None:
            yield Hit(_class_path(claim), f"{claim.what} gets a volume of {product} by {_said(claim)}")
    if resource.kind == "PersistentVolume":
        for path, volume in _volumes(resource):
            product = _UNMOUNTABLE.get(text(volume, "csi", "driver"))
            if product is not None:
                yield Hit((*path, "csi", "driver"), f"is a volume of {product}")


def _unsupported(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    for path, volume in _volumes(resource):
        for kind in _OTHER_TYPES:
            # A driver of EBS has its own rule.
            if isinstance(volume.get(kind), dict) and text(volume, "csi", "driver") not in _EBS:
                driver = text(volume, "csi", "driver")
                yield Hit((*path, kind), f"volume {text(volume, 'name')} is of type {kind}{f' ({driver})' if driver else ''}")


def _no_class(resource: Resource, inventory: Inventory) -> Iterator[Hit]:
    for claim in _claims(resource):
        if claim.storage_class is None and not claim.volume and inventory.default_class is None:
            yield Hit(claim.path, f"{claim.what} names neither a class nor a volume")


def _storage_class(resource: Resource, _inventory: Inventory) -> Iterator[Hit]:
    driver = text(resource.value, "provisioner")
    dynamic_efs = driver == _EFS and "provisioningMode" in mapping(resource.value, "parameters")
    if driver in _EBS or driver in _UNMOUNTABLE or dynamic_efs:
        yield Hit((*resource.path, "provisioner"), f"provisions {_product(driver)} volumes")


def _product(driver: str) -> str:
    return "EBS" if driver in _EBS else "EFS" if driver == _EFS else _UNMOUNTABLE[driver]


def _volumes(resource: Resource) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The volumes that an object itself describes: a pod's, or a PersistentVolume's own one."""
    if resource.kind == "PersistentVolume":
        # One that was provisioned is told of where it is claimed.
        if not mapping(resource.value, "spec", "claimRef").get("uid"):
            yield (*resource.path, "spec"), mapping(resource.value, "spec")
    elif resource.pod is not None:
        pod: Pod = pod_of(resource)
        for index, volume in mappings(pod.spec, "volumes"):
            yield (*pod.path, "volumes", index), volume


def _called(resource: Resource, volume: Mapping[str, Any]) -> str:
    return "" if resource.kind == "PersistentVolume" else f"volume {text(volume, 'name')} "


_CLAIMING: Final = frozenset(
    {
        *("PersistentVolumeClaim", "PersistentVolume", "Pod", "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"),
        *("Job", "CronJob", "PodTemplate"),
    }
)
_CLAIMS_ALONE: Final = _CLAIMING - {"PersistentVolume"}

RULES: Final = (
    Rule(
        id="FG111",
        severity=Severity.ERROR,
        title="Volume of an unsupported type",
        why="The fargate-scheduler refuses it as of an unsupported type: drivers run as DaemonSets, which Fargate does not have.",
        advice="read secrets through the API or a synced Secret, files from a ConfigMap, an emptyDir or a static EFS volume",
        sources=("G7", "G21"),
        check=_unsupported,
        expressions=(
            Expression(
                PODS,
                "!has(variables.spec.volumes) || variables.spec.volumes.all(v, "
                + " && ".join(f"!has(v.{kind})" for kind in _OTHER_TYPES[1:])
                + " && (!has(v.csi) || v.csi.driver in ["
                + ", ".join(f"'{driver}'" for driver in sorted(_EBS))
                + "]))",
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
        kinds=_CLAIMING,
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
        kinds=_CLAIMS_ALONE,
        check=_dynamic_efs,
    ),
    Rule(
        id="FG114",
        severity=Severity.ERROR,
        title="Volume of FSx, or of another driver that works on EC2 alone",
        why="Its driver runs on EC2 nodes only, so the pod cannot start on Fargate.",
        advice="use a static EFS volume, or keep this workload on EC2 nodes",
        sources=("G21", "G22"),
        kinds=_CLAIMING,
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
        kinds=_CLAIMS_ALONE,
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
