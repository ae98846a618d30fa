# In the account of a cluster that the operator manages from another account: the role that a class names as assumeRoleARN.

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
    operator_role_arn  = var.operator_role_arn
    external_id        = var.external_id
  }
}

resource "aws_iam_role" "this" {
  name               = var.cluster_account_role
  assume_role_policy = templatefile("${path.module}/../../trust-cross-account.json", local.values)
}

resource "aws_iam_role_policy" "this" {
  name   = "fargate-profiles"
  role   = aws_iam_role.this.name
  policy = templatefile("${path.module}/../../operator-policy.json", local.values)
}

resource "aws_iam_role_policy" "repairs" {
  count = var.repairs ? 1 : 0

  name   = "fargate-repairs"
  role   = aws_iam_role.this.name
  policy = templatefile("${path.module}/../../repairs-policy.json", local.values)
}

# Without a path: Fargate's nodes would not be known by it.
resource "aws_iam_role" "pod_execution" {
  name               = var.pod_execution_role
  assume_role_policy = templatefile("${path.module}/../../trust-pod-execution.json", local.values)
}

resource "aws_iam_role_policy_attachment" "pod_execution" {
  role       = aws_iam_role.pod_execution.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
}

output "assume_role_arn" {
  description = "For assumeRoleARN of classes, and for cluster_account_roles of the operator's account."
  value       = aws_iam_role.this.arn
}

output "pod_execution_role_arn" {
  description = "For podExecutionRoleARN of classes."
  value       = aws_iam_role.pod_execution.arn
}
