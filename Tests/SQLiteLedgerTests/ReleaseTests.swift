import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore

@Suite struct ReleaseTests {
    let file: LedgerFile
    let ledger: SQLiteLedger

    init() async throws {
        file = try LedgerFile()
        ledger = file.open()
        try await ledger.addApps(shop, blog)
    }

    private func states() async throws -> [Int: ReleaseState] {
        let records = try await ledger.releases(of: shop, PageQuery()).items
        return Dictionary(uniqueKeysWithValues: records.map { ($0.release.number.rawValue, $0.state) })
    }

    @Test func `a release is read back as it was written`() async throws {
        let one = try release(1)
        let by = UUID()
        try await ledger.addRelease(one, by: by, at: someTime)
        let record = ReleaseRecord(release: one, createdAt: someTime, state: .pending, operation: by)
        #expect(try await ledger.release(shop, one.number) == record)
        #expect(try await ledger.release(shop, one.number.next) == nil)
        #expect(try await ledger.release(blog, one.number) == nil)
        #expect(try await ledger.app(shop)?.current == nil)
    }

    @Test func `a release may be added again and stays what it became`() async throws {
        let one = try release(1)
        try await ledger.addRelease(one, by: UUID(), at: someTime)
        try await ledger.addRelease(one, by: UUID(), at: Date())
        try await ledger.settleRelease(shop, one.number, as: .current)
        try await ledger.addRelease(one, by: UUID(), at: Date())
        #expect(try await ledger.release(shop, one.number)?.createdAt == someTime)
        #expect(try await states() == [1: .current])
    }

    @Test func `a number is used once`() async throws {
        try await ledger.addRelease(release(5), by: UUID(), at: someTime)
        await expect(.conflict) { try await ledger.addRelease(release(5), by: UUID(), at: someTime) }
        await expect(.conflict) { try await ledger.addRelease(release(3), by: UUID(), at: someTime) }
        try await ledger.addRelease(release(5, of: blog, hostnames: []), by: UUID(), at: someTime)
        #expect(try await states() == [5: .pending])
    }

    @Test func `a release needs its app`() async throws {
        let foreign = AppReference(tenant: globex, app: shop.app)
        await expect(.notFound, "globex/shop") {
            try await ledger.addRelease(release(1, of: foreign), by: UUID(), at: someTime)
        }
    }

    @Test func `a release that becomes current supersedes the one before`() async throws {
        try await ledger.deploy(release(1))
        let two = try release(2)
        try await ledger.addRelease(two, by: UUID(), at: someTime)
        #expect(try await states() == [1: .current, 2: .pending])
        try await ledger.settleRelease(shop, two.number, as: .current)
        #expect(try await states() == [1: .superseded, 2: .current])
        #expect(try await ledger.app(shop)?.current == two)
        #expect(try await ledger.apps(of: acme, PageQuery()).items.map(\.current) == [nil, two])
    }

    @Test func `a release that failed leaves the current one as it is`() async throws {
        let one = try release(1)
        try await ledger.deploy(one)
        let two = try release(2)
        try await ledger.addRelease(two, by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, two.number, as: .failed)
        #expect(try await states() == [1: .current, 2: .failed])
        #expect(try await ledger.app(shop)?.current == one)
    }

    @Test(arguments: ReleaseState.allCases, ReleaseState.allCases)
    func `a release comes out once`(_ from: ReleaseState, _ to: ReleaseState) async throws {
        try await ledger.addRelease(release(1), by: UUID(), at: someTime)
        if from != .pending { try await ledger.settleRelease(shop, .first, as: from == .failed ? .failed : .current) }
        if from == .superseded { try await ledger.deploy(release(2)) }
        let allowed = from == to || from == .pending
        if allowed {
            try await ledger.settleRelease(shop, .first, as: to)
            #expect(try await states()[1] == to)
        } else {
            await expect(.refused, "acme/shop release 1") { try await ledger.settleRelease(shop, .first, as: to) }
            #expect(try await states()[1] == from)
        }
    }

    @Test func `a release that is not there cannot come out`() async throws {
        await expect(.notFound) { try await ledger.settleRelease(shop, .first, as: .current) }
    }

    @Test func `the history tells the last number and every template`() async throws {
        #expect(try await ledger.history(of: shop) == ReleaseHistory())
        let old = Release.Template(generation: 1, text: "a\u{0}b")
        let new = Release.Template(generation: 2, text: "c")
        try await ledger.deploy(release(1, template: old))
        try await ledger.deploy(release(2, template: new))
        try await ledger.deploy(release(3, template: old))
        try await ledger.addRelease(release(4, template: new), by: UUID(), at: someTime)
        try await ledger.settleRelease(shop, ReleaseNumber.first.next.next.next, as: .failed)
        let history = try await ledger.history(of: shop)
        #expect(history.last?.rawValue == 4)
        #expect(history.generations == [web: 2])
        #expect(Set(history.templates[web] ?? []) == [old, new])
        #expect(history.template(for: web, text: "a\u{0}b") == old)
        #expect(history.template(for: web, text: "d").generation == 3)
        #expect(try await ledger.history(of: blog) == ReleaseHistory())
    }

    @Test func `a generation never has two texts`() async throws {
        try await ledger.deploy(release(1, template: .init(generation: 1, text: "a")))
        await expect(.conflict, "acme/shop web") {
            try await ledger.addRelease(
                release(2, template: .init(generation: 1, text: "b")), by: UUID(), at: someTime)
        }
        #expect(try await states() == [1: .current])
        #expect(try await ledger.history(of: shop).last == .first)
    }

    @Test func `pages of 250 releases are newest first and lose and repeat nothing`() async throws {
        for number in 1...250 { try await ledger.addRelease(release(number), by: UUID(), at: someTime) }
        let (items, sizes) = try await everything(limit: 100) { try await ledger.releases(of: shop, $0) }
        #expect(items.map(\.release.number.rawValue) == (1...250).reversed())
        #expect(sizes == [100, 100, 50])
    }
}
