"""Every operation by real boto3 over real HTTP; the fixtures hold each answer against botocore's model."""

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from fargateclaims.simulator.eks.client import Seeded, SimulatedEKS
from fargateclaims.simulator.eks.operations import MOTOS, OPERATIONS, route
from support.botocore_shapes import problems

MODEL = ServiceModel(Loader().load_service_model("eks", "service-2"))
Create = Callable[..., Any]


def error_of(call: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    response = refused.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("operation", [*OPERATIONS, *MOTOS])
def test_methods_and_paths_are_those_of_botocores_model(operation: str) -> None:
    method, path = OPERATIONS[operation][:2] if operation in OPERATIONS else MOTOS[operation]
    http = MODEL.operation_model(operation).http
    blank = re.compile(r"\{[^}]+\}")
    assert (method, blank.sub("{}", path)) == (http["method"], blank.sub("{}", http["requestUri"]))
    assert route(method, blank.sub("x", path))[0] == operation  # type: ignore[index]


def test_every_operation_answers_as_botocores_model_says(
    eks: Any, seeded: Seeded, simulated: SimulatedEKS, validated: set[str], active: Create
) -> None:
    made = eks.create_cluster(
        name="new", roleArn=seeded.cluster_role_arn, resourcesVpcConfig={"subnetIds": seeded.private_subnets}, tags={"a": "1"}
    )["cluster"]
    assert made["resourcesVpcConfig"]["vpcId"] == seeded.vpc_id
    assert made["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
    assert eks.list_clusters()["clusters"] == ["c", "new"]
    assert eks.list_nodegroups(clusterName="new")["nodegroups"] == []
    assert eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"][0]["defaultVersion"]

    profile = active(tags={"team": "a"})
    assert eks.list_fargate_profiles(clusterName="c")["fargateProfileNames"] == ["a"]
    simulated.health_issues("c", "a", [{"code": "AccessDenied", "message": "m", "resource_ids": ["r"]}])
    described = eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")["fargateProfile"]
    assert described["status"] == "ACTIVE"
    assert described["health"]["issues"] == [{"code": "AccessDenied", "message": "m", "resourceIds": ["r"]}]

    addon = eks.create_addon(clusterName="c", addonName="coredns", configurationValues='{"computeType":"Fargate"}')["addon"]
    update = eks.update_addon(clusterName="c", addonName="coredns", configurationValues="{}", addonVersion="v2")["update"]
    assert eks.describe_addon(clusterName="c", addonName="coredns")["addon"]["configurationValues"] == "{}"
    assert eks.list_addons(clusterName="c")["addons"] == ["coredns"]
    assert eks.list_updates(name="c", addonName="coredns")["updateIds"] == [update["id"]]
    assert eks.describe_update(name="c", updateId=update["id"])["update"]["status"] == "Successful"

    role = "arn:aws:iam::123456789012:role/people"
    entry = eks.create_access_entry(clusterName="c", principalArn=role, kubernetesGroups=["g"])["accessEntry"]
    assert eks.list_access_entries(clusterName="c")["accessEntries"] == [seeded.pod_execution_role_arn, role]
    eks.update_access_entry(clusterName="c", principalArn=role, username="u")
    assert eks.describe_access_entry(clusterName="c", principalArn=role)["accessEntry"]["username"] == "u"

    for arn in (made["arn"], profile["fargateProfileArn"], addon["addonArn"], entry["accessEntryArn"]):
        eks.tag_resource(resourceArn=arn, tags={"k": "v", "gone": ""})
        eks.untag_resource(resourceArn=arn, tagKeys=["gone"])
        assert eks.list_tags_for_resource(resourceArn=arn)["tags"]["k"] == "v"

    eks.delete_access_entry(clusterName="c", principalArn=role)
    eks.delete_addon(clusterName="c", addonName="coredns")
    eks.update_cluster_config(name="new", accessConfig={"authenticationMode": "API"})
    assert eks.describe_cluster(name="new")["cluster"]["accessConfig"]["authenticationMode"] == "API"
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    eks.delete_cluster(name="new")
    assert validated == set(OPERATIONS)


def test_the_model_check_sees_what_is_wrong() -> None:
    shape = MODEL.operation_model("DescribeFargateProfile").output_shape
    assert problems({"fargateProfile": {"status": "SLEEPING"}}, shape)
    assert problems({"fargateProfile": {"createdAt": "today"}}, shape)
    assert problems({"fargateProfile": {"colour": "red"}}, shape)
    assert problems({"fargateProfile": {"subnets": "s"}}, shape)
    assert problems([], shape)
    assert problems({}, MODEL.operation_model("CreateFargateProfile").input_shape)


def test_lists_come_in_pages(eks: Any, simulated: SimulatedEKS) -> None:
    names = [f"p{number:03}" for number in range(250)]
    simulated.place("c", [{"name": name} for name in names])
    pages = list(eks.get_paginator("list_fargate_profiles").paginate(clusterName="c"))
    assert [len(page["fargateProfileNames"]) for page in pages] == [100, 100, 50]
    assert [name for page in pages for name in page["fargateProfileNames"]] == names
    small = eks.list_fargate_profiles(clusterName="c", maxResults=1)
    assert (small["fargateProfileNames"], small["nextToken"]) == (["p000"], "p000")
    code, _, status = error_of(lambda: eks.list_fargate_profiles(clusterName="c", maxResults=101))
    assert (code, status) == ("InvalidParameterException", 400)


def test_a_profile_on_its_way(eks: Any, simulated: SimulatedEKS, create: Create) -> None:
    def status() -> str:
        return str(eks.describe_fargate_profile(clusterName="c", fargateProfileName="a")["fargateProfile"]["status"])

    assert create("a")["status"] == "CREATING"
    simulated.advance(30)
    assert status() == "CREATING"
    simulated.advance(30)
    assert status() == "ACTIVE"
    assert eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")["fargateProfile"]["status"] == "DELETING"
    simulated.advance(45)
    assert status() == "DELETING"
    simulated.advance(45)
    assert error_of(status)[0] == "ResourceNotFoundException"
    # The simulated clock also goes on by itself: only the ledger knows the moments.
    creating, active, deleting, gone = (change.at for change in simulated.transitions())
    assert [active - creating, gone - deleting] == pytest.approx([60, 90])


def test_without_subnets_a_profile_gets_the_clusters_private_ones(seeded: Seeded, create: Create) -> None:
    assert create(subnets=[])["subnets"] == seeded.private_subnets


def test_eks_enters_the_pod_execution_role_by_itself(eks: Any, seeded: Seeded, create: Create) -> None:
    create()
    entry = eks.describe_access_entry(clusterName="c", principalArn=seeded.pod_execution_role_arn)["accessEntry"]
    assert (entry["type"], entry["username"]) == ("FARGATE_LINUX", "system:node:{{SessionName}}")


def test_a_cluster_with_profiles_is_not_deleted(eks: Any, simulated: SimulatedEKS, active: Create) -> None:
    active()
    assert error_of(lambda: eks.delete_cluster(name="c"))[::2] == ("ResourceInUseException", 409)
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    assert error_of(lambda: eks.delete_cluster(name="c"))[0] == "ResourceInUseException"
    simulated.advance(90)
    eks.delete_cluster(name="c")
    assert error_of(lambda: eks.describe_cluster(name="c")) == ("ResourceNotFoundException", "No cluster found for name: c.", 404)


def test_an_update_shows_for_as_long_as_it_lasts(eks: Any, simulated: SimulatedEKS, create: Create) -> None:
    simulated.update_seconds(30)
    update = eks.update_cluster_config(name="c", resourcesVpcConfig={"endpointPublicAccess": False})["update"]
    assert update["status"] == "InProgress"
    assert eks.describe_cluster(name="c")["cluster"]["status"] == "UPDATING"
    assert error_of(create)[1] == "Cluster 'c' is not in ACTIVE status"
    simulated.advance(30)
    assert eks.describe_update(name="c", updateId=update["id"])["update"]["status"] == "Successful"
    assert eks.describe_cluster(name="c")["cluster"]["status"] == "ACTIVE"


def test_node_groups_are_motos(eks: Any, seeded: Seeded) -> None:
    eks.create_nodegroup(clusterName="c", nodegroupName="n", subnets=seeded.private_subnets, nodeRole=seeded.cluster_role_arn)
    assert eks.list_nodegroups(clusterName="c")["nodegroups"] == ["n"]
    assert eks.describe_nodegroup(clusterName="c", nodegroupName="n")["nodegroup"]["nodeRole"] == seeded.cluster_role_arn
    assert error_of(lambda: eks.describe_nodegroup(clusterName="c", nodegroupName="x"))[::2] == ("ResourceNotFoundException", 404)
    absent = ("ResourceNotFoundException", "No cluster found for name: x.", 404)
    assert error_of(lambda: eks.list_nodegroups(clusterName="x")) == absent
    assert error_of(lambda: eks.delete_cluster(name="c"))[0] == "ResourceInUseException"


def test_versions_by_what_is_asked_for(eks: Any) -> None:
    def versions(**asked: Any) -> dict[str, str]:
        return {each["clusterVersion"]: each["status"] for each in eks.describe_cluster_versions(**asked)["clusterVersions"]}

    supported, known = versions(), versions(includeAll=True)
    assert set(supported.values()) == {"standard-support", "extended-support"}
    assert {version for version, support in known.items() if support == "unsupported"} == known.keys() - supported.keys() != set()
    assert versions(clusterVersions=["1.29", "1.35"]) == {"1.29": "unsupported", "1.35": "standard-support"}
    assert versions(versionStatus="UNSUPPORTED").keys() == known.keys() - supported.keys()
    assert list(versions(defaultOnly=True)) == [eks.describe_cluster(name="c")["cluster"]["version"]]
    pages = eks.get_paginator("describe_cluster_versions").paginate(includeAll=True, maxResults=3)
    assert [len(page["clusterVersions"]) for page in pages] == [3, 3, 1]


def test_an_addon_at_work_takes_no_other_update(eks: Any, simulated: SimulatedEKS) -> None:
    eks.create_addon(clusterName="c", addonName="coredns")
    simulated.update_seconds(30)

    def update() -> None:
        eks.update_addon(clusterName="c", addonName="coredns", configurationValues="{}", resolveConflicts="PRESERVE")

    update()
    assert eks.describe_addon(clusterName="c", addonName="coredns")["addon"]["status"] == "UPDATING"
    text = "Addon coredns cannot be updated as it is currently in UPDATING state"
    assert error_of(update) == ("ResourceInUseException", text, 409)
    simulated.advance(30)
    assert eks.describe_addon(clusterName="c", addonName="coredns")["addon"]["status"] == "ACTIVE"
    update()


def test_a_tag_belongs_to_one_incarnation(eks: Any, simulated: SimulatedEKS, active: Create) -> None:
    first = active()["fargateProfileArn"]
    eks.delete_fargate_profile(clusterName="c", fargateProfileName="a")
    simulated.advance(90)
    second = active()["fargateProfileArn"]
    assert first != second
    assert error_of(lambda: eks.tag_resource(resourceArn=first, tags={"a": "b"}))[::2] == ("NotFoundException", 404)
    assert error_of(lambda: eks.tag_resource(resourceArn=second, tags={"aws:a": "b"}))[::2] == ("BadRequestException", 400)
    assert error_of(lambda: eks.list_tags_for_resource(resourceArn="nonsense"))[::2] == ("BadRequestException", 400)


@pytest.mark.parametrize(
    ("request_line", "body", "code"),
    [
        ("POST /clusters/c/fargate-profiles", "{", "SerializationException"),
        ("POST /clusters/c/fargate-profiles", "[]", "SerializationException"),
        ("POST /clusters/c/fargate-profiles", "{}", "InvalidParameterException"),
        ("POST /clusters/c/fargate-profiles", '{"fargateProfileName": 7}', "InvalidParameterException"),
        ("GET /clusters/c/fargate-profiles?maxResults=many", "", "InvalidParameterException"),
        ("POST /tags/x", '{"tags": 7}', "BadRequestException"),
    ],
)
def test_malformed_requests_get_an_answer_of_eks(seeded: Seeded, simulated: SimulatedEKS, request_line: str, body: str, code: str) -> None:
    connection = simulated._connection
    method, path = request_line.split()
    scope = f"AWS4-HMAC-SHA256 Credential={seeded.access_key_id}/20260101/us-east-1/eks/aws4_request, SignedHeaders=host, Signature=0"
    connection.request(method, path, body, {"Authorization": scope, "Content-Type": "application/json"})
    response = connection.getresponse()
    document = json.loads(response.read())
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, code)
    assert document["message"]


def test_of_many_creates_at_once_one_is_accepted(eks: Any, simulated: SimulatedEKS, create: Create) -> None:
    def attempt(number: int) -> str:
        try:
            return str(create(f"p{number}")["status"])
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(attempt, range(24)))
    assert outcomes == {"CREATING": 1, "ResourceInUseException": 23}
    assert len(simulated.profiles("c")) == 1
