internal import CCurl
internal import Glibc
internal import Synchronization
internal import TussilagoCore

/// The one thread that libcurl runs on, for all clients of the process; it starts with the first transfer.
///
/// The multi interface with its wake-up makes cancelling prompt: the easy interface looks up once a second only.
final class TransferThread: Sendable {
    /// The thread, or why there is none.
    static let shared: Result<TransferThread, PortError> = {
        guard let curl = tsl_curl_load(), let multi = curl.pointee.multi_init() else {
            return .failure(PortError(.unavailable, "libcurl", cause: "it is not installed, or older than 7.68"))
        }
        let thread = TransferThread(curl, multi)
        guard thread.launch() else {
            return .failure(PortError(.unavailable, "libcurl", cause: "no thread can be started for it"))
        }
        return .success(thread)
    }()

    // The table never changes once it is loaded. Of the multi handle other threads use curl_multi_wakeup alone,
    // which is the one function that they may call (libcurl-thread(3)).
    nonisolated(unsafe) private let curl: UnsafePointer<tsl_curl>
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer
    private let orders = Mutex<[Transfer.Order]>([])

    private init(_ curl: UnsafePointer<tsl_curl>, _ multi: UnsafeMutableRawPointer) {
        self.curl = curl
        self.multi = multi
    }

    /// Begins a transfer; `order.done` is called on the thread when it has ended, and always within its allowance.
    func start(_ order: Transfer.Order) {
        orders.withLock { $0.append(order) }
        wake()
    }

    /// Has the thread look for new orders and for cancelled ones.
    func wake() { _ = curl.pointee.multi_wakeup(multi) }

    private func launch() -> Bool {
        // Signals are for the threads that expect them; a new thread inherits the mask.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<TransferThread>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func run() {
        var transfers: [Transfer] = []
        while true {
            let new = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in new {
                switch begin(order) {
                case .success(let transfer): transfers.append(transfer)
                case .failure(let error): order.done(.failure(error))
                }
            }
            var running: Int32 = 0
            _ = curl.pointee.multi_perform(multi, &running)
            let outcomes = finished(of: transfers)
            transfers.removeAll { transfer in
                guard let result = outcomes[transfer.easy.pointer] ?? transfer.overdue else { return false }
                _ = curl.pointee.multi_remove_handle(multi, transfer.easy.pointer)
                transfer.order.done(result)
                return true
            }
            _ = curl.pointee.multi_poll(multi, nil, 0, pause(before: transfers.map(\.deadline).min()), nil)
        }
    }

    private func begin(_ order: Transfer.Order) -> Result<Transfer, PortError> {
        guard !order.cancellation.isRequested else { return .failure(order.cancelled) }
        guard let easy = EasyHandle(curl), easy.set(order.request, socket: order.socket) else {
            return .failure(order.noRoom)
        }
        let transfer = Transfer(order, easy)
        easy.deliver(to: transfer)
        guard curl.pointee.multi_add_handle(multi, easy.pointer) == CURLM_OK else { return .failure(order.noRoom) }
        return .success(transfer)
    }

    /// What has become of the transfers that libcurl is done with, by their handles.
    private func finished(of transfers: [Transfer]) -> [UnsafeMutableRawPointer: Result<HTTPAnswer, PortError>] {
        var outcomes: [UnsafeMutableRawPointer: Result<HTTPAnswer, PortError>] = [:]
        var left: Int32 = 0
        while let message = curl.pointee.multi_info_read(multi, &left)?.pointee {
            guard message.msg == CURLMSG_DONE,
                let transfer = transfers.first(where: { $0.easy.pointer == message.easy_handle })
            else { continue }
            outcomes[transfer.easy.pointer] = transfer.outcome(message.data.result)
        }
        return outcomes
    }

    /// The time until a deadline in milliseconds, rounded up; an hour when there is none.
    private func pause(before deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return 3_600_000 }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        return Int32(min(max(left.rounded(.up), 0), 3_600_000))
    }
}

extension Transfer {
    /// The end of a transfer that nobody waits for any more, or that took too long.
    fileprivate var overdue: Result<HTTPAnswer, PortError>? {
        if order.cancellation.isRequested { return .failure(order.cancelled) }
        return deadline <= .now ? .failure(order.timedOut) : nil
    }
}
