# The roles of the operator and of its profiles' pods, from the documents one folder up.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # From here on, a Pod Identity association waits until its new role is known everywhere.
      version = ">= 5.30"
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
}

resource "aws_iam_role" "operator" {
  name = var.operator_role
  assume_role_policy = (var.pod_identity
    ? templatefile("${path.module}/../trust-pod-identity.json", local.values)
    : templatefile("${path.module}/../trust-irsa.json", merge(local.values, { oidc_provider = var.oidc_provider }))
  )

  lifecycle {
    precondition {
      condition     = var.pod_identity != (var.oidc_provider != null)
      error_message = "Give either oidc_provider or pod_identity = true."
    }
  }
}

resource "aws_iam_role_policy" "operator" {
  count = var.cluster == null ? 0 : 1

  name   = "fargate-profiles"
  role   = aws_iam_role.operator.name
  policy = templatefile("${path.module}/../operator-policy.json", local.values)
}

resource "aws_iam_role_policy" "repairs" {
  count = var.repairs && var.cluster != null ? 1 : 0

  name   = "fargate-repairs"
  role   = aws_iam_role.operator.name
  policy = templatefile("${path.module}/../repairs-policy.json", local.values)
}

resource "aws_iam_role_policy" "assume_role" {
  for_each = var.cluster_account_roles

  name   = "assume-${each.key}"
  role   = aws_iam_role.operator.name
  policy = templatefile("${path.module}/../assume-role-policy.json", { role_arn = each.value })
}

resource "aws_eks_pod_identity_association" "operator" {
  count = var.pod_identity ? 1 : 0

  cluster_name    = var.operator_cluster
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.operator.arn
}

# Without a path: Fargate's nodes would not be known by it.
resource "aws_iam_role" "pod_execution" {
  count = var.cluster == null ? 0 : 1

  name               = var.pod_execution_role
  assume_role_policy = templatefile("${path.module}/../trust-pod-execution.json", local.values)
}

resource "aws_iam_role_policy_attachment" "pod_execution" {
  count = var.cluster == null ? 0 : 1

  role       = aws_iam_role.pod_execution[0].name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
}
