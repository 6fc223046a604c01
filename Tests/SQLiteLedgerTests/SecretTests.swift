import FoundationEssentials
import SQLiteLedger
import Testing
import TussilagoCore

@Suite struct SecretTests {
    let file: LedgerFile
    let ledger: SQLiteLedger
    let key: SecretName

    init() async throws {
        file = try LedgerFile()
        ledger = file.open()
        key = try SecretName("KEY")
        try await ledger.addApps(shop, blog)
    }

    @Test func `the last version that was set is the current one`() async throws {
        let one = UUID(), two = UUID()
        #expect(try await ledger.addSecret(shop, key, credential: one, at: someTime).number == 1)
        #expect(try await ledger.addSecret(shop, key, credential: two, at: someTime).number == 2)
        // The same again is no third.
        #expect(try await ledger.addSecret(shop, key, credential: one, at: Date()).number == 1)
        let records = try await ledger.secrets(of: shop)
        #expect(records.map(\.isCurrent) == [false, true] && records.map(\.version.credential) == [one, two])
        #expect(try await ledger.secrets(of: blog).isEmpty)
        #expect(try await ledger.credentials() == [one, two])
    }

    @Test func `an unset secret has no current version, and its number is not used again`() async throws {
        let one = UUID()
        _ = try await ledger.addSecret(shop, key, credential: one, at: someTime)
        try await ledger.removeSecrets(shop, [one])
        #expect(try await ledger.secrets(of: shop).count == 1, "a current version was removed")
        try await ledger.unsetSecret(shop, key)
        #expect(try await ledger.secrets(of: shop).map(\.isCurrent) == [false])
        #expect(try await ledger.addSecret(shop, key, credential: UUID(), at: someTime).number == 2)
        try await ledger.removeSecrets(shop, [one])
        #expect(try await ledger.secrets(of: shop).map(\.version.number) == [2])
    }

    @Test func `secrets go with their app, and need one`() async throws {
        _ = try await ledger.addSecret(shop, key, credential: UUID(), at: someTime)
        try await ledger.removeApp(shop)
        #expect(try await ledger.credentials().isEmpty)
        await expect(.notFound) { try await ledger.addSecret(shop, key, credential: UUID(), at: someTime) }
    }

    @Test func `an app has at most so many secrets`() async throws {
        for number in 1...SecretRecord.mostSecrets {
            _ = try await ledger.addSecret(shop, try SecretName("K\(number)"), credential: UUID(), at: someTime)
        }
        await expect(.refused) { try await ledger.addSecret(shop, key, credential: UUID(), at: someTime) }
        _ = try await ledger.addSecret(shop, try SecretName("K1"), credential: UUID(), at: someTime)
    }
}
