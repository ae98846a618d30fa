variable "operator_cluster" {
  description = "Name of the EKS cluster that the operator runs in."
  type        = string
}

variable "oidc_provider" {
  description = "The OIDC provider of that cluster, without https://, for IAM roles for service accounts. Leave it out for Pod Identity."
  type        = string
  default     = null
}

variable "namespace" {
  description = "Namespace of the operator."
  type        = string
  default     = "fargateclaims"
}

variable "service_account" {
  description = "ServiceAccount of the operator."
  type        = string
  default     = "fargateclaims"
}

variable "cluster" {
  description = "Name of the EKS cluster whose Fargate profiles are managed; * for all of this account and region."
  type        = string
}

variable "installation" {
  description = "The operator's FARGATECLAIMS_INSTALLATION."
  type        = string
  default     = "fargateclaims"
}

variable "operator_role" {
  description = "Name of the role that the operator gets."
  type        = string
  default     = "fargateclaims"
}

variable "pod_execution_role" {
  description = "Name of the role that the profiles' pods start with."
  type        = string
  default     = "fargate-pod-execution"
}

variable "cluster_account_roles" {
  description = "ARNs of roles in other accounts that classes name as assumeRoleARN."
  type        = set(string)
  default     = []
}
