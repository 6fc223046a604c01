/* libsystemd's whole public interface that the agent uses. Its variadic functions do not import into Swift, and none
 * of them is needed: messages are built with sd_bus_message_append_basic and its like. */
#pragma once
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
