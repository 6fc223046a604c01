import CSystemd
import Glibc

// Serves on the one socket that systemd passes, until nobody has used it for a while.
signal(SIGPIPE, SIG_IGN)
guard sd_listen_fds(1) == 1, let proxy = Proxy(listener: SD_LISTEN_FDS_START) else {
    standardError("tussilago-egress: systemd starts this program with one listening TCP socket\n")
    exit(1)
}
proxy.run()
