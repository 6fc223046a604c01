/// What Python finds in the environment of an app that was built.
enum PythonEnvironment {
    /// What was installed lies where Python looks for a user's own packages: behind its library, with what they run at
    /// start-up, and before the image's own (docs.python.org, "site").
    static let variables = [
        "PYTHONUSERBASE=\(Artefact.packagesMountPoint)",
        "PATH=\(Artefact.packagesMountPoint)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        // Lines reach the journal when they are printed.
        "PYTHONUNBUFFERED=1",
        // Its files are read-only, and their bytecode is there.
        "PYTHONDONTWRITEBYTECODE=1",
        "HOME=/tmp",
        "LANG=C.UTF-8",
    ]
}
