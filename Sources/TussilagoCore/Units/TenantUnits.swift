/// The first line of every unit file that the platform writes.
let unitFileComment = "Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT."

/// The section by which an owned file is known, and from which a lost ledger is written anew.
public let ownershipSection = "X-Tussilago"

extension Tenant {
    /// The tenant's slice and target.
    public var unitFiles: [UnitFile] {
        var slice = UnitText(comment: unitFileComment)
        describe(in: &slice)
        slice.section("Unit")
        slice.set("Description", "Apps of \(name)")
        var target = UnitText(comment: unitFileComment)
        describe(in: &target)
        target.section("Unit")
        target.set("Description", "Apps of \(name)")
        target.set("Documentation", "man:tussilago(1)")
        target.section("Install")
        target.set("WantedBy", "multi-user.target")
        return [
            UnitFile(path: .system(name.slice), text: slice.text),
            UnitFile(path: .system(name.target), text: target.text),
        ]
    }

    func describe(in text: inout UnitText) {
        text.section(ownershipSection)
        text.set("Tenant", "\(name)")
        text.set("TenantId", id.lowercased)
        text.set("Users", "\(users.index)")
    }
}
