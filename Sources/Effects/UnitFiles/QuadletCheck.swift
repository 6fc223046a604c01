internal import TussilagoCore

/// The check of quadlets before they are installed: Podman's own generator makes units of copies, and the commands in
/// those units are held against the policy.
///
/// The generator leaves out what it does not understand; a reload then succeeds, and the unit is gone with one line in
/// the journal. Here that line is the error.
struct QuadletCheck {
    /// The files that the generator reads.
    ///
    /// They are checked together, as they may refer to each other.
    let quadlets: [UnitFile]
    private let users: UserRange

    /// Takes the quadlets among unit files of a tenant with these users.
    init(_ files: [UnitFile], users: UserRange) {
        quadlets = files.filter(\.path.isQuadlet)
        self.users = users
    }

    /// Decides by what the generator printed of the copies in `staging`.
    /// - Throws: ``PortError/Code-swift.enum/refused`` naming the first file that must not be installed, and why.
    func judge(_ answer: QuadletGenerator.Answer, staging: String) throws(PortError) {
        let detail = String(answer.complaints.suffix(4096))
        if let complaint = GeneratedUnits.complaints(in: answer.complaints, hiding: staging).first {
            let cause = "Podman's generator drops it: \(complaint.reason)"
            throw PortError(.refused, complaint.file, cause: cause, detail: detail)
        }
        let generated = GeneratedUnits(output: answer.units)
        for file in quadlets {
            guard let service = file.path.generatedService, let text = generated.texts[service] else {
                let cause = "Podman's generator makes no service of it"
                throw PortError(.refused, file.path.name, cause: cause, detail: detail)
            }
            guard !generated.repeated.contains(service) else {
                throw PortError(.refused, file.path.name, cause: "Podman's generator makes two services of it")
            }
            guard case .template(_, let stem) = file.path else { continue }
            guard let template = TemplateName(stem: stem) else {
                throw PortError(.refused, file.path.name, cause: "its name is none of a process's template")
            }
            do throws(PodmanCommand.Unfit) {
                let command = try PodmanCommand(service: UnitSections(text))
                try command.verify(
                    policy: .strict, users: users, app: template.app, isBuild: template.process == .build,
                    quadlet: UnitSections(file.text))
            } catch {
                throw PortError(.refused, file.path.name, cause: error.reason)
            }
        }
        guard answer.succeeded else {
            throw PortError(.refused, "quadlets", cause: "Podman's generator failed", detail: detail)
        }
    }
}
