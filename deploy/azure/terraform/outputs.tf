output "principal_id" {
  description = "Who pulls the image: give it the role AcrPull at the registry."
  value       = azurerm_user_assigned_identity.fencepost.principal_id
}

output "targets" {
  description = "What Prometheus scrapes, by vantage. A group that is made anew may have another address."
  value       = { for vantage, group in azurerm_container_group.agent : vantage => "${group.ip_address}:${local.port}" }
}
