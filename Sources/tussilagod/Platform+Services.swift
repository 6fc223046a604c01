import FoundationEssentials
import SQLiteLedger
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoServer

extension Platform {
    func services(of app: AppReference) async throws(Problem) -> PageResource<ServiceResource> {
        let used = try await known(app).current?.manifest.services ?? []
        let records = try await answering { () throws(PortError) in try await ledger.services(of: app) }
        var items: [ServiceResource] = []
        for record in records {
            // A server that is away keeps nobody from seeing what there is.
            let look = try? await outside.databases?.look(at: record.database)
            items.append(ServiceResource(record, used: used.contains { $0.type == record.type }, look: look ?? nil))
        }
        return PageResource(items: items, next: nil)
    }
}
