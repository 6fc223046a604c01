internal import TussilagoCore

/// The links by which a target starts units: `TARGET.wants/UNIT`.
///
/// systemd reads the names alone, from wherever the links lead, even to nothing (systemd.unit(5) "wants"; seen with
/// 257). They lead to where the units are all the same, so that people and `systemctl` find them. In a directory that
/// others use as well, only links to the platform's units are read, made and removed.
struct WantsLinks {
    let root: HostRoot

    /// Makes exactly `units` what `target` wants, of the units that are the platform's to link there.
    func want(_ target: UnitName, _ units: [UnitName]) throws(PortError) {
        for unit in units where !Self.mayLink(unit, from: target) {
            throw PortError(.refused, unit.description, cause: "\(target) does not start units of this kind")
        }
        let there = try self.units(of: target)
        guard !units.isEmpty || !there.isEmpty else { return }
        let directory = try root.makeDirectory(.systemUnits, path(of: target))
        for unit in Set(there).subtracting(units) { try directory.remove(unit.description) }
        for unit in units { try directory.link(unit.description, to: Self.destination(of: unit)) }
        try directory.sync(as: target.description)
        guard units.isEmpty, let parent = try root.directory(.systemUnits) else { return }
        try parent.removeDirectory(ifEmpty: "\(target).wants")
    }

    /// Makes or takes away one link, and leaves the others as they are.
    func enable(_ unit: UnitName, by target: UnitName, _ on: Bool) throws(PortError) {
        var units = try self.units(of: target)
        if on { units.insert(unit) } else { units.remove(unit) }
        try want(target, units.sorted())
    }

    /// The units of the platform that `target` wants.
    func units(of target: UnitName) throws(PortError) -> Set<UnitName> {
        guard let directory = try root.directory(.systemUnits, path(of: target)) else { return [] }
        return try Self.units(of: target, in: directory)
    }

    /// The same, where systemd's directory is open already.
    func units(of target: UnitName, in units: OpenPlace) throws(PortError) -> Set<UnitName> {
        guard let directory = try units.directory("\(target).wants") else { return [] }
        return try Self.units(of: target, in: directory)
    }

    private static func units(
        of target: UnitName, in directory: borrowing Directory
    ) throws(PortError) -> Set<UnitName> {
        let units = try directory.links(as: target.description).compactMap { UnitName($0) }
        return Set(units.filter { mayLink($0, from: target) })
    }

    /// A level starts the next one: the host tenants, a tenant its apps, an app its instances.
    private static func mayLink(_ unit: UnitName, from target: UnitName) -> Bool {
        if target == .multiUser {
            return unit.type == .target && unit.stem.split(separator: "-", omittingEmptySubsequences: false).count == 2
        }
        if let app = AppReference(unit: target) { return Instance(unit: unit)?.app == app }
        guard unit.type == .target, let app = AppReference(unit: unit) else { return false }
        return app.tenant.target == target
    }

    private static func destination(of unit: UnitName) -> String {
        if let instance = Instance(unit: unit), instance.isScheduled { return instance.template.timerPath.description }
        if let instance = Instance(unit: unit) { return "/run/systemd/generator/\(instance.template)" }
        return "\(HostPaths.systemUnits)/\(unit)"
    }

    private func path(of target: UnitName) -> String { "\(HostPaths.systemUnits)/\(target).wants" }
}
