variable "resource_group_name" {
  description = "The resource group of the agents."
  type        = string
}

variable "location" {
  description = "Where the groups run. It has to be the region of the virtual networks."
  type        = string
}

variable "image" {
  description = "The image, with its registry and its tag or, better, its digest."
  type        = string
}

variable "registry" {
  description = "The registry that the image is pulled from, such as contoso.azurecr.io. Empty where it asks for no login."
  type        = string
  default     = ""
}

variable "plan_url" {
  description = "The https address of the plan. One with a shared access signature is a secret, so it is treated as one."
  type        = string
  sensitive   = true
}

variable "options" {
  description = "Further options of every agent, such as --plan-key and the key that signs the plan."
  type        = list(string)
  default     = []
}

variable "agents" {
  description = "An agent for each, by its vantage: a subnet that is delegated to Microsoft.ContainerInstance/containerGroups, and the name servers of its network (none: what Azure gives a container group)."
  type = map(object({
    subnet_id    = string
    name_servers = list(string)
  }))
}
