import TussilagoCore

/// Brings a part of the host to what it shall be: observe, plan, check the plan, perform.
struct Convergence: Sendable {
    let outside: Outside
    let executor: Executor
    let log: OperationLog
    /// What may halt it before the commit point; nothing when it leads back.
    var halt: Halt?

    /// An error in a step, and whether what is new already serves.
    struct Failure: Error {
        let error: PortError
        let committed: Bool
    }

    /// Performs the plan from what is to `desired`.
    func reach(_ desired: DesiredState) async throws(Failure) {
        let observed: ObservedState
        do throws(PortError) { observed = try await Observer(outside).observe(desired) } catch {
            throw Failure(error: error, committed: false)
        }
        try await reach(desired, from: observed)
    }

    /// Performs the plan from what was observed, for `desired`, to that.
    func reach(_ desired: DesiredState, from observed: ObservedState) async throws(Failure) {
        let plan = Planner.plan(from: observed, to: desired)
        if let violation = PlanRules.violations(of: plan, from: observed).first {
            let error = PortError(.unexpected, "plan", cause: "the plan breaks a rule", detail: "\(violation)")
            throw Failure(error: error, committed: false)
        }
        let commit = plan.commitPoint ?? plan.steps.count
        for (index, step) in plan.steps.enumerated() {
            do throws(PortError) {
                try await perform(step, index + 1, of: plan.steps.count, halt: index <= commit ? halt : nil)
            } catch {
                throw Failure(error: error, committed: index > commit)
            }
        }
    }

    private func perform(_ step: Step, _ number: Int, of count: Int, halt: Halt?) async throws(PortError) {
        try halt?.check()
        try await log.event(.stepStarted, step: number, of: count, step.description)
        do throws(PortError) {
            // Only a start waits for long, and only what was not written can be left.
            if let halt, case .start = step {
                try await halt.during { [executor] () throws(PortError) in try await executor.perform(step) }
            } else {
                try await executor.perform(step)
            }
        } catch {
            try await log.event(.stepFailed, step: number, of: count, "\(step): \(error.cause)")
            throw error
        }
        try await log.event(.stepEnded, step: number, of: count, step.description)
    }
}
