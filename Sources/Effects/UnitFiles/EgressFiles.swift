internal import TussilagoCore

/// What a release's directory says of where its app may open connections to.
struct EgressFiles {
    /// What is asked for, for `tussilago-instance join`: a word of `EgressGrant`, then a line for each host; nil of an app
    /// without a bridge.
    let asked: String?
    /// What is mounted into the sandbox.
    let readable: [(name: String, text: String)]

    init(_ manifest: Manifest, network: AppNetwork, resolvers: [String]) {
        asked =
            manifest.hasBridge
            ? ([(manifest.egress?.grant ?? .none).rawValue] + (manifest.egress?.hosts.map(\.description) ?? []))
                .map { "\($0)\n" }.joined() : nil
        readable =
            switch manifest.egress {
            case nil: []
            case .internet: [(HostPaths.resolverFile, resolvers.map { "nameserver \($0)\n" }.joined())]
            case .hosts(let hosts): [(HostPaths.hostsFile, Self.names(hosts, at: network.gateway))]
            }
    }

    /// The text of /etc/hosts (hosts(5)): the names lead to the proxy, which listens on the host's side of the bridge.
    private static func names(_ hosts: [EgressHost], at gateway: String) -> String {
        "127.0.0.1 localhost\n" + Set(hosts.map(\.hostname)).sorted().map { "\(gateway) \($0)\n" }.joined()
    }
}
