public import FoundationEssentials

extension App {
    /// The app's slice and target, and its bridge when a process listens on a port.
    public func unitFiles(tenant: Tenant, bridged: Bool) -> [UnitFile] {
        var files = [
            UnitFile(path: .system(reference.slice), text: slice(tenant)),
            UnitFile(path: .system(reference.target), text: target(tenant)),
        ]
        if bridged { files.append(UnitFile(path: .network(reference), text: bridge(tenant))) }
        return files
    }

    private func slice(_ tenant: Tenant) -> String {
        var unit = UnitText(comment: unitFileComment)
        describe(tenant, in: &unit)
        unit.section("Unit")
        unit.set("Description", "App \(reference)")
        return unit.text
    }

    /// The handle by which people start and stop the app.
    ///
    /// What it starts are the links in its `.wants` directory. systemd reads them when it loads the target, and a
    /// deploy changes them with no reload; so the launcher starts what the links say now.
    private func target(_ tenant: Tenant) -> String {
        var unit = UnitText(comment: unitFileComment)
        describe(tenant, in: &unit)
        unit.section("Unit")
        unit.set("Description", "App \(reference)")
        unit.set("Documentation", "man:tussilago(1)")
        unit.set("PartOf", "\(reference.tenant.target)")
        unit.set("Wants", "tussilago-launch@\(reference.target.stem).service")
        unit.section("Install")
        unit.set("WantedBy", "\(reference.tenant.target)")
        return unit.text
    }

    private func bridge(_ tenant: Tenant) -> String {
        var unit = UnitText(comment: unitFileComment)
        describe(tenant, in: &unit)
        unit.section("Unit")
        unit.set("Description", "Bridge of app \(reference)")
        unit.section("Network")
        unit.set("NetworkName", reference.target.stem)
        unit.set("Subnet", network.subnet)
        unit.set("DisableDNS", "true")
        unit.set("Options", "isolate=strict")
        // `InterfaceName=` is unknown to Podman 5.4, whose generator then drops the file and all that refers to it.
        unit.set("PodmanArgs", "--interface-name=\(network.interface)")
        // Quadlet never removes a network; one that is left would be taken, with its old addresses, for the next app's.
        unit.section("Service")
        unit.set("ExecStopPost", "-/usr/bin/podman network rm --force \(reference.target.stem)")
        // Else every app would wait for network-online.target, which a bridge of the host's own does not need.
        unit.section("Quadlet")
        unit.set("DefaultDependencies", "false")
        return unit.text
    }

    func describe(_ tenant: Tenant, in text: inout UnitText) {
        tenant.describe(in: &text)
        text.set("App", "\(reference.app)")
        text.set("AppId", id.lowercased)
        text.set("Network", "\(network.index)")
    }
}

extension UUID {
    /// The id as RFC 9562 §4 writes it, in lower case.
    public var lowercased: String { uuidString.lowercased() }
}
