# A subnet for one agent beside the subnet that it stands for: with the same security group and routes, because these decide
# what is reached from there.

variable "resource_group_name" {
  description = "The resource group of the virtual network."
  type        = string
}

variable "virtual_network_name" {
  description = "The name of a virtual network that is there."
  type        = string
}

variable "name" {
  description = "The name of the subnet."
  type        = string
  default     = "fencepost"
}

variable "prefix" {
  description = "Its addresses: unused ones of the network, 16 at the least."
  type        = string
}

variable "network_security_group_id" {
  description = "The security group of the subnet that it stands for; null for none."
  type        = string
  default     = null
}

variable "route_table_id" {
  description = "The route table of the subnet that it stands for; null for none."
  type        = string
  default     = null
}

resource "azurerm_subnet" "agent" {
  name                 = var.name
  resource_group_name  = var.resource_group_name
  virtual_network_name = var.virtual_network_name
  address_prefixes     = [var.prefix]

  delegation {
    name = "fencepost"

    service_delegation {
      name    = "Microsoft.ContainerInstance/containerGroups"
      actions = ["Microsoft.Network/virtualNetworks/subnets/action"]
    }
  }
}

resource "azurerm_subnet_network_security_group_association" "agent" {
  count = var.network_security_group_id == null ? 0 : 1

  subnet_id                 = azurerm_subnet.agent.id
  network_security_group_id = var.network_security_group_id
}

resource "azurerm_subnet_route_table_association" "agent" {
  count = var.route_table_id == null ? 0 : 1

  subnet_id      = azurerm_subnet.agent.id
  route_table_id = var.route_table_id
}

output "subnet_id" {
  value = azurerm_subnet.agent.id
}
