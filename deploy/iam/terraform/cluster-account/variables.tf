variable "operator_role_arn" {
  description = "ARN of the operator's own role; it must exist."
  type        = string
}

variable "external_id" {
  description = "What the class gives as externalID."
  type        = string
}

variable "cluster_account_role" {
  description = "Name of the role that the operator assumes."
  type        = string
  default     = "fargateclaims-operator"
}

variable "cluster" {
  description = "Name of the EKS cluster whose Fargate profiles are managed; * for all of this account and region."
  type        = string
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

variable "pod_execution_role" {
  description = "Name of the role that the profiles' pods start with."
  type        = string
  default     = "fargate-pod-execution"
}
