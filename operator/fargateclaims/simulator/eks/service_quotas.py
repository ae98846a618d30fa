"""Service Quotas, as far as Fargate's three quotas go; moto knows none of them."""

from typing import Any, Final

from fargateclaims.simulator.eks.errors import EKSError
from fargateclaims.simulator.eks.model import Quotas

SERVICE: Final = "servicequotas"
# Code: (name, attribute of Quotas), as in the AWS General Reference, "Amazon EKS endpoints and quotas".
CODES: Final = {
    "L-33415657": ("Fargate profiles per cluster", "profiles"),
    "L-D78D8AF8": ("Selectors per Fargate profile", "selectors"),
    "L-23414FF3": ("Label pairs per Fargate profile selector", "labels"),
}


def answer(operation: str, body: dict[str, Any], quotas: Quotas, account: str, region: str) -> dict[str, Any]:
    """Return the answer to GetServiceQuota, GetAWSDefaultServiceQuota or ListServiceQuotas for EKS.

    Raises:
        EKSError: No such quota, or another operation.

    """
    if operation == "ListServiceQuotas":
        return {"Quotas": [_quota(code, quotas, account, region) for code in CODES]}
    if operation not in {"GetServiceQuota", "GetAWSDefaultServiceQuota"}:
        raise EKSError("UnknownOperationException", f"{operation} is not simulated")
    code = body.get("QuotaCode")
    if body.get("ServiceCode") != "eks" or code not in CODES:
        raise EKSError("NoSuchResourceException", "The request failed because the specified quota does not exist.", 400)
    return {"Quota": _quota(code, Quotas() if operation == "GetAWSDefaultServiceQuota" else quotas, account, region)}


def _quota(code: str, quotas: Quotas, account: str, region: str) -> dict[str, Any]:
    name, attribute = CODES[code]
    return {
        "ServiceCode": "eks",
        "ServiceName": "Amazon Elastic Kubernetes Service (Amazon EKS)",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:eks/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(getattr(quotas, attribute)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
