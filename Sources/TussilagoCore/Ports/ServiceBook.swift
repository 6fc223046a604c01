public import FoundationEssentials

/// Which services apps have and had.
public protocol ServiceBook: Sendable {
    /// The services of an app that is there.
    func services(of app: AppReference) async throws(PortError) -> [ServiceRecord]
    /// The services of all apps that are there.
    func usedServices() async throws(PortError) -> [ServiceRecord]
    /// Notes a service; the same app's of the same type takes the new name and tier.
    func addService(_ service: ServiceRecord) async throws(PortError)
    /// Notes that an app is being deleted: its services are kept a while.
    func releaseServices(of app: AppReference, at: Date) async throws(PortError)
    /// The services whose apps were deleted.
    func releasedServices() async throws(PortError) -> [ServiceRecord]
    /// Forgets a service whose content is gone.
    func removeService(_ service: ServiceRecord) async throws(PortError)
}
