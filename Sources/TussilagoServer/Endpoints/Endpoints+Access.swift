import HTTPTypes
import TussilagoAPI
import TussilagoCore

extension Endpoints {
    /// Who may do what, how much, and who did.
    static let access: [Endpoint] =
        realm("/v1", "Host", "of the host") + realm("/v1/tenants/{tenant}", "Tenant", "in a tenant") + quotas + audit

    /// The grants and tokens of the host, or of a tenant.
    private static func realm(_ path: String, _ id: String, _ words: String) -> [Endpoint] {
        [
            .get(
                "\(path)/grants", "list\(id)Grants", Access(.view, .grant), "Lists who has which role \(words).",
                answer: .resource("GrantPage")
            ) { call in try .json(try await call.domain.grants(in: try call.realm)) },
            .change(
                .post, "\(path)/grants", "add\(id)Grant", Access(.create, .grant), "Gives someone a role \(words).",
                body: "NewGrant", answer: .resource("Grant")
            ) { call in
                try .json(try await call.domain.addGrant(try call.grantRequest, in: try call.realm, by: call.asker))
            },
            .change(
                .delete, "\(path)/grants/{grantee}", "remove\(id)Grant", Access(.delete, .grant),
                "Takes a role \(words) away.", answer: .resource("Grant")
            ) { call in
                try .json(
                    try await call.domain.removeGrant(of: try call.grantee, in: try call.realm, by: call.asker))
            },
            .get(
                "\(path)/tokens", "list\(id)Tokens", Access(.view, .token), "Lists the tokens \(words).",
                answer: .resource("TokenPage")
            ) { call in try .json(try await call.domain.tokens(in: try call.realm)) },
            .change(
                .post, "\(path)/tokens", "create\(id)Token", Access(.create, .token),
                "Makes a token \(words). Its secret is shown this once.", body: "NewToken",
                answer: .resource("IssuedToken")
            ) { call in
                try .json(try await call.domain.createToken(try call.tokenRequest, in: try call.realm, by: call.asker))
            },
            .change(
                .delete, "\(path)/tokens/{token}", "revoke\(id)Token", Access(.delete, .token),
                "Has a token \(words) count no more.", answer: .resource("Token")
            ) { call in
                try .json(try await call.domain.revokeToken(try call.token, in: try call.realm, by: call.asker))
            },
        ]
    }

    private static let quotas: [Endpoint] = [
        .get(
            Paths.quotas, "listQuotas", Access(.view, .quota), "Lists how much tenants may have, and have.",
            query: Parameter.page, answer: .resource("QuotaPage")
        ) { call in try .json(try await call.domain.quotas(try call.page)) },
        .get(
            "/v1/tenants/{tenant}/quota", "getQuota", Access(.view, .quota),
            "Shows how much a tenant may have, and has.",
            answer: .resource("Quota")
        ) { call in try .json(try await call.domain.quota(of: try call.tenant)) },
        .submit(
            .post, "/v1/tenants/{tenant}/quota", "setQuota", Access(.quota, .tenant),
            "Sets how much a tenant may have. What is absent has no limit.", body: "NewQuota"
        ) { call in .setQuota(try call.tenant, try call.quotaRequest) },
        .submit(
            .post, "/v1/tenants/{tenant}/policy", "setPolicy", Access(.policy, .tenant),
            "Lets a tenant's apps have this much more than the strict policy, and no more than that.", body: "Policy"
        ) { call in .setPolicy(try call.tenant, try call.loosening) },
    ]

    private static let audit: [Endpoint] = [
        .get(
            Paths.audit, "listAuditRecords", Access(.view, .audit), "Lists what was asked for by whom, oldest first.",
            query: Parameter.page, answer: .resource("AuditRecordPage")
        ) { call in try .json(try await call.domain.audit(try call.page)) },
        .get(
            Paths.auditReport, "verifyAudit", Access(.verify, .audit),
            "Says whether the records are as they were written.", answer: .resource("AuditReport")
        ) { call in try .json(try await call.domain.auditReport()) },
    ]
}
