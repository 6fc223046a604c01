internal import CSystemd
internal import Glibc

/// A message of D-Bus, owning one reference to libsystemd's.
///
/// What is read of it is copied: nothing points into the message.
struct BusMessage: ~Copyable {
    /// libsystemd's message, alive as long as this.
    let pointer: OpaquePointer

    /// Takes over a reference.
    init(owned pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// Takes a reference of its own to a message that is only lent.
    init(lent pointer: OpaquePointer) {
        self.pointer = sd_bus_message_ref(pointer) ?? pointer
    }

    deinit { sd_bus_message_unref(pointer) }

    /// The failure that the message is, if it answers a call with an error.
    func failure(isConnected: Bool) -> BusFailure? {
        guard sd_bus_message_is_method_error(pointer, nil) > 0 else { return nil }
        guard let error = sd_bus_message_get_error(pointer)?.pointee, let name = error.name else {
            return .system(sd_bus_message_get_errno(pointer))
        }
        let message = error.message.map { String(cString: $0) } ?? ""
        return BusFailure(name: String(cString: name), message: message, isConnected: isConnected)
    }

    /// The object that sent the message, if it is a signal.
    var path: String? {
        sd_bus_message_get_path(pointer).map { String(cString: $0) }
    }
}

// MARK: Writing

extension BusMessage {
    /// What a method takes.
    enum Argument: Sendable {
        case string(String)
        case strings([String])
    }

    func append(_ argument: Argument) throws(BusFailure) {
        switch argument {
        case .string(let text):
            try Self.check(sd_bus_message_append_basic(pointer, Self.string, text))
        case .strings(let texts):
            try Self.check(sd_bus_message_open_container(pointer, Self.array, "s"))
            for text in texts { try Self.check(sd_bus_message_append_basic(pointer, Self.string, text)) }
            try Self.check(sd_bus_message_close_container(pointer))
        }
    }
}

// MARK: Reading

extension BusMessage {
    func readString() throws(BusFailure) -> String { try readText(Self.string) }

    func readObjectPath() throws(BusFailure) -> String { try readText(Self.objectPath) }

    func readUInt32() throws(BusFailure) -> UInt32 {
        var value: UInt32 = 0
        try Self.check(sd_bus_message_read_basic(pointer, CChar(SD_BUS_TYPE_UINT32), &value))
        return value
    }

    /// Reads the text in a variant, which is how D-Bus gives a property.
    func readStringProperty() throws(BusFailure) -> String {
        try Self.check(sd_bus_message_enter_container(pointer, CChar(SD_BUS_TYPE_VARIANT), "s"))
        return try readString()
    }

    /// Reads the number in a variant.
    func readInt32Property() throws(BusFailure) -> Int32 {
        try Self.check(sd_bus_message_enter_container(pointer, CChar(SD_BUS_TYPE_VARIANT), "i"))
        var value: Int32 = 0
        try Self.check(sd_bus_message_read_basic(pointer, CChar(SD_BUS_TYPE_INT32), &value))
        return value
    }

    /// Reads the large number in a variant, such as a time in microseconds.
    func readUInt64Property() throws(BusFailure) -> UInt64 {
        try Self.check(sd_bus_message_enter_container(pointer, CChar(SD_BUS_TYPE_VARIANT), "t"))
        var value: UInt64 = 0
        try Self.check(sd_bus_message_read_basic(pointer, CChar(SD_BUS_TYPE_UINT64), &value))
        return value
    }

    /// Reads the truth value in a variant, which libsystemd gives as an `int`.
    func readBoolProperty() throws(BusFailure) -> Bool {
        try Self.check(sd_bus_message_enter_container(pointer, CChar(SD_BUS_TYPE_VARIANT), "b"))
        var value: Int32 = 0
        try Self.check(sd_bus_message_read_basic(pointer, CChar(SD_BUS_TYPE_BOOLEAN), &value))
        return value != 0
    }

    /// Reads an array of structures, each by `element`, which must read all of the structure's `types`.
    func readStructures<Element>(
        _ types: String, _ element: (borrowing BusMessage) throws(BusFailure) -> Element
    ) throws(BusFailure) -> [Element] {
        try Self.check(sd_bus_message_enter_container(pointer, Self.array, "(\(types))"))
        var elements: [Element] = []
        while try Self.check(sd_bus_message_enter_container(pointer, CChar(SD_BUS_TYPE_STRUCT), types)) > 0 {
            elements.append(try element(self))
            try Self.check(sd_bus_message_exit_container(pointer))
        }
        try Self.check(sd_bus_message_exit_container(pointer))
        return elements
    }

    private func readText(_ type: CChar) throws(BusFailure) -> String {
        var text: UnsafePointer<CChar>?
        let found = try Self.check(sd_bus_message_read_basic(pointer, type, &text))
        guard found > 0, let text else { throw .system(EBADMSG) }
        return String(cString: text)
    }
}

extension BusMessage {
    private static let string = CChar(SD_BUS_TYPE_STRING)
    private static let objectPath = CChar(SD_BUS_TYPE_OBJECT_PATH)
    private static let array = CChar(SD_BUS_TYPE_ARRAY)

    /// Turns libsystemd's negative results, which are `errno`s, into failures.
    @discardableResult
    static func check(_ result: Int32) throws(BusFailure) -> Int32 {
        guard result < 0 else { return result }
        throw BusFailure(result: result)
    }
}
