# The roles of the operator and of its profiles' pods, from the documents one folder up.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5"
    }
  }
}

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  values = {
    partition          = data.aws_partition.this.partition
    region             = data.aws_region.this.id
    account            = data.aws_caller_identity.this.account_id
    cluster            = var.cluster
    installation       = var.installation
    pod_execution_role = var.pod_execution_role
    operator_account   = data.aws_caller_identity.this.account_id
    operator_cluster   = var.operator_cluster
    namespace          = var.namespace
    service_account    = var.service_account
  }
  trust_irsa         = var.oidc_provider == null ? "" : templatefile("${path.module}/../trust-irsa.json", merge(local.values, { oidc_provider = var.oidc_provider }))
  trust_pod_identity = templatefile("${path.module}/../trust-pod-identity.json", local.values)
}

resource "aws_iam_role" "operator" {
  name               = var.operator_role
  assume_role_policy = var.oidc_provider == null ? local.trust_pod_identity : local.trust_irsa
}

resource "aws_iam_role_policy" "operator" {
  name   = "fargate-profiles"
  role   = aws_iam_role.operator.name
  policy = templatefile("${path.module}/../operator-policy.json", local.values)
}

resource "aws_iam_role_policy" "assume_role" {
  for_each = var.cluster_account_roles

  name = "assume-${split(":", each.value)[4]}-${split("/", each.value)[1]}"
  role = aws_iam_role.operator.name
  policy = templatefile("${path.module}/../assume-role-policy.json", merge(local.values, {
    account              = split(":", each.value)[4]
    cluster_account_role = split("/", each.value)[1]
  }))
}

resource "aws_eks_pod_identity_association" "operator" {
  count = var.oidc_provider == null ? 1 : 0

  cluster_name    = var.operator_cluster
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.operator.arn
}

# Without a path: Fargate's nodes would not be known by it.
resource "aws_iam_role" "pod_execution" {
  name               = var.pod_execution_role
  assume_role_policy = templatefile("${path.module}/../trust-pod-execution.json", local.values)
}

resource "aws_iam_role_policy_attachment" "pod_execution" {
  role       = aws_iam_role.pod_execution.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
}
