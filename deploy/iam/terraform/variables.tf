variable "operator_cluster" {
  description = "Name of the EKS cluster that the operator runs in."
  type        = string
}

variable "oidc_provider" {
  description = "The OIDC provider of that cluster, without https://, for IAM roles for service accounts."
  type        = string
  default     = null
}

# Not told by a missing oidc_provider: of a cluster that is made in the same run, that is known only afterwards.
variable "pod_identity" {
  description = "Whether the operator gets its role by EKS Pod Identity, instead of oidc_provider."
  type        = bool
  default     = false
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
  description = "Name of the EKS cluster whose Fargate profiles are managed; * for all here; none if all are in other accounts."
  type        = string
  default     = null
}

variable "repairs" {
  description = "Whether the operator may make access entries and configure CoreDNS, for classes with repairs."
  type        = bool
  default     = false
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
  description = "ARNs of roles in other accounts that classes name as assumeRoleARN, each by a name of your choice."
  type        = map(string)
  default     = {}
}
