import TussilagoTestKit

/// Texts that somebody sends who means harm.
enum HostileText {
    /// Every attack that has been known to work on a generator of units, here or elsewhere. None is ever taken out.
    ///
    /// A quadlet is read by Podman's generator, its output by systemd, and that starts Podman: each of the three has
    /// quotes, escapes and line ends of its own.
    static let attacks: [String] = [
        // A line end, in all its forms: the rest would be a setting of its own.
        "x\nPodmanArgs=--privileged", "x\r\nPodmanArgs=--privileged", "x\rPodmanArgs=--privileged",
        "x\n[Service]\nExecStartPre=/bin/touch /tmp/owned", "x\n\n[Service]\nUser=root", "\n", "\r", "\n\n",
        "x\u{0B}PodmanArgs=-v /:/host", "x\u{0C}PodmanArgs=-v /:/host", "x\u{85}PodmanArgs=-v /:/host",
        "x\u{2028}PodmanArgs=--privileged", "x\u{2029}PodmanArgs=--privileged", "x\u{0}PodmanArgs=--privileged",
        // A backslash at the end swallowed the next line of the unit, and NoNewPrivileges= was gone.
        "\\", "x\\", "x \\", "x\\\\", "x\\\\\\", "\"\\", "x\\\n", "'\\",
        // Quotes and escapes that the three readers take differently.
        "\"", "'", "\"\"", "''", "\"x", "x\"", "'x", "x'", "\" --privileged \"", "' --privileged '", "\\\"", "\\'",
        "\\x22 --privileged \\x22", "\\042 --privileged", "\\n--privileged", "\\s--privileged", "\\t", "\\u000a",
        "\\U0000000a",
        "\\x0aPodmanArgs=--privileged", "\\x00", "\\xff", "\\400", "\\", "a\\ b", "a\\;b", "$'x'", "`id`", "$(id)",
        // Options of Podman where arguments are expected.
        "--privileged", "-v", "-v=/:/host", "--volume=/:/host", "--pid=host", "--network=host", "--cap-add=all",
        "--security-opt=seccomp=unconfined", "--security-opt=label=disable", "--runtime=/usr/bin/crun",
        "--device=/dev/mem",
        "--userns=host", "--user=0", "--entrypoint", "--entrypoint=/bin/sh", "--env-host", "--rootfs", "--", "-", "-d",
        "-it",
        "--annotation=run.oci.handler=krun", "--hooks-dir=/tmp", "--mount=type=bind,src=/,dst=/host", "-p80:80", "-dP",
        // Specifiers and variables, which systemd replaces.
        "%n", "%i", "%H", "%m", "%b", "%v", "%t", "%S", "%h", "%%", "%", "%%n", "%%%n", "% n", "%\u{E9}", "100%",
        "$PATH", "${PATH}", "$$", "$", "${", "$}", "$$$PATH", "${TUSSILAGO_IMAGE}", "$TUSSILAGO_IMAGE", "$MAINPID",
        "${HOME}",
        // Separators of commands, and prefixes of ExecStart=.
        ";", ";;", "; /bin/touch /tmp/owned", "\\;", " ; ", "x ;", "&&", "||", "|", "&", ">", "<", ">/etc/passwd",
        "+/bin/sh", "!/bin/sh", "-/bin/sh", "@/bin/sh", ":/bin/sh", "|/bin/sh",
        // Comments, sections, keys, nothing.
        "#", "# x", ";x", "[Service]", "[Container]", "Image=evil", "PodmanArgs=--privileged", "=", " ", "  ", "\t", "",
        "\u{A0}", "\u{FEFF}x", "\u{200B}", "\u{202E}x", "e\u{301}", "\u{1F600}", "\u{10FFFF}", "\u{E000}", "\u{7F}",
        "\u{1B}[31m",
        "/", "..", "../../etc/passwd", "/app/../../etc/passwd", "//", ".", "~", "~root", "*", "?", "[a-z]", "{a,b}",
        String(repeating: "A", count: 4096), String(repeating: "\\", count: 257), String(repeating: "\"", count: 129),
        String(repeating: "%", count: 65), String(repeating: "é", count: 2048), String(repeating: " ", count: 300),
    ]

    private static let pieces = [
        "\\", "\"", "'", "%", "$", ";", " ", "\t", "=", "#", "[", "]", "{", "}", "-", "--", "/", ".", ",", ":", "@",
        "!", "+",
        "a", "b", "n", "x", "0", "x22", "u000a", "é", "\u{1F600}", "%i", "%%", "$$", "${A}", "\\n", "\\x", "privileged",
        "\n", "\r",
        "\u{0}", "\u{85}", "\u{2028}",
    ]

    /// A text: one of the attacks, two of them, or pieces of all that has a meaning somewhere.
    static func any(_ random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: random.pick(attacks, otherwise: "")
        case 1: random.pick(attacks, otherwise: "") + random.pick(attacks, otherwise: "")
        case 2: "x" + random.pick(attacks, otherwise: "") + "y"
        default: mixed(&random)
        }
    }

    private static func mixed(_ random: inout SeededRandom) -> String {
        // Mostly without line ends, which are refused at the door: what gets past it is of more interest.
        let count = random.oneIn(8) ? pieces.count : pieces.count - 5
        return (0..<Int.random(in: 1...12, using: &random)).map { _ in
            pieces[Int.random(in: 0..<count, using: &random)]
        }.joined()
    }
}
