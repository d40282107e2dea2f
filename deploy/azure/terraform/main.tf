# One agent in each listed subnet, as a container group that nobody outside of the network reaches: what main.bicep places.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }
  }
}

locals {
  port = 9853
}

# It may pull the image, and nothing else: an agent sends no key and needs no role.
resource "azurerm_user_assigned_identity" "fencepost" {
  name                = "fencepost"
  resource_group_name = var.resource_group_name
  location            = var.location
}

resource "azurerm_container_group" "agent" {
  for_each = var.agents

  name                = "fencepost-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  os_type             = "Linux"
  sku                 = "Standard"
  restart_policy      = "Always"
  ip_address_type     = "Private"
  subnet_ids          = [each.value.subnet_id]

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.fencepost.id]
  }

  dynamic "dns_config" {
    for_each = length(each.value.name_servers) > 0 ? [each.value.name_servers] : []
    content {
      nameservers = dns_config.value
    }
  }

  dynamic "image_registry_credential" {
    for_each = var.registry == "" ? [] : [var.registry]
    content {
      server                    = image_registry_credential.value
      user_assigned_identity_id = azurerm_user_assigned_identity.fencepost.id
    }
  }

  container {
    name     = "fencepost"
    image    = var.image
    commands = concat(["/usr/bin/fencepost", "run"], var.options)
    cpu      = 1
    memory   = 1

    secure_environment_variables = {
      FENCEPOST_PLAN = var.plan_url
    }

    environment_variables = {
      FENCEPOST_VANTAGE    = each.key
      FENCEPOST_LISTEN     = "0.0.0.0:${local.port}"
      FENCEPOST_LOG_FORMAT = "json"
    }

    ports {
      port     = local.port
      protocol = "TCP"
    }

    liveness_probe {
      initial_delay_seconds = 30
      period_seconds        = 30
      failure_threshold     = 3

      http_get {
        path   = "/-/healthy"
        port   = local.port
        scheme = "http"
      }
    }
  }
}
