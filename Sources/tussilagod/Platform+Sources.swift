import Documents
import TussilagoAPI
import TussilagoCore
import TussilagoOperations
import TussilagoServer

/// What Python apps are built from, and for.
extension Platform {
    func source(_ source: Digest, for app: AppReference) async throws(Problem) -> SourceResource {
        _ = try await known(app)
        let size = try await answering { () throws(PortError) in
            try await outside.builds?.size(of: source, of: app.tenant)
        }
        guard let size else { throw Problem(.notFound, "there is no such archive", field: "source") }
        return SourceResource(source, size: size)
    }

    func receive(_ source: Digest, for app: AppReference, _ body: UploadBody) async throws -> SourceResource {
        _ = try await known(app)
        guard let builds = outside.builds else { throw Problem(.notFound, "nothing is built here") }
        let limit = settings.python.source
        do {
            let writer = try await builds.receive(source, of: app.tenant, limit: limit)
            var size: Int64 = 0
            do {
                for try await piece in body {
                    try await writer.write(piece)
                    size += Int64(piece.count)
                }
                try await writer.finish()
            } catch {
                await writer.abandon()
                throw error
            }
            return SourceResource(source, size: Bytes(size))
        } catch let error as PortError {
            if error.code == .refused, error.subject == "source" {
                throw Problem(
                    error.cause.contains("more than") ? .tooLarge : .invalidRequest, error.cause, field: "source")
            }
            throw Problem(error)
        }
    }

    func runtimes() async throws(Problem) -> PageResource<RuntimeResource> {
        let runtimes = try await answering { () throws(PortError) in try await Runtimes(outside).all() }
        return PageResource(
            items: runtimes.map { RuntimeResource(version: $0.version, image: $0.image, isDefault: $0.isDefault) },
            next: nil)
    }

    func setRuntime(_ version: PythonVersion, _ request: RuntimeRequest) async throws(Problem) -> RuntimeResource {
        var image: ImageReference?
        if let text = request.image {
            do throws(InvalidValue) { image = try ImageReference(text) } catch {
                throw Problem(.invalidRequest, error.description, field: "image")
            }
        }
        do throws(PortError) {
            let runtime = try await Runtimes(outside).set(version, to: image, isDefault: request.isDefault ?? false)
            return RuntimeResource(version: runtime.version, image: runtime.image, isDefault: runtime.isDefault)
        } catch {
            guard error.code == .notFound else { throw Problem(error) }
            throw Problem(
                .notFound, "\(error.subject): \(error.cause)", field: "image",
                remedy: image.map { "podman pull \($0)" } ?? "tussilago runtime add \(version) IMAGE")
        }
    }
}
