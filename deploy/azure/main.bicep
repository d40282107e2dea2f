// One agent in each listed subnet, as a container group that nobody outside of the network reaches.
//
//   az deployment group create --resource-group RESOURCE_GROUP --template-file main.bicep --parameters @main.parameters.json

targetScope = 'resourceGroup'

@description('Where the groups run. It has to be the region of the virtual networks.')
param location string = resourceGroup().location

@description('The image, with its registry and its tag or, better, its digest.')
param image string

@description('The registry that the image is pulled from, such as contoso.azurecr.io. Empty where it asks for no login.')
param registry string = ''

@description('The https address of the plan. One with a shared access signature is a secret, so it is treated as one.')
@secure()
param planUrl string

@description('Further options of every agent, such as --plan-key and the key that signs the plan.')
param options array = []

@description('An agent for each: the vantage it takes, its delegated subnet, and the name servers of that network.')
param agents place[]

type place = {
  @description('The name of a vantage in the plan.')
  vantage: string

  @description('The resource ID of a subnet that is delegated to Microsoft.ContainerInstance/containerGroups.')
  subnetId: string

  @description('What the machines of that network ask. Empty: what Azure gives a container group.')
  nameServers: string[]
}

var port = 9853

// It may pull the image, and nothing else: an agent sends no key and needs no role.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'fencepost'
  location: location
}

resource groups 'Microsoft.ContainerInstance/containerGroups@2023-05-01' = [for agent in agents: {
  name: 'fencepost-${agent.vantage}'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    osType: 'Linux'
    sku: 'Standard'
    restartPolicy: 'Always'
    subnetIds: [
      {
        id: agent.subnetId
      }
    ]
    dnsConfig: empty(agent.nameServers) ? null : {
      nameServers: agent.nameServers
    }
    ipAddress: {
      type: 'Private'
      ports: [
        {
          port: port
          protocol: 'TCP'
        }
      ]
    }
    imageRegistryCredentials: empty(registry) ? [] : [
      {
        server: registry
        identity: identity.id
      }
    ]
    containers: [
      {
        name: 'fencepost'
        properties: {
          image: image
          command: concat(['/usr/bin/fencepost', 'run'], options)
          environmentVariables: [
            {
              name: 'FENCEPOST_PLAN'
              secureValue: planUrl
            }
            {
              name: 'FENCEPOST_VANTAGE'
              value: agent.vantage
            }
            {
              name: 'FENCEPOST_LISTEN'
              value: '0.0.0.0:${port}'
            }
            {
              name: 'FENCEPOST_LOG_FORMAT'
              value: 'json'
            }
          ]
          ports: [
            {
              port: port
              protocol: 'TCP'
            }
          ]
          resources: {
            requests: {
              cpu: 1
              memoryInGB: 1
            }
          }
          livenessProbe: {
            httpGet: {
              path: '/-/healthy'
              port: port
              scheme: 'http'
            }
            initialDelaySeconds: 30
            periodSeconds: 30
            failureThreshold: 3
          }
        }
      }
    ]
  }
}]

@description('Who pulls the image: give it the role AcrPull at the registry.')
output principalId string = identity.properties.principalId

@description('What Prometheus scrapes. A group that is made anew may have another address.')
output targets array = [for (agent, i) in agents: {
  vantage: agent.vantage
  target: '${groups[i].properties.ipAddress.ip}:${port}'
}]
