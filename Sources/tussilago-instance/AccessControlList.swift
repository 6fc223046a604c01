/// A directory's POSIX ACL (acl(5)): everything for its owner, the way through for one more user, nothing for others.
///
/// In the kernel's binary form, `linux/posix_acl_xattr.h`: a version, then entries of tag, permissions and id, all
/// little-endian, in the order of the tags. So neither libacl nor setfacl is needed.
struct AccessControlList {
    let user: UInt32

    private enum Tag: UInt16 {
        case owner = 0x01
        case user = 0x02
        case group = 0x04
        case mask = 0x10
        case other = 0x20
    }

    var bytes: [UInt8] {
        let none = UInt32.max
        let entries: [(Tag, UInt16, UInt32)] = [
            (.owner, 0o7, none), (.user, 0o1, user), (.group, 0, none), (.mask, 0o1, none), (.other, 0, none),
        ]
        var bytes = littleEndian(UInt32(2))
        for (tag, permissions, id) in entries {
            bytes += littleEndian(tag.rawValue) + littleEndian(permissions) + littleEndian(id)
        }
        return bytes
    }

    private func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
