output "operator_role_arn" {
  description = "For the ServiceAccount's annotation eks.amazonaws.com/role-arn."
  value       = aws_iam_role.operator.arn
}

output "pod_execution_role_arn" {
  description = "For podExecutionRoleARN of classes; null without cluster."
  value       = one(aws_iam_role.pod_execution[*].arn)
}
