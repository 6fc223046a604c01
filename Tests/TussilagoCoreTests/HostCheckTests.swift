import Testing

@testable import TussilagoCore

@Suite struct HostCheckTests {
    /// A host on which nothing is wrong.
    static let sound: HostFacts = {
        var facts = HostFacts()
        facts.systemd = .text("systemd 257 (257.13-1~deb13u1)")
        facts.podman = .text("podman version 5.4.2")
        facts.generator = .text("5.4.2")
        facts.runsc = .text("runsc version release-20240729.0")
        facts.caddy = .text("2.6.2")
        facts.nft = .text("nftables v1.1.3 (Commodore Bullmoose #4)")
        facts.controllers = .text("cpuset cpu io memory hugetlb pids rdma misc")
        facts.subordinates = ["/etc/subuid": .text("ann:100000:65536\ncontainers:2147483647:2147483648\n")]
        facts.accounts = ["/etc/passwd": .text("root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n")]
        facts.units = [
            "podman.socket": .text("active"), "caddy.service": .text("active"), "tussilagod.socket": .text("active"),
            "tussilago-firewall.service": .text("active"), "tussilago-reconcile.timer": .text("active"),
        ]
        facts.settings = ["net.ipv4.tcp_migrate_req": .text("1\n"), "user.max_user_namespaces": .text("95000\n")]
        facts.mounts = .text("29 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro,prjquota\n")
        facts.credentialKey = .text("is there")
        facts.clock = .text("yes")
        facts.disk = HostFacts.Disk(free: 20 << 30, size: 40 << 30)
        facts.agent = .text("0.1.0, with 3 apps of 2 tenants")
        facts.modes = ["/var/lib/containers": .text("711")]
        return facts
    }()

    @Test("On a sound host everything is good")
    func sound() {
        for check in Self.sound.checks { #expect(check.state == .good && check.remedy == nil, "\(check)") }
        #expect(HostFacts.isFit(Self.sound.checks))
    }

    @Test("Of nothing that could be seen nothing is good, and what cannot be told is not called bad")
    func blind() {
        for check in HostFacts().checks
        where check.name != "user ranges" && check.name != "directories" && check.name != "disk quota" {
            #expect(check.state != .good, "\(check)")
        }
        #expect(!HostFacts.isFit(HostFacts().checks))
    }

    private func check(_ name: String, _ harm: (inout HostFacts) -> Void) -> HostCheck? {
        var facts = Self.sound
        harm(&facts)
        let changed = Set(facts.checks).subtracting(Self.sound.checks)
        #expect(changed.count == 1, "\(changed)")
        return changed.first { $0.name == name }
    }

    @Test("A version below its floor is bad, one above it good, and what is no version unknown")
    func versions() {
        #expect(check("systemd") { $0.systemd = .text("systemd 253 (253.1)") }?.state == .bad)
        #expect(check("systemd") { $0.systemd = .text("systemd 258") }?.state == .good)
        #expect(check("Podman") { $0.podman = .text("podman version 4.9.3") }?.state == .bad)
        #expect(check("Podman") { $0.podman = .text("podman version 10.0.0") }?.state == .good)
        #expect(check("gVisor") { $0.runsc = .text("runsc version release-20230102.1") }?.state == .bad)
        #expect(check("gVisor") { $0.runsc = .text("runsc version 0.0~20250101.0") }?.state == .good)
        #expect(check("gVisor") { $0.runsc = .text("runsc version 0.0~20240101.0-1") }?.state == .bad)
        #expect(check("Caddy") { $0.caddy = .text("unknown") }?.state == .unknown)
        let missing = check("gVisor") { $0.runsc = .failed("tussilago-runsc: gVisor's runsc is not installed") }
        #expect(missing?.state == .bad && missing?.remedy?.contains("apt install runsc") == true)
        let loose = check("gVisor") { $0.runsc = .failed("runsc must be root's (mend: chmod 755 runsc); nothing runs") }
        #expect(loose?.detail == "runsc must be root's; nothing runs" && loose?.remedy == "chmod 755 runsc")
    }

    @Test("A missing controller is named")
    func controllers() {
        let check = check("control groups") { $0.controllers = .text("cpuset cpu io pids") }
        #expect(check?.state == .bad && check?.detail.contains("memory") == true)
    }

    @Test(
        "Whoever has ids of the tenants' is named, at both ends of the range",
        arguments: ["eve:1879048192:1", "eve:2147352575:1", "eve:1:4000000000", "eve:1879048000:65536"])
    func ranges(line: String) {
        let check = check("user ranges") { $0.subordinates["/etc/subuid"] = .text("ann:100000:65536\n\(line)\n") }
        #expect(check?.state == .bad && check?.detail.contains("eve") == true)
    }

    @Test("Ranges beside the tenants', and lines that are none, are nobody's harm")
    func harmlessRanges() {
        var facts = Self.sound
        let lines =
            "a:1878982656:65536\nb:2147352576:65536\nc:x:y\n:::\nd:1879048192:0\ne:9223372036854775807:9223372036854775807\n"
        facts.subordinates["/etc/subuid"] = .text(lines)
        #expect(facts.checks == Self.sound.checks)
    }

    @Test("An account with an id of a tenant's is named")
    func accounts() {
        let check = check("user ranges") { $0.accounts["/etc/passwd"] = .text("mallory:x:1879058193:1::/:/bin/sh\n") }
        #expect(check?.detail.contains("mallory") == true)
    }

    @Test("Each thing that is wrong has a remedy")
    func remedies() {
        for harm: (inout HostFacts) -> Void in [
            { $0.units["caddy.service"] = .text("failed") },
            { $0.disk = HostFacts.Disk(free: 1 << 20, size: 40 << 30) },
            { $0.disk = HostFacts.Disk(free: 1 << 30, size: 40 << 30) }, { $0.clock = .text("no") },
            { $0.settings["net.ipv4.tcp_migrate_req"] = .text("0\n") },
            { $0.modes["/var/lib/containers"] = .text("700") },
            { $0.credentialKey = .missing }, { $0.agent = .failed("no agent answers") }, { $0.nft = .missing },
        ] {
            var facts = Self.sound
            harm(&facts)
            let wrong = facts.checks.filter { $0.state != .good }
            #expect(wrong.count == 1 && wrong.allSatisfy { $0.remedy != nil }, "\(wrong)")
        }
    }
}
