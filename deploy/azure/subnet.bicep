// A subnet for one agent beside the subnet that it stands for: with the same security group and routes, because these decide
// what is reached from there. It goes into the resource group of the virtual network.
//
//   az deployment group create --resource-group NETWORK_GROUP --template-file subnet.bicep --parameters virtualNetwork=prod \
//     prefix=10.20.1.240/28 networkSecurityGroupId=ID routeTableId=ID

@description('The name of a virtual network that is there.')
param virtualNetwork string

@description('The name of the subnet.')
param name string = 'fencepost'

@description('Its addresses: unused ones of the network, 16 at the least.')
param prefix string

@description('The security group of the subnet that it stands for; empty for none.')
param networkSecurityGroupId string = ''

@description('The route table of the subnet that it stands for; empty for none.')
param routeTableId string = ''

resource network 'Microsoft.Network/virtualNetworks@2023-11-01' existing = {
  name: virtualNetwork
}

resource subnet 'Microsoft.Network/virtualNetworks/subnets@2023-11-01' = {
  parent: network
  name: name
  properties: {
    addressPrefix: prefix
    networkSecurityGroup: empty(networkSecurityGroupId) ? null : {
      id: networkSecurityGroupId
    }
    routeTable: empty(routeTableId) ? null : {
      id: routeTableId
    }
    delegations: [
      {
        name: 'fencepost'
        properties: {
          serviceName: 'Microsoft.ContainerInstance/containerGroups'
        }
      }
    ]
  }
}

output subnetId string = subnet.id
