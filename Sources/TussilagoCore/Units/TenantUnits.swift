/// The first line of every unit file that the platform writes.
let unitFileComment = "Written by tussilagod. To override a setting use a drop-in: systemctl edit UNIT."

/// The section by which an owned file is known, and from which a lost ledger is written anew.
public let ownershipSection = "X-Tussilago"

extension Tenant {
    /// The tenant's slice and target.
    public var unitFiles: [UnitFile] {
        var slice = UnitText(comment: unitFileComment)
        describe(in: &slice)
        if !quota.isEmpty { slice.set("Quota", quota.text) }
        if let loosening {
            slice.set("Loosening", loosening.limits.text)
            slice.set("LooseningReason", loosening.reason)
        }
        slice.section("Unit")
        slice.set("Description", "Apps of \(name)")
        limit(&slice)
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

    /// What is a sum of the kernel's own: it holds all apps together to it, whatever the ledger counts.
    private func limit(_ slice: inout UnitText) {
        guard quota.memory != nil || quota.cpuPercent != nil else { return }
        slice.section("Slice")
        if let memory = quota.memory {
            slice.set("MemoryMax", "\(memory.count)")
            slice.set("MemorySwapMax", "0")
        }
        if let percent = quota.cpuPercent { slice.set("CPUQuota", "\(percent)%") }
    }

    func describe(in text: inout UnitText) {
        text.section(ownershipSection)
        text.set("Tenant", "\(name)")
        text.set("TenantId", id.lowercased)
        text.set("Users", "\(users.index)")
    }
}
