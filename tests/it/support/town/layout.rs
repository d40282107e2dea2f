//! What the town is made of: hosts, addresses, networks, and what names and fronts say.

/// Every host with its addresses; questions and connections leave from the first.
pub const HOSTS: &[(&str, &[&str])] = &[
    ("app", &["10.20.1.10"]),
    ("runner", &["10.20.8.10"]),
    ("sandbox", &["10.40.0.10"]),
    ("laptop", &["192.168.0.10"]),
    ("branch-dns", &["192.168.0.53"]),
    ("hub-dns", &["10.0.0.4"]),
    ("proxy", &["10.0.0.8"]),
    ("azure-dns", &["168.63.129.16"]),
    ("endpoints", &["10.20.3.5", "10.20.3.10", "10.20.3.11", "10.20.3.12", "10.20.4.4"]),
    ("internet", &["9.9.9.9", "20.61.1.10", "20.61.1.20", "20.61.1.30", "20.61.10.1", "20.61.1.1", "20.61.2.9"]),
];

/// The hosts that look, each with the vantage that the plan gives its address, and its name server.
pub const VANTAGES: &[(&str, &str, &str)] = &[
    ("app", "prod-app", "10.0.0.4"),
    ("runner", "build", "10.0.0.4"),
    ("sandbox", "sandbox", "10.0.0.4"),
    ("laptop", "branch-lan", "192.168.0.53"),
];

/// The proxy that a runner may be told to use.
pub const PROXY: &str = "10.0.0.8";

/// Where whoever is on call takes alerts.
pub const HOOKS: &str = "20.61.2.9";

/// The virtual networks, and from where each asks.
pub const NETWORKS: &[(&str, &str)] = &[("hub", "10.0.0.0/16"), ("prod", "10.20.0.0/16"), ("sandbox", "10.40.0.0/16")];

/// What each chain of the internet leads to.
pub const CHAINS: &[(&[&str], &str)] = &[
    (
        &[
            "contoso-chat.openai.azure.com",
            "contoso-chat.privatelink.openai.azure.com",
            "westeurope.prod.vnet.cog.trafficmanager.net",
            "vnetproxyv1-weu-prod.westeurope.cloudapp.azure.com",
        ],
        "20.61.1.10",
    ),
    (
        &[
            "aif-contoso.cognitiveservices.azure.com",
            "aif-contoso.privatelink.cognitiveservices.azure.com",
            "swedencentral.prod.vnet.cog.trafficmanager.net",
            "vnetproxyv1-swc-prod.swedencentral.cloudapp.azure.com",
        ],
        "20.61.1.20",
    ),
    (
        &[
            "aif-contoso.openai.azure.com",
            "aif-contoso.privatelink.openai.azure.com",
            "swedencentral.prod.vnet.cog.trafficmanager.net",
        ],
        "",
    ),
    (
        &[
            "aif-contoso.services.ai.azure.com",
            "aif-contoso.privatelink.services.ai.azure.com",
            "swedencentral.prod.vnet.cog.trafficmanager.net",
        ],
        "",
    ),
    (
        &[
            "contoso-ai.azure-api.net",
            "contoso-ai.privatelink.azure-api.net",
            "apimgmttm0contoso.trafficmanager.net",
            "contoso-ai-westeurope-01.regional.azure-api.net",
            "apimgmths0contoso.westeurope.cloudapp.azure.com",
        ],
        "20.61.1.30",
    ),
    (&["login.microsoftonline.com"], "20.61.1.1"),
    (&["hooks.contoso.example"], HOOKS),
];

pub const UNAUTHORIZED: &str = r#"{ "statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired." }"#;
pub const KEYLESS: &str = r#"{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }"#;
pub const DISABLED: &str =
    r#"{"error":{"code":"403","message": "Public access is disabled. Please configure private endpoint."}}"#;
pub const GATEWAY_DISABLED: &str = r#"{"statusCode":403,"message":"Request originated from client public IP address 192.168.0.10, public network access on this `Microsoft.ApiManagement/service/contoso-ai` is disabled. To connect to `Microsoft.ApiManagement/service/contoso-ai`, please use the Private Endpoint from inside your virtual network. To learn more https://aka.ms/apim-privateendpoint "}"#;
pub const REACHED: &str = r#"{"error": {"message": "Missing API key."}}"#;
