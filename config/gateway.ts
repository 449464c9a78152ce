/** What the gateway's configuration and those who talk to HAProxy have to agree on. */

/** Port of the health endpoint, on the container's own loopback. */
export const HEALTH_PORT = 8404;

/** Port of the runtime interface (sessions, draining), on the container's own loopback. */
export const RUNTIME_PORT = 8405;

/** The backend that new visitors are spread by; one server for each editor, named like it. */
export const BALANCER = "editors";
